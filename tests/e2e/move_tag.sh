#!/bin/sh
# move_tag.sh REGISTRY/REPOSITORY TAG DIGEST: points the tag at a manifest that the repository already has, past slipway.
set -eu
registry=${1%%/*}
repository=${1#*/}
auth="$SLIPWAY_TEST_REGISTRY_USER:$SLIPWAY_TEST_REGISTRY_PASSWORD"
type=application/vnd.docker.distribution.manifest.v2+json
manifest=$(mktemp)
trap 'rm -f "$manifest"' EXIT
curl -sf --cacert "$SLIPWAY_TEST_REGISTRY_CA" -u "$auth" -H "Accept: $type" -o "$manifest" \
  "https://$registry/v2/$repository/manifests/$3"
curl -sf --cacert "$SLIPWAY_TEST_REGISTRY_CA" -u "$auth" -H "Content-Type: $type" -X PUT --data-binary "@$manifest" \
  "https://$registry/v2/$repository/manifests/$2"
