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

# Where nothing was built before and nothing will be after.
preset=dev
[ -z "${CI:-}" ] || preset=ci

tools/install.sh test
end_rig_at_exit
run tests/support/rig/rig.sh up "$rig" --hosts 3 --sets 3
{ tests/support/rig/rig.sh base-image "$rig" python && tests/support/rig/rig.sh base-image "$rig" haproxy; } &
base_images=$!
run tools/build.sh $preset
wait $base_images
# shellcheck disable=SC1091
. "$rig/env"

status=0
run tools/run_tests.sh build/$preset "^(unit_|integration_|e2e_|faults_fake_).*$name" || status=1
if [ $all = 1 ]; then
  run tools/test_all.sh build/$preset || status=1
fi
exit $status
