#pragma once

/// @file
/// The engine: the verbs in which strategies are written, and what becomes of a rollout whose verbs
/// fail.
///
///     rollout running{std::move(calls), terms, config};
///     co_return co_await running.run(steps(running, config));

#include <hotswap/rollout/engine.hpp>                  // IWYU pragma: export
#include <hotswap/rollout/rollout_fleet.hpp>           // IWYU pragma: export
#include <hotswap/rollout/rollout_fleet_rollback.hpp>  // IWYU pragma: export
#include <hotswap/rollout/rollout_frame.hpp>           // IWYU pragma: export
#include <hotswap/rollout/rollout_look.hpp>            // IWYU pragma: export
#include <hotswap/rollout/rollout_observe.hpp>         // IWYU pragma: export
#include <hotswap/rollout/rollout_opening.hpp>         // IWYU pragma: export
#include <hotswap/rollout/rollout_retire.hpp>          // IWYU pragma: export
#include <hotswap/rollout/rollout_rollback.hpp>        // IWYU pragma: export
#include <hotswap/rollout/rollout_step.hpp>            // IWYU pragma: export
#include <hotswap/rollout/rollout_take_up.hpp>         // IWYU pragma: export
#include <hotswap/rollout/rollout_verbs.hpp>           // IWYU pragma: export
