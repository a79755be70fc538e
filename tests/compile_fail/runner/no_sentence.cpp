// A file without an expectation.
// refused: the first line must be

static_assert(1 == 2, "one must be two");

int main() {}
