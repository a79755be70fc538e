// A plan, as a person reads it.

#include <hotswap/config/parse_strategy.hpp>
#include <hotswap/config/plan.hpp>
#include <hotswap/report/plan_text.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <string_view>

using namespace std::chrono_literals;
using hotswap::parse_strategy;
using hotswap::plan;
using hotswap::plan_text;

TEST_CASE("plan_text: a line for the whole, and one for each step", "[report][plan]") {
  const auto config = parse_strategy(R"({"strategy": "Canary", "name": "fraud", "steps": [
      1, {"share": 50, "approval": true}, 100], "onExhausted": "hold", "holdTimeout": "PT2H",
      "holdback": 5, "monitoringDuration": "PT30M", "minimumSamples": 20000})");

  CHECK(
      plan_text(plan(config)) ==
      R"(Canary "fraud": 1 h 40 min to 12 h 14 min, besides the time that a person takes to approve
  start     4.0 s to 3 min 05 s         reference, deploy, warm_up
  step-1    30 min 05 s to 2 h          shift to 1 %, observe; a look each 3 min; 20000 samples of each side, from 1111 requests/s on; may be held for a person, up to 2 h
  step-50   30 min 05 s to 2 h          approve, shift to 50 %, observe; a look each 3 min; 20000 samples of each side, from 22.2 requests/s on; waits for a person, without limit; may be held for a person, up to 2 h
  step-100  30 min 05 s to 2 h          shift to 95 %, observe; a look each 3 min; 20000 samples of each side, from 222 requests/s on; may be held for a person, up to 2 h
  end       10 min 02 s to 10 min 05 s  shift to 100 %, wait, retire
)");
}

TEST_CASE("plan_text: steps that differ in no more than their names have one line",
          "[report][plan]") {
  const auto config = parse_strategy(R"({"strategy": "Rolling", "maxUnavailable": 2})");

  CHECK(plan_text(plan(config, {.call = 1s, .servers = 9})) == R"(Rolling: 27 min 19 s to 2 h 33 min
  start                     1.0 s to 32.0 s            reference
  batch-1 to batch-4, each  5 min 26 s to 30 min 37 s  batch, rotate, update, healthy, rotate, serve, observe; a look each 30.0 s; 1000 samples of each side, from 30 requests/s on
  batch-5                   5 min 24 s to 30 min 32 s  batch, rotate, update, healthy, rotate, serve, observe; a look each 30.0 s; 1000 samples of each side, from 3.33 requests/s on
  batch-6                   10.0 s                     batch
  end                       0 ms                       commit
)");
}

TEST_CASE("plan_text: a name cannot write what a terminal obeys", "[report][plan]") {
  const auto config = parse_strategy("{\"strategy\": \"Shadow\", \"name\": \"a \\u202e b\"}");

  const std::string text = plan_text(plan(config));

  CHECK(text.substr(0, text.find('\n')) == R"(Shadow "a \u202e b": 1 h to 4 h 05 min)");
}
