#!/usr/bin/env bash
# The tests. See ./dev.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
all=0
name=.
for word in "$@"; do
  case "$word" in
    --all) all=1 ;;
    *) name=$word ;;
  esac
done

# shellcheck source=tools/own_rig.sh
. tools/own_rig.sh

tools/install.sh test
end_rig_at_exit
tests/support/rig/rig.sh up "$rig" --hosts 3
{ tests/support/rig/rig.sh base-image "$rig" python && tests/support/rig/rig.sh base-image "$rig" haproxy; } &
base_image=$!
tools/build.sh dev
wait "$base_image"
# shellcheck disable=SC1091
. "$rig/env"

# Unit tests share nothing and run side by side; the others share one engine, its figures and its ports.
status=0
ctest --test-dir build/dev --output-on-failure -j "$(nproc)" -R "^unit_.*$name" --no-tests=ignore || status=1
ctest --test-dir build/dev --output-on-failure -R "^(integration_|e2e_|faults_fake_).*$name" --timeout 2100 --no-tests=ignore || status=1
if [ $all = 1 ]; then
  tools/test_all.sh || status=1
fi
exit $status
