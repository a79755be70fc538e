#pragma once

/// @file
/// The concept `ModelServer`: whoever starts and stops versions of a model. And its refinements,
/// for servers that can say whether a version is well.
///
///     struct my_server {
///       hotswap::task<> deploy(const hotswap::model_version&);
///       void warm_up(const hotswap::model_version&);
///       void remove(const hotswap::model_version&, std::stop_token);
///     };
///     static_assert(hotswap::ModelServer<my_server>);

#include <hotswap/concepts/member.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/smoke_test_report.hpp>

#include <cstddef>

namespace hotswap::inline v0_1 {

/// A server of models: a process supervisor, Triton's repository API, the in-process platform.
///
/// What the members have to mean, beyond compiling:
///  - `deploy(version)` starts it next to those that run, and gives it no traffic;
///  - `warm_up(version)` resolves when the version is ready for its full share of traffic;
///  - `remove(version)` lets requests in flight end (drain), then stops it;
///  - each is idempotent: a resumed rollout calls again, and once done is done;
///  - each throws when it did not happen. The text of the exception reaches the rollout's history.
///
/// Each may return its value or any awaitable of it, and may take a trailing `std::stop_token`,
/// which is triggered when nobody waits for the call any more. Calls start on the clock's thread;
/// the arguments stay valid until the call has ended, however late.
template <typename Server>
concept ModelServer = answers<Server, member::deploy, void(const model_version&)> &&
                      answers<Server, member::warm_up, void(const model_version&)> &&
                      answers<Server, member::remove, void(const model_version&)>;

/// A server that knows whether a version is well. The rollout then asks before each rise and at
/// each look; three times `false` in a row end it.
template <typename Server>
concept HealthCheckable =
    ModelServer<Server> && answers<Server, member::healthy, bool(const model_version&)>;

/// A server that can try a version on samples of its own before any user sees it.
template <typename Server>
concept SmokeTestable =
    ModelServer<Server> &&
    answers<Server, member::smoke_test, smoke_test_report(const model_version&, std::size_t)>;

/// Says in one sentence what keeps `Server` from being the server it wants to be.
///
/// A template that takes a server derives from this privately, instead of constraining its
/// parameter: a failed constraint makes the compiler list overloads, a failed assertion makes it
/// say the sentence and nothing else.
template <typename Server>
struct diagnose_model_server {
 private:
  using version_call = void(const model_version&);
  using healthy_call = bool(const model_version&);
  using smoke_test_call = smoke_test_report(const model_version&, std::size_t);

  static constexpr bool has_deploy = has_member<Server, member::deploy, version_call>;
  static constexpr bool has_warm_up = has_member<Server, member::warm_up, version_call>;
  static constexpr bool has_remove = has_member<Server, member::remove, version_call>;
  static constexpr bool has_healthy = has_member<Server, member::healthy, healthy_call>;
  static constexpr bool has_smoke_test = has_member<Server, member::smoke_test, smoke_test_call>;

  static_assert(has_deploy,
                "your ModelServer needs a member deploy(const hotswap::model_version&), which "
                "returns void or an awaitable of void.");
  static_assert(!has_deploy || answers<Server, member::deploy, version_call>,
                "your ModelServer's deploy(const hotswap::model_version&) must return void or an "
                "awaitable of void; it reports failure by throwing.");
  static_assert(has_warm_up,
                "your ModelServer needs a member warm_up(const hotswap::model_version&), which "
                "returns void or an awaitable of void.");
  static_assert(!has_warm_up || answers<Server, member::warm_up, version_call>,
                "your ModelServer's warm_up(const hotswap::model_version&) must return void or an "
                "awaitable of void; it reports failure by throwing.");
  static_assert(has_remove,
                "your ModelServer needs a member remove(const hotswap::model_version&), which "
                "returns void or an awaitable of void.");
  static_assert(!has_remove || answers<Server, member::remove, version_call>,
                "your ModelServer's remove(const hotswap::model_version&) must return void or an "
                "awaitable of void; it reports failure by throwing.");
  static_assert(!has_healthy || answers<Server, member::healthy, healthy_call>,
                "your ModelServer's healthy(const hotswap::model_version&) must return bool or an "
                "awaitable of bool, so that the rollout can ask before each rise.");
  static_assert(!has_smoke_test || answers<Server, member::smoke_test, smoke_test_call>,
                "your ModelServer's smoke_test(const hotswap::model_version&, std::size_t) must "
                "return hotswap::smoke_test_report or an awaitable of one.");
};

/// Of a strategy that needs a `SmokeTestable` server; a wrong answer is `diagnose_model_server`'s.
template <typename Server>
struct diagnose_smoke_testable {
  static_assert(
      has_member<Server, member::smoke_test, smoke_test_report(const model_version&, std::size_t)>,
      "this strategy needs a ModelServer with a member smoke_test(const "
      "hotswap::model_version&, std::size_t), which returns hotswap::smoke_test_report "
      "or an awaitable of one.");
};

}  // namespace hotswap::inline v0_1
