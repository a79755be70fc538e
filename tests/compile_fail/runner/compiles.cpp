// expect: anything
// refused: compiles, and must not

int main() {}
