// The heap of timers, against a sorted list: the same timers in the same order, whatever was armed
// and disarmed in between.

#include <hotswap/async/timer.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <utility>
#include <vector>

using hotswap::timer_heap;
using std::chrono::nanoseconds;

namespace {

timer_heap::time_point at(std::int64_t ns) {
  return timer_heap::time_point{nanoseconds{ns}};
}

class plain_timer final : public hotswap::timer {
 public:
  void expired() override {}
};

/// What the heap must do, in the plainest way: a list sorted by time, then by the order of arming.
class sorted_reference {
 public:
  void insert(plain_timer& added, std::int64_t due) {
    const auto later = [due](const entry& e) { return e.first > due; };
    entries_.insert(std::find_if(entries_.begin(), entries_.end(), later), {due, &added});
  }
  void erase(const plain_timer& gone) {
    std::erase_if(entries_, [&gone](const entry& e) { return e.second == &gone; });
  }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] std::int64_t earliest() const { return entries_.front().first; }
  plain_timer& pop_earliest() {
    plain_timer& first = *entries_.front().second;
    entries_.erase(entries_.begin());
    return first;
  }

 private:
  using entry = std::pair<std::int64_t, plain_timer*>;
  std::vector<entry> entries_;
};

}  // namespace

TEST_CASE("timer_heap: agrees with a sorted list over 40'000 random steps", "[async][timer]") {
  std::mt19937_64 random{20260101};
  std::uniform_int_distribution<int> action{0, 9};
  std::uniform_int_distribution<std::int64_t> due{0, 50};  // few, so that many are due together
  std::deque<plain_timer> timers(200);
  std::uniform_int_distribution<std::size_t> choice{0, timers.size() - 1};

  timer_heap heap;
  sorted_reference reference;
  int popped = 0;
  int disarmed = 0;
  for (int step = 0; step < 40'000; ++step) {
    const int what = action(random);
    plain_timer& chosen = timers[choice(random)];
    if (what < 5 && !chosen.armed()) {
      const std::int64_t time = due(random);
      heap.insert(chosen, at(time));
      reference.insert(chosen, time);
    } else if (what < 8 && chosen.armed()) {
      heap.erase(chosen);
      reference.erase(chosen);
      ++disarmed;
    } else if (what >= 8 && !reference.empty()) {
      REQUIRE(heap.earliest() == at(reference.earliest()));
      REQUIRE(&heap.pop_earliest() == &reference.pop_earliest());
      ++popped;
    }
    REQUIRE(heap.empty() == reference.empty());
  }
  CHECK(popped > 5'000);  // the walk is worth its name
  CHECK(disarmed > 5'000);

  while (!reference.empty()) REQUIRE(&heap.pop_earliest() == &reference.pop_earliest());
  CHECK(heap.empty());
  for (const plain_timer& each : timers) CHECK_FALSE(each.armed());
}

TEST_CASE("timer_heap: timers of one time come in the order in which they were armed",
          "[async][timer]") {
  timer_heap heap;
  std::deque<plain_timer> timers(100);
  for (plain_timer& each : timers) heap.insert(each, at(5));

  heap.erase(timers[0]);
  heap.insert(timers[0], at(5));  // armed anew: last

  for (std::size_t i = 1; i < timers.size(); ++i) REQUIRE(&heap.pop_earliest() == &timers[i]);
  CHECK(&heap.pop_earliest() == &timers.front());
}
