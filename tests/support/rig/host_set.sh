#!/bin/sh
# host_set.sh N PROGRAM [ARGUMENT...]: runs it on the rig's N-th set of hosts, beside what runs on the others. Where the rig
# has no such set, on the first: it must then not run beside others.
set -e
hosts=$(printenv "SLIPWAY_TEST_HOSTS_$1" || true)
[ -z "$hosts" ] || export SLIPWAY_TEST_HOSTS="$hosts"
shift
exec "$@"
