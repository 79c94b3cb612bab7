#!/usr/bin/env bash
# slipwayd from this tree, with its data in .dev/data.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools/install.sh build
tools/build.sh dev slipwayd slipway
exec build/dev/orchestrator/daemon/slipwayd --data .dev/data "$@"
