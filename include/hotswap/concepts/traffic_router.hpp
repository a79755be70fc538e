#pragma once

/// @file
/// The concept `TrafficRouter`: whoever decides which version of a model answers a request. And its
/// refinements: routers that can be read, that fence off late writers, that mirror.
///
///     struct my_proxy { hotswap::task<> set_split(const hotswap::traffic_split&); };
///     static_assert(hotswap::TrafficRouter<my_proxy>);

#include <hotswap/concepts/member.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/traffic_split.hpp>

#include <concepts>
#include <cstdint>
#include <string>

namespace hotswap::inline v0_1 {

namespace detail {

/// Converts to `std::uint64_t` and to nothing else: a `bool dry_run = false` is no revision.
class revision_probe {
 public:
  template <std::same_as<std::uint64_t> T>
  operator T() const;  // NOLINT: to convert is what it is there for
};

template <typename Router>
concept takes_revision =
    has_member<Router, member::set_split, void(const traffic_split&, const revision_probe&)>;

}  // namespace detail

/// A router whose splits carry a revision that only grows. What `set_split(split, revision)` has to
/// mean, beyond what a `TrafficRouter` promises: it throws, and changes nothing, when it has seen a
/// higher revision. The rollout then uses only this member, and a write that was lost on the way
/// and lands late can do no harm.
template <typename Router>
concept FencedRouter =
    detail::takes_revision<Router> &&
    answers<Router, member::set_split, void(const traffic_split&, const std::uint64_t&)>;

/// A router of requests: an HTTP proxy, a service mesh, the in-process `splitter`.
///
/// What `router.set_split(split)` has to mean, beyond compiling:
///  - in force on return: a request that arrives after it has resolved is routed by `split`;
///  - idempotent: the same split twice is the same as once, since a resumed rollout calls again;
///  - honest about failure: it throws when the split may not be in force. Which one is in force
///    counts as unknown then, and the rollout sets 100 % baseline until that is confirmed.
///
/// It may return its value or any awaitable of it, and may take a trailing `std::stop_token`. Calls
/// start on the clock's thread. Those of one rollout may overlap, after a deadline: the latest
/// started wins. Requests never pass through this concept.
template <typename Router>
concept TrafficRouter =
    answers<Router, member::set_split, void(const traffic_split&)> || FencedRouter<Router>;

/// A router that can be asked what is in force, and throws for a model that it does not know. The
/// rollout then reads back each split it sets, and notices when somebody else has changed it.
template <typename Router>
concept ReadableRouter =
    TrafficRouter<Router> && answers<Router, member::split, traffic_split(const std::string&)>;

/// A router that can copy a share of production's requests to a shadow, whose answers nobody gets.
template <typename Router>
concept MirroringRouter = TrafficRouter<Router> &&
                          answers<Router, member::set_mirror,
                                  void(const model_version&, const model_version&, const share&)>;

/// Says in one sentence what keeps `Router` from being the router it wants to be; see
/// `diagnose_model_server`.
template <typename Router>
struct diagnose_traffic_router {
 private:
  using plain_call = void(const traffic_split&);
  using fenced_call = void(const traffic_split&, const std::uint64_t&);
  using split_call = traffic_split(const std::string&);
  using mirror_call = void(const model_version&, const model_version&, const share&);

  static constexpr bool has_plain = has_member<Router, member::set_split, plain_call>;
  static constexpr bool has_fenced = detail::takes_revision<Router>;
  static constexpr bool has_split = has_member<Router, member::split, split_call>;
  static constexpr bool has_mirror = has_member<Router, member::set_mirror, mirror_call>;

  static_assert(has_plain || has_fenced,
                "your TrafficRouter needs a member set_split(const hotswap::traffic_split&), "
                "which returns void or an awaitable of void.");
  static_assert(!has_plain || answers<Router, member::set_split, plain_call>,
                "your TrafficRouter's set_split(const hotswap::traffic_split&) must return void "
                "or an awaitable of void; it reports failure by throwing.");
  static_assert(!has_fenced || FencedRouter<Router> ||
                    (has_plain && !answers<Router, member::set_split, plain_call>),
                "your TrafficRouter's set_split(const hotswap::traffic_split&, std::uint64_t) must "
                "return void or an awaitable of void, so that late writes can be refused.");
  static_assert(!has_split || answers<Router, member::split, split_call>,
                "your TrafficRouter's split(const std::string&) must return hotswap::traffic_split "
                "or an awaitable of one, so that splits can be read back.");
  static_assert(
      !has_mirror || answers<Router, member::set_mirror, mirror_call>,
      "your TrafficRouter's set_mirror(const hotswap::model_version&, const "
      "hotswap::model_version&, hotswap::share) must return void or an awaitable of void.");
};

/// Of a strategy that needs a `MirroringRouter`; a wrong answer is `diagnose_traffic_router`'s.
template <typename Router>
struct diagnose_mirroring_router {
  static_assert(has_member<Router, member::set_mirror,
                           void(const model_version&, const model_version&, const share&)>,
                "this strategy needs a TrafficRouter with a member set_mirror(const "
                "hotswap::model_version&, const hotswap::model_version&, hotswap::share), which "
                "returns void or an awaitable of void.");
};

}  // namespace hotswap::inline v0_1
