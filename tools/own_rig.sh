# Sourced by what needs a rig for as long as it runs: `rig` is its folder, and at the end it goes down unless it was up before.
# shellcheck shell=bash
rig=$PWD/.dev/rig
rig_was_up=0
[ -e "$rig/env" ] && rig_was_up=1

# With job control each job is a process group, which can be ended whole.
set -m

# run COMMAND...: as a job. A signal to this script alone is heard at once, and not when the command is done.
run() {
  "$@" &
  wait $!
}

# end_jobs: SIGTERM to all that jobs have started, SIGKILL to what is left after a minute
end_jobs() {
  local job groups tries=600
  groups=$(jobs -p)
  for job in $groups; do kill -TERM -- "-$job" 2> /dev/null || true; done
  for job in $groups; do
    while kill -0 -- "-$job" 2> /dev/null && [ $tries -gt 0 ]; do
      sleep 0.1
      tries=$((tries - 1))
    done
    kill -KILL -- "-$job" 2> /dev/null || true
  done
}

# shellcheck disable=SC2317  # called by the trap
end_rig() {
  trap '' INT TERM HUP
  end_jobs
  tests/support/helper_engine.sh sweep
  [ "$rig_was_up" = 1 ] || tests/support/rig/rig.sh down "$rig"
}
end_rig_at_exit() {
  trap end_rig EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
}
