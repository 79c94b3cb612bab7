#!/usr/bin/env bash
# Breaks slipway at every instant it has a name for, and writes docs/reliability.md. See ./dev and tests/faults.
#
#   tools/faults.sh [--short] [OPTION of tests/faults…]
#
# `--minutes 45` has a random sample of the cells, for when there is no time for all.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tier=full
if [ "${1:-}" = --short ]; then
  tier=short
  shift
fi

# shellcheck source=tools/own_rig.sh
. tools/own_rig.sh

tools/install.sh test
end_rig_at_exit
# The machine's engine, whose busybox image the engines of the matrix get.
run tests/support/rig/rig.sh up "$rig" --hosts 0
run tools/build.sh release slipwayd  # what users run
status=0
run python3 tests/faults build/release .dev/faults-fake --engine fake --tier "$tier" "$@" || status=1
run python3 tests/faults build/release .dev/faults --engine real --tier "$tier" "$@" || status=1
[ "$tier" = short ] || run python3 tests/faults/crowd.py build/release .dev/faults || status=1
[ "$tier" = short ] || python3 tests/faults/report.py .dev/faults-fake .dev/faults > docs/reliability.md
exit $status
