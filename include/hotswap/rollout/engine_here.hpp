#pragma once

/// @file
/// Compiles the engine for the whole program: see `engine_elsewhere.hpp`.
///
///     #include <hotswap/rollout/engine_here.hpp>   // in one file, which may have nothing else

#include <hotswap/rollout/chronicle.hpp>
#include <hotswap/rollout/dry_run.hpp>
#include <hotswap/rollout/memory_journal.hpp>
#include <hotswap/rollout/platform_door.hpp>
#include <hotswap/rollout/rollout.hpp>
#include <hotswap/rollout/steering.hpp>

namespace hotswap::inline v0_1 {

template class basic_chronicle<void>;
template class basic_dry_run_calls<void>;
template class basic_memory_journal<void>;
template class basic_platform_door<void>;
template class basic_rollout<void>;
template class basic_steering<void>;

}  // namespace hotswap::inline v0_1
