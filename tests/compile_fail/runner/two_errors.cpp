// expect: one must be two
// refused: must give exactly one error, got 2

static_assert(1 == 2, "one must be two");
static_assert(1 == 2, "one must be two");

int main() {}
