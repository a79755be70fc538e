#!/bin/sh
# refuses.sh SENTENCE COMMAND...
#
# Holds a check to its word: the command must fail, and print the sentence on one line.
sentence=$1
shift
if output=$("$@" 2>&1); then
  printf '%s\nrefuses.sh: the command must fail, and left with 0\n' "$output"
  exit 1
fi
printf '%s\n' "$output"
if ! printf '%s\n' "$output" | grep -qF -e "$sentence"; then
  echo "refuses.sh: it must print: $sentence"
  exit 1
fi
