#!/usr/bin/env bash
# Formats all C++.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools/install.sh lint
git ls-files '*.cpp' '*.hpp' | xargs clang-format-19 -i
