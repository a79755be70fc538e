// That fmt writes the vocabulary as to_string does, and takes the width and alignment of a text.

#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/format.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/core/verdict.hpp>

#include "support/catch.hpp"

#include <fmt/format.h>

using hotswap::model_version;
using hotswap::traffic_split;
using namespace hotswap::literals;

TEST_CASE("format: every type of the vocabulary is written as to_string writes it",
          "[core][format]") {
  const model_version candidate{"fraud", "2"};
  const traffic_split split = traffic_split::between({"fraud", "1"}, candidate, 10_pct);

  CHECK(fmt::format("{} gets {}", candidate, 25_pct) == "fraud@2 gets 25 %");
  CHECK(fmt::format("{}", split) == "90 % fraud@1, 10 % fraud@2");
  CHECK(fmt::format("{}", hotswap::server_id{"gpu-host-1"}) == "gpu-host-1");
  CHECK(fmt::format("{}", hotswap::decision::inconclusive) == "inconclusive");
  CHECK(fmt::format("{}", hotswap::reason_code::metrics_degraded) == "metrics_degraded");
  CHECK(fmt::format("{}", hotswap::event_kind::split_changed) == "split_changed");
  CHECK(fmt::format("{}", hotswap::severity::warning) == "warning");
  CHECK(fmt::format("{}", hotswap::deployment_status::rolled_back) == "rolled_back");
}

TEST_CASE("format: takes a width, an alignment and a precision", "[core][format]") {
  CHECK(fmt::format("[{:>8}]", 25_pct) == "[    25 %]");
  CHECK(fmt::format("[{:<10}]", model_version{"fraud", "2"}) == "[fraud@2   ]");
  CHECK(fmt::format("[{:^9}]", hotswap::decision::pass) == "[  pass   ]");
  CHECK(fmt::format("[{:.5}]", model_version{"fraud", "2"}) == "[fraud]");
}
