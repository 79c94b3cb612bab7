#!/bin/sh
# second_hosts.sh PROGRAM [ARGUMENT...]: runs it on the rig's second hosts, beside what runs on the first. Where the rig has
# none, on the first: it must then not run beside others.
[ -z "${SLIPWAY_TEST_SECOND_HOSTS:-}" ] || export SLIPWAY_TEST_HOSTS="$SLIPWAY_TEST_SECOND_HOSTS"
exec "$@"
