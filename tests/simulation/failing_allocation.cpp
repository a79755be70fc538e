// The replaced operator new. In a file of its own: where g++ 12 sees it inline, it takes free() for
// a mismatch.

#include "simulation/failing_allocation.hpp"

#include <hotswap/testing/simulated_process.hpp>

#include <cstddef>
#include <cstdlib>
#include <new>

failing_allocation failing;

void* operator new(std::size_t size) {
  const bool is_counted = failing.in != nullptr && failing.in->is_driving();
  if (is_counted && ++failing.so_far == failing.nth) {
    if (failing.way == failing_allocation::kind::throws) throw std::bad_alloc{};
    failing.in->running->is_doomed = true;
  }
  if (void* const taken = std::malloc(size == 0 ? 1 : size)) return taken;
  throw std::bad_alloc{};
}
void operator delete(void* freed) noexcept {
  std::free(freed);
}
void operator delete(void* freed, std::size_t) noexcept {
  std::free(freed);
}
