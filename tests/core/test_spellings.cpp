// How the closed lists of the vocabulary are spelled: each enumerator in its own words, as they
// stand in JSON lines and journals. One only adds to these lists.

#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/verdict.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

bool is_snake_case(std::string_view text) {
  const bool letters = std::all_of(text.begin(), text.end(),
                                   [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
  return letters && !text.empty() && text.front() != '_' && text.back() != '_' &&
         text.find("__") == std::string_view::npos;
}

/// The spellings of the first enumerator to the last one, which must be given.
template <typename Enum>
std::vector<std::string> spellings_up_to(Enum last) {
  std::vector<std::string> all;
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    all.emplace_back(to_string(static_cast<Enum>(i)));
  }
  return all;
}

void check_unique_snake_case(const std::vector<std::string>& spellings) {
  const std::set<std::string> unique(spellings.begin(), spellings.end());
  CHECK(unique.size() == spellings.size());
  for (const std::string& each : spellings) {
    CAPTURE(each);
    CHECK(is_snake_case(each));
  }
}

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("event_kind: each kind is spelled as in design and journals, in this order",
          "[core][event]") {
  const texts all = spellings_up_to(hotswap::event_kind::rollout_finished);
  check_unique_snake_case(all);
  CHECK(all == texts{"rollout_started",
                     "resumed",
                     "step_started",
                     "step_finished",
                     "split_changed",
                     "look",
                     "extended",
                     "paused",
                     "continued",
                     "held",
                     "gate_waiting",
                     "gate_answered",
                     "promoted",
                     "retrying",
                     "call_timed_out",
                     "split_drifted",
                     "metrics_unavailable",
                     "metric_unjudged",
                     "rollback_started",
                     "rollback_finished",
                     "committed",
                     "leftover",
                     "observer_failed",
                     "rollout_finished"});
}

TEST_CASE("reason_code: each code is spelled as its enumerator", "[core][reason_code]") {
  const texts all = spellings_up_to(hotswap::reason_code::failed);
  check_unique_snake_case(all);
  CHECK(all == texts{"none",
                     "promoted",
                     "winner_candidate",
                     "winner_baseline",
                     "no_difference",
                     "validated",
                     "metrics_degraded",
                     "inconclusive",
                     "candidate_silent",
                     "unhealthy",
                     "smoke_test_failed",
                     "deploy_failed",
                     "warm_up_failed",
                     "set_split_failed",
                     "baseline_unavailable",
                     "metrics_unavailable",
                     "judge_failed",
                     "sample_ratio_mismatch",
                     "deadline",
                     "aborted",
                     "stopped",
                     "journal_failed",
                     "low_traffic",
                     "already_active",
                     "baseline_without_traffic",
                     "failed"});
}

TEST_CASE("deployment_status, severity and decision: spelled as their enumerators",
          "[core][deployment_result][event][verdict]") {
  const texts statuses = spellings_up_to(hotswap::deployment_status::rollback_failed);
  check_unique_snake_case(statuses);
  CHECK(statuses == texts{"succeeded", "rolled_back", "aborted", "rejected", "rollback_failed"});
  CHECK(spellings_up_to(hotswap::severity::error) == texts{"info", "warning", "error"});
  CHECK(spellings_up_to(hotswap::decision::inconclusive) == texts{"pass", "fail", "inconclusive"});
}

TEST_CASE("spellings: what no enumerator stands for is spelled as the gravest",
          "[core][event][deployment_result]") {
  CHECK(to_string(static_cast<hotswap::deployment_status>(99)) == "rollback_failed");
  CHECK(to_string(static_cast<hotswap::severity>(99)) == "error");
  CHECK(to_string(static_cast<hotswap::decision>(99)) == "inconclusive");
  CHECK(to_string(static_cast<hotswap::reason_code>(99)) == "failed");
}
