#!/bin/sh
# with_image.sh PROGRAM [ARGUMENT...]: runs it where slipway's own image was built (tools/test_all.sh); elsewhere it ends with 77,
# which ctest shows as skipped.
[ -n "${SLIPWAY_TEST_IMAGE:-}" ] || { echo "needs slipway's image: ./dev test --all" >&2; exit 77; }
exec "$@"
