// g++ 12 destroys twice every temporary of class type that was made by aggregate initialisation or
// by `?:` within a full expression that holds `co_await`, without a word. Each test here is a
// spelling that is safe, with our own types where users meet it. What is counted may be neither
// destroyed twice nor leaked; our own types hold texts that are too long to be stored in place, so
// that the allocator notices too.
//
// The unsafe spellings are not here, since they are undefined where the compiler is wrong.

#include <hotswap/async/blocking.hpp>
#include <hotswap/async/call.hpp>
#include <hotswap/async/event_loop.hpp>
#include <hotswap/async/outstanding_calls.hpp>
#include <hotswap/async/sleep.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/thread_pool.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/async/when_all.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/divergence_snapshot.hpp>
#include <hotswap/core/drift_measurement.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/smoke_test_report.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/core/verdict.hpp>
#include <hotswap/strategies/canary_config.hpp>

#include "async/counted.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using hotswap::metrics_snapshot;
using hotswap::model_version;
using hotswap::share;
using hotswap::task;
using hotswap::traffic_split;
using hotswap::virtual_clock;
using std::chrono::seconds;
using namespace hotswap::literals;

// --- The rule itself: what owns memory is no aggregate.

template <typename T>
constexpr bool safe_as_temporary = !std::is_aggregate_v<T> || std::is_trivially_destructible_v<T>;

static_assert(safe_as_temporary<model_version>);
static_assert(safe_as_temporary<hotswap::server_id>);
static_assert(safe_as_temporary<share>);
static_assert(safe_as_temporary<traffic_split>);
static_assert(safe_as_temporary<hotswap::time_window>);
static_assert(safe_as_temporary<metrics_snapshot>);
static_assert(safe_as_temporary<hotswap::drift_measurement>);
static_assert(safe_as_temporary<hotswap::divergence_snapshot>);
static_assert(safe_as_temporary<hotswap::smoke_test_report>);
static_assert(safe_as_temporary<hotswap::finding>);
static_assert(safe_as_temporary<hotswap::verdict>);
static_assert(safe_as_temporary<hotswap::look_report>);
static_assert(safe_as_temporary<hotswap::event>);
static_assert(safe_as_temporary<hotswap::deployment_result>);
static_assert(safe_as_temporary<hotswap::call_options>);
static_assert(safe_as_temporary<hotswap::sleep_awaiter>);
static_assert(safe_as_temporary<hotswap::call_awaiter<int>>);
static_assert(safe_as_temporary<task<int>>);
static_assert(safe_as_temporary<task<int>::awaiter>);
static_assert(safe_as_temporary<hotswap::canary_step>);
static_assert(safe_as_temporary<hotswap::canary_config>);

namespace {

const char* const long_model = "a-model-whose-name-does-not-fit-into-a-string-itself";
const char* const old_version = "a-version-whose-name-does-not-fit-either-1";
const char* const new_version = "a-version-whose-name-does-not-fit-either-2";

/// As `model_version` is made: a class with a constructor that takes two names.
class probe {
 public:
  probe(std::string first, std::string second)
      : first_(std::move(first)), second_(std::move(second)) {}
  [[nodiscard]] std::string text() const { return first_ + second_; }

 private:
  std::string first_;
  std::string second_;
  counted held_;
};

/// As our configs are: public members with defaults, and a constructor.
class probe_config {
 public:
  probe_config() {}

  std::vector<share> steps = {10_pct, 100_pct};
  std::string name = "a default that is too long to be stored in place";
  counted held;
};

task<std::string> text_of(probe value) {
  co_await std::suspend_never{};
  co_return value.text();
}

task<std::string> text_of_reference(const probe& value) {
  co_return value.text();
}

task<std::string> text_of_both(probe first, probe second, probe_config config = {}) {
  co_return first.text() + second.text() + config.name;
}

task<std::string> name_of(const model_version& version) {
  co_await std::suspend_never{};
  co_return to_string(version);
}

task<std::size_t> count_steps(hotswap::canary_config config = {}) {
  co_await std::suspend_never{};
  co_return config.steps.size();
}

task<probe> make_probe() {
  co_return probe{"made", "-here"};
}

task<std::pair<counted, std::string>> make_pair() {
  co_return {counted{1}, "a text that is too long to be stored in place"};
}

task<metrics_snapshot> collect(const model_version& version, const hotswap::time_window&) {
  metrics_snapshot seen;
  seen.requests = version.version().size();
  seen.custom[version.version()].add(1.0);
  co_return seen;
}

task<std::vector<share>> shares() {
  std::vector<share> all = {10_pct, 25_pct};
  co_return all;
}

/// As strategies are: made, used and gone in one expression.
class strategy {
 public:
  explicit strategy(virtual_clock& clock, probe_config config = {})
      : clock_(clock), config_(std::move(config)) {}

  [[nodiscard]] task<std::string> deploy(model_version baseline, model_version candidate,
                                         int& context) const {
    ++context;
    return run(clock_, std::move(baseline), std::move(candidate), config_);
  }

 private:
  static task<std::string> run(virtual_clock& clock, model_version baseline,
                               model_version candidate, probe_config config) {
    co_await hotswap::sleep_for(clock, seconds{1});
    std::string text = to_string(baseline) + " -> " + to_string(candidate);
    for (const share each : config.steps) text += " " + to_string(each);
    co_return text;
  }

  virtual_clock& clock_;
  probe_config config_;
};

/// Runs the coroutine and holds it to destroying each thing once.
template <typename Coroutine, typename... Arguments>
auto run_balanced(Coroutine coroutine, Arguments&... arguments) {
  REQUIRE(counted::alive() == 0);
  auto end = [&] {
    virtual_clock clock;
    return clock.run(coroutine(clock, arguments...));
  }();
  CHECK(counted::alive() == 0);
  return end;
}

std::string pair_text(const char* version) {
  return std::string{long_model} + "@" + version;
}

}  // namespace

TEST_CASE("g++ 12: braces for a class, by value and by reference, in an awaited call",
          "[async][gcc12]") {
  const auto by_value = [](virtual_clock&) -> task<std::string> {
    co_return co_await text_of({"a", "b"});
  };
  const auto by_reference = [](virtual_clock&) -> task<std::string> {
    const std::string text = co_await text_of_reference({"c", "d"});
    co_return text + co_await text_of_reference(probe{"e", "f"});
  };
  const auto two = [](virtual_clock&) -> task<std::string> {
    co_return co_await text_of_both({"a", "b"}, {"c", "d"}, {});
  };
  const auto by_default = [](virtual_clock&) -> task<std::string> {
    co_return co_await text_of_both({"a", "b"}, {"c", "d"});
  };
  const std::string default_name = probe_config{}.name;

  CHECK(run_balanced(by_value) == "ab");
  CHECK(run_balanced(by_reference) == "cdef");
  CHECK(run_balanced(two) == "abcd" + default_name);
  CHECK(run_balanced(by_default) == "abcd" + default_name);
}

TEST_CASE("g++ 12: braces for a model_version and for a config, in an awaited call",
          "[async][gcc12]") {
  const auto version = [](virtual_clock&) -> task<std::string> {
    co_return co_await name_of({long_model, old_version});
  };
  const auto config = [](virtual_clock&) -> task<std::size_t> {
    const std::size_t by_braces = co_await count_steps({});
    const std::size_t by_default = co_await count_steps();
    co_return by_braces + by_default + co_await count_steps(hotswap::canary_config{});
  };

  CHECK(run_balanced(version) == pair_text(old_version));
  CHECK(run_balanced(config) == 3 * hotswap::canary_config{}.steps.size());
}

TEST_CASE("g++ 12: a strategy that is made and gone in the expression that awaits it",
          "[async][gcc12]") {
  const auto in_one = [](virtual_clock& clock) -> task<std::string> {
    int context = 0;
    const std::string end = co_await strategy{clock}.deploy({long_model, old_version},
                                                            {long_model, new_version}, context);
    co_return end;
  };
  const auto in_two = [](virtual_clock& clock) -> task<std::string> {
    int context = 0;
    task<std::string> made =
        strategy{clock, {}}.deploy({long_model, old_version}, {long_model, new_version}, context);
    co_await hotswap::sleep_for(clock, seconds{1});
    co_return co_await std::move(made);
  };
  const std::string expected =
      pair_text(old_version) + " -> " + pair_text(new_version) + " 10 % 100 %";

  CHECK(run_balanced(in_one) == expected);
  CHECK(run_balanced(in_two) == expected);
}

TEST_CASE("g++ 12: values that are made of values in an awaited call", "[async][gcc12]") {
  const auto splits = [](virtual_clock&) -> task<std::string> {
    const auto set_split = [](const traffic_split& split) -> task<std::string> {
      co_return to_string(split);
    };
    co_return co_await set_split(
        traffic_split::between({long_model, old_version}, {long_model, new_version}, 25_pct));
  };
  const auto windows = [](virtual_clock& clock) -> task<std::size_t> {
    const metrics_snapshot seen =
        co_await collect({long_model, old_version}, {clock.now() - seconds{60}, clock.now()});
    co_return seen.custom.size();
  };
  const auto optional = [](virtual_clock&) -> task<bool> {
    const auto has_value = [](std::optional<probe> value) -> task<bool> {
      co_return value.has_value();
    };
    const bool with = co_await has_value(probe{"a", "b"});
    const bool without = co_await has_value({});
    co_return with && !without;
  };
  const auto shared = [](virtual_clock&) -> task<std::string> {
    const auto text = [](std::shared_ptr<const probe> value) -> task<std::string> {
      co_return value->text();
    };
    co_return co_await text(std::make_shared<const probe>("a", "b"));
  };
  const auto pairs = [](virtual_clock&) -> task<int> {
    const auto first = [](std::pair<counted, std::string> value) -> task<int> {
      co_return value.first.value;
    };
    co_return co_await first({counted{7}, "a text that is too long to be stored in place"});
  };

  CHECK(run_balanced(splits) ==
        "75 % " + pair_text(old_version) + ", 25 % " + pair_text(new_version));
  CHECK(run_balanced(windows) == 1);
  CHECK(run_balanced(optional));
  CHECK(run_balanced(shared) == "ab");
  CHECK(run_balanced(pairs) == 7);
}

TEST_CASE("g++ 12: call with captures of references, and with functions that were named before",
          "[async][gcc12]") {
  const auto references = [](virtual_clock& clock) -> task<std::string> {
    const probe kept{"a", "b"};
    co_return co_await hotswap::call(clock, seconds{1}, [&kept] { return kept.text(); });
  };
  const auto moved = [](virtual_clock& clock) -> task<std::string> {
    auto owner = [value = probe{"a", "b"}] { return text_of_reference(value); };
    co_return co_await hotswap::call(clock, seconds{1}, std::move(owner));
  };
  const auto erased = [](virtual_clock& clock) -> task<std::string> {
    std::function<std::string()> owner = [value = probe{"a", "b"}] { return value.text(); };
    co_return co_await hotswap::call(clock, seconds{1}, std::move(owner));
  };
  const auto options = [](virtual_clock& clock) -> task<std::string> {
    hotswap::call_options given{clock.stop_token()};
    given.counters[0] = std::make_shared<hotswap::outstanding_calls>();
    co_return co_await hotswap::call(
        clock, seconds{1}, [] { return text_of({"a", "b"}); }, std::move(given));
  };

  CHECK(run_balanced(references) == "ab");
  CHECK(run_balanced(moved) == "ab");
  CHECK(run_balanced(erased) == "ab");
  CHECK(run_balanced(options) == "ab");
}

TEST_CASE("g++ 12: blocking, with a lambda that captures nothing and owning arguments",
          "[async][gcc12][threads]") {
  REQUIRE(counted::alive() == 0);
  {
    hotswap::event_loop loop;
    hotswap::thread_pool pool{1};
    const auto work = [](hotswap::thread_pool& on) -> task<std::string> {
      co_return co_await hotswap::blocking(
          on, [](const probe& value, std::string end) { return value.text() + end; },
          probe{"a", "b"}, std::string{"c"});
    };
    CHECK(loop.run(work(pool)) == "abc");
  }
  CHECK(counted::alive() == 0);
}

TEST_CASE("g++ 12: a coroutine lambda without captures, called where it stands", "[async][gcc12]") {
  const auto called = [](virtual_clock&) -> task<std::string> {
    co_return co_await [](probe value) -> task<std::string> { co_return value.text(); }({"a", "b"});
  };
  CHECK(run_balanced(called) == "ab");
}

TEST_CASE("g++ 12: a choice that is hoisted out of the awaited call", "[async][gcc12]") {
  const auto hoisted = [](virtual_clock&, const bool& second) -> task<std::string> {
    const probe a{"a", "1"};
    const probe b{"b", "2"};
    const probe& chosen = second ? b : a;
    co_return co_await text_of(chosen);
  };
  const auto branches = [](virtual_clock&, const bool& second) -> task<std::string> {
    if (second) co_return co_await text_of({"b", "2"});
    co_return co_await text_of({"a", "1"});
  };
  const auto scalar = [](virtual_clock& clock, const bool& second) -> task<std::string> {
    co_await hotswap::sleep_for(clock, second ? seconds{2} : seconds{1});
    co_return std::to_string(clock.elapsed() / seconds{1});
  };

  for (const bool second : {false, true}) {
    CHECK(run_balanced(hoisted, second) == (second ? "b2" : "a1"));
    CHECK(run_balanced(branches, second) == (second ? "b2" : "a1"));
    CHECK(run_balanced(scalar, second) == (second ? "2" : "1"));
  }
}

TEST_CASE("g++ 12: what is awaited first and put together afterwards", "[async][gcc12]") {
  struct pair_of_probes {
    probe first;
    probe second;
  };
  const auto aggregate = [](virtual_clock&) -> task<std::string> {
    probe first = co_await make_probe();
    probe second = co_await make_probe();
    const pair_of_probes both{std::move(first), std::move(second)};
    co_return both.first.text() + both.second.text();
  };
  const auto collected = [](virtual_clock&) -> task<std::size_t> {
    std::vector<probe> all;
    all.push_back(co_await make_probe());
    all.emplace_back("a", "b");
    co_return all.size();
  };
  const auto thrown = [](virtual_clock&) -> task<std::string> {
    const auto why = co_await make_pair();
    throw std::runtime_error(why.second);
    co_return "";
  };

  CHECK(run_balanced(aggregate) == "made-heremade-here");
  CHECK(run_balanced(collected) == 2);
  virtual_clock clock;
  CHECK_THROWS_WITH(clock.run(thrown(clock)), "a text that is too long to be stored in place");
  CHECK(counted::alive() == 0);
}

TEST_CASE("g++ 12: aggregates in declarations of a coroutine, without an await", "[async][gcc12]") {
  struct plain {
    std::string name;
    counted held;
  };
  const auto declared = [](virtual_clock& clock) -> task<std::string> {
    const plain one{"a name that is too long to be stored in place", counted{1}};
    const plain two{.name = "another name that is too long for it", .held = counted{2}};
    co_await hotswap::sleep_for(clock, seconds{1});
    co_return one.name + two.name;
  };
  const auto by_function = [](virtual_clock&) -> task<std::string> {
    const auto make = [] { return plain{"a name that is too long to be stored in place", {}}; };
    const auto name = [](plain value) -> task<std::string> { co_return value.name; };
    co_return co_await name(make());
  };

  CHECK(run_balanced(declared) ==
        "a name that is too long to be stored in placeanother name that is too long for it");
  CHECK(run_balanced(by_function) == "a name that is too long to be stored in place");
}

TEST_CASE("g++ 12: loops over lists in braces and over what was awaited", "[async][gcc12]") {
  const auto braces = [](virtual_clock& clock) -> task<int> {
    int sum = 0;
    for (const share each : {10_pct, 25_pct, 50_pct}) {
      co_await hotswap::sleep_for(clock, seconds{1});
      sum += each.basis_points();
    }
    co_return sum;
  };
  const auto awaited = [](virtual_clock&) -> task<int> {
    int sum = 0;
    for (const share each : co_await shares()) sum += each.basis_points();
    co_return sum;
  };
  const auto bound = [](virtual_clock&) -> task<std::string> {
    const auto [held, text] = co_await make_pair();
    co_return std::to_string(held.value) + text;
  };

  CHECK(run_balanced(braces) == 8'500);
  CHECK(run_balanced(awaited) == 3'500);
  CHECK(run_balanced(bound) == "1a text that is too long to be stored in place");
}

TEST_CASE("g++ 12: awaits in conditions and operators", "[async][gcc12]") {
  const auto conditions = [](virtual_clock&) -> task<int> {
    int passed = 0;
    if (co_await text_of({"a", "b"}) == "ab" && co_await text_of({"c", "d"}) == "cd") ++passed;
    if (co_await text_of({"a", "b"}) == "x" || co_await text_of({"c", "d"}) == "cd") ++passed;
    while (co_await text_of({"a", "b"}) == "ab" && passed < 5) ++passed;
    co_return passed;
  };
  const auto nested = [](virtual_clock&) -> task<std::string> {
    co_return co_await text_of({co_await text_of({"a", "b"}), co_await text_of({"c", "d"})});
  };

  CHECK(run_balanced(conditions) == 5);
  CHECK(run_balanced(nested) == "abcd");
}

TEST_CASE("g++ 12: several tasks in a vector, made before they are awaited", "[async][gcc12]") {
  const auto all = [](virtual_clock&) -> task<std::string> {
    std::vector<task<std::string>> tasks;
    tasks.push_back(text_of({"a", "b"}));
    tasks.push_back(text_of({"c", "d"}));
    const auto texts = co_await hotswap::when_all(std::move(tasks));
    co_return texts[0] + texts[1];
  };
  CHECK(run_balanced(all) == "abcd");
}

TEST_CASE("g++ 12: arguments whose copy throws in an awaited call", "[async][gcc12]") {
  class throws_when_copied {
   public:
    throws_when_copied() {}
    throws_when_copied(const throws_when_copied&) { throw std::runtime_error("no copy"); }

   private:
    counted held_;
  };
  const auto caught = [](virtual_clock&) -> task<std::string> {
    const throws_when_copied kept;
    const auto take = [](throws_when_copied, probe value) -> task<std::string> {
      co_return value.text();
    };
    std::string what;
    try {
      static_cast<void>(co_await take(kept, {"a", "b"}));
    } catch (const std::runtime_error& e) {
      what = e.what();
    }
    co_return what;
  };
  CHECK(run_balanced(caught) == "no copy");
}
