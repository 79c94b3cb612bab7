# The machine's own engine. Sourced by rig.sh.
# shellcheck shell=bash disable=SC2154

engine_answers() { curl -sf --max-time 2 --unix-socket "$engine_socket" http://engine/_ping; }

# start_dockerd LOG COMMAND...: in the background, in a session of its own, holding none of our descriptors
start_dockerd() {
  local log=$1
  shift
  setsid -f "$@" > "$log" 2>&1 < /dev/null 9>&-
}

engine_up() {
  engine_answers > /dev/null && return 0
  if [ -S /run/systemd/private ] && systemctl start docker 2>/dev/null && wait_for 20 "the system's engine" engine_answers; then
    touch "$dir/engine-by-systemd"
    return 0
  fi
  mkdir -p "$dir/engine"
  start_dockerd "$dir/engine/log" dockerd --data-root "$dir/engine/data" --exec-root "$dir/engine/exec" \
    --pidfile "$dir/engine/pid" -H "unix://$engine_socket"
  wait_for 30 "the engine (see $dir/engine/log)" engine_answers
}

# containers_down SOCKET: removes every container of an engine that is ours
containers_down() {
  local ids id
  ids=$(curl -sf --max-time 5 --unix-socket "$1" 'http://engine/containers/json?all=1' | jq -r '.[].Id' || true)
  for id in $ids; do
    curl -sf --max-time 20 --unix-socket "$1" -X DELETE "http://engine/containers/$id?force=1&v=1" || true
  done
}

# networks_down SOCKET: likewise its networks, whose bridges would stay on the machine and hold their addresses
networks_down() {
  local ids id
  ids=$(curl -sf --max-time 5 --unix-socket "$1" -G --data-urlencode 'filters={"type":["custom"]}' http://engine/networks |
    jq -r '.[].Id' || true)
  for id in $ids; do
    curl -sf --max-time 20 --unix-socket "$1" -o /dev/null -X DELETE "http://engine/networks/$id" || true
  done
}

engine_down() {
  if [ -e "$dir/engine-by-systemd" ]; then
    systemctl stop docker docker.socket || true
    rm -f "$dir/engine-by-systemd"
  fi
  if [ -e "$dir/engine/pid" ]; then
    containers_down "$engine_socket"
    networks_down "$engine_socket"
    stop_pidfile "$dir/engine/pid"
    remove_engine_data "$dir/engine"
  fi
}

# remove_engine_data DIR: also where a killed engine left its mounts
remove_engine_data() {
  unmount "$1"
  rm -rf "$1"
}
