# awk -f same_output.awk [-v numbers=any] -v expected=FILE -v actual=FILE
#
# Leaves with 0 if the two are the same, but for blanks at the ends of lines. An expected line `...`
# stands for any number of lines; with numbers=any every number is as good as another: 1, 0.25, 10 000, 1e-5.

function normal(line) {
  sub(/[ \t\r]+$/, "", line)
  if (numbers == "any") gsub(/[0-9]+([., '][0-9][0-9][0-9])*(\.[0-9]+)?(e[-+]?[0-9]+)?/, "#", line)
  return line
}

BEGIN {
  while ((status = (getline line < expected)) > 0) want[++wanted] = normal(line)
  if (status < 0) { print "same_output: cannot read " expected; exit 2 }
  while ((status = (getline line < actual)) > 0) got[++lines] = normal(line)
  if (status < 0) { print "same_output: cannot read " actual; exit 2 }

  # As a file name against a pattern: after a mismatch the last `...` takes one line more.
  i = 1; j = 1; dots = 0
  while (j <= lines) {
    if (i <= wanted && want[i] == "...") { dots = i++; taken = j }
    else if (i <= wanted && want[i] == got[j]) { i++; j++ }
    else if (dots) { i = dots + 1; j = ++taken }
    else { print "same_output: line " j " is unexpected: " got[j]; exit 1 }
  }
  while (i <= wanted && want[i] == "...") i++
  if (i <= wanted) { print "same_output: there is no line: " want[i]; exit 1 }
  exit 0
}
