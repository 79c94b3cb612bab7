#!/usr/bin/env bash
# newer_engine.sh FIRST SECOND: says which versions two engines have, by their sockets, and fails if SECOND's API is not newer
# than FIRST's: tests on SECOND are for what differs between versions. They were written for 1.45 (26.1); another one is told,
# since packages change, and is no failure.
set -euo pipefail
written_for=1.45

version() { curl -sSf --max-time 10 --unix-socket "$1" http://engine/version; }

first=$(version "$1")
second=$(version "$2")
api() { jq -r .ApiVersion <<< "$1"; }
say() { printf 'engines: %s\n' "$*"; }

say "$(jq -r .Version <<< "$first") (API $(api "$first")) and $(jq -r .Version <<< "$second") (API $(api "$second"))"
[ "$(api "$second")" = "$written_for" ] || say "the second one's API was $written_for when its tests were written" >&2
if [ "$(api "$first")" = "$(api "$second")" ] || ! printf '%s\n' "$(api "$first")" "$(api "$second")" | sort -VC; then
  say "the second engine is not newer than the first" >&2
  exit 1
fi
