#!/usr/bin/env bash
# The test rig: a Docker Engine, a registry and target hosts on one Linux machine, all of them real.
#
#   rig.sh up DIR [--hosts N] [--sets N]
#                               start what does not run yet; prints nothing; writes DIR/env (source it). Programs
#                               that need hosts for themselves run side by side on sets of them (host_set.sh)
#   rig.sh down DIR             stop and remove everything that `up DIR` started
#   rig.sh host-up DIR NAME     start one host's engine again after a test killed it
#   rig.sh host-cut DIR NAME    one host loses its power: its engine and its containers are gone at once
#   rig.sh second-up DIR         a second engine, of Debian 13 (26.1, API 1.45), at DIR/second/run/docker.sock
#   rig.sh base-image DIR NAME  make the base image NAME (busybox, python, debian, haproxy, haproxy3, registry) on the
#                               machine's engine
#   rig.sh compose DIR          `docker compose` (v2, of Debian 13) for who sets DOCKER_CONFIG=DIR/docker
#
# What runs: the machine's engine (started only where none answers), a registry over TLS with htpasswd, N hosts, each a
# network namespace with its own dockerd on TLS. Addresses are out of 198.51.100.0/24 (RFC 5737, never routed);
# SLIPWAY_RIG_SUBNET and SLIPWAY_RIG_NAME (at most 9 letters) make room for a second rig; SLIPWAY_RIG_HOST_OPTIONS are
# more options for the hosts' dockerd.
# DIR holds all state: sockets, pid files, certificates, images. Needs root.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/support/power_cut.sh
. "$here/../power_cut.sh"
# shellcheck source=tests/support/rig/engine.sh
. "$here/engine.sh"
# shellcheck source=tests/support/rig/network.sh
. "$here/network.sh"
# shellcheck source=tests/support/rig/registry.sh
. "$here/registry.sh"
# shellcheck source=tests/support/rig/hosts.sh
. "$here/hosts.sh"
# shellcheck source=tests/support/rig/second_engine.sh
. "$here/second_engine.sh"
# shellcheck source=tests/support/rig/base_images.sh
. "$here/base_images.sh"
# shellcheck source=tests/support/rig/compose.sh
. "$here/compose.sh"

say() { printf 'rig: %s\n' "$*" >&2; }

# alive PIDFILE: the process that the file names still runs
alive() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null; }

# wait_for SECONDS WHAT COMMAND...
wait_for() {
  local tries=$(($1 * 20)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { say "$what did not come up"; return 1; }
    sleep 0.05
  done
}

# stop_pidfile PIDFILE: SIGTERM, then SIGKILL after 10 s
stop_pidfile() {
  alive "$1" || { rm -f "$1"; return 0; }
  local pid tries=200
  pid=$(cat "$1")
  kill "$pid" 2>/dev/null || true
  while kill -0 "$pid" 2>/dev/null && [ $tries -gt 0 ]; do sleep 0.05; tries=$((tries - 1)); done
  kill -9 "$pid" 2>/dev/null || true
  rm -f "$1"
}

# endpoints FIRST LAST: of hosts, with commas between them
endpoints() {
  local names=() i
  for i in $(seq "$1" "$2"); do names+=("tcp://$(host_address "$i"):2376"); done
  (IFS=,; echo "${names[*]}")
}

write_env() {
  cat > "$dir/env" <<END
export SLIPWAY_TEST_RIG='$dir'
export SLIPWAY_TEST_ENGINE='unix://$engine_socket'
export SLIPWAY_TEST_REGISTRY='$registry_address'
export SLIPWAY_TEST_REGISTRY_CA='$dir/tls/ca.pem'
export SLIPWAY_TEST_REGISTRY_USER='slipway'
export SLIPWAY_TEST_REGISTRY_PASSWORD='slipway-test'
export SLIPWAY_TEST_HOSTS='$(endpoints 1 "$hosts")'
export SLIPWAY_TEST_TLS='$dir/tls'
END
  local set
  for set in $(seq 2 "$sets"); do
    echo "export SLIPWAY_TEST_HOSTS_$set='$(endpoints $((hosts * (set - 1) + 1)) $((hosts * set)))'" >> "$dir/env"
  done
}

up() {
  mkdir -p "$dir"
  # Two `up` at once would start everything twice; the lock must not be held by the servers that we leave running.
  exec 9> "$dir/lock"
  flock 9
  engine_up
  network_up
  certificates
  registry_up
  local i all=$((hosts * sets))
  for i in $(seq 1 $all); do host_up "$i" & done
  wait
  for i in $(seq 1 $all); do wait_for 30 "host h$i" host_answers "$i"; done
  base_busybox
  write_env
}

down() {
  [ -d "$dir" ] || return 0
  hosts_down
  second_down
  registry_down
  network_down
  engine_down
  rm -rf "$dir/env" "$dir/lock" "$dir/docker"
}

verb=${1:-}
dir=${2:-}
hosts=3
sets=1
[ -n "$dir" ] || { sed -n '2,20p' "$0" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { say "must run as root: it makes network namespaces"; exit 1; }
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
engine_socket=/var/run/docker.sock
shift 2
case "$verb" in
  up)
    while [ $# -gt 0 ]; do
      case "$1" in
        --hosts) hosts=$2 ;;
        --sets) sets=$2 ;;
      esac
      shift 2
    done
    up
    ;;
  second-up) second_up ;;
  down) down ;;
  host-cut) cut_power "$dir/hosts/$1" ;;
  host-up) host_up "${1#h}" && wait_for 30 "host $1" host_answers "${1#h}" ;;
  base-image) "base_$1" ;;
  compose) compose_plugin ;;
  *) sed -n '2,20p' "$0" >&2; exit 2 ;;
esac
