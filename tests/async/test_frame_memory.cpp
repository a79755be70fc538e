#include <hotswap/async/frame_memory.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

namespace {

using hotswap::frame_memory;

constexpr bool keeps = !hotswap::detail::frees_are_watched();

void* make(std::size_t size) {
  return frame_memory::operator new(size);
}
void free(void* frame, std::size_t size) {
  frame_memory::operator delete(frame, size);
}

}  // namespace

TEST_CASE("a thread's next frame of a size is where the last one was", "[frame_memory]") {
  void* const first = make(700);
  free(first, 700);
  void* const second = make(690);  // rounded up to the same
  if (keeps) CHECK(second == first);
  free(second, 690);
}

TEST_CASE("frames of other sizes and frames that live have blocks of their own", "[frame_memory]") {
  void* const first = make(700);
  void* const second = make(700);
  CHECK(first != second);
  free(first, 700);
  void* const third = make(70);
  CHECK(third != first);
  free(second, 700);
  free(third, 70);
}

TEST_CASE("a thread keeps 256 KB of frames and no more", "[frame_memory]") {
  std::thread apart{[] {  // what other tests have left does not count there
    std::vector<void*> frames;
    for (int i = 0; i < 300; ++i) frames.push_back(make(1024));
    const std::vector<void*> order = frames;
    for (void* const each : frames) free(each, 1024);
    std::vector<void*> again;
    for (int i = 0; i < 256; ++i) again.push_back(make(1024));
    if (keeps) {  // the first 256 that were freed, the last of them first
      for (std::size_t i = 0; i < 256; ++i) CHECK(again[i] == order[255 - i]);
    }
    for (void* const each : again) free(each, 1024);
  }};
  apart.join();
}

TEST_CASE("a frame may be freed on another thread, which keeps it", "[frame_memory]") {
  void* const frame = make(4000);
  std::thread other{[frame] {
    free(frame, 4000);
    void* const next = make(4000);
    if (keeps) CHECK(next == frame);
    free(next, 4000);
  }};
  other.join();
}

TEST_CASE("what is larger than 8 KB is not kept", "[frame_memory]") {
  std::thread apart{[] {
    for (int i = 0; i < 20; ++i) {  // had one of them been kept, there were no room for the last
      void* const large = make(9000);
      free(large, 9000);
    }
    std::vector<void*> frames;
    for (int i = 0; i < 256; ++i) frames.push_back(make(1024));
    const std::vector<void*> order = frames;
    for (void* const each : frames) free(each, 1024);
    void* const last = make(1024);
    if (keeps) CHECK(last == order.back());
    free(last, 1024);
  }};
  apart.join();
}

TEST_CASE("frame_allocator serves std::allocate_shared", "[frame_memory]") {
  const auto shared = std::allocate_shared<int>(hotswap::frame_allocator<int>{}, 7);
  const std::weak_ptr<int> seen = shared;
  CHECK(*seen.lock() == 7);
}
