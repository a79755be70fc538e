#pragma once

/// @file
/// A platform of a user's own that keeps every promise, or breaks one.

#include <hotswap/async/clock.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/smoke_test_report.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/stats/moments.hpp>

#include <cstddef>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

enum class defect {
  none,
  deploys_once,
  deploys_what_there_is_not,
  deploys_into_traffic,
  never_deploys_again,
  warms_what_is_not_there,
  warms_up_once,
  is_never_healthy,
  is_healthy_when_gone,
  tests_more_than_asked,
  removes_once,
  removes_only_what_is_there,
  sets_after_return,
  sets_half_of_it,
  says_but_does_not,
  sets_once,
  accepts_any_version,
  changes_what_it_refuses,
  knows_every_model,
  forgets_revisions,
  refuses_equal_revisions,
  changes_by_late_revisions,
  mirrors_once,
  mirror_moves_traffic,
  counts_since_its_start,
  counts_both_ends,
  counts_everything_everywhere,
  counts_more_each_time,
  loses_requests,
  has_more_errors_than_requests,
  has_latencies_of_errors,
  has_no_number_of_latency,
  fails_for_a_version_without_traffic,
};

class toy_platform {
 public:
  using model_version = hotswap::model_version;
  using traffic_split = hotswap::traffic_split;

  toy_platform(const hotswap::clock& on, model_version first, defect has = defect::none)
      : clock_(on),
        has_(has),
        deployed_{first},
        warm_{first},
        split_(traffic_split::all_to(first)) {}

  void deploy(const model_version& version) {
    if (version.version() == "none" && has_ != defect::deploys_what_there_is_not) {
      throw std::runtime_error("there is no " + to_string(version));
    }
    if (has_ == defect::deploys_once && deployed_.contains(version)) {
      throw std::runtime_error("it runs already");
    }
    if (has_ == defect::never_deploys_again && removed_.contains(version)) {
      throw std::runtime_error("its port is taken");
    }
    deployed_.insert(version);
    if (has_ == defect::deploys_into_traffic) give_half_to(version);
  }
  void warm_up(const model_version& version) {
    if (!deployed_.contains(version) && has_ != defect::warms_what_is_not_there) {
      throw std::runtime_error("nothing to warm");
    }
    if (!warm_.insert(version).second && has_ == defect::warms_up_once) {
      throw std::runtime_error("it is warm");
    }
  }
  void remove(const model_version& version) {
    const bool was_there = deployed_.erase(version) > 0;
    warm_.erase(version);
    if (was_there) removed_.insert(version);
    const bool asks = has_ == defect::removes_only_what_is_there ||
                      (has_ == defect::removes_once && removed_.contains(version));
    if (!was_there && asks) throw std::runtime_error("no such process");
  }
  [[nodiscard]] bool healthy(const model_version& version) const {
    if (has_ == defect::is_never_healthy) return false;
    return has_ == defect::is_healthy_when_gone || warm_.contains(version);
  }
  [[nodiscard]] hotswap::smoke_test_report smoke_test(const model_version& /*version*/,
                                                      std::size_t samples) const {
    hotswap::smoke_test_report report;
    report.samples = has_ == defect::tests_more_than_asked ? 2 * samples : samples;
    return report;
  }

  void set_split(const traffic_split& split, std::uint64_t revision) {
    const bool is_late =
        has_ == defect::refuses_equal_revisions ? revision <= newest_ : revision < newest_;
    if (is_late && has_ != defect::forgets_revisions) {
      if (has_ == defect::changes_by_late_revisions) split_ = split;
      throw std::runtime_error("a newer split is in force");
    }
    newest_ = revision;
    if (has_ == defect::sets_once && split == split_ && split.entries().size() > 1) {
      throw std::runtime_error("nothing to change");
    }
    for (const auto& [version, part] : split.entries()) {
      if (warm_.contains(version) || has_ == defect::accepts_any_version) continue;
      if (has_ == defect::changes_what_it_refuses) split_ = split;
      throw std::runtime_error(to_string(version) + " does not run");
    }
    if (has_ == defect::sets_after_return) {
      split_ = std::exchange(next_, split);
    } else if (has_ == defect::sets_half_of_it && split.entries().size() > 1) {
      const auto& [version, part] = split.entries().back();
      split_ = traffic_split::between(split.entries().front().first, version,
                                      hotswap::share::basis_points(part.basis_points() / 2));
    } else {
      split_ = split;
    }
  }
  [[nodiscard]] traffic_split split(const std::string& model) const {
    if (model != split_.model() && has_ != defect::knows_every_model) {
      throw std::runtime_error("no model " + model);
    }
    return split_;
  }
  void set_mirror(const model_version& /*production*/, const model_version& shadow,
                  const hotswap::share& sampled) {
    const bool is_on = sampled > hotswap::share{};
    if (has_ == defect::mirrors_once && is_on && mirrors_) throw std::runtime_error("it mirrors");
    mirrors_ = is_on;
    if (has_ == defect::mirror_moves_traffic && is_on) give_half_to(shadow);
  }

  void serve(std::size_t requests) {
    for (std::size_t i = 0; i < requests; ++i) {
      const int lot = static_cast<int>(i * 6'007 % 10'000);
      const auto& entries = split_.entries();
      const bool first = entries.size() == 1 || lot < entries.front().second.basis_points() ||
                         has_ == defect::says_but_does_not;
      served_.emplace_back(clock_.now(), first ? entries.front().first : entries.back().first);
    }
  }

  [[nodiscard]] hotswap::metrics_snapshot collect(const model_version& version,
                                                  const hotswap::time_window& window) {
    if (has_ == defect::fails_for_a_version_without_traffic && version.version() != "1") {
      throw std::runtime_error("no such series");
    }
    hotswap::metrics_snapshot seen;
    for (const auto& [at, by] : served_) {
      bool counts = by == version && window.contains(at);
      if (has_ == defect::counts_since_its_start) counts = by == version && at < window.end;
      if (has_ == defect::counts_both_ends) {
        counts = by == version && window.begin <= at && at <= window.end;
      }
      if (has_ == defect::counts_everything_everywhere) counts = window.contains(at);
      if (counts) ++seen.requests;
    }
    if (has_ == defect::loses_requests) seen.requests -= seen.requests / 10;
    if (has_ == defect::counts_more_each_time && seen.requests > 0) seen.requests += ++asked_;
    if (seen.requests == 0) return seen;
    seen.errors = seen.requests / 100;
    if (has_ == defect::has_more_errors_than_requests) seen.errors = seen.requests + 1;
    const bool all = has_ == defect::has_latencies_of_errors;
    const std::uint64_t timed = all ? seen.requests : seen.requests - seen.requests / 100;
    const double latency = has_ == defect::has_no_number_of_latency ? -0.02 : 0.02;
    seen.latency = hotswap::stats::moments::from_summary(timed, latency, 1e-6);
    return seen;
  }

 private:
  void give_half_to(const model_version& version) {
    split_ = traffic_split::between(split_.entries().front().first, version,
                                    hotswap::share::basis_points(5'000));
  }

  const hotswap::clock& clock_;
  defect has_;
  std::set<model_version> deployed_;
  std::set<model_version> warm_;
  std::set<model_version> removed_;
  traffic_split split_;
  traffic_split next_ = split_;
  std::uint64_t newest_ = 0;
  bool mirrors_ = false;
  std::uint64_t asked_ = 0;
  std::vector<std::pair<hotswap::clock::time_point, model_version>> served_;
};
