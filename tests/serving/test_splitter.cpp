// What the splitter promises: exact shares, users that stay where they are, experiments that do not
// know of each other, and requests that never wait for whoever changes the split.

#include <hotswap/concepts/traffic_router.hpp>
#include <hotswap/serving/key_hash.hpp>
#include <hotswap/serving/split_plan.hpp>
#include <hotswap/serving/splitter.hpp>

#include "serving/allocations.hpp"
#include "support/catch.hpp"

#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <set>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using hotswap::arm;
using hotswap::model_version;
using hotswap::share;
using hotswap::splitter;
using hotswap::traffic_split;
using namespace hotswap::literals;

static_assert(hotswap::TrafficRouter<splitter>);
static_assert(hotswap::ReadableRouter<splitter>);
static_assert(hotswap::FencedRouter<splitter>);
static_assert(std::is_trivially_copyable_v<arm> && sizeof(arm) == 8);
static_assert(noexcept(std::declval<const splitter&>().pick("")));

#ifdef __has_feature
#define HOTSWAP_TESTS_UNDER_CLANG_TSAN __has_feature(thread_sanitizer)
#else
#define HOTSWAP_TESTS_UNDER_CLANG_TSAN 0
#endif

// That sanitizer links its own in, and there nothing is counted.
#if !HOTSWAP_TESTS_UNDER_CLANG_TSAN

namespace {

// g++ 12 inlines a deletion, but not the allocation, and then warns that they do not match
void (*volatile const release)(void*) = &std::free;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc{};
}
// without this one, the address sanitizer's would meet our deletion
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept {
  release(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  release(memory);
}

#endif

namespace {

const model_version baseline{"fraud", "1"};
const model_version candidate{"fraud", "2"};

traffic_split canary_at(share candidate_share, const std::string& salt = "fraud~17") {
  return traffic_split::between(baseline, candidate, candidate_share).with_salt(salt);
}

const std::vector<std::string>& million_keys() {
  static const std::vector<std::string> keys = [] {
    std::vector<std::string> all;
    for (int i = 0; i < 1'000'000; ++i) all.push_back("user-" + std::to_string(i));
    return all;
  }();
  return keys;
}

/// For each of a million keys, whether the version serves it.
std::vector<bool> served_by(const model_version& version, splitter& splitter) {
  const std::uint32_t index = splitter.arm_index(version);
  std::vector<bool> served;
  served.reserve(million_keys().size());
  for (const std::string& key : million_keys()) served.push_back(splitter.pick(key).index == index);
  return served;
}

std::size_t count(const std::vector<bool>& served) {
  std::size_t sum = 0;
  for (const bool each : served) sum += each ? 1 : 0;
  return sum;
}

/// How many are in the first and not in the second.
std::size_t left_behind(const std::vector<bool>& first, const std::vector<bool>& second) {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < first.size(); ++i) sum += first[i] && !second[i] ? 1 : 0;
  return sum;
}

/// The arms of the 10 000 slots that a share is made of, which a million keys are sure to hit; and
/// fails the test if two keys of one slot have different arms.
std::vector<std::uint32_t> arms_of_slots(const splitter& splitter, const std::string& salt) {
  constexpr auto nobody = static_cast<std::uint32_t>(-1);
  std::vector<std::uint32_t> arms(10'000, nobody);
  std::size_t mixed = 0;
  for (const std::string& key : million_keys()) {
    const std::uint64_t hash = hotswap::hash_key(key, hotswap::hash_seed(salt));
    const std::uint32_t index = splitter.pick(key).index;
    std::uint32_t& known = arms[static_cast<std::size_t>((hash >> 32U) * 10'000 >> 32U)];
    if (known != nobody && known != index) ++mixed;
    known = index;
  }
  REQUIRE(mixed == 0);
  return arms;
}

std::size_t slots_of(std::uint32_t index, const std::vector<std::uint32_t>& arms) {
  std::size_t sum = 0;
  for (const std::uint32_t each : arms) sum += each == index ? 1 : 0;
  return sum;
}

traffic_split split_of(const std::vector<std::pair<const char*, int>>& parts) {
  std::vector<traffic_split::entry> entries;
  for (const auto& [version, basis_points] : parts) {
    entries.emplace_back(model_version{"fraud", version}, share::basis_points(basis_points));
  }
  return traffic_split::of(std::move(entries));
}

}  // namespace

TEST_CASE("splitter: a million keys get the shares that were asked for", "[serving][splitter]") {
  for (const int basis_points : {1, 100, 1'000, 2'500, 5'000, 9'999}) {
    CAPTURE(basis_points);
    splitter splitter{canary_at(share::basis_points(basis_points))};

    const double p = basis_points / 10'000.0;
    const double got = static_cast<double>(count(served_by(candidate, splitter))) / 1e6;
    CHECK(std::abs(got - p) < 4.0 * std::sqrt(p * (1.0 - p) / 1e6));  // four standard errors
  }
}

TEST_CASE("splitter: a share is exact to a basis point", "[serving][splitter]") {
  const auto split = split_of({{"1", 3'333}, {"2", 1}, {"3", 6'600}, {"4", 66}});
  splitter splitter{split.with_salt("s")};

  const auto arms = arms_of_slots(splitter, "s");

  for (const auto& [version, part] : split.entries()) {
    CHECK(slots_of(splitter.arm_index(version), arms) ==
          static_cast<std::size_t>(part.basis_points()));
  }
}

TEST_CASE("splitter: nobody is served at 0 % and everybody at 100 %", "[serving][splitter]") {
  splitter splitter{canary_at(0_pct)};
  CHECK(count(served_by(candidate, splitter)) == 0);

  splitter.set_split(canary_at(100_pct));
  CHECK(count(served_by(candidate, splitter)) == million_keys().size());
}

TEST_CASE("splitter: no user leaves the candidate as it rises, and none joins it as it falls",
          "[serving][splitter]") {
  splitter splitter{canary_at(0_pct)};
  std::vector<std::vector<bool>> rise;
  for (const share step : {1_pct, 10_pct, 25_pct, 50_pct, 100_pct}) {
    splitter.set_split(canary_at(step));
    rise.push_back(served_by(candidate, splitter));
    if (rise.size() > 1) CHECK(left_behind(rise[rise.size() - 2], rise.back()) == 0);
  }

  for (const share step : {50_pct, 25_pct, 10_pct, 1_pct}) {
    rise.pop_back();
    splitter.set_split(canary_at(step));
    CHECK(served_by(candidate, splitter) == rise.back());  // the same users, step by step
  }
}

TEST_CASE("splitter: a user has the same version in another process, and after a restart",
          "[serving][splitter]") {
  splitter ramped{traffic_split::all_to(baseline)};
  for (const share step : {10_pct, 50_pct, 25_pct}) ramped.set_split(canary_at(step));

  splitter restarted{canary_at(25_pct)};

  CHECK(served_by(candidate, ramped) == served_by(candidate, restarted));
}

TEST_CASE("splitter: with several candidates only those users move whose version lost share",
          "[serving][splitter]") {
  splitter splitter{split_of({{"1", 8'000}, {"2", 1'000}, {"3", 1'000}}).with_salt("s")};
  const auto before = arms_of_slots(splitter, "s");

  splitter.set_split(
      split_of({{"1", 5'500}, {"2", 2'500}, {"3", 500}, {"4", 1'500}}).with_salt("s"));
  const auto after = arms_of_slots(splitter, "s");

  std::size_t moved = 0;
  std::set<std::uint32_t> left;
  for (std::size_t slot = 0; slot < before.size(); ++slot) {
    if (before[slot] == after[slot]) continue;
    ++moved;
    left.insert(before[slot]);
  }
  CHECK(moved == 3'000);  // 2 500 from version 1 and 500 from version 3: no more can be spared
  CHECK(left == std::set<std::uint32_t>{0, 2});
  CHECK(slots_of(1, after) == 2'500);
  CHECK(slots_of(3, after) == 1'500);
}

TEST_CASE("splitter: who is in one experiment says nothing about who is in another",
          "[serving][splitter][calibration]") {
  splitter first{canary_at(10_pct, "fraud~17")};
  splitter second{canary_at(10_pct, "fraud~18")};

  const auto in_first = served_by(candidate, first);
  const auto in_second = served_by(candidate, second);

  const auto both = static_cast<double>(count(in_first) - left_behind(in_first, in_second));
  CHECK(std::abs(both / 1e6 - 0.01) < 0.0004);  // four standard errors: sqrt(.01 * .99 / 1e6)
}

TEST_CASE("splitter: another salt draws the users anew", "[serving][splitter]") {
  splitter splitter{canary_at(50_pct, "a")};
  const arm before = splitter.pick("user-1");

  splitter.set_split(canary_at(50_pct, "b"));

  CHECK(splitter.pick("user-1").epoch == before.epoch + 1);
  hotswap::splitter fresh{canary_at(50_pct, "b")};
  CHECK(served_by(candidate, splitter) == served_by(candidate, fresh));
}

TEST_CASE("splitter: the same split again changes nothing", "[serving][splitter]") {
  splitter splitter{canary_at(10_pct)};
  const arm before = splitter.pick("user-1");

  splitter.set_split(canary_at(10_pct));
  splitter.set_split(traffic_split::between(candidate, baseline, 90_pct).with_salt("fraud~17"));

  CHECK(splitter.pick("user-1") == before);
  splitter.set_split(canary_at(11_pct));
  CHECK(splitter.pick("user-1").epoch == before.epoch + 1);
}

TEST_CASE("splitter: a revision below the highest seen is refused, and changes nothing",
          "[serving][splitter][errors]") {
  splitter splitter{traffic_split::all_to(baseline)};

  splitter.set_split(canary_at(10_pct), 7);
  splitter.set_split(canary_at(25_pct), 7);
  CHECK(splitter.split("fraud") == canary_at(25_pct));

  splitter.set_split(traffic_split::all_to(baseline), 9);
  CHECK_THROWS_WITH(splitter.set_split(canary_at(50_pct), 8),
                    "splitter: revision must be at least the highest seen, 9, got 8");
  CHECK(splitter.split("fraud") == traffic_split::all_to(baseline));
}

TEST_CASE("splitter: a revision counts as seen though its split was refused",
          "[serving][splitter][errors]") {
  splitter splitter{traffic_split::all_to(baseline)};
  std::vector<traffic_split::entry> entries;
  entries.emplace_back(baseline, share::basis_points(10'000 - 256));
  for (int i = 0; i < 256; ++i) {
    entries.emplace_back(model_version{"fraud", "c" + std::to_string(i)}, share::basis_points(1));
  }

  CHECK_THROWS_WITH(splitter.set_split(traffic_split::of(entries), 9),
                    "split_plan: versions in one split must be at most 256, got 257");

  CHECK_THROWS_WITH(splitter.set_split(canary_at(50_pct), 8),
                    "splitter: revision must be at least the highest seen, 9, got 8");
  CHECK_NOTHROW(splitter.set_split(canary_at(50_pct), 9));
}

TEST_CASE("splitter: an arm keeps its version, whatever splits come later", "[serving][splitter]") {
  splitter splitter{traffic_split::all_to(baseline)};
  const arm first = splitter.pick("user-1");

  for (int i = 2; i < 100; ++i) {
    const model_version next{"fraud", std::to_string(i)};
    splitter.set_split(traffic_split::all_to(next));
    CHECK(splitter.version(splitter.pick("user-1")) == next);
  }

  CHECK(splitter.version(first) == baseline);
  splitter.set_split(traffic_split::all_to(baseline));
  CHECK(splitter.pick("user-1").index == first.index);
}

TEST_CASE("splitter: what is in force can be read back", "[serving][splitter]") {
  splitter splitter{traffic_split::all_to(baseline)};
  CHECK(splitter.split("fraud") == traffic_split::all_to(baseline));
  CHECK(splitter.model() == "fraud");

  splitter.set_split(canary_at(25_pct));
  CHECK(splitter.split("fraud") == canary_at(25_pct));
  CHECK(splitter.split("fraud").salt() == "fraud~17");
}

TEST_CASE("splitter: it splits the traffic of one model, and says so",
          "[serving][splitter][errors]") {
  splitter splitter{traffic_split::all_to(baseline)};

  CHECK_THROWS_WITH(splitter.set_split(traffic_split::all_to({"spam", "1"})),
                    "splitter: model must be fraud, got spam");
  CHECK_THROWS_WITH(splitter.split("spam"), "splitter: model must be fraud, got spam");
  CHECK_THROWS_WITH(splitter.arm_index({"spam", "1"}), "splitter: model must be fraud, got spam");
  CHECK_THROWS_AS(splitter.split("spam"), hotswap::config_error);
  CHECK_THROWS_WITH(splitter.version(arm{.index = 1, .epoch = 0}),
                    "splitter: arm must be below 1, got 1");
}

TEST_CASE("splitter: 256 versions can share the traffic, and 257 are refused without effect",
          "[serving][splitter][errors]") {
  std::vector<traffic_split::entry> entries;
  entries.emplace_back(baseline, share::basis_points(10'000 - 255));
  for (int i = 0; i < 255; ++i) {
    entries.emplace_back(model_version{"fraud", "c" + std::to_string(i)}, share::basis_points(1));
  }
  splitter splitter{traffic_split::of(entries).with_salt("s")};
  const auto arms = arms_of_slots(splitter, "s");
  CHECK(std::set<std::uint32_t>(arms.begin(), arms.end()).size() == 256);

  entries.front().second = share::basis_points(10'000 - 256);
  entries.emplace_back(model_version{"fraud", "one-too-many"}, share::basis_points(1));
  CHECK_THROWS_WITH(splitter.set_split(traffic_split::of(entries)),
                    "split_plan: versions in one split must be at most 256, got 257");
  CHECK(splitter.split("fraud").entries().size() == 256);
  CHECK(splitter.pick("user-1").epoch == 0);
}

TEST_CASE("splitter: picking does not allocate", "[serving][splitter]") {
  const splitter splitter{canary_at(10_pct)};
  const std::string key(200, 'k');

  const std::size_t before = allocations;
  const arm chosen = splitter.pick(key);
  const std::size_t after = allocations;

  CHECK(after == before);
  CHECK(chosen == splitter.pick(key));
}

TEST_CASE("splitter: threads that pick while the split changes see whole splits only, in order",
          "[serving][splitter][threads]") {
  constexpr std::array keys{"user-1", "user-22", "user-333", "user-4444"};
  // the split of an epoch, and so the one right answer, is known by its number
  const auto split_of_epoch = [](std::uint32_t epoch) {
    return canary_at(epoch % 2 == 0 ? 40_pct : 100_pct, "salt-" + std::to_string(epoch / 2 % 3));
  };
  std::array<std::array<bool, keys.size()>, 6> is_candidate{};
  for (std::uint32_t epoch = 0; epoch < is_candidate.size(); ++epoch) {
    const splitter alone{split_of_epoch(epoch)};
    for (std::size_t i = 0; i < keys.size(); ++i) {
      is_candidate[epoch][i] = alone.version(alone.pick(keys[i])) == candidate;
    }
  }

  splitter splitter{split_of_epoch(0)};
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::array<std::atomic<int>, 2> rounds{};
  std::array<int, 2> splits_met{};
  std::vector<std::thread> readers;
  for (std::size_t reader = 0; reader < rounds.size(); ++reader) {
    readers.emplace_back([&, reader] {
      std::uint32_t newest = 0;
      while (!done) {
        for (std::size_t i = 0; i < keys.size(); ++i) {
          const arm chosen = splitter.pick(keys[i]);
          if (chosen.epoch < newest) ++wrong;
          if (chosen.epoch != newest) ++splits_met[reader];
          newest = chosen.epoch;
          const bool answer = splitter.version(chosen) == candidate;
          if (answer != is_candidate[chosen.epoch % is_candidate.size()][i]) ++wrong;
        }
        ++rounds[reader];
      }
    });
  }
  for (std::uint32_t epoch = 1; epoch < 100; ++epoch) {
    splitter.set_split(split_of_epoch(epoch));
    for (const auto& each : rounds) {
      const int so_far = each;
      while (each < so_far + 2) std::this_thread::yield();
    }
  }
  done = true;
  for (std::thread& each : readers) each.join();

  CHECK(wrong == 0);
  CHECK(splits_met[0] == 99);  // a whole round of each
  CHECK(splits_met[1] == 99);
}
