# What is left of an engine that was killed, and its end as in a power cut. Sourced.
# shellcheck shell=bash

# leftovers EXEC-ROOT: containerd and the shims, which outlive dockerd; their command lines name the folder
leftovers() { pgrep -f "^[^ ]*containerd(-shim[^ ]*)? .*$1" || true; }

unmount() { awk -v root="$1/" 'index($2, root) == 1 {print $2}' /proc/mounts | sort -r | xargs -r -n 1 umount -l; }

# cut_power DIR: DIR/pid names dockerd, DIR/exec is its exec root. Nothing gets the chance to say how anything ended.
cut_power() {
  local doomed shim
  doomed=$(cat "$1/pid")
  for shim in $(leftovers "$1/exec"); do doomed+=" $shim $(pgrep -P "$shim" | tr '\n' ' ' || true)"; done
  # shellcheck disable=SC2086 # a list
  kill -9 $doomed 2> /dev/null || true
  for _ in $(seq 200); do
    # shellcheck disable=SC2086
    kill -0 $doomed 2> /dev/null || break
    sleep 0.01
  done
  unmount "$1/exec"
  rm -rf "$1/exec"
}
