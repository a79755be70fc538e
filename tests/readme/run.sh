#!/bin/sh
# run.sh README WORK_FOLDER LIBRARY COMPILER FLAG...
#
# Compiles every ```cpp block of the README, and compares what the programs print with what the page says.
# A block may have a comment in front that tells how to read it; blank lines may stand between:
#
#   <!-- snippet: NAME, prelude=FILE, statements, output=next, numbers=any, exit=1 -->
#
#   prelude=FILE  is included in front: the classes that the page leaves to the reader; from the README's folder
#   statements    the block stands in a function; its #include lines are moved to the top
#   output=next   run it: the next fenced block is a ```text block with what it must print; `...` on a line of
#                 its own stands for any number of lines
#   numbers=any   and numbers may differ from the printed ones
#   exit=N        run it: what it must leave with, 0 if not said
#
# A block with `main` is a program, any other one without `statements` is declarations. A README without a
# ```cpp block is refused.
set -eu
readme=$1 work=$2 library=$3
shift 3

here=$(cd "$(dirname "$0")" && pwd)
folder=$(cd "$(dirname "$readme")" && pwd)
rm -rf "$work"
mkdir -p "$work"

# One folder per block: `comment`, `line`, `body`, and `expected` if it has an output.
awk -v work="$work" '
  function start(path) { fence = path; printf "" > fence }
  fence != "" && /^ *```$/ { close(fence); fence = ""; next }
  fence != "" { print > fence; next }
  skipping && /^ *```$/ { skipping = 0; next }
  skipping { next }

  /^<!-- snippet:.*-->$/ { comment = $0; next }
  /^ *```/ && awaits && !/^ *```text$/ {
    print "line " NR ": a block with output=next must be followed by a ```text block"; failed = 1; exit
  }
  /^ *```cpp$/ {
    block = sprintf("%s/%03d", work, ++blocks)
    system("mkdir -p " block)
    print comment > (block "/comment"); close(block "/comment")
    print NR + 1 > (block "/line"); close(block "/line")
    awaits = comment ~ /output=next/
    comment = ""
    start(block "/body")
    next
  }
  /^ *```text$/ && awaits { awaits = 0; start(block "/expected"); next }
  /^ *```/ { skipping = 1; comment = ""; next }
  !/^$/ && comment != "" { print "line " NR ": a snippet comment must stand before a ```cpp block"; failed = 1; exit }

  END {
    if (!failed && awaits) print "the last block with output=next must be followed by a ```text block"
    if (!failed && !blocks) print "must have a ```cpp block, got none"
    exit failed || awaits || !blocks
  }' "$readme"

failures=0
fail() {
  echo "$readme: $name (line $line): $1"
  failures=$((failures + 1))
}

for block in "$work"/*/; do
  comment=$(sed 's/^<!-- snippet: *//; s/ *-->$//' "$block/comment")
  line=$(cat "$block/line")
  name=block exit=0 numbers='' prelude='' statements='' runs=''
  [ ! -f "$block/expected" ] || runs=yes
  old_ifs=$IFS
  IFS=,
  for word in $comment; do
    word=$(echo "$word" | sed 's/^ *//; s/ *$//')
    case $word in
      prelude=*) prelude=$folder/${word#prelude=} ;;
      statements) statements=yes ;;
      output=next) ;;
      numbers=any) numbers=any ;;
      exit=*) exit=${word#exit=} runs=yes ;;
      *[!a-z0-9_-]*) fail "the comment must be made of what run.sh lists, got $word" ;;
      *) name=$word ;;
    esac
  done
  IFS=$old_ifs

  source=$block/$name.cpp
  {
    [ -z "$prelude" ] || echo "#include \"$prelude\""
    if [ -n "$statements" ]; then
      grep '^ *#include' "$block/body" || true
      echo 'int main() {'
      echo "#line $line \"$readme\""
      sed 's/^ *#include.*//' "$block/body"
      echo '}'
    else
      echo "#line $line \"$readme\""
      cat "$block/body"
    fi
  } > "$source"

  if [ -z "$runs" ]; then
    "$@" -fsyntax-only "$source" || fail "does not compile"
    echo "$name (line $line): compiled"
    continue
  fi
  if ! "$@" "$source" "$library" -o "$block/program"; then
    fail "does not compile"
    continue
  fi
  status=0
  "$block/program" > "$block/actual" || status=$?
  [ "$status" = "$exit" ] || fail "must leave with $exit, got $status"
  if [ -f "$block/expected" ] && ! awk -f "$here/../support/same_output.awk" \
    -v numbers="$numbers" -v expected="$block/expected" -v actual="$block/actual"; then
    fail "must print what the page says, got (-page, +program)"
    diff -u "$block/expected" "$block/actual" || true
  fi
  echo "$name (line $line): compiled and run"
done
[ "$failures" = 0 ]
