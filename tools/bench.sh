#!/usr/bin/env bash
# The figures, side by side with their peers. Prints; never fails on a figure. See tests/bench.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rig=$PWD/.dev/rig
rig_was_up=0
[ -e "$rig/env" ] && rig_was_up=1
# shellcheck disable=SC2317  # called by the trap
end_rig() {
  [ "$rig_was_up" = 1 ] || tests/support/rig/rig.sh down "$rig"
}
tools/install.sh bench
mkdir -p build/release
cmake --preset release -DSLIPWAY_BENCH=ON > build/release/configure.log
tools/build.sh release slipwayd slipway bench_context
trap end_rig EXIT
trap 'exit 130' INT TERM
tests/support/rig/rig.sh up "$rig" --hosts 3
python3 tests/bench/bench.py "$@"
