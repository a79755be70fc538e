#pragma once

/// @file
/// The allocation of a simulated driver that fails. A program with failing_allocation.cpp in it
/// counts them.

#include <hotswap/testing/simulated_world.hpp>

#include <cstddef>

/// Of the whole program.
class failing_allocation {
 public:
  enum class kind {
    throws,  ///< std::bad_alloc
    kills,   ///< nothing that its process does after it has an effect
  };

  const hotswap::simulated_world* in = nullptr;  ///< null: none is counted
  std::size_t nth = 0;                           ///< from 1
  kind way = kind::throws;
  std::size_t so_far = 0;
};

extern failing_allocation failing;
