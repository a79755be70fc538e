// expect: a task's result is a value: return a pointer instead.
//
// A reference would outlive what it refers to sooner or later.

#include <hotswap/async/task.hpp>

struct my_cache {
  hotswap::task<int&> lookup;
};

int main() {
  return sizeof(my_cache) > 0 ? 0 : 1;
}
