#!/bin/sh
# killed.sh ORCHESTRATOR WORK_FOLDER
#
# Kills an orchestrator twice while its ten rollouts run. The third one must see all of them end, as
# they would have without it, and a pause from the first life must hold until then.
set -eu
orchestrator=$1 work=$2
rm -rf "$work"
mkdir -p "$work"

fail() {
  echo "$1"
  tail -n 40 "$work"/life-*.txt
  exit 1
}

# live NUMBER COMMAND...: in the background, with these commands; its process is $pid
live() {
  life=$1
  shift
  printf '%s\n' "$@" > "$work/commands"
  "$orchestrator" --folder "$work/fleet" < "$work/commands" > "$work/life-$life.txt" 2>&1 &
  pid=$!
}

# wait_for TEXT: that the life prints it
wait_for() {
  tenths=0
  until grep -qs "$1" "$work/life-$life.txt"; do
    tenths=$((tenths + 1))
    [ "$tenths" -lt 300 ] || fail "life $life must print $1 within 30 s"
    sleep 0.1
  done
}

die() {
  kill -9 "$pid" || fail "life $life must still run when it is killed"
  wait "$pid" || true
}

live 1 "pause fraud let me look first"
wait_for 'fraud .* paused'
wait_for 'split_changed'
die

live 2
wait_for 'resumed'
sleep 1
die

! grep -q 'fraud *step-50' "$work/life-1.txt" "$work/life-2.txt" ||
  fail "a paused rollout must stay where it is"

live 3 "resume fraud" "approve fraud step-50 it looks well"
wait "$pid" || fail "life 3 must leave with 0 when all rollouts have ended"
grep -q 'resumed' "$work/life-3.txt" || fail "life 3 must go on with something"

live 4 status
wait "$pid" || fail "life 4 must have nothing to do"
ended() {
  grep -q "^$1 *$2 *$3" "$work/life-4.txt" || fail "life 4 must say of $1: $2, $3"
}
ended fraud succeeded 'fraud@2 serves all traffic'
ended search succeeded 'search@2 serves all traffic'
ended credit succeeded 'credit@2 serves all traffic'
ended embeddings succeeded 'embeddings@2 serves all traffic'
ended churn succeeded 'accuracy is .* with the candidate and .* with the baseline'
ended ranking 'rolled back' 'at 10 %, the error rate'
ended pricing 'rolled back' 'at 10 %, the mean latency'
ended speech 'rolled back' '20 of 100 smoke tests'
ended vision 'rolled back' 'mirroring 100 %, the shadow disagrees'
ended forecast 'rolled back' 'deploy of forecast@2-absent failed'

for model in fraud search credit; do
  grep -A 3 "\"$model\": {" "$work/fleet/cluster.json" | tr -d ' \n' | grep -q '"deployed":{"2":true}' ||
    fail "only version 2 of $model must be deployed"
done
[ "$(grep -c '"embeddings-[1-4]": "2"' "$work/fleet/cluster.json")" = 4 ] ||
  fail "all four servers of embeddings must run version 2"
