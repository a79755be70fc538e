// What a deployment_result and an event promise to whoever reads them.

#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/share.hpp>

#include "support/catch.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

using hotswap::deployment_result;
using hotswap::deployment_status;
using hotswap::event;
using hotswap::reason_code;

TEST_CASE("deployment_result: is what it was made of", "[core][deployment_result]") {
  event first;
  first.sequence = 1;
  event last;
  last.sequence = 2;
  last.kind = hotswap::event_kind::rollout_finished;
  const deployment_result result{deployment_status::rolled_back,
                                 hotswap::model_version{"fraud", "1"},
                                 reason_code::metrics_degraded,
                                 "accuracy fell by 10 %",
                                 {first, last}};

  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(result.active() == hotswap::model_version{"fraud", "1"});
  CHECK(result.reason_code() == reason_code::metrics_degraded);
  CHECK(result.reason() == "accuracy fell by 10 %");
  REQUIRE(result.history().size() == 2);
  CHECK(result.history()[0].sequence == 1);
  CHECK(result.history()[1].kind == hotswap::event_kind::rollout_finished);
}

TEST_CASE("deployment_result: after a failed first deployment no version is active",
          "[core][deployment_result][errors]") {
  const deployment_result result{deployment_status::rolled_back,
                                 std::nullopt,
                                 reason_code::deploy_failed,
                                 "out of memory",
                                 {}};
  CHECK_THROWS_AS(result.active(), hotswap::error);
  CHECK_THROWS_WITH(result.active(),
                    "deployment_result: no version has traffic, the first one failed");
}

TEST_CASE("event: says nothing that nobody has filled in", "[core][event]") {
  const event blank;
  CHECK(blank.sequence == 0);
  CHECK(blank.severity == hotswap::severity::info);
  CHECK(blank.reason_code == reason_code::none);
  CHECK(blank.candidate_share == hotswap::share{});
  CHECK(blank.message.empty());
  CHECK(blank.labels.empty());
  CHECK(blank.payload.empty());
  CHECK(blank.look == nullptr);
}
