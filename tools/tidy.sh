#!/usr/bin/env bash
# clang-tidy: tools/tidy.sh FILE…. Prints what it finds in files of this tree and fails if that is anything. A file that
# was clean is not looked at again until it, a header of this tree that it includes, or the checks change.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# What the verdict on a file depends on.
key_of() {
  local command headers
  command=$(jq -r --arg file "$PWD/$1" '.[] | select(.file == $file) | .command' build/tidy/compile_commands.json)
  cd build/tidy
  headers=$(eval "${command% -o *} -MM ../../$1" | tr -d '\\:' | tr ' ' '\n' | grep -E '\.(hpp|cpp)$' | sort -u)
  # shellcheck disable=SC2086
  { echo "$command"; cat ../../.clang-tidy $headers; } | sha256sum | cut -d' ' -f1
}

tidy() {
  local file=$1 clean found
  clean=build/tidy/clean/$(key_of "$file")
  [ ! -e "$clean" ] || return 0
  # The analyzer takes Asio's coroutine frames for uninitialised; what it tells of others' headers is not ours to mend.
  found=$(clang-tidy-19 -p build/tidy --quiet "$file" 2> /dev/null | grep -E -A 3 "^$PWD/[^ ]+: (warning|error):" || true)
  if [ -z "$found" ]; then
    touch "$clean"
    return 0
  fi
  printf '%s\n' "$found"
  return 1
}

if [ "${1:-}" = --one ]; then
  tidy "$2"
  exit
fi
mkdir -p build/tidy/clean
# clang can't read g++'s precompiled header, so tidy gets a build without one.
cmake -S . -B build/tidy -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON > /dev/null
printf '%s\0' "$@" | xargs -0 -r -P "$(nproc)" -n 1 tools/tidy.sh --one
