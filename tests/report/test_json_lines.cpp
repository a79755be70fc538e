// What JSON lines promise: every event on one line, the same bytes for the same event, readable by
// any JSON parser whatever a platform has put into its texts.

#include <hotswap/report/json_lines.hpp>

#include "report/scripted_rollout.hpp"
#include "support/catch.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace hotswap::literals;
using hotswap::event;
using hotswap::event_kind;
using hotswap::json_lines;
using hotswap::to_json_line;
using nlohmann::json;

namespace {

event full_event() {
  event told;
  told.time = scripted::noon + 31'250ms;
  told.rollout = "spam~1767787200000";
  told.sequence = 17;
  told.kind = event_kind::rollout_finished;
  told.severity = hotswap::severity::warning;
  told.model = "spam";
  told.baseline = "1.4.0";
  told.candidate = "2.0.0-rc1";
  told.strategy = "Canary";
  told.step = "step-25";
  told.candidate_share = 12.5_pct;
  told.actor = "ann@example.org";
  told.reason_code = hotswap::reason_code::metrics_degraded;
  told.message = "the accuracy is low";
  told.labels = {{"team", "mail"}, {"region", "eu"}};
  told.payload = {{"status", "rolled_back"}, {"active", "1.4.0"}};
  return told;
}

event look_event() {
  event told = scripted::narrator{}.next(62s, event_kind::look, "step-10", "the accuracy is fine");
  told.look = scripted::look(62s, 1min, 238);
  return told;
}

}  // namespace

TEST_CASE("to_json_line: all keys, in the order of the documentation", "[report][json_lines]") {
  CHECK(to_json_line(full_event()) ==
        R"({"v":1,"time":"2026-01-07T12:00:31.250Z","rollout":"spam~1767787200000",)"
        R"("sequence":17,"kind":"rollout_finished","severity":"warning","model":"spam",)"
        R"("baseline":"1.4.0","candidate":"2.0.0-rc1","strategy":"Canary","step":"step-25",)"
        R"("candidateShare":12.5,"actor":"ann@example.org","reasonCode":"metrics_degraded",)"
        R"("message":"the accuracy is low","labels":{"region":"eu","team":"mail"},)"
        R"("payload":{"active":"1.4.0","status":"rolled_back"}})");
}

TEST_CASE("to_json_line: what there is nothing to say about is left out", "[report][json_lines]") {
  CHECK(to_json_line(event{}) ==
        R"({"v":1,"time":"1970-01-01T00:00:00.000Z","rollout":"","sequence":0,)"
        R"("kind":"rollout_started","severity":"info","model":"","candidate":"","strategy":"",)"
        R"("candidateShare":0,"message":""})");
}

TEST_CASE("to_json_line: a look's payload is its window, both sides, decision and findings",
          "[report][json_lines]") {
  event told = look_event();
  const auto look = scripted::look(62s, 1min, 238);
  std::vector<hotswap::finding> one{look->verdict.findings().back()};
  one.front().quantile = 0.5;
  one.front().p_value = 0.25;
  one.front().e_value = 1.5;
  one.front().interval = hotswap::stats::interval{-0.5, 0.0625};
  look->verdict = hotswap::verdict{hotswap::decision::pass, std::move(one)};
  look->contemporaneous = false;
  look->baseline.units = 700;
  look->baseline.custom["revenue"] = hotswap::stats::moments{1.0, 3.0};
  look->baseline.custom["never"] = {};
  hotswap::drift_measurement drift;
  drift.score = 0.125;
  drift.samples = 250;
  drift.bins = 10;
  drift.reference = "training";
  look->candidate.drift = drift;
  look->candidate.latency = hotswap::stats::moments{0.5};
  look->candidate.latency_distribution.emplace().add(8.0);
  look->baseline.latency_distribution.emplace();
  look->candidate.accuracy.reset();
  told.look = look;
  told.payload = {{"reference", "12:00"}, {"decision", "gives way"}};

  const std::string line = to_json_line(told);

  CHECK(
      line.substr(line.find("\"payload\"")) ==
      R"("payload":{"window":{"begin":"2026-01-07T12:00:02.000Z","end":)"
      R"("2026-01-07T12:01:02.000Z"},"elapsed":"PT1M","bake":"PT10M","contemporaneous":false,)"
      R"("baseline":{"requests":750,"errors":3,"units":700,"accuracy":{"successes":705,)"
      R"("trials":750},"latency":{"count":747,"mean":0.0121,"variance":2.5e-07},"latencyDistribution":{"count":0},"custom":)"
      R"({"never":{"count":0},"revenue":{"count":2,"mean":2,"variance":2}}},)"
      R"("candidate":{"requests":250,"errors":1,"latency":{"count":1,"mean":0.5},)"
      R"("latencyDistribution":{"count":1,"p50":8.01936885288703,)"
      R"("p95":8.01936885288703,"p99":8.01936885288703},)"
      R"("drift":{"score":0.125,"samples":250,"bins":10,"reference":"training"}},)"
      R"("decision":"pass","findings":[{"metric":"accuracy","role":"guardrail",)"
      R"("decision":"pass","required":true,"baseline":0.94,"candidate":0.952,"quantile":0.5,"limit":0.05,)"
      R"("method":"threshold","statistic":-0.012765957446808522,"pValue":0.25,"eValue":1.5,)"
      R"("interval":{"lower":-0.5,"upper":0.0625},"baselineSamples":750,)"
      R"("candidateSamples":250,"sentence":"the accuracy is fine"}],"reference":"12:00"}})");
}

TEST_CASE("to_json_line: a look without findings has an empty list of them",
          "[report][json_lines]") {
  event told = look_event();
  told.look = std::make_shared<hotswap::look_report>();
  const json read = json::parse(to_json_line(told));
  CHECK(read.at("payload").at("findings") == json::array());
  CHECK(read.at("payload").at("decision") == "inconclusive");
}

TEST_CASE("to_json_line: what is no number is a string that says so", "[report][json_lines]") {
  event told = look_event();
  const auto look = scripted::look(62s, 1min, 238);
  std::vector<hotswap::finding> findings = look->verdict.findings();
  findings.front().baseline = std::numeric_limits<double>::quiet_NaN();
  findings.front().candidate = std::numeric_limits<double>::infinity();
  findings.front().statistic = -std::numeric_limits<double>::infinity();
  look->verdict = hotswap::verdict{hotswap::decision::inconclusive, std::move(findings)};
  look->candidate.latency->add(std::numeric_limits<double>::quiet_NaN());
  told.look = look;

  const json payload = json::parse(to_json_line(told)).at("payload");

  CHECK(payload.at("findings").at(0).at("baseline") == "NaN");
  CHECK(payload.at("findings").at(0).at("candidate") == "Infinity");
  CHECK(payload.at("findings").at(0).at("statistic") == "-Infinity");
  CHECK(payload.at("candidate").at("latency").at("mean") == "NaN");
}

TEST_CASE("to_json_line: a number is read back as the very same", "[report][json_lines]") {
  for (const double value : {0.1, 1.0 / 3.0, 5e-324, 1.7976931348623157e308, -0.0, 123456789.125}) {
    CAPTURE(value);
    std::string text;
    hotswap::append_json_number(text, value);
    CHECK(json::parse(text).get<double>() == value);
  }
  event told = full_event();
  told.sequence = std::numeric_limits<std::uint64_t>::max();
  CHECK(json::parse(to_json_line(told)).at("sequence") ==
        std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("to_json_line: a share is exact to a basis point", "[report][json_lines]") {
  event told;
  for (int points = 0; points <= 10'000; ++points) {
    told.candidate_share = hotswap::share::basis_points(points);
    const double percent = json::parse(to_json_line(told)).at("candidateShare").get<double>();
    if (hotswap::share::percent(percent) != told.candidate_share) FAIL_CHECK(points);
  }
}

TEST_CASE("to_json_line: texts are escaped, and stand on one line", "[report][json_lines]") {
  event told = full_event();
  const std::string hostile =
      "quote \" backslash \\ \x1b[2J\nline\r\ttab \x7F \xC2\x85 \u2028 \u202E größer 🚀";
  told.message = hostile;
  told.labels = {{"a \"key\"\n", hostile}};

  const std::string line = to_json_line(told);

  CHECK(line.substr(line.find("\"message\""), 142) ==
        R"("message":"quote \" backslash \\ \u001b[2J\nline\r\ttab \u007f \u0085 \u2028 \u202e )"
        R"(größer 🚀","labels":{"a \"key\"\n":"quote \" backslash)");
  CHECK(line.find_first_of("\n\r\t\x1b") == std::string::npos);
  CHECK(json::parse(line).at("message") == hostile);
  CHECK(json::parse(line).at("labels").at("a \"key\"\n") == hostile);
}

TEST_CASE("to_json_line: a text that is no UTF-8 is repaired, never refused",
          "[report][json_lines]") {
  event told = full_event();
  told.message = "caf\xE9, \xED\xA0\x80, cut \xE2\x82";
  told.payload = {{"\xFF", "\xC0\xAF"}};
  const json read = json::parse(to_json_line(told));
  CHECK(read.at("message") == "caf�, ���, cut ��");
  CHECK(read.at("payload").at("�") == "��");
}

TEST_CASE("to_json_line: every kind and every event of a rollout is read back by a JSON parser",
          "[report][json_lines]") {
  const std::vector<event> events = scripted::rolled_back();
  for (const event& told : events) {
    const json read = json::parse(to_json_line(told));
    CHECK(read.at("kind") == std::string{to_string(told.kind)});
    CHECK(read.at("sequence") == told.sequence);
    CHECK(read.at("message") == told.message);
    CHECK(read.contains("payload") == (told.look != nullptr || !told.payload.empty()));
    CHECK(to_json_line(told) == to_json_line(event{told}));
  }
}

TEST_CASE("json_lines: gives its sink one whole line for each event", "[report][json_lines]") {
  std::vector<std::string> lines;
  const std::function<void(const event&)> observer =
      json_lines{hotswap::text_sink{[&lines](std::string_view line) { lines.emplace_back(line); }}};

  observer(full_event());
  observer(look_event());

  CHECK(lines == std::vector<std::string>{to_json_line(full_event()) + "\n",
                                          to_json_line(look_event()) + "\n"});
}

TEST_CASE("json_lines: a line is in the file as soon as its event was told",
          "[report][json_lines]") {
  std::FILE* const file = std::tmpfile();
  REQUIRE(file != nullptr);
  const json_lines log{file};

  log(full_event());
  const long after_one = std::ftell(file);
  log(full_event());
  std::rewind(file);
  std::string text(4096, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);

  const std::string line = to_json_line(full_event()) + "\n";
  CHECK(after_one == static_cast<long>(line.size()));
  CHECK(text == line + line);
}

TEST_CASE("json_lines: a stream that takes nothing is an error, not a hole in the log",
          "[report][json_lines][refusal]") {
  const char* const name = "test_report_read_only.tmp";
  std::FILE* const made = std::fopen(name, "w");
  REQUIRE(made != nullptr);
  std::fclose(made);
  std::FILE* const read_only = std::fopen(name, "r");
  REQUIRE(read_only != nullptr);
  const json_lines log{read_only};
  CHECK_THROWS_WITH(log(event{}), "report: all 183 bytes must be written, got 0 written");
  std::fclose(read_only);
  std::remove(name);
}

TEST_CASE("json_lines: an empty sink is refused", "[report][json_lines][refusal]") {
  CHECK_THROWS_WITH(json_lines{hotswap::text_sink{}},
                    "json_lines: sink must be callable, got none");
}
