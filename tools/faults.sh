#!/usr/bin/env bash
# Breaks slipway at every instant it has a name for, and writes docs/reliability.md. See ./dev and tests/faults.
#
#   tools/faults.sh [--short] [--engine fake|real] [OPTION of tests/faults…]
#
# `--minutes 45` has a random sample of the cells, for when there is no time for all; `--scenarios PATTERN --only PATTERN`
# has those that match, of which each engine that is asked must have one. The page is of whole matrices and written for
# nothing less; what only a person can tell of them goes to tests/faults/run_again.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tier=full
if [ "${1:-}" = --short ]; then
  tier=short
  shift
fi
engines="fake real"
if [ "${1:-}" = --engine ]; then
  engines=${2:?fake or real}
  shift 2
fi

# shellcheck source=tools/own_rig.sh
. tools/own_rig.sh

tools/install.sh test
end_rig_at_exit
# The machine's engine, whose busybox image the engines of the matrix get.
run tests/support/rig/rig.sh up "$rig" --hosts 0
run tools/build.sh release slipwayd  # what users run
fake=.dev/faults-fake
real=.dev/faults
status=0
for engine in $engines; do
  run python3 tests/faults build/release "${!engine}" --engine "$engine" --tier "$tier" "$@" || status=1
done
if [ "$tier" = full ] && python3 tests/faults/report.py --whole "$fake" "$real"; then
  run python3 tests/faults/crowd.py build/release "$real" || status=1
  python3 tests/faults/report.py "$fake" "$real" > .dev/reliability.md
  mv .dev/reliability.md docs/reliability.md
fi
exit $status
