// expect: one must be two
// refused: the error must end with

static_assert(1 == 2, "one must be two, or more");

int main() {}
