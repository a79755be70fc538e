// What an event_history promises: it reads like a vector of events, and shares them.

#include <hotswap/core/event.hpp>
#include <hotswap/core/event_history.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

using hotswap::event;
using hotswap::event_history;

namespace {

std::vector<event> numbered(std::uint64_t count) {
  std::vector<event> events(count);
  for (std::size_t i = 0; i < count; ++i) events[i].sequence = i + 1;
  return events;
}

}  // namespace

TEST_CASE("event_history: is empty unless it was given events", "[core][event_history]") {
  const event_history none;
  CHECK(none.empty());
  CHECK(none.size() == 0);
  CHECK(none.begin() == none.end());
  CHECK(event_history{std::vector<event>{}}.empty());
}

TEST_CASE("event_history: has its events in order", "[core][event_history]") {
  const event_history three{numbered(3)};
  REQUIRE(three.size() == 3);
  CHECK_FALSE(three.empty());
  CHECK(three.front().sequence == 1);
  CHECK(three[1].sequence == 2);
  CHECK(three.back().sequence == 3);
  CHECK(three.rbegin()->sequence == 3);
  CHECK(three.rend() - three.rbegin() == 3);
  CHECK(three.at(2).sequence == 3);
  CHECK_THROWS_AS(three.at(3), std::out_of_range);
  std::uint64_t expected = 0;
  for (const event& each : three) CHECK(each.sequence == ++expected);
  CHECK(expected == 3);
}

TEST_CASE("event_history: its iterators are of random access", "[core][event_history]") {
  STATIC_REQUIRE(std::random_access_iterator<event_history::iterator>);
  const event_history ten{numbered(10)};
  const auto begin = ten.begin();
  CHECK((begin + 3)->sequence == 4);
  CHECK((3 + begin)->sequence == 4);
  CHECK(begin[9].sequence == 10);
  CHECK((ten.end() - 1)->sequence == 10);
  CHECK(ten.end() - begin == 10);
  CHECK(begin < ten.end());
  CHECK_FALSE(ten.end() <= begin);
  auto at = begin;
  CHECK((at++)->sequence == 1);
  CHECK((++at)->sequence == 3);
  CHECK((at--)->sequence == 3);
  CHECK((--at)->sequence == 1);
  CHECK(((at += 5) -= 2)->sequence == 4);

  const auto is_before = [](const event& each, std::uint64_t number) {
    return each.sequence < number;
  };
  CHECK(std::lower_bound(ten.begin(), ten.end(), 7, is_before)->sequence == 7);
  CHECK(std::count_if(ten.begin(), ten.end(),
                      [](const event& each) { return each.sequence % 2 == 0; }) == 5);
}

TEST_CASE("event_history: a copy shares the events, a vector has its own",
          "[core][event_history]") {
  event_history::shared_events shared;
  for (event& each : numbered(2)) shared.push_back(std::make_shared<const event>(std::move(each)));
  const event_history history{shared};
  const event_history copy = history;
  CHECK(&history.front() == shared.front().get());
  CHECK(&copy.front() == shared.front().get());

  const std::vector<event> own = history;
  REQUIRE(own.size() == 2);
  CHECK(own.back().sequence == 2);
  CHECK(&own.front() != shared.front().get());
}
