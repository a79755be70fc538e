// What is no record is refused by name: where, field, rule, value. Whatever bytes come, the answer
// is a record or a journal_error.

#include <hotswap/config/journal_json.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/rollout/journal_record.hpp>

#include "support/catch.hpp"
#include "support/random_record.hpp"
#include "support/same_record.hpp"

#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

using namespace std::string_literals;
using hotswap::document_value;

namespace {

std::string refusal_of(const std::string& json) {
  try {
    (void)hotswap::parse_record(json, "journal of fraud: record 4");
  } catch (const hotswap::journal_error& refused) {
    return refused.what();
  }
  return "accepted";
}

document_value a_record() {
  return document_value::parse(R"({
    "sequence": 4, "rollout": "fraud~17", "phase": "progress", "at": "2026-01-07T10:00:00Z",
    "payload": {
      "kind": "look", "window": {"begin": "2026-01-07T10:00:00Z", "end": "2026-01-07T10:01:00Z"},
      "collected": true, "contemporaneous": true, "candidateShare": 12.5,
      "baseline": {"requests": 9, "errors": 1, "latency": {
        "count": 2, "origin": 1, "meanDistance": 0.5, "squaredDeviations": 0.5}},
      "candidate": {"requests": 9, "errors": 1, "accuracy": {"successes": 1, "trials": 2},
        "latencyDistribution": {"firstBucket": 7, "counts": [1, 2]}},
      "verdict": {"decision": "pass", "findings": [
        {"decision": "pass", "required": true, "baselineSamples": 1, "candidateSamples": 2}]},
      "elapsedMs": 60000, "bakeMs": 600000},
    "events": [{"time": "2026-01-07T10:00:00Z", "sequence": 1, "kind": "look", "severity": "info",
      "candidateShare": 0, "reasonCode": "none", "look": "payload"}]
  })");
}

std::string refusal_with(const std::string& pointer, const document_value& value) {
  document_value record = a_record();
  record[document_value::json_pointer{pointer}] = value;
  return refusal_of(record.dump());
}

std::string refusal_without(const std::string& pointer) {
  document_value record = a_record();
  const document_value::json_pointer at{pointer};
  record[at.parent_pointer()].erase(at.back());
  return refusal_of(record.dump());
}

std::string refusal_of_payload(const std::string& payload) {
  return refusal_of(
      R"({"sequence": 1, "phase": "began", "at": "2026-01-07T10:00:00Z", "payload": )" + payload +
      "}");
}

std::string refused(const std::string& rest) {
  return "journal of fraud: record 4: " + rest;
}

}  // namespace

TEST_CASE("parse_record: a wrong value is named with its field, the rule and what it is",
          "[config][journal_json][errors]") {
  REQUIRE(refusal_of(a_record().dump()) == "accepted");
  const std::string whole = "must be a whole number from 0 to 18446744073709551615, got ";
  const std::string number = "must be a number, \"NaN\", \"Infinity\" or \"-Infinity\", got ";
  const std::string phase = "must be one of began, progress, outcome, got ";
  const std::string latency = "/payload/baseline/latency";
  const std::string time =
      "must be a time in UTC such as 2026-01-07T10:00:00.5Z that the clock "
      "can tell, got ";

  const std::pair<std::pair<std::string, document_value>, std::string> cases[] = {
      {{"/sequence", -1}, "/sequence: " + whole + "-1"},
      {{"/sequence", 1.0}, "/sequence: " + whole + "1"},
      {{"/sequence", "4"}, "/sequence: " + whole + "\"4\""},
      {{"/sequence", 18446744073709551616.0}, "/sequence: " + whole + "1.8446744073709552e+19"},
      {{"/rollout", 17}, "/rollout: must be a text, or its bytes, got 17"},
      {{"/rollout", {{"bytes", "a"}, {"b", 1}}},
       "/rollout: must be a text, or its bytes, got an object"},
      {{"/rollout", {{"bytes", "\u0100"}}},
       "/rollout/bytes: must have characters up to U+00FF only, got \"\\u0100\""},
      {{"/phase", "ended"}, "/phase: " + phase + "\"ended\""},
      {{"/phase", 1}, "/phase: " + phase + "1"},
      {{"/at", "yesterday"}, "/at: " + time + "\"yesterday\""},
      {{"/at", 17}, "/at: must be a time in UTC, got 17"},
      {{"/payload", "look"}, "/payload: must be an object, got \"look\""},
      {{"/payload/kind", "song"},
       "/payload/kind: must be one of opening, resumed, fingerprint, outcome, reference, split, "
       "look, extension, hold, command, rollback, committed, terminal, got \"song\""},
      {{"/payload/kind", "none"},
       "/payload/kind: must be one of opening, resumed, fingerprint, outcome, reference, split, "
       "look, extension, hold, command, rollback, committed, terminal, got \"none\""},
      {{"/payload/window", {1, 2}}, "/payload/window: must be an object, got a list"},
      {{"/payload/collected", 1}, "/payload/collected: must be true or false, got 1"},
      {{"/payload/candidateShare", 12.505},
       "/payload/candidateShare: must be a multiple of 0.01, got 12.505"},
      {{"/payload/candidateShare", 101},
       "/payload/candidateShare: must be a percentage from 0 to 100, got 101"},
      {{"/payload/elapsedMs", 1e300},
       "/payload/elapsedMs: must be a whole number from -9223372036854775808 to "
       "9223372036854775807, got 1e+300"},
      {{latency + "/origin", "NaN:7ff0000000000000"},
       latency + "/origin: " + number + "\"NaN:7ff0000000000000\""},
      {{latency + "/origin", "NaN:7FF800000000000"},
       latency + "/origin: " + number + "\"NaN:7FF800000000000\""},
      {{latency + "/origin", true}, latency + "/origin: " + number + "true"},
      {{latency + "/squaredDeviations", -1},
       latency + ": moments::from_raw: squared_deviations must not be below 0, got -1.000000"},
      {{"/payload/candidate/accuracy/successes", 3},
       "/payload/candidate/accuracy: proportion: successes must be at most trials, got 3 of 2"},
      {{"/payload/candidate/latencyDistribution/firstBucket", 1984},
       "/payload/candidate/latencyDistribution: quantile_sketch::from_counts: counts must be of "
       "buckets below 1985, got 2 from bucket 1984"},
      {{"/payload/candidate/latencyDistribution/counts", 7},
       "/payload/candidate/latencyDistribution/counts: must be a list, got 7"},
      {{"/payload/candidate/custom", {{"a\n/b", 1}}},
       "/payload/candidate/custom/a\\u000a~1b: must be an object, got 1"},
      {{"/payload/candidate/custom", 1},
       "/payload/candidate/custom: must be an object, or a list of pairs, got 1"},
      {{"/payload/candidate/custom", {{"a"}}},
       "/payload/candidate/custom/0: must be a list of two, got a list"},
      {{"/payload/verdict/findings/0/decision", "maybe"},
       "/payload/verdict/findings/0/decision: must be one of pass, fail, inconclusive, got "
       "\"maybe\""},
      {{"/events", "none"}, "/events: must be a list, got \"none\""},
      {{"/events/0", 1}, "/events/0: must be an object, got 1"},
      {{"/events/0/severity", "dire"},
       "/events/0/severity: must be one of info, warning, error, got \"dire\""},
      {{"/events/0/reasonCode", 1},
       "/events/0/reasonCode: must be one of none, promoted, winner_candidate, winner_baseline, "},
      {{"/events/0/look", "other"},
       "/events/0/look: must be an object, or \"payload\" where that is a look, got \"other\""},
      {{"/events/0/labels", {{"team", 1}}},
       "/events/0/labels/team: must be a text, or its bytes, got 1"},
  };
  for (const auto& [change, message] : cases) {
    const std::string got = refusal_with(change.first, change.second);
    if (message.ends_with(", ")) {  // a long list
      CHECK(got.substr(0, refused(message).size()) == refused(message));
    } else {
      CHECK(got == refused(message));
    }
  }
}

TEST_CASE("parse_record: what is missing is named, unless what is left out is empty",
          "[config][journal_json][errors]") {
  const std::string whole = ": must be a whole number from 0 to 18446744073709551615, got nothing";
  CHECK(refusal_without("/sequence") == refused("/sequence" + whole));
  CHECK(refusal_without("/at") == refused("/at: must be a time in UTC, got nothing"));
  CHECK(refusal_without("/phase") ==
        refused("/phase: must be one of began, progress, outcome, got nothing"));
  CHECK(refusal_without("/payload/kind").ends_with(", terminal, got nothing"));
  CHECK(refusal_without("/payload/window") ==
        refused("/payload/window: must be an object, got nothing"));
  CHECK(refusal_without("/payload/collected") ==
        refused("/payload/collected: must be true or false, got nothing"));
  CHECK(refusal_without("/payload/candidateShare") ==
        refused("/payload/candidateShare: must be a percentage from 0 to 100, got nothing"));
  CHECK(refusal_without("/payload/baseline/latency/origin") ==
        refused("/payload/baseline/latency/origin: must be a number, \"NaN\", \"Infinity\" or "
                "\"-Infinity\", got nothing"));
  for (const char* const optional :
       {"/rollout", "/events", "/payload", "/payload/baseline/latency", "/events/0/look"}) {
    if (optional == "/payload"s) continue;  // the event's look is the payload's
    CHECK(refusal_without(optional) == "accepted");
  }
  CHECK(refusal_without("/payload") ==
        refused("/events/0/look: must be an object, or \"payload\" where that is a look, got "
                "\"payload\""));
}

TEST_CASE("parse_record: a later format is refused before anything else is read from it",
          "[config][journal_json][errors]") {
  CHECK(refusal_of_payload(R"({"kind": "opening", "format": 1})") == "accepted");
  CHECK(refusal_of_payload(R"({"kind": "opening", "format": 2, "strategy": 7})") ==
        refused("/payload/format: must be a format from 1 to 1, got 2, which a later version has "
                "written"));
  CHECK(refusal_of_payload(R"({"kind": "opening", "format": 18446744073709551615})") ==
        refused("/payload/format: must be a format from 1 to 1, got 18446744073709551615, which a "
                "later version has written"));
  CHECK(refusal_of_payload(R"({"kind": "opening", "format": 0})") ==
        refused("/payload/format: must be a format from 1 to 1, got 0"));
  CHECK(refusal_of_payload(R"({"kind": "opening", "format": -3})") ==
        refused("/payload/format: must be a format from 1 to 1, got -3"));
  CHECK(refusal_of_payload(R"({"kind": "opening", "format": "2"})") ==
        refused("/payload/format: must be a whole number from -2147483648 to 2147483647, got "
                "\"2\""));
}

TEST_CASE("parse_record: a split that cannot be is refused", "[config][journal_json][errors]") {
  const auto split = [](const std::string& members) {
    return refusal_of_payload(R"({"kind": "split", )" + members + "}");
  };
  CHECK(split(R"("model": "fraud", "shares": [["1", 100]])") == "accepted");
  CHECK(split(R"("model": "fraud")") ==
        refused("/payload: traffic_split: shares must not be empty, got []"));
  CHECK(split(R"("model": "fraud", "shares": [["1", 90]])") ==
        refused("/payload: traffic_split: shares must sum to 10000 basis points, got 9000"));
  CHECK(split(R"("model": "fraud", "shares": [["1", 100], ["2", 0]])") ==
        refused("/payload: traffic_split: shares must be above 0, got 0"));
  CHECK(split(R"("model": "fraud", "shares": [["1", 50], ["1", 50]])") ==
        refused("/payload: traffic_split: versions must differ, got fraud@1 twice"));
  CHECK(split(R"("model": "../x", "shares": [["1", 100]])") ==
        refused("/payload/model: must be 1 to 128 of A-Z a-z 0-9 . _ -, and start with a letter or "
                "digit, got \"../x\""));
}

TEST_CASE("parse_record: JSON that parsers read differently, and bombs, are refused",
          "[config][journal_json][errors]") {
  const auto nested = [](std::size_t depth) {
    return R"({"x": )" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  CHECK(refusal_of("") == refused("must be JSON, got its end at line 1, column 1"));
  CHECK(refusal_of("\xEF\xBB\xBF{}") ==
        refused("must begin with its value, got a byte order mark"));
  CHECK(refusal_of("{\"\xFF\": 1}") ==
        refused("must be UTF-8, got the byte 0xFF at line 1, column 3"));
  CHECK(refusal_of("[]") == refused("must be an object, got a list"));
  CHECK(refusal_of("{} {}") == refused("must end after one value, got \"{\" at line 1, column 4"));
  CHECK(refusal_of(R"({"sequence": 1, "sequence": 2})") ==
        refused("/sequence: must be written once, got \"sequence\" again"));
  CHECK(refusal_of(R"({"sequence": 1e400})") ==
        refused("/sequence: must be a finite number, got one beyond 1.8e308"));
  CHECK(refusal_of(nested(40)) ==
        refused("/x/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0: must be nested "
                "at most 32 deep, got one level more"));
  CHECK(refusal_of(nested(1'000'000)).ends_with("got one level more"));
  CHECK(refusal_of(std::string(16'777'217, ' ')) ==
        refused("must be at most 16777216 bytes, got 16777217"));
  CHECK(refusal_with("/payload/candidate/custom",
                     document_value::parse(R"([["a", {"count": 0, "origin": 0, "meanDistance": 0,
                       "squaredDeviations": 0}], ["a", {"count": 0, "origin": 0,
                       "meanDistance": 0, "squaredDeviations": 0}]])")) ==
        refused("/payload/candidate/custom/1/0: must be written once, got \"a\" again"));
}

TEST_CASE("parse_record: whatever bytes come, it is a record that is written again, or an error",
          "[config][journal_json][fuzz][long]") {
  support::random_record records{2};
  std::mt19937_64 random{3};
  const auto below = [&random](std::size_t end) { return random() % end; };
  int accepted = 0;
  int refused_ones = 0;

  for (int i = 0; i < 20'000; ++i) {
    std::string json =
        hotswap::to_json(records.of_payload(below(std::variant_size_v<hotswap::record_payload>)));
    for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
      const std::size_t at = below(json.size());
      switch (below(5)) {
        case 0:
          json[at] = static_cast<char>(random());
          break;
        case 1:
          json[at] = static_cast<char>(json[at] ^ (1 << below(7)));
          break;
        case 2:
          json.erase(at, 1 + below(9));
          break;
        case 3:
          json.insert(at, json.substr(below(json.size()), below(40)));
          break;
        default:
          if (below(4) == 0) json.resize(at);
      }
      if (json.empty()) json = " ";
    }
    try {
      const hotswap::journal_record read = hotswap::parse_record(json);
      ++accepted;
      const std::string written = hotswap::to_json(read);
      CAPTURE(json, written);
      REQUIRE(support::same(hotswap::parse_record(written), read));
    } catch (const hotswap::journal_error&) {
      ++refused_ones;
    }
  }

  CHECK(accepted > 1'000);  // or the bytes never come far
  CHECK(refused_ones > 1'000);
}
