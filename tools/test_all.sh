#!/usr/bin/env bash
# What `./dev test --all` adds, with the rig up and its environment set: lint of all files, sanitizers, the second engine
# version, a short matrix of faults on a real engine, and the main job through the containerised daemon.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rig=$SLIPWAY_TEST_RIG
status=0

echo "== Lint"
tools/lint.sh || status=1

echo "== AddressSanitizer and UndefinedBehaviorSanitizer"
tools/build.sh asan
# What is freed is kept for a while to catch late uses; tests that measure memory need that to be little. Tests of a
# failing disk load a library before the sanitizer's.
export ASAN_OPTIONS=quarantine_size_mb=1:thread_local_quarantine_size_kb=64:verify_asan_link_order=0
ctest --test-dir build/asan --output-on-failure -j 2 -R '^unit_' || status=1
ctest --test-dir build/asan --output-on-failure -R '^integration_' --timeout 1800 || status=1

echo "== Engine of Debian 13"
tests/support/rig/rig.sh second-up "$rig"
# In that engine's network namespace, where a registry that a test starts is on the engine's loopback, too.
SLIPWAY_TEST_ENGINE=unix://$rig/second/run/docker.sock nsenter --net=/run/netns/slipway-second \
  ctest --test-dir build/dev --output-on-failure -R '^integration_(docker-client|runs)$' --timeout 1800 || status=1

echo "== Kill points and faults on a real engine"
ctest --test-dir build/dev --output-on-failure -R '^faults_real_' --timeout 1800 || status=1

echo "== The daemon as a container"
tests/support/rig/rig.sh base-image "$rig" debian
tools/image.sh slipway:test || status=1
SLIPWAY_TEST_IMAGE=slipway:test ctest --test-dir build/dev --output-on-failure -R '^e2e_' --timeout 1800 || status=1
exit $status
