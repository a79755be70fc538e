#pragma once

/// @file
/// For programs of many files: the engine is compiled in one of them, and not again in this one.
///
///     #include <hotswap/rollout/engine_elsewhere.hpp>   // in each file that runs rollouts
///     #include <hotswap/rollout/engine_here.hpp>        // in one file of the program
///
/// The compiler's option `-include` adds the first line to all files of a target. It saves about a
/// third of the time that a file with a canary takes. Without either line each file compiles what
/// it uses, as ever.

#include <hotswap/rollout/chronicle.hpp>
#include <hotswap/rollout/dry_run.hpp>
#include <hotswap/rollout/memory_journal.hpp>
#include <hotswap/rollout/platform_door.hpp>
#include <hotswap/rollout/rollout.hpp>
#include <hotswap/rollout/steering.hpp>

namespace hotswap::inline v0_1 {

extern template class basic_chronicle<void>;
extern template class basic_dry_run_calls<void>;
extern template class basic_memory_journal<void>;
extern template class basic_platform_door<void>;
extern template class basic_rollout<void>;
extern template class basic_steering<void>;

}  // namespace hotswap::inline v0_1
