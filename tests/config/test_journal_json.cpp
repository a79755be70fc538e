// The JSON form of a journal's records: nothing is lost on the way, whatever stands in them.

#include <hotswap/config/journal_json.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/journal_record.hpp>

#include "support/catch.hpp"
#include "support/random_record.hpp"
#include "support/same_record.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <clocale>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <variant>

using namespace std::chrono_literals;
using namespace std::string_literals;
using hotswap::journal_record;
using hotswap::parse_record;
using hotswap::to_json;

namespace {

journal_record with_payload(hotswap::record_payload payload) {
  journal_record made;
  made.sequence = 4;
  made.rollout = "fraud~17";
  made.step = "step-25";
  made.verb = "observe";
  made.phase = hotswap::record_phase::progress;
  made.at = std::chrono::system_clock::time_point{1'767'780'000s + 250ms};
  made.driver = "9f3c";
  made.payload = std::move(payload);
  return made;
}

/// Of a record with this driver, the way back from JSON.
std::string driver_again(std::string driver) {
  journal_record made;
  made.driver = std::move(driver);
  return parse_record(to_json(made)).driver;
}

std::string driver_json(std::string driver) {
  journal_record made;
  made.driver = std::move(driver);
  const std::string json = to_json(made);
  const std::size_t key = json.find(R"("driver":)");
  return json.substr(key + 9, json.rfind('}') - key - 9);
}

journal_record with_lower_bound(double number) {
  hotswap::look_report look;
  hotswap::finding found;
  found.interval = hotswap::stats::interval{number, 0.0};
  look.verdict = {hotswap::decision::pass, {found}};
  return with_payload(std::make_shared<const hotswap::look_report>(look));
}

double lower_bound_of(const journal_record& record) {
  return support::look_of(record.payload)->verdict.findings()[0].interval->lower;
}

std::string number_json(double number) {
  const std::string json = to_json(with_lower_bound(number));
  const std::size_t key = json.find(R"("lower":)") + 8;
  return json.substr(key, json.find(",\"upper\"", key) - key);
}

}  // namespace

TEST_CASE("to_json: a record is one line that people can read", "[config][journal_json]") {
  auto told = std::make_shared<hotswap::event>();
  told->time = std::chrono::system_clock::time_point{1'767'780'000s + 1us};
  told->rollout = "fraud~17";
  told->sequence = 9;
  told->kind = hotswap::event_kind::split_changed;
  told->model = "fraud";
  told->baseline = "1";
  told->candidate = "2";
  told->strategy = "Canary";
  told->step = "step-25";
  told->candidate_share = hotswap::share::percent(12.5);
  told->message = "2 has 12.5 %";
  told->labels = {{"team", "risk"}};
  journal_record record = with_payload(
      hotswap::traffic_split::between({"fraud", "1"}, {"fraud", "2"}, hotswap::share::percent(12.5))
          .with_salt("fraud~17"));
  record.events.push_back(told);

  CHECK(to_json(record) ==
        R"({"sequence":4,"rollout":"fraud~17","step":"step-25","verb":"observe",)"
        R"("phase":"progress","at":"2026-01-07T10:00:00.25Z","driver":"9f3c",)"
        R"("payload":{"kind":"split","model":"fraud","shares":[["1",87.5],["2",12.5]],)"
        R"("salt":"fraud~17"},)"
        R"("events":[{"time":"2026-01-07T10:00:00.000001Z","rollout":"fraud~17","sequence":9,)"
        R"("kind":"split_changed","severity":"info","model":"fraud","baseline":"1",)"
        R"("candidate":"2","strategy":"Canary","step":"step-25","candidateShare":12.5,)"
        R"("reasonCode":"none","message":"2 has 12.5 %","labels":{"team":"risk"}}]})");
}

TEST_CASE("parse_record: a record of every payload is the same again, bit for bit",
          "[config][journal_json][long]") {
  support::random_record random{1};
  for (std::size_t payload = 0; payload < std::variant_size_v<hotswap::record_payload>; ++payload) {
    for (int i = 0; i < 300; ++i) {
      const journal_record record = random.of_payload(payload);
      REQUIRE(record.payload.index() == payload);
      const std::string json = to_json(record);
      CAPTURE(json);
      const journal_record again = parse_record(json);
      REQUIRE(support::same(again, record));
      CHECK(to_json(again) == json);
      CHECK(again.unknown.empty());
      REQUIRE(std::all_of(json.begin(), json.end(), [](char c) { return c >= ' ' && c <= '~'; }));
    }
  }
}

TEST_CASE("parse_record: numbers keep every bit, those that JSON lacks a word for, too",
          "[config][journal_json]") {
  const std::pair<double, std::string> cases[] = {
      {0.0, "0"},
      {-0.0, "-0.0"},
      {0.1, "0.1"},
      {1.0 / 3.0, "0.3333333333333333"},
      {5e-324, "5e-324"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {9007199254740993.0, "9007199254740992"},
      {std::numeric_limits<double>::infinity(), "\"Infinity\""},
      {-std::numeric_limits<double>::infinity(), "\"-Infinity\""},
      {std::numeric_limits<double>::quiet_NaN(), "\"NaN\""},
      {std::bit_cast<double>(0xFFF8000000000001U), "\"NaN:fff8000000000001\""},
      {std::bit_cast<double>(0x7FF0000000000001U), "\"NaN:7ff0000000000001\""},
  };
  for (const auto& [number, json] : cases) {
    CHECK(number_json(number) == json);
    const double again = lower_bound_of(parse_record(to_json(with_lower_bound(number))));
    CHECK(std::bit_cast<std::uint64_t>(again) == std::bit_cast<std::uint64_t>(number));
  }
}

TEST_CASE("parse_record: the locale has no say in how numbers are read", "[config][journal_json]") {
  const std::string before = std::setlocale(LC_NUMERIC, nullptr);
  const journal_record record = with_lower_bound(1234567.125);
  const std::string json = to_json(record);
  // none of them need be installed; each that is must not matter
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8"}) {
    std::setlocale(LC_NUMERIC, name);
    CHECK(to_json(record) == json);
    CHECK(lower_bound_of(parse_record(json)) == 1234567.125);
  }
  std::setlocale(LC_NUMERIC, before.c_str());
}

TEST_CASE("parse_record: a text that is no UTF-8 is written byte by byte, and comes back",
          "[config][journal_json]") {
  CHECK(driver_json("caf\xC3\xA9") == R"("caf\u00e9")");
  CHECK(driver_json("caf\xE9") == R"({"bytes":"caf\u00e9"})");
  CHECK(driver_json("\xFF\"\\\n\x80"s) == R"({"bytes":"\u00ff\"\\\u000a\u0080"})");
  std::string every;
  for (int i = 0; i < 256; ++i) every += static_cast<char>(i);
  for (const std::string& text :
       {"caf\xE9"s, every, "\xED\xA0\x80"s, "\xF4\x90\x80\x80"s, "\xC0\x80"s, "\0"s, ""s}) {
    CHECK(driver_again(text) == text);
  }
}

TEST_CASE("parse_record: a look that an event shares with the payload is shared again",
          "[config][journal_json]") {
  const auto look = std::make_shared<const hotswap::look_report>();
  journal_record record = with_payload(look);
  for (int i = 0; i < 3; ++i) {
    auto told = std::make_shared<hotswap::event>();
    if (i == 0) told->look = look;
    if (i == 1) told->look = std::make_shared<const hotswap::look_report>();
    record.events.push_back(told);
  }

  const journal_record again = parse_record(to_json(record));
  const auto payloads = std::get<std::shared_ptr<const hotswap::look_report>>(again.payload);
  CHECK(again.events[0]->look == payloads);
  CHECK(again.events[1]->look != nullptr);
  CHECK(again.events[1]->look != payloads);
  CHECK(again.events[2]->look == nullptr);
}

TEST_CASE("parse_record: keys that a later version added are kept, and written where they stood",
          "[config][journal_json]") {
  hotswap::look_report look;
  look.baseline.custom["a/b~c"] = {};
  hotswap::finding found;
  look.verdict = {hotswap::decision::pass, {found, found}};
  journal_record record = with_payload(std::make_shared<const hotswap::look_report>(look));
  record.events.push_back(std::make_shared<const hotswap::event>());
  hotswap::document_value tree = hotswap::document_value::parse(to_json(record));
  tree["lane"] = {{"n", 18446744073709551615U}};
  tree["payload"]["why"] = -0.0;
  tree["payload"]["baseline"]["custom"]["a/b~c"]["x/y~z"] = nullptr;
  tree["payload"]["verdict"]["findings"][1]["é"] = "é\n";
  tree["events"][0][""] = {1, 2};

  const journal_record read = parse_record(tree.dump());
  CHECK(hotswap::document_value::parse(to_json(read)) == tree);
  CHECK(to_json(parse_record(to_json(read))) == to_json(read));
  CHECK(read.unknown == R"({"/events/0/":[1,2],"/lane":{"n":18446744073709551615},)"
                        R"("/payload/baseline/custom/a~1b~0c/x~1y~0z":null,)"
                        R"("/payload/verdict/findings/1/\u00e9":"\u00e9\n","/payload/why":-0.0})");

  journal_record known = read;
  known.unknown = {};
  CHECK(support::same(known, record));
}

TEST_CASE("parse_record: events and reason codes that a later version added are kept",
          "[config][journal_json]") {
  journal_record record = with_payload(hotswap::terminal_record{
      hotswap::deployment_status::succeeded, "2", hotswap::reason_code::promoted, "it serves"});
  for (std::uint64_t i = 0; i < 120; ++i) {
    auto told = std::make_shared<hotswap::event>();
    told->sequence = i;
    record.events.push_back(told);
  }
  hotswap::document_value tree = hotswap::document_value::parse(to_json(record));
  for (const int later : {0, 2, 3, 10, 11, 100, 119}) {
    tree["events"][static_cast<std::size_t>(later)]["kind"] = "sang";
  }
  tree["events"][1]["tune"] = "la";
  tree["events"][99]["tune"] = "le";
  tree["events"][101]["reasonCode"] = "in_tune";
  tree["payload"]["reasonCode"] = "in_tune";

  const journal_record read = parse_record(tree.dump());
  CHECK(read.events.size() == 113);
  CHECK(read.events[0]->sequence == 1);
  CHECK(read.events[1]->sequence == 4);
  CHECK(std::get<hotswap::terminal_record>(read.payload).reason_code == hotswap::reason_code::none);
  CHECK(hotswap::document_value::parse(to_json(read)) == tree);
}

TEST_CASE("to_json: an unknown that no record was read with is refused, whatever it says",
          "[config][journal_json][errors]") {
  for (const std::string unknown :
       {"[]", "{", "{\"a\":1}", R"({"":1})", R"({"/events/1":{}})", R"({"/events/x":{}})",
        R"({"/events/99999999999999999999":{}})", R"({"/events/7/k":{}})", R"({"/step/k":1})",
        R"({"/~2":1})", R"({"/payload/k/l":1})", "\xFF"}) {
    journal_record record = with_payload(hotswap::outcome_record{"done"});
    record.unknown = unknown;
    CAPTURE(unknown);
    CHECK_THROWS_AS((void)to_json(record), hotswap::journal_error);
  }
  journal_record record;
  record.unknown = R"({"/events/7/k":{}})";
  CHECK_THROWS_WITH((void)to_json(record),
                    R"(record: unknown must be what parse_record has kept, got "/events/7/k")");
}

TEST_CASE("to_json: what cannot be written is refused, not left out",
          "[config][journal_json][errors]") {
  CHECK_THROWS_WITH((void)to_json(with_payload(std::shared_ptr<const hotswap::look_report>{})),
                    "record: payload must not be a null pointer, got one of kind look");
  journal_record record;
  record.events.emplace_back();
  CHECK_THROWS_WITH((void)to_json(record), "record: events must not be null pointers, got one");
  record.events.clear();
  record.driver = std::string(16'777'216, 'x');
  CHECK_THROWS_WITH((void)to_json(record),
                    "record: must be at most 16777216 bytes of JSON, got 16777286");
}
