#!/usr/bin/env bash
# Formatting, clang-tidy, shellcheck. With file names: clang-tidy only for those.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools/install.sh lint
git ls-files '*.cpp' '*.hpp' | xargs clang-format-19 --dry-run -Werror
git ls-files '*.sh' dev .ci/run | xargs shellcheck -x -P .
# clang can't read g++'s precompiled header, so tidy gets a build without one.
cmake -S . -B build/tidy -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON > /dev/null
if [ $# -gt 0 ]; then files=("$@"); else mapfile -t files < <(git ls-files '*.cpp' ':!tests/'); fi
printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 4 clang-tidy-19 -p build/tidy --quiet --warnings-as-errors='*' 2> /dev/null
echo "lint: clean"
