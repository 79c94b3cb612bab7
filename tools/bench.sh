#!/usr/bin/env bash
# The figures, side by side with their peers. Prints; never fails on a figure. See tests/bench.
#   tools/bench.sh [PART...]    all parts but `build`; `build` times a clean build of preset dev, and needs no rig
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/own_rig.sh
. tools/own_rig.sh
tools/install.sh bench
[ "$*" != build ] || exec python3 tests/bench/bench.py build
targets=(slipwayd slipway bench_context)
base_images=()
case " ${*:-rollouts} " in
  *" rollouts "*)
    targets+=(rollouts_bench)
    base_images+=(python haproxy)
    ;;
esac
end_rig_at_exit
mkdir -p build/release
cmake --preset release -DSLIPWAY_BENCH=ON -DSLIPWAY_TESTS=ON > build/release/configure.log
run cmake --build build/release -- "${targets[@]}"
run tests/support/rig/rig.sh up "$rig" --hosts 3
for image in "${base_images[@]}"; do run tests/support/rig/rig.sh base-image "$rig" "$image"; done
# shellcheck disable=SC1091
. "$rig/env"
run python3 tests/bench/bench.py "$@"
