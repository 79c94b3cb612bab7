#!/usr/bin/env bash
# Builds slipway's own image on the machine's engine, through its API: docker build wants buildx for BuildKit, and the
# Dockerfile wants BuildKit for its compiler cache. tools/image.sh TAG
# The build's steps have the host's network, so that they reach the package mirror where containers can't.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tag=$1
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT
query="version=2&buildid=slipway-image-$$&networkmode=host&dockerfile=images/dockerfiles/slipway.Dockerfile&t=$tag"
git ls-files -z | grep -zvE '^(docs|tests|examples)/' | tar --null -T - -c |
  curl -sS --unix-socket /var/run/docker.sock -H 'Content-Type: application/x-tar' -T - -X POST -o "$answer" "http://engine/v1.41/build?$query"
if ! grep -q '"id":"moby.image.id"' "$answer"; then
  # The log lines of the build are in the traces' protobuf: their text is readable.
  sed -n 's/.*"moby.buildkit.trace","aux":"\(.*\)".*/\1/p' "$answer" | base64 -di 2> /dev/null | strings | tail -40 >&2
  grep errorDetail "$answer" >&2
  exit 1
fi
