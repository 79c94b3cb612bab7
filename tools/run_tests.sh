#!/usr/bin/env bash
# Runs the test programs of a build whose names match: tools/run_tests.sh BUILD PATTERN
# With the rig up and its environment set. What programs share they name as ctest's RESOURCE_LOCK (docs/decisions/0096):
# all others run side by side, the longest (COST) first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec ctest --test-dir "$1" --output-on-failure -j "$(nproc)" -R "$2" --timeout 3600 --no-tests=error
