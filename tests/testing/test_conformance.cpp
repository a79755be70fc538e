// What the conformance check promises: that a platform which keeps its promises passes, and that
// one which breaks a promise is told which, in a sentence.

#include <hotswap/async/event_loop.hpp>
#include <hotswap/async/sleep.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/serving/fleet.hpp>
#include <hotswap/serving/in_process_options.hpp>
#include <hotswap/serving/mirroring_platform.hpp>
#include <hotswap/serving/platform.hpp>
#include <hotswap/serving/smoke_samples.hpp>
#include <hotswap/testing/conformance.hpp>
#include <hotswap/testing/conformance_report.hpp>

#include "support/catch.hpp"
#include "testing/toy_platform.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using hotswap::conformance_options;
using hotswap::conformance_report;
using hotswap::model_version;
using hotswap::traffic_split;
using sentences = std::vector<std::string>;

namespace {

const model_version serving{"fraud", "1"};
const model_version spare{"fraud", "2"};

conformance_report check_toy(defect has) {
  hotswap::virtual_clock clock;
  toy_platform toy{clock, serving, has};
  conformance_options options;
  options.send_requests = [&toy](std::size_t requests) { toy.serve(requests); };
  options.unknown = model_version{"fraud", "none"};
  return clock.run(
      hotswap::check_conformance(toy, toy, toy, serving, spare, clock, std::move(options)));
}

/// Three members of another platform, and no more.
class plain_platform {
 public:
  explicit plain_platform(toy_platform& of) : of_(of) {}

  void deploy(const model_version& version) { of_.deploy(version); }
  void warm_up(const model_version& version) { of_.warm_up(version); }
  void remove(const model_version& version) { of_.remove(version); }
  void set_split(const traffic_split& split) { of_.set_split(split, ++revision_); }
  hotswap::metrics_snapshot collect(const model_version& version,
                                    const hotswap::time_window& window) {
    return of_.collect(version, window);
  }

 private:
  toy_platform& of_;
  std::uint64_t revision_ = 0;
};

class doubling {
 public:
  explicit doubling(const model_version& version) {
    if (version.version() == "none") throw std::runtime_error("no such model");
  }
  int predict(const int& value) const { return 2 * value; }
};

doubling load(const model_version& version) {
  return doubling{version};
}

hotswap::in_process_options<doubling> tested() {
  hotswap::in_process_options<doubling> options;
  options.smoke_samples = hotswap::smoke_samples<doubling>{std::vector<int>{1, 2, 3}};
  return options;
}

/// Of users that differ.
template <typename Platform>
conformance_options options_of(Platform& platform) {
  conformance_options options;
  options.send_requests = [&platform, user = 0](std::size_t requests) mutable {
    for (std::size_t i = 0; i < requests; ++i) {
      (void)platform.acquire("user-" + std::to_string(++user)).predict(21);
    }
  };
  options.unknown = model_version{"fraud", "none"};
  return options;
}

}  // namespace

TEST_CASE("conformance: a platform that keeps every promise is told nothing",
          "[testing][conformance]") {
  const auto report = check_toy(defect::none);

  CHECK(report.broken == sentences{});
  CHECK(report.unchecked == sentences{});
  CHECK(report.conforms());
}

TEST_CASE("conformance: the in-process platforms keep every promise", "[testing][conformance]") {
  SECTION("in virtual time") {
    hotswap::virtual_clock clock;
    hotswap::in_process_platform platform{serving, load, tested()};
    const auto report = clock.run(hotswap::check_conformance(
        platform, platform, platform.metrics(), serving, spare, clock, options_of(platform)));
    CHECK(report.broken == sentences{});
    CHECK(report.unchecked == sentences{});
  }
  SECTION("in real time, and with a mirror") {
    hotswap::event_loop loop;
    hotswap::mirroring_platform<doubling, int> platform{serving, load, {}, tested()};
    conformance_options options = options_of(platform);
    options.window = 2ms;
    const auto report = loop.run(hotswap::check_conformance(
        platform, platform, platform.metrics(), serving, spare, loop, std::move(options)));
    CHECK(report.broken == sentences{});
    CHECK(report.unchecked == sentences{});
  }
}

TEST_CASE("conformance: a promise that is broken is named in a sentence",
          "[testing][conformance]") {
  struct row {
    defect has;
    sentences told;
  };
  const std::vector<row> rows{
      {defect::deploys_once,
       {"deploy of fraud@2 must be idempotent, got at the second call: it runs already"}},
      {defect::deploys_what_there_is_not,
       {"deploy of fraud@none must throw, since there is no such version, got no exception"}},
      {defect::deploys_into_traffic,
       {"split must be 100 % fraud@1 after a deploy, which gives no traffic, got 50 % fraud@1, 50 % fraud@2"}},
      {defect::never_deploys_again,
       {"deploy of fraud@2 must start it again after it was removed, got: its port is taken"}},
      {defect::warms_what_is_not_there,
       {"warm_up of fraud@2 must throw while it is not deployed, got no exception"}},
      {defect::warms_up_once,
       {"warm_up of fraud@2 must be idempotent, got at the second call: it is warm"}},
      {defect::is_never_healthy, {"healthy of fraud@2 must be true once it is warm, got false"}},
      {defect::is_healthy_when_gone,
       {"healthy of fraud@2 must not be true after it was removed, got true"}},
      {defect::tests_more_than_asked,
       {"smoke_test of fraud@2 must try at most the 10 samples that it is asked for, and fail at most those, got 20 samples and 0 failures"}},
      {defect::removes_once,
       {"remove of fraud@2 must be idempotent, got at the second call: no such process"}},
      {defect::removes_only_what_is_there,
       {"remove of fraud@2 must do nothing while it is not deployed, got: no such process",
        "remove of fraud@2 must be idempotent, got at the second call: no such process"}},
      {defect::sets_after_return,
       {"requests must be routed by 50 % fraud@1, 50 % fraud@2 as soon as it is set, got 0 of 2000 at fraud@2",
        "split must be 99 % fraud@1, 1 % fraud@2 after it was set, got 100 % fraud@1"}},
      {defect::sets_half_of_it,
       {"requests must be routed by 50 % fraud@1, 50 % fraud@2 as soon as it is set, got 501 of 2000 at fraud@2",
        "split must be 99 % fraud@1, 1 % fraud@2 after it was set, got 99.5 % fraud@1, 0.5 % fraud@2"}},
      {defect::says_but_does_not,
       {"requests must be routed by 50 % fraud@1, 50 % fraud@2 as soon as it is set, got 0 of 2000 at fraud@2"}},
      {defect::sets_once,
       {"set_split must set 99 % fraud@1, 1 % fraud@2, as often as it is asked, got: nothing to change",
        "set_split must take the revision again that it saw last, got: nothing to change"}},
      {defect::accepts_any_version,
       {"set_split must refuse a version that cannot serve, fraud@2 which is not deployed, got no exception"}},
      {defect::changes_what_it_refuses,
       {"split must be 100 % fraud@1 after a refusal, got 50 % fraud@1, 50 % fraud@2"}},
      {defect::knows_every_model,
       {"split of fraud-unknown must throw for a model that the router does not know, got 100 % fraud@1"}},
      {defect::forgets_revisions,
       {"set_split must refuse a revision below the highest seen, got no exception"}},
      {defect::refuses_equal_revisions,
       {"set_split must take the revision again that it saw last, got: a newer split is in force"}},
      {defect::changes_by_late_revisions,
       {"split must be 90 % fraud@1, 10 % fraud@2 after a refusal, got 80 % fraud@1, 20 % fraud@2"}},
      {defect::mirrors_once,
       {"set_mirror must set 50 %, as often as it is asked, got: it mirrors"}},
      {defect::mirror_moves_traffic,
       {"split must be 100 % fraud@1 after set_mirror, which moves no traffic, got 50 % fraud@1, 50 % fraud@2"}},
      {defect::counts_since_its_start,
       {"collect of two windows in a row must add up to both in one, got 2000 and 4000 requests, and 4000 in both",
        "collect must have each request once, got 4000 of 2000 that were sent"}},
      {defect::counts_both_ends,
       {"collect must answer the same again for a window that has ended, got 2000 requests and then 4000"}},
      {defect::counts_everything_everywhere,
       {"collect of fraud@2 must have nothing while it has no traffic, got 2000 requests",
        "collect must have each request once, got 4000 of 2000 that were sent"}},
      {defect::counts_more_each_time,
       {"collect must answer the same again for a window that has ended, got 2005 requests and then 2009",
        "collect of two windows in a row must add up to both in one, got 2001 and 2005 requests, and 4015 in both",
        "collect must have each request once, got 2001 of 2000 that were sent"}},
      {defect::loses_requests,
       {"collect must have each request once, got 1800 of 2000 that were sent"}},
      {defect::has_more_errors_than_requests,
       {"collect of fraud@1 must have no more errors than requests, got 2001 of 2000"}},
      {defect::has_latencies_of_errors,
       {"collect of fraud@1 must have no more latencies than requests without an error, got 2000 of 1980"}},
      {defect::has_no_number_of_latency,
       {"collect of fraud@1 must have a latency in seconds, got -0.02"}},
      {defect::fails_for_a_version_without_traffic,
       {"collect of fraud@2 must answer for a window that has ended, got: no such series"}},
  };
  for (const row& each : rows) {
    CAPTURE(static_cast<int>(each.has));
    const auto report = check_toy(each.has);
    CHECK(report.broken == each.told);
    CHECK_FALSE(report.conforms());
  }
  CHECK(rows.size() == static_cast<std::size_t>(defect::fails_for_a_version_without_traffic));
}

TEST_CASE("conformance: what could not be asked is said", "[testing][conformance]") {
  hotswap::virtual_clock clock;
  toy_platform toy{clock, serving};
  plain_platform plain{toy};
  const auto report =
      clock.run(hotswap::check_conformance(plain, plain, plain, serving, spare, clock));

  CHECK(report.conforms());
  CHECK(report.unchecked ==
        sentences{"no requests are sent: what metrics count and what the router does with a "
                  "request was not checked",
                  "the router has no split(): no split was read back",
                  "the server has no healthy(): it was not asked",
                  "no unknown version is named: its deploy was not tried"});
}

TEST_CASE("conformance: a router that cannot be read is judged by where requests go",
          "[testing][conformance]") {
  hotswap::virtual_clock clock;
  toy_platform toy{clock, serving, defect::sets_half_of_it};
  plain_platform plain{toy};
  conformance_options options;
  options.send_requests = [&toy](std::size_t requests) { toy.serve(requests); };
  const auto report = clock.run(
      hotswap::check_conformance(plain, plain, plain, serving, spare, clock, std::move(options)));

  CHECK(report.broken ==
        sentences{"requests must be routed by 50 % fraud@1, 50 % fraud@2 as soon as it is set, got "
                  "501 of 2000 at fraud@2"});
}

TEST_CASE("conformance: the platform is left as it was found", "[testing][conformance]") {
  hotswap::virtual_clock clock;
  toy_platform toy{clock, serving};
  (void)clock.run(hotswap::check_conformance(toy, toy, toy, serving, spare, clock));

  CHECK(toy.split("fraud") == traffic_split::all_to(serving));
  CHECK(toy.healthy(serving));
  CHECK_FALSE(toy.healthy(spare));
}

TEST_CASE("conformance: begins only where the version that serves has all of the traffic",
          "[testing][conformance]") {
  hotswap::virtual_clock clock;
  toy_platform toy{clock, spare};
  const auto report = clock.run(hotswap::check_conformance(toy, toy, toy, serving, spare, clock));

  CHECK(report.broken == sentences{"split of fraud must be 100 % fraud@1 before the check, got "
                                   "100 % fraud@2"});
  CHECK(toy.split("fraud") == traffic_split::all_to(spare));
}

namespace {

/// One whose deploy takes an hour.
class slow_platform : public toy_platform {
 public:
  slow_platform(hotswap::clock& on, const model_version& first)
      : toy_platform(on, first), clock_(on) {}

  hotswap::task<> deploy(const model_version& /*version*/) {
    co_await hotswap::sleep_for(clock_, 1h);
  }

 private:
  hotswap::clock& clock_;
};

}  // namespace

TEST_CASE("conformance: a call that does not end is not waited for", "[testing][conformance]") {
  hotswap::virtual_clock clock;
  slow_platform slow{clock, serving};
  const auto report =
      clock.run(hotswap::check_conformance(slow, slow, slow, serving, spare, clock));

  CHECK(report.broken == sentences{"deploy of fraud@2 must start it, got: it did not end in time"});
  CHECK(clock.elapsed() == 30s);
  clock.advance(1h);
}

namespace {

enum class fleet_defect {
  none,
  names_nobody,
  names_in_any_order,
  is_never_well_again,
  updates_once,
  cannot_update,
  rotates_once,
  cannot_rotate
};

class toy_fleet : public toy_platform {
 public:
  toy_fleet(const hotswap::clock& on, const model_version& first, fleet_defect has)
      : toy_platform(on, first), has_(has), runs_{{1, first}, {2, first}} {}

  using toy_platform::healthy;
  [[nodiscard]] std::vector<hotswap::server_id> servers(const std::string& /*model*/) {
    if (has_ == fleet_defect::names_nobody) return {};
    std::vector<hotswap::server_id> all{hotswap::server_id{"web-1"}, hotswap::server_id{"web-2"}};
    if (has_ == fleet_defect::names_in_any_order && ++asked_ % 2 == 0) std::swap(all[0], all[1]);
    return all;
  }
  void update(const hotswap::server_id& server, const model_version& version) {
    if (has_ == fleet_defect::cannot_update) throw std::runtime_error("the image is missing");
    model_version& runs = runs_.at(server.name().back() - '0');
    const bool changes = runs != version;
    if (!changes && has_ == fleet_defect::updates_once) throw std::runtime_error("it runs already");
    runs = version;
    updated_ = true;
  }
  [[nodiscard]] bool healthy(const hotswap::server_id& /*server*/) const {
    return !(updated_ && has_ == fleet_defect::is_never_well_again);
  }
  void set_rotation(const hotswap::server_id& /*server*/, bool in_rotation) {
    if (has_ == fleet_defect::cannot_rotate) throw std::runtime_error("it is the last one");
    const bool changes = std::exchange(in_rotation_, in_rotation) != in_rotation;
    if (!changes && has_ == fleet_defect::rotates_once) throw std::runtime_error("nothing to do");
  }

  [[nodiscard]] bool is_as_before(const model_version& first) const {
    return in_rotation_ && runs_.at(1) == first && runs_.at(2) == first;
  }

 private:
  fleet_defect has_;
  std::map<int, model_version> runs_;
  bool in_rotation_ = true;
  bool updated_ = false;
  int asked_ = 0;
};

}  // namespace

TEST_CASE("conformance: a fleet that keeps every promise is told nothing, and left as it was",
          "[testing][conformance]") {
  hotswap::virtual_clock clock;
  SECTION("one of a user's own") {
    toy_fleet fleet{clock, serving, fleet_defect::none};
    const auto report =
        clock.run(hotswap::check_fleet_conformance(fleet, fleet, fleet, serving, spare, clock));
    CHECK(report.broken == sentences{});
    CHECK(fleet.is_as_before(serving));
  }
  SECTION("the one in this process") {
    hotswap::in_process_fleet<doubling> fleet{serving, 3, load};
    clock.run(fleet.deploy(spare));
    const auto report = clock.run(
        hotswap::check_fleet_conformance(fleet, fleet, fleet.metrics(), serving, spare, clock));
    CHECK(report.broken == sentences{});
    CHECK(fleet.split("fraud") == traffic_split::all_to(serving));
  }
}

TEST_CASE("conformance: a fleet's promise that is broken is named in a sentence",
          "[testing][conformance]") {
  const std::vector<std::pair<fleet_defect, std::string>> rows{
      {fleet_defect::names_nobody, "servers of fraud must name those that serve it, got none"},
      {fleet_defect::names_in_any_order,
       "servers of fraud must name the same again in the same order, got others"},
      {fleet_defect::is_never_well_again,
       "healthy of web-2 must become true after an update, got false"},
      {fleet_defect::updates_once,
       "update of web-2 must be idempotent, got at the second call: it runs already"},
      {fleet_defect::cannot_update,
       "update must make web-2 run fraud@2, got: the image is missing"},
      {fleet_defect::rotates_once,
       "set_rotation of web-2 must be idempotent, got at the second call: nothing to do"},
      {fleet_defect::cannot_rotate,
       "set_rotation must take web-2 out of rotation, got: it is the last one"}};
  for (const auto& [has, told] : rows) {
    hotswap::virtual_clock clock;
    toy_fleet fleet{clock, serving, has};
    const auto report =
        clock.run(hotswap::check_fleet_conformance(fleet, fleet, fleet, serving, spare, clock));
    CHECK(report.broken == sentences{told});
  }
}
