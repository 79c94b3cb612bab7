# A second, newer engine: Debian 13's docker.io in a root folder, network and mount namespace of its own. Sourced by rig.sh.
# shellcheck shell=bash disable=SC2154

second_address=$subnet.10

second_answers() { curl -sf --max-time 2 --unix-socket "$dir/second/run/docker.sock" http://engine/_ping; }

second_root() {
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/slipway-rig root=$dir/second/root
  [ -x "$root/usr/sbin/dockerd" ] && return 0
  mkdir -p "$cache" "$root"
  if [ ! -s "$cache/engine-trixie.tar" ]; then
    say "installing Debian 13's engine into a folder (once, about a minute)"
    mmdebstrap --quiet --format=tar --variant=minbase --include=docker.io,ca-certificates,iptables \
      --aptopt='Apt::Install-Recommends "false"' trixie "$cache/engine-trixie.tar.new" \
      'deb http://deb.debian.org/debian trixie main' > "$cache/log" 2>&1 ||
      { say "mmdebstrap failed, see $cache/log"; return 1; }
    mv "$cache/engine-trixie.tar.new" "$cache/engine-trixie.tar"
  fi
  tar -C "$root" -xf "$cache/engine-trixie.tar"
}

second_up() {
  local home=$dir/second
  network_up
  certificates
  second_answers > /dev/null && return 0
  mkdir -p "$home/data" "$home/run"
  second_root
  mkdir -p "$home/root$trust_folder" "$home/root/old" "$home/root/var/lib/docker"
  cp "$dir/tls/ca.pem" "$home/root$trust_folder/ca.crt"
  [ -e "/run/netns/$rig-second" ] || join_bridge "$rig-second" "$rig-v0" "$second_address"
  # pivot_root, since a plain chroot fails at `docker run` ("remount /, flags: invalid argument").
  # shellcheck disable=SC2016
  start_dockerd "$home/log" nsenter --net="/run/netns/$rig-second" unshare --mount --propagation private sh -ec '
    mount --bind "$1/root" "$1/root"
    mount -t proc proc "$1/root/proc"
    mount --rbind /sys "$1/root/sys"
    mount --rbind /dev "$1/root/dev"
    mount --bind "$1/data" "$1/root/var/lib/docker"
    mount --bind "$1/run" "$1/root/run"
    cd "$1/root"
    pivot_root . old
    umount -l old
    exec dockerd -H unix:///run/docker.sock --pidfile /run/docker.pid' - "$home"
  wait_for 30 "the second engine (see $home/log)" second_answers
  engine_socket=$home/run/docker.sock base_busybox
}

second_down() {
  [ -d "$dir/second" ] || return 0
  if alive "$dir/second/run/docker.pid"; then containers_down "$dir/second/run/docker.sock"; fi
  stop_pidfile "$dir/second/run/docker.pid"
  ip netns del "$rig-second" 2>/dev/null || true
  ip link del "$rig-v0" 2>/dev/null || true
  remove_engine_data "$dir/second"
}
