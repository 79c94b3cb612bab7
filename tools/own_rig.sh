# Sourced by what needs a rig for as long as it runs: `rig` is its folder, and at the end it goes down unless it was up before.
# shellcheck shell=bash
rig=$PWD/.dev/rig
rig_was_up=0
[ -e "$rig/env" ] && rig_was_up=1
# shellcheck disable=SC2317  # called by the trap
end_rig() {
  [ "$rig_was_up" = 1 ] || tests/support/rig/rig.sh down "$rig"
}
end_rig_at_exit() {
  trap end_rig EXIT
  trap 'exit 130' INT TERM
}
