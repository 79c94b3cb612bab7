#!/usr/bin/env bash
# helper_engine.sh start|stop|cut_power DIR NUMBER [DOCKERD-OPTION…]: a Docker Engine of one test, in a network namespace of its own, to be killed.
# It listens on DIR/docker.sock and, with TLS, on 198.18.0.(4*NUMBER+2):2376 (RFC 2544, never routed), NUMBER below 64.
# `start` also starts one anew that was killed. Needs root.
# helper_engine.sh sweep: ends those that a test left behind since it was killed itself.
set -euo pipefail
# shellcheck source=tests/support/power_cut.sh
. "$(dirname "${BASH_SOURCE[0]}")/power_cut.sh"

# A test holds the lock of its engine's number (tests/support/helper_engine.hpp) until it ends, however it does.
sweep() {
  local left
  for left in /tmp/slipway-engine-*; do
    [ -s "$left/number" ] || continue
    flock -n "/tmp/slipway-e$(cat "$left/number").lock" "$0" stop "$left" "$(cat "$left/number")" || true
  done
}
if [ "$1" = sweep ]; then
  sweep
  exit
fi

verb=$1 dir=$2 number=$3
shift 3
options=("$@")
name=slipway-e$number
address=198.18.0.$((4 * number + 2)) gateway=198.18.0.$((4 * number + 1))

certificates() {
  [ -e key.pem ] && return
  local new=(openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
  "${new[@]}" -x509 -days 2 -subj /CN=ca -keyout ca-key.pem -out ca.pem
  "${new[@]}" -subj /CN=engine -keyout server-key.pem -out server.csr
  openssl x509 -req -days 2 -in server.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -out server.pem \
    -extfile <(echo "subjectAltName=IP:$address")
  "${new[@]}" -subj /CN=client -keyout key.pem -out client.csr
  openssl x509 -req -days 2 -in client.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -out cert.pem
}

network() {
  [ -e "/run/netns/$name" ] && return
  ip netns add "$name"
  ip link add "$name" type veth peer name eth0 netns "$name"
  ip addr add "$gateway/30" dev "$name"
  ip link set "$name" up
  ip -n "$name" addr add "$address/30" dev eth0
  ip -n "$name" link set eth0 up
  ip -n "$name" link set lo up
}

answers() { curl -sf --max-time 2 --unix-socket docker.sock http://engine/_ping; }

start() {
  echo "$number" > number
  certificates > log 2>&1
  network
  rm -f pid docker.sock
  # `ip netns exec` would remount /sys, and dockerd then finds no cgroups.
  setsid -f nsenter --net="/run/netns/$name" dockerd --data-root "$dir/data" --exec-root "$dir/exec" \
    --pidfile "$dir/pid" -H "unix://$dir/docker.sock" -H "tcp://$address:2376" --tlsverify --tlscacert ca.pem \
    --tlscert server.pem --tlskey server-key.pem "${options[@]}" >> log 2>&1 < /dev/null
  for _ in $(seq 600); do
    answers > /dev/null && return
    sleep 0.05
  done
  tail -5 log >&2
  return 1
}

stop() {
  local pid
  pid=$(cat pid 2>/dev/null || true)
  if [ -n "$pid" ]; then
    kill -CONT "$pid" 2>/dev/null || true
    kill "$pid" 2>/dev/null || true
    for _ in $(seq 400); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.05
    done
    kill -9 "$pid" 2>/dev/null || true
  fi
  for pid in $(leftovers "$dir/exec"); do kill -9 "$pid" || true; done
  ip netns del "$name" || true
  ip link del "$name" 2>/dev/null || true
  unmount "$dir"
  rm -rf "$dir"
}

mkdir -p "$dir"
cd "$dir"
case "$verb" in
  cut_power) cut_power "$dir" ;;
  *) "$verb" ;;
esac
