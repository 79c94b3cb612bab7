#!/usr/bin/env bash
# tools/test_all.sh BUILD: what `./dev test --all` adds, with the rig up and its environment set: lint of all files,
# sanitizers, a minute of fuzzing, the second engine version, a short matrix of faults on a real engine, and the main job
# through the containerised daemon, with what the documents say of Docker Compose, and ./dev demo.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rig=$SLIPWAY_TEST_RIG
build=$1

sanitizers() {
  # What is freed is kept for a while to catch late uses; tests that measure memory need that to be little. Tests of a
  # failing disk load a library before the sanitizer's.
  export ASAN_OPTIONS=quarantine_size_mb=1:thread_local_quarantine_size_kb=64:verify_asan_link_order=0
  tools/install.sh sanitize && tools/build.sh asan && tools/run_tests.sh build/asan '^(unit_|integration_)'
}

# What was found interesting is kept, so the next minute goes on from there.
fuzzing() {
  local folder=build/asan/fuzz
  mkdir -p "$folder/corpus"
  tools/install.sh sanitize && tools/build.sh asan fuzz_pipelines &&
    build/asan/tests/fuzz/pipelines/fuzz_pipelines -max_total_time=60 -timeout=10 -verbosity=0 -print_final_stats=1 \
      -artifact_prefix="$folder/" "$folder/corpus" tests/unit/pipelines/testdata/good
}

second_engine() {
  # In that engine's network namespace, where a registry that a test starts is on the engine's loopback, too.
  tests/support/rig/rig.sh second-up "$rig" &&
    tests/support/rig/newer_engine.sh "${SLIPWAY_TEST_ENGINE#unix://}" "$rig/second/run/docker.sock" &&
    SLIPWAY_TEST_ENGINE=unix://$rig/second/run/docker.sock nsenter "--net=/run/netns/${SLIPWAY_RIG_NAME:-slipway}-second" \
      tools/run_tests.sh "$build" '^integration_(docker-client|runs)$'
}

container() {
  local rig_sh=tests/support/rig/rig.sh
  "$rig_sh" base-image "$rig" debian && "$rig_sh" base-image "$rig" registry && "$rig_sh" compose "$rig" &&
    tools/image.sh slipway:test &&
    SLIPWAY_TEST_IMAGE=slipway:test tools/run_tests.sh "$build" '^e2e_'
}

# What README.md asks a newcomer to run. The second one meets what the first has left, the third what an interrupted one
# has. Beside a demo and a rig that somebody has running, which stay.
demo() (
  export SLIPWAY_DEMO=$PWD/.dev/demo-test SLIPWAY_DEMO_LISTEN=127.0.0.1:8098 SLIPWAY_RIG_NAME=demo SLIPWAY_RIG_SUBNET=198.18.100
  trap './dev demo --stop' EXIT
  ./dev demo && ./dev demo && rm -rf "$SLIPWAY_DEMO/hello" && ./dev demo
)

failed=()
# part TITLE COMMAND...: what fails does not keep the others from being tried
part() {
  echo "== $1"
  (shift && "$@") || failed+=("$1")
}
part "Lint" tools/lint.sh
part "AddressSanitizer and UndefinedBehaviorSanitizer" sanitizers
part "Fuzzing of pipeline files" fuzzing
part "Engine of Debian 13" second_engine
part "Kill points and faults on a real engine" tools/run_tests.sh "$build" '^faults_real_'
part "The daemon as a container" container
part "The demo, three times" demo
for title in "${failed[@]}"; do echo "failed: $title" >&2; done
[ ${#failed[@]} = 0 ]
