#!/usr/bin/env bash
# The figures, side by side with their peers. Prints; never fails on a figure. See tests/bench.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/own_rig.sh
. tools/own_rig.sh
tools/install.sh bench
mkdir -p build/release
cmake --preset release -DSLIPWAY_BENCH=ON > build/release/configure.log
end_rig_at_exit
run tools/build.sh release slipwayd slipway bench_context
run tests/support/rig/rig.sh up "$rig" --hosts 3
run python3 tests/bench/bench.py "$@"
