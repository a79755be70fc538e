#pragma once

/// @file
/// How something was refused: `refusal_of([] { hotswap::parse_strategy("{"); }).message`.

#include <hotswap/config/parse_strategy.hpp>
#include <hotswap/core/error.hpp>

#include <string>
#include <string_view>

namespace config_tests {

struct refusal {
  std::string pointer;
  std::string message;  ///< all of it
};

/// What `action` throws; a message of "accepted" if it throws nothing.
template <typename Action>
refusal refusal_of(Action action) {
  try {
    action();
  } catch (const hotswap::config_error& error) {
    return {error.pointer(), error.what()};
  }
  return {"", "accepted"};
}

inline refusal refusal_of_document(std::string_view json) {
  return refusal_of([json] { (void)hotswap::parse_strategy(json); });
}

}  // namespace config_tests
