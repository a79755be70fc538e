#!/bin/sh
# run.sh TRANSCRIPT PROGRAM_FOLDER WORK_FOLDER
#
# Runs the commands of a transcript and compares what they print. A transcript looks as in a terminal:
#
#   # numbers=any          numbers may differ from the ones below (optional, on the first line)
#   $ quickstart 3         a command: one of our examples and its arguments
#   deploy fraud@3         what it must print; `...` on a line of its own stands for any number of lines
#   ...
#   [1]                    what it must leave with; 0 if not said
set -eu
transcript=$1 programs=$2 work=$3
here=$(cd "$(dirname "$0")" && pwd)
if [ ! -f "$transcript" ]; then
  echo "every example must have a transcript, got none at $transcript"
  exit 1
fi
rm -rf "$work"
mkdir -p "$work"

# One set of files per command: NN.command, NN.expected, NN.exit.
awk -v work="$work" '
  NR == 1 && /^# numbers=any$/ { print "any" > (work "/numbers"); next }
  /^\$ / {
    run = sprintf("%s/%02d", work, ++runs)
    print substr($0, 3) > (run ".command")
    print 0 > (run ".exit"); close(run ".exit")
    printf "" > (run ".expected")
    next
  }
  !runs { print "line " NR ": must be a command, got " $0; failed = 1; exit }
  /^\[[0-9]+\]$/ { print substr($0, 2, length($0) - 2) > (run ".exit"); next }
  { print > (run ".expected") }
  END {
    if (!failed && !runs) print "a transcript must have a command, got none"
    exit failed || !runs
  }' "$transcript"

numbers=
[ ! -f "$work/numbers" ] || numbers=any
failures=0
for command in "$work"/*.command; do
  run=${command%.command}
  line=$(cat "$command")
  status=0
  (cd "$here" && eval "\"$programs\"/$line") > "$run.actual" || status=$?
  if [ "$status" != "$(cat "$run.exit")" ]; then
    echo "$line: must leave with $(cat "$run.exit"), got $status"
    failures=$((failures + 1))
  fi
  if ! awk -f "$here/../support/same_output.awk" \
    -v numbers="$numbers" -v expected="$run.expected" -v actual="$run.actual"; then
    echo "$line: must print what the transcript says, got (-transcript, +program)"
    diff -u "$run.expected" "$run.actual" || true
    failures=$((failures + 1))
  fi
done
[ "$failures" = 0 ]
