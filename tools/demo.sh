#!/usr/bin/env bash
# The main job, on real parts: builds slipway, starts an engine where none runs, a registry and three hosts, then pushes a
# commit of examples/hello and shows how it is built, tested, pushed and rolled out. `--stop` ends all of it. SLIPWAY_DEMO (a
# folder) and SLIPWAY_DEMO_LISTEN, with SLIPWAY_RIG_NAME and SLIPWAY_RIG_SUBNET, make room for a second one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
top=$PWD
demo=${SLIPWAY_DEMO:-$top/.dev/demo}
rig=$top/.dev/rig
[ -z "${SLIPWAY_DEMO:-}" ] || rig=$demo.rig
listen=${SLIPWAY_DEMO_LISTEN:-127.0.0.1:8099}
bin=$top/build/release
slipway=$bin/cli/slipway
slipwayd=$bin/orchestrator/daemon/slipwayd
export SLIPWAY_URL=http://$listen XDG_CONFIG_HOME=$demo/config

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

# Since the machine was started anew the number may be another's.
daemon_runs() {
  [ -s "$demo/pid" ] && [[ $(readlink "/proc/$(cat "$demo/pid")/exe") == "$(realpath -m "$slipwayd")"* ]]
}

# The file with its number is written right before it begins.
daemon_is_older_than_build() { [ "$slipwayd" -nt "$demo/pid" ]; }

stop_daemon() {
  daemon_runs || return 0
  local pid
  pid=$(cat "$demo/pid")
  kill "$pid"
  for _ in $(seq 200); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
  rm -f "$demo/pid"
}

stop() {
  stop_daemon
  tests/support/rig/rig.sh down "$rig"
  rm -rf "$demo"
  echo "demo: stopped; nothing of it runs any more"
}

# Of the rig's hosts, a line each.
host_addresses() { tr , '\n' <<< "$SLIPWAY_TEST_HOSTS" | sed 's|tcp://||; s|:2376||'; }

write_settings() {
  local address i=0
  {
    printf 'listen: %s\npublic_url: http://%s\ndata: %s/data\nengine: unix:///var/run/docker.sock\n' "$listen" "$listen" "$demo"
    printf 'git: {allow_local: true}\n'
    printf 'registries:\n  %s: {username: slipway, password_file: %s/registry-password, ca: %s/tls/ca.pem}\n' \
      "$registry" "$demo" "$rig"
    printf 'hosts:\n'
    for address in $(host_addresses); do
      i=$((i + 1))
      printf '  h%d: {endpoint: "tcp://%s:2376", address: %s, groups: [production], ca: %s/tls/ca.pem, cert: %s/tls/cert.pem, key: %s/tls/key.pem}\n' \
        "$i" "$address" "$address" "$rig" "$rig" "$rig"
    done
  } > "$demo/slipwayd.yml"
  (umask 077; printf 'slipway-test' > "$demo/registry-password")
}

start_daemon() {
  if daemon_is_older_than_build; then stop_daemon; fi
  if ! daemon_runs; then
    # shellcheck disable=SC2016
    setsid -f sh -c 'echo $$ > "$1/pid"; exec "$2" --config "$1/slipwayd.yml"' - "$demo" "$slipwayd" \
      > "$demo/log" 2>&1 < /dev/null
  fi
  for _ in $(seq 200); do
    curl -sf -o /dev/null "http://$listen/healthz" && return 0
    sleep 0.05
  done
  tail -20 "$demo/log" >&2
  echo "demo: slipwayd did not start" >&2
  return 1
}

# The first token is in the log of the first start alone; one that ended before it came here has lost it.
login() {
  [ -e "$demo/config/slipway/config.json" ] && return 0
  local token
  token=$(sed -n 's/.*token=\(slw_[A-Za-z0-9_-]*\).*/\1/p' "$demo/log" | head -1)
  [ -n "$token" ] || token=$("$slipwayd" token --config "$demo/slipwayd.yml")
  "$slipway" login <<< "$token"
}

# The working copy takes its name last, so where it is all of this was done. What a run that was interrupted has left is made
# again, in the project that it may have added.
make_repository() {
  [ -d "$demo/hello" ] && return 0
  local new=$demo/new secret verb=add
  rm -rf "$new" "$demo/hello.git"
  mkdir "$new"
  git init -q --bare -b main "$new/hello.git"
  secret=$(openssl rand -hex 20)
  cp examples/git-hook/post-receive "$new/hello.git/hooks/post-receive"
  git -C "$new/hello.git" config slipway.url "http://$listen/hooks/hello/generic"
  git -C "$new/hello.git" config slipway.secret "$secret"
  git clone -q "$new/hello.git" "$new/hello" 2>/dev/null
  git -C "$new/hello" remote set-url origin "$demo/hello.git"
  cp -R examples/hello/. "$new/hello"
  sed -i "s|REGISTRY|$registry|" "$new/hello/slipway.yml" "$new/hello/deploy/compose.yml"
  git -C "$new/hello" config user.name "slipway demo"
  git -C "$new/hello" config user.email demo@slipway.invalid
  ! grep -qx hello <<< "$("$slipway" project list --jq '.[].name')" || verb=edit
  printf '%s' "$secret" | "$slipway" project "$verb" hello --clone-url "$demo/hello.git" --hook-secret-stdin
  mv "$new/hello.git" "$demo/hello.git"
  mv "$new/hello" "$demo/hello"
  rmdir "$new"
}

push_commit() {
  local here=$demo/hello
  git -C "$here" add -A
  git -C "$here" commit -q --allow-empty -m "Say hello ($(date -u +%H:%M:%S))"
  git -C "$here" push -q origin HEAD:main
}

if [ "${1:-}" = --stop ]; then
  stop
  exit 0
fi

say "Packages and build"
tools/install.sh demo
tools/build.sh release slipwayd slipway
mkdir -p "$demo"

say "An engine, a registry and three hosts"
tests/support/rig/rig.sh up "$rig" --hosts 3
tests/support/rig/rig.sh base-image "$rig" python
# shellcheck disable=SC1091
. "$rig/env"
registry=$SLIPWAY_TEST_REGISTRY
write_settings
start_daemon
login
make_repository

say "git push"
push_commit
commit=$(git -C "$demo/hello" rev-parse HEAD)
status=0
"$slipway" run watch -p hello --commit "$commit" || status=$?

say "What answers now"
for address in $(host_addresses); do
  printf 'http://%s:8088/  ' "$address"
  curl -s --max-time 5 "http://$address:8088/" || echo "no answer"
done
"$slipway" app status hello || true

cat <<END

Look around:
  export SLIPWAY_URL=$SLIPWAY_URL XDG_CONFIG_HOME=$XDG_CONFIG_HOME PATH=$bin/cli:\$PATH
  slipway run list -p hello
  slipway run view -p hello --commit $(echo "$commit" | cut -c1-12)
  slipway app history hello

Do it yourself: change a file in $demo/hello, then
  git -C $demo/hello commit -am "My change" && git -C $demo/hello push
  slipway run watch -p hello --commit \$(git -C $demo/hello rev-parse HEAD)
A change that breaks test_greeting.py goes no further than the unit tests.

The daemon's log: $demo/log
Stop and remove everything: ./dev demo --stop
END
exit $status
