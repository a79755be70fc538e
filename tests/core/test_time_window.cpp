// What a time_window promises: windows in a row share no request, and lose none.

#include <hotswap/core/time_window.hpp>

#include "support/catch.hpp"

#include <chrono>

using hotswap::time_window;
using std::chrono::seconds;

namespace {

constexpr time_window::time_point noon{seconds{1'767'268'800}};

}  // namespace

static_assert(time_window{noon, noon + seconds{60}}.duration() == seconds{60});
static_assert(time_window{}.duration() == seconds{0});

TEST_CASE("time_window: its begin is in it, its end is not", "[core][time_window]") {
  const time_window minute{noon, noon + seconds{60}};
  CHECK(minute.contains(noon));
  CHECK(minute.contains(noon + seconds{60} - time_window::time_point::duration{1}));
  CHECK_FALSE(minute.contains(noon + seconds{60}));
  CHECK_FALSE(minute.contains(noon - time_window::time_point::duration{1}));
}

TEST_CASE("time_window: two in a row share no point, and leave none out", "[core][time_window]") {
  const time_window first{noon, noon + seconds{60}};
  const time_window second{noon + seconds{60}, noon + seconds{120}};
  for (int s = 0; s < 120; ++s) {
    CAPTURE(s);
    CHECK(first.contains(noon + seconds{s}) != second.contains(noon + seconds{s}));
  }
}

TEST_CASE("time_window: an empty one and a reversed one have nothing in them",
          "[core][time_window]") {
  CHECK_FALSE(time_window{noon, noon}.contains(noon));
  CHECK_FALSE(time_window{noon + seconds{60}, noon}.contains(noon + seconds{30}));
  CHECK_FALSE(time_window{noon + seconds{60}, noon}.contains(noon));
}

TEST_CASE("time_window: equal if both ends are", "[core][time_window]") {
  CHECK(time_window{noon, noon + seconds{1}} == time_window{noon, noon + seconds{1}});
  CHECK(time_window{noon, noon + seconds{1}} != time_window{noon, noon + seconds{2}});
  CHECK(time_window{noon, noon + seconds{1}} != time_window{noon - seconds{1}, noon + seconds{1}});
}
