# Target hosts: a network namespace each, with its own dockerd on TLS. Sourced by rig.sh.
# shellcheck shell=bash disable=SC2154

host_answers() {
  curl -sf --max-time 2 --cacert "$dir/tls/ca.pem" --cert "$dir/tls/cert.pem" --key "$dir/tls/key.pem" \
    "https://$(host_address "$1"):2376/_ping"
}

host_up() {
  local i=$1 home=$dir/hosts/h$1 space=$rig-h$1
  alive "$home/pid" && return 0
  rm -f "$home/pid" "$home/docker.sock"
  # Of an engine that was killed, the containers live on with their shims, and the next one takes them over by what is in
  # this folder: without it they would serve on, unknown to it. Where none lives, it would only be in the way.
  if [ -z "$(leftovers "$home/exec")" ]; then
    # What a dockerd that was killed has mounted there, such as the network namespaces of a swarm's node.
    { grep -o " $home/exec/[^ ]*" /proc/mounts || true; } | xargs -r umount
    rm -rf "$home/exec"
  fi
  mkdir -p "$home"
  [ -e "/run/netns/$space" ] || join_bridge "$space" "$rig-v$i" "$(host_address "$i")"
  # `ip netns exec` would remount /sys, and dockerd then finds no cgroups.
  # shellcheck disable=SC2086 # a list
  start_dockerd "$home/log" nsenter --net="/run/netns/$space" dockerd \
    --data-root "$home/data" --exec-root "$home/exec" --pidfile "$home/pid" \
    -H "unix://$home/docker.sock" -H "tcp://$(host_address "$i"):2376" \
    --tlsverify --tlscacert "$dir/tls/ca.pem" --tlscert "$dir/tls/cert.pem" --tlskey "$dir/tls/key.pem" \
    ${SLIPWAY_RIG_HOST_OPTIONS:-}
}

host_down() {
  local home=$1 name
  name=$(basename "$home")
  if alive "$home/pid"; then containers_down "$home/docker.sock"; fi
  stop_pidfile "$home/pid"
  leftovers "$home/exec" | xargs -r kill -9 2>/dev/null || true
  ip netns del "$rig-$name" 2>/dev/null || true
  ip link del "$rig-v${name#h}" 2>/dev/null || true
  remove_engine_data "$home"
}

hosts_down() {
  local home
  for home in "$dir"/hosts/h*; do
    [ -d "$home" ] && host_down "$home" &
  done
  wait
}
