// The whole library, as a stranger's first program meets it.

#include <hotswap/hotswap.hpp>

#include <fmt/core.h>

namespace {

hotswap::task<int> answer() {
  co_return 42;
}

}  // namespace

int main() {
  const hotswap::model_version baseline{"fraud", "1"};
  const hotswap::model_version candidate{"fraud", "2"};
  const auto split =
      hotswap::traffic_split::between(baseline, candidate, hotswap::share::percent(10));
  hotswap::event_loop loop;
  fmt::print("{} gets {}\n", candidate, split.share_of(candidate));
  return loop.run(answer()) == 42 ? 0 : 1;
}
