// What a program prints at its end.

#include <hotswap/report/result_summary.hpp>

#include "report/scripted_rollout.hpp"
#include "support/catch.hpp"

#include <optional>
#include <string>

using hotswap::deployment_result;
using hotswap::deployment_status;
using hotswap::model_version;
using hotswap::reason_code;
using hotswap::summary;

TEST_CASE("summary: names the end, the reason, and for each step what the candidate has seen",
          "[report][result_summary]") {
  const deployment_result result{deployment_status::rolled_back, model_version{"spam", "1"},
                                 reason_code::metrics_degraded, "the accuracy is low",
                                 scripted::rolled_back()};
  CHECK(summary(result) ==
        R"(spam 1 -> 2: rolled back, 1 serves
  metrics_degraded: the accuracy is low
  Canary, 2026-01-07 12:00:00 UTC, 12 min 04 s; 4 looks at 1000 requests of 2, 4 failed

  step         share  looks      duration     requests       errors  result
  deploy         0 %      0         2.0 s            0            0  done
  step-10       10 %      2        10 min          500            2  done
  step-25       25 %      2         2 min          500            2  failed
)");
}

TEST_CASE("summary: a promotion, with one look", "[report][result_summary]") {
  const deployment_result result{deployment_status::succeeded, model_version{"spam", "2"},
                                 reason_code::promoted, "all steps have passed",
                                 scripted::promoted()};
  CHECK(summary(result) ==
        R"(spam 1 -> 2: succeeded, 2 serves
  promoted: all steps have passed
  Canary, 2026-01-07 12:00:00 UTC, 10 min 02 s; 1 look at 250 requests of 2, 1 failed

  step         share  looks      duration     requests       errors  result
  step-100     100 %      1   10 min 01 s          250            1  done
)");
}

TEST_CASE("summary: a rollout without events or an active version has two lines",
          "[report][result_summary]") {
  const deployment_result rejected{
      deployment_status::rejected, std::nullopt, reason_code::low_traffic, "too few requests", {}};
  CHECK(summary(rejected) ==
        "rollout: rejected, no version serves\n"
        "  low_traffic: too few requests\n");
}

TEST_CASE("summary: after a failed roll-back it does not claim to know who serves",
          "[report][result_summary]") {
  const deployment_result failed{deployment_status::rollback_failed,
                                 model_version{"spam", "1"},
                                 reason_code::failed,
                                 "set_split: \x1b[2J\ngone",
                                 {}};
  CHECK(summary(failed) ==
        "rollout: rollback failed, which version serves is not certain\n"
        "  failed: set_split: ␛[2J gone\n");
}
