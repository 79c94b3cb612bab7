#!/usr/bin/env bash
# Configures and builds one preset: tools/build.sh PRESET [TARGET...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
preset=$1
shift
mkdir -p "build/$preset"
cmake --preset "$preset" > "build/$preset/configure.log" 2>&1 || { cat "build/$preset/configure.log" >&2; exit 1; }
exec cmake --build "build/$preset" -- ${CI:+--quiet} "$@"
