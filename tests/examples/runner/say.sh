#!/bin/sh
# say.sh WORD... prints the words, one a line, and leaves with 3 if there is none.
[ $# != 0 ] || exit 3
printf '%s\n' "$@"
