#pragma once

/// @file
/// A user's server, router and metrics in one, in virtual time, with all its state in sight. Every
/// call into it may go wrong, as the schedule of its world says.
///
///     hotswap::simulated_world world{choices};
///     hotswap::simulated_platform platform{world, {"fraud", "1"}};
///     platform.quality_of({"fraud", "2"}).error_rate = 0.05;
///     hotswap::canary_strategy canary{platform, platform, platform, config};

#include <hotswap/core/divergence_snapshot.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/smoke_test_report.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/testing/platform_watcher.hpp>
#include <hotswap/testing/schedule.hpp>
#include <hotswap/testing/simulated_traffic.hpp>
#include <hotswap/testing/simulated_world.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// Server, router of two replicas, and metrics. The first version is deployed, warm, and has all
/// the traffic. Outlives its rollouts; its world outlives it.
class simulated_platform {
 public:
  using nanoseconds = std::chrono::nanoseconds;
  using index = std::size_t;
  static constexpr std::size_t most_versions = simulated_traffic::most_versions;
  static constexpr std::size_t replicas = 2;
  using shares = std::array<std::uint16_t, most_versions>;  ///< basis points, by version

  /// What became of a version.
  class version_state {
   public:
    explicit version_state(model_version of) : version(std::move(of)) {}
    model_version version;
    bool is_deployed = false;
    bool is_warm = false;           ///< and has not died since
    bool is_told_deployed = false;  ///< as far as the server's answers go
    bool is_told_warm = false;
    bool has_died = false;       ///< by itself, since it was deployed
    bool is_lied_about = false;  ///< the server said that it is ready, and it is not
    /// In a fleet: which server it was to join, 1 the first, of those that run it.
    std::size_t first_server = 0;

    [[nodiscard]] bool is_ready() const noexcept { return is_deployed && is_warm; }
  };

  simulated_platform(simulated_world& world, model_version first)
      : world_(world), traffic_(all_to_first()) {
    version_state& serving = state_of(index_of(first));
    serving.is_deployed = serving.is_warm = true;
    serving.is_told_deployed = serving.is_told_warm = true;
    for (shares& each : split_) each[0] = 10'000;
  }
  simulated_platform(const simulated_platform&) = delete;
  simulated_platform& operator=(const simulated_platform&) = delete;

  // What a rollout calls.

  simulated_answer<void> deploy(const model_version& version) {
    const index i = index_of(version);
    tell_watcher(choice_site::deploy, version);
    return world_.change(
        choice_site::deploy, server_ways, deadlines.deploy, [this, i] { return said("deploy", i); },
        [this, i](bool) { start(i); },
        [this, i](bool yes) {
          if (yes) state_of(i).is_told_deployed = true;
        });
  }

  simulated_answer<void> warm_up(const model_version& version) {
    const index i = index_of(version);
    tell_watcher(choice_site::warm_up, version);
    if (!state_of(i).is_deployed) return world_.refuse(to_string(version) + " does not run");
    return world_.change(
        choice_site::warm_up, server_ways, deadlines.warm_up,
        [this, i] { return said("warm up", i); }, [this, i](bool) { warm(i); },
        [this, i](bool yes) {
          if (!yes) return;
          state_of(i).is_told_warm = true;
          if (!state_of(i).is_ready()) state_of(i).is_lied_about = true;
        });
  }

  simulated_answer<void> remove(const model_version& version) {
    const index i = index_of(version);
    tell_watcher(choice_site::remove, version);
    state_of(i).is_told_deployed = state_of(i).is_told_warm = false;
    return world_.change(
        choice_site::remove, server_ways, deadlines.remove, [this, i] { return said("remove", i); },
        [this, i](bool) { stop(i); }, [](bool) {});
  }

  simulated_answer<smoke_test_report> smoke_test(const model_version& version,
                                                 std::size_t samples) {
    const index i = index_of(version);
    return world_.ask<smoke_test_report>(
        choice_site::smoke_test, smoke_test_ways, deadlines.smoke_test,
        [this, i] { return said("smoke test of", i); },
        [this, i, samples](call_fault how) {
          smoke_test_report report;
          report.samples = how == call_fault::empty ? 0 : samples;
          const bool passes = state_of(i).is_ready() != (how == call_fault::lies);
          if (!passes) {
            report.failures = 3;
            report.messages.emplace_back("expected 0.9, got NaN");
          }
          return report;
        });
  }

  simulated_answer<void> set_split(const traffic_split& split) {
    return route(split, std::numeric_limits<std::uint64_t>::max());
  }

  simulated_answer<metrics_snapshot> collect(const model_version& version,
                                             const time_window& window) {
    const index i = index_of(version);
    return world_.ask<metrics_snapshot>(
        choice_site::collect, collect_ways, deadlines.collect,
        [this, i] { return said("metrics of", i); },
        [this, i, begin = on_steady_clock(window.begin), end = on_steady_clock(window.end)](
            call_fault how) { return metrics(i, begin, end, how); });
  }

  simulated_answer<void> set_mirror(const model_version& production, const model_version& shadow,
                                    const share& sampled) {
    static_cast<void>(index_of(production));
    const index i = index_of(shadow);
    if (watcher_ != nullptr) watcher_->mirror_sent(sampled);
    const int part = sampled.basis_points();
    return world_.change(
        choice_site::set_mirror, server_ways, deadlines.set_split,
        [this, i, part] { return said("mirror " + std::to_string(part / 100) + " % to", i); },
        [this, i, part](bool) {
          mirrored_ = part;
          shadow_ = i;
          changed();
        },
        [](bool) {});
  }

  simulated_answer<divergence_snapshot> divergence(const model_version& production,
                                                   const model_version& shadow,
                                                   const time_window& window) {
    static_cast<void>(index_of(production));
    const index i = index_of(shadow);
    return world_.ask<divergence_snapshot>(
        choice_site::divergence, divergence_ways, deadlines.collect,
        [this, i] { return said("divergence of", i); },
        [this, i, begin = on_steady_clock(window.begin),
         end = on_steady_clock(window.end)](call_fault how) {
          divergence_snapshot seen = traffic_.diverged(i, begin, end);
          if (how != call_fault::none && how != call_fault::answers_late) ++metric_lies_;
          if (how == call_fault::empty) seen = divergence_snapshot{};
          if (how == call_fault::impossible) seen.disagreed = seen.compared + 1;
          if (how == call_fault::doubled) {
            seen.compared *= 2;
            seen.disagreed *= 2;
          }
          return seen;
        });
  }

  // What a test sets and sees.

  call_deadlines deadlines;  ///< of the rollout: a late answer comes after them

  /// @throws std::logic_error  if there would be more versions than `most_versions`.
  [[nodiscard]] simulated_quality& quality_of(const model_version& version) {
    return traffic_.quality[index_of(version)];
  }
  [[nodiscard]] simulated_traffic& traffic() noexcept { return traffic_; }
  [[nodiscard]] const std::vector<version_state>& versions() const noexcept { return versions_; }
  [[nodiscard]] version_state& state(const model_version& version) {
    return versions_[index_of(version)];
  }

  /// Of the requests that come now, both replicas taken together.
  [[nodiscard]] double share_of(const model_version& version) {
    return traffic_.now().share[index_of(version)];
  }
  [[nodiscard]] const std::array<shares, replicas>& in_force() const noexcept { return split_; }
  [[nodiscard]] bool is_all_to(const model_version& version) { return share_of(version) >= 1.0; }
  [[nodiscard]] int mirrored() const noexcept { return mirrored_; }  ///< basis points

  /// Answers that were wrong about what they had measured.
  [[nodiscard]] std::uint64_t metric_lies() const noexcept { return metric_lies_; }
  /// How often somebody else has changed the split.
  [[nodiscard]] std::uint64_t foreign_splits() const noexcept { return foreign_splits_; }
  /// Late splits that the fence has refused.
  [[nodiscard]] std::uint64_t fenced_off() const noexcept { return fenced_off_; }
  /// In a fleet: how many had joined when any driver was last told who is there.
  [[nodiscard]] std::size_t servers_told() const noexcept { return servers_told_; }

  void watched_by(platform_watcher* watcher) noexcept { watcher_ = watcher; }

  /// As before the first deployment of its model: no version is there, and none is routed to.
  void knows_no_version() {
    versions_.front() = version_state{versions_.front().version};
    split_ = {};
    before_ = {};
    changed();
  }

  // What the rest of the world does to it.

  /// A version dies by itself, and does not come back unless it is deployed again.
  void dies(const model_version& version) {
    version_state& dead = state(version);
    if (!dead.is_deployed) return;
    dead.is_warm = false;
    dead.has_died = true;
    world_.tell([&] { return to_string(version) + " dies"; });
    changed();
  }

  /// Somebody else sets the split, behind every rollout's back.
  void somebody_sets(const traffic_split& split) {
    ++foreign_splits_;
    world_.tell([&] { return "somebody else sets " + to_string(split); });
    put_in_force(shares_of(split), replicas);
  }

 protected:
  void tells_of_servers(std::size_t joined) noexcept {
    servers_told_ = joined;
    if (world_.running != nullptr) world_.running->servers_told = joined;
  }

  simulated_answer<void> route(const traffic_split& split, std::uint64_t revision) {
    const simulated_world::work own{world_};
    const shares wanted = shares_of(split);
    const std::uint64_t number = ++splits_sent_;
    const auto describe = [this, wanted] { return "set " + text_of(wanted); };
    const bool is_fenced = revision != std::numeric_limits<std::uint64_t>::max();
    if (is_fenced && revision < newest_) {
      ++fenced_off_;
      world_.tell([&] { return describe() + " - refused, a newer one is in force"; });
      if (watcher_ != nullptr) watcher_->split_refused(number);
      return world_.refuse("a newer split is in force");
    }
    if (watcher_ != nullptr) watcher_->split_sent(number, split);
    const auto enforce = [this, wanted, revision, is_fenced](bool everywhere) {
      if (is_fenced && revision < newest_) {
        ++fenced_off_;
        return;
      }
      if (is_fenced) newest_ = revision;
      put_in_force(wanted, everywhere ? replicas : 1);
    };
    const auto ended = [this, number](bool yes) {
      if (watcher_ != nullptr) watcher_->split_answered(number, yes);
    };
    return world_.change(choice_site::set_split, router_ways, deadlines.set_split, describe,
                         enforce, ended);
  }

  simulated_answer<bool> ask_health(const model_version& version) {
    const index i = index_of(version);
    return world_.ask<bool>(
        choice_site::healthy, healthy_ways, deadlines.healthy,
        [this, i] { return said("health of", i); },
        [this, i](call_fault how) { return state_of(i).is_ready() != (how == call_fault::lies); });
  }

  simulated_answer<traffic_split> read_split(const std::string& model) {
    return world_.ask<traffic_split>(
        choice_site::read_split, read_split_ways, deadlines.set_split,
        [&model] { return "read the split of " + model; },
        [this](call_fault how) {
          const shares& told = how == call_fault::stale ? before_ : split_[replicas - 1];
          if (told == shares{}) throw std::runtime_error("there is no split of that model");
          const traffic_split found = split_of(told);
          if (watcher_ != nullptr) watcher_->split_read(found);
          return found;
        });
  }

  [[nodiscard]] simulated_world& world() noexcept { return world_; }
  [[nodiscard]] version_state& state_of(index i) { return versions_[i]; }
  [[nodiscard]] platform_watcher* watcher() const noexcept { return watcher_; }

  [[nodiscard]] index index_of(const model_version& version) {
    for (index i = 0; i < versions_.size(); ++i) {
      if (versions_[i].version == version) return i;
    }
    if (versions_.size() == most_versions) {
      throw std::logic_error("simulated_platform: must know at most 4 versions, got " +
                             to_string(version) + " too");
    }
    versions_.emplace_back(version);
    return versions_.size() - 1;
  }

  void start(index i) {
    version_state& started = state_of(i);
    if (started.has_died) started.is_warm = started.has_died = false;
    started.is_deployed = true;
    changed();
  }
  void warm(index i) {
    if (!state_of(i).is_deployed || state_of(i).has_died) return;
    state_of(i).is_warm = true;
    changed();
  }
  void stop(index i) {
    state_of(i).is_deployed = state_of(i).is_warm = state_of(i).has_died = false;
    changed();
  }

  /// In so many of the replicas.
  void put_in_force(const shares& wanted, std::size_t reached) {
    before_ = split_[replicas - 1];
    for (std::size_t i = 0; i < reached; ++i) split_[i] = wanted;
    changed();
  }

  void changed() {
    simulated_traffic::distribution to;
    for (index i = 0; i < versions_.size(); ++i) {
      int sum = 0;
      for (const shares& each : split_) sum += each[i];
      to.share[i] = sum / (10'000.0 * replicas);
      to.is_ready[i] = versions_[i].is_ready();
    }
    to.shadow = shadow_;
    to.mirrored = mirrored_ / 10'000.0 * to.share[0];
    traffic_.changes(world_.clock.elapsed(), to);
    if (watcher_ != nullptr) watcher_->changed();
  }

  /// As far from now as that wall time is: requests come whether that clock jumps or not.
  [[nodiscard]] nanoseconds on_steady_clock(time_window::time_point time) const {
    return world_.clock.elapsed() - (world_.clock.now() - time);
  }

  void tell_watcher(choice_site what, const model_version& version) {
    const simulated_world::work own{world_};
    if (watcher_ != nullptr) watcher_->change_sent(what, version);
  }

  [[nodiscard]] std::string said(const std::string& verb, index i) const {
    return verb + " " + to_string(versions_[i].version);
  }

 private:
  using f = call_fault;
  static constexpr std::array server_ways{
      f::none,         f::fails,          f::fails_after,     f::hangs,
      f::answers_late, f::lands_late,     f::lands_very_late, f::lost,
      f::lies,         f::crashes_before, f::crashes_after};
  static constexpr std::array router_ways{
      f::none,          f::fails,           f::fails_after, f::hangs, f::answers_late,
      f::lands_late,    f::lands_very_late, f::lost,        f::lies,  f::crashes_before,
      f::crashes_after, f::partly_fails,    f::partly};
  static constexpr std::array collect_ways{
      f::none,    f::fails,        f::hangs,     f::answers_late, f::crashes_before,
      f::empty,   f::stale,        f::lagging,   f::not_a_number, f::negative,
      f::doubled, f::of_the_other, f::impossible};
  static constexpr std::array divergence_ways{f::none,  f::fails,   f::hangs,     f::crashes_before,
                                              f::empty, f::doubled, f::impossible};
  static constexpr std::array healthy_ways{f::none, f::fails, f::hangs, f::crashes_before, f::lies};
  static constexpr std::array read_split_ways{f::none, f::fails, f::hangs, f::crashes_before,
                                              f::stale};
  static constexpr std::array smoke_test_ways{
      f::none, f::fails, f::hangs, f::answers_late, f::crashes_before, f::lies, f::empty};

  static simulated_traffic::distribution all_to_first() {
    simulated_traffic::distribution first;
    first.share[0] = 1.0;
    first.is_ready[0] = true;
    return first;
  }

  [[nodiscard]] shares shares_of(const traffic_split& split) {
    shares wanted{};
    for (const auto& [version, part] : split.entries()) {
      wanted[index_of(version)] = static_cast<std::uint16_t>(part.basis_points());
    }
    return wanted;
  }

  [[nodiscard]] traffic_split split_of(const shares& given) const {
    std::vector<traffic_split::entry> entries;
    for (index i = 0; i < versions_.size(); ++i) {
      if (given[i] > 0) entries.emplace_back(versions_[i].version, share::basis_points(given[i]));
    }
    return traffic_split::of(std::move(entries));
  }

  [[nodiscard]] std::string text_of(const shares& given) const {
    return to_string(split_of(given));
  }

  metrics_snapshot metrics(index i, nanoseconds begin, nanoseconds end, call_fault how) {
    const nanoseconds length = end - begin;
    if (how != f::none && how != f::answers_late) ++metric_lies_;
    if (how == f::empty) return metrics_snapshot{};
    if (how == f::stale || how == f::lagging) {
      const auto windows = how == f::stale ? 1 : 3;
      begin -= windows * length;
      end -= windows * length;
    }
    if (how == f::of_the_other) i = i == 0 ? 1 : 0;
    metrics_snapshot seen = traffic_.measured(i, begin, end, world_.clock.elapsed());
    if (how == f::not_a_number && seen.latency) {
      seen.latency->add(std::numeric_limits<double>::quiet_NaN());
    }
    if (how == f::negative && seen.latency) {
      seen.latency = stats::moments::from_summary(seen.latency->count(), -0.02, 0.0);
    }
    if (how == f::doubled) seen += metrics_snapshot{seen};
    if (how == f::impossible) seen.errors = seen.requests + 1;
    return seen;
  }

  simulated_world& world_;
  simulated_traffic traffic_;
  std::vector<version_state> versions_;
  std::array<shares, replicas> split_{};
  shares before_{10'000};  ///< the split before the last change
  std::uint64_t splits_sent_ = 0;
  std::uint64_t newest_ = 0;
  std::uint64_t fenced_off_ = 0;
  std::uint64_t metric_lies_ = 0;
  std::uint64_t foreign_splits_ = 0;
  std::size_t servers_told_ = 0;
  int mirrored_ = 0;
  index shadow_ = 1;
  platform_watcher* watcher_ = nullptr;
};

/// One that can also be asked for the health of a version and for the split in force.
class readable_simulated_platform : public simulated_platform {
 public:
  using simulated_platform::simulated_platform;

  simulated_answer<bool> healthy(const model_version& version) { return ask_health(version); }
  simulated_answer<traffic_split> split(const std::string& model) { return read_split(model); }
};

/// One whose router refuses what is older than what it has seen.
class fenced_simulated_platform : public simulated_platform {
 public:
  using simulated_platform::simulated_platform;

  simulated_answer<bool> healthy(const model_version& version) { return ask_health(version); }
  simulated_answer<void> set_split(const traffic_split& split, std::uint64_t revision) {
    return route(split, revision);
  }
};

}  // namespace hotswap::inline v0_1
