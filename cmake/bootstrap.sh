#!/bin/sh
# From a fresh clone on Debian or Ubuntu to something that runs:
#
#   ./cmake/bootstrap.sh demo    builds the spam filter's rollout and runs it: a good model, then a bad one
#   ./cmake/bootstrap.sh test    builds and runs the fast tests
#
# What is missing is installed with apt-get, as root or through sudo; nothing else is touched. Leaves with 0
# if all went well, 1 if the demo or a test did not, 2 if it was called wrongly or cannot install what it needs.
set -eu

usage() {
  echo "usage: $0 demo|test" >&2
  exit 2
}

# The packages that the task needs; Debian 12's libboost-dev is older than what we need.
packages_for() {
  echo g++ cmake ninja-build nlohmann-json3-dev libfmt-dev
  if apt-cache show libboost1.81-dev >/dev/null 2>&1; then
    echo libboost1.81-dev
  else
    echo libboost-dev
  fi
  case $1 in
    demo) echo libxgboost-dev ;;
    test) echo catch2 libsqlite3-dev python3-jsonschema ;;
  esac
}

is_installed() {
  [ "$(dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing_of() {
  for package in $(packages_for "$1"); do
    is_installed "$package" || printf '%s ' "$package"
  done
}

cannot_install() {
  echo "$0: $1; install by hand: $missing" >&2
  exit 2
}

install_missing() {
  if ! command -v apt-get >/dev/null; then
    cat >&2 <<TEXT
$0: must have apt-get to install what is missing, and found none. Install these with your package manager:
  a C++20 compiler (g++ 12 or later, clang 16 or later), CMake 3.25 or later, Ninja,
  Boost 1.81 or later (headers), fmt 9 or later, nlohmann/json 3.11 or later,
  for the tests Catch2 2 or 3, SQLite 3.37 or later and Python's jsonschema 4 or later, for the demo XGBoost's C library;
then type: cmake --workflow --preset dev
TEXT
    exit 2
  fi
  missing=$(missing_of "$1")
  [ -n "$missing" ] || return 0

  as_root=
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || cannot_install "must be root or have sudo"
    as_root=sudo
  fi
  $as_root apt-get update -qq || cannot_install "apt-get update must succeed"
  missing=$(missing_of "$1")  # again: only the lists say which Boost there is
  echo "installing $missing"
  # shellcheck disable=SC2086  # one word per package
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing \
    >/dev/null || cannot_install "apt-get install must succeed"
}

demo() {
  cmake --preset demo
  cmake --build --preset demo --target spam_rollout
  ./build/demo/examples/spam_rollout --candidate good

  # The bad one must end rolled back, which the program says with 1.
  status=0
  ./build/demo/examples/spam_rollout --candidate degraded || status=$?
  if [ "$status" != 1 ]; then
    echo "$0: the degraded candidate must be rolled back (1), got $status" >&2
    exit 1
  fi
}

[ $# = 1 ] || usage
case $1 in
  demo | test) ;;
  *) usage ;;
esac

cd "$(dirname "$0")/.."
install_missing "$1"
export CMAKE_GENERATOR="${CMAKE_GENERATOR:-Ninja}"
case $1 in
  demo) demo ;;
  test)
    CTEST_PARALLEL_LEVEL=$(nproc) cmake --workflow --preset test
    ;;
esac
