#!/usr/bin/env bash
# Stops what demo and test left running.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools/demo.sh --stop
tests/support/rig/rig.sh down .dev/rig
