#!/usr/bin/env bash
# clang-tidy: tools/tidy.sh FILE…. Prints what it finds in files of this tree and fails if that is anything, or if it could
# not look: it crashed, or the file does not compile. A file that was clean is not looked at again until it, a header of this
# tree that it includes, or the checks change.
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
  local file=$1 clean found messages status=0
  clean=build/tidy/clean/$(key_of "$file")
  [ ! -e "$clean" ] || return 0
  messages=$(mktemp)
  # shellcheck disable=SC2064
  trap "rm -f '$messages'" EXIT
  found=$(clang-tidy-19 -p build/tidy --quiet "$file" 2> "$messages") || status=$?
  # Findings alone leave it 0. The place of what keeps a file from being compiled may be anywhere.
  if [ $status != 0 ]; then
    printf 'tidy: %s: clang-tidy-19 ended with %s\n' "$file" "$status"
    printf '%s\n' "$found"
    tail -n 30 "$messages"
    return 1
  fi
  # The analyzer takes Asio's coroutine frames for uninitialised; what it tells of others' headers is not ours to mend.
  found=$(grep -E -A 3 "^$PWD/[^ ]+: (warning|error):" <<< "$found" || true)
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
# Nothing is compiled there, so there is no precompiled header to read either: a build without one.
cmake -S . -B build/tidy -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON > /dev/null
printf '%s\0' "$@" | xargs -0 -r -P "$(nproc)" -n 1 tools/tidy.sh --one
