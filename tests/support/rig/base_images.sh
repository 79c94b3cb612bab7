# Base images, made from Debian's packages where none can be pulled. Sourced by rig.sh.
# shellcheck shell=bash disable=SC2154

has_image() { curl -sf --max-time 5 --unix-socket "$engine_socket" -o /dev/null "http://engine/images/$1/json"; }

# import_tar TAR REPOSITORY TAG [CMD]: CMD as a Dockerfile has it
import_tar() {
  local changes=
  [ -z "${4:-}" ] || changes=$(jq -rn --arg cmd "CMD $4" '"&changes=" + ($cmd | @uri)')
  curl -sf --unix-socket "$engine_socket" -X POST -H 'Content-Type: application/x-tar' --data-binary "@$1" -o /dev/null \
    "http://engine/images/create?fromSrc=-&repo=$2&tag=$3$changes"
}

# busybox:latest with every applet, from busybox-static (2 MB)
base_busybox() {
  has_image busybox:latest && return 0
  local root=$dir/busybox-root applet
  mkdir -p "$root/bin" "$root/tmp" "$root/etc" "$root/root" "$root/var/run"
  chmod 1777 "$root/tmp"
  printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' > "$root/etc/passwd"
  cp /bin/busybox "$root/bin/busybox"
  for applet in $("$root/bin/busybox" --list); do
    [ "$applet" = busybox ] || ln -sf busybox "$root/bin/$applet"
  done
  tar -C "$root" --owner=0 --group=0 -cf "$dir/busybox.tar" .
  import_tar "$dir/busybox.tar" busybox latest
  rm -rf "$root" "$dir/busybox.tar"
}

# registry:2 from the machine's docker-registry (Distribution 2.8): as that one it asks for no password and keeps what it gets
# in /var/lib/registry
base_registry() {
  has_image registry:2 && return 0
  local root=$dir/registry-root file
  for file in /usr/bin/docker-registry $(ldd /usr/bin/docker-registry | grep -o '/[^ ]*'); do
    install -D -t "$root${file%/*}" "$file"
  done
  cat > "$root/registry.yml" <<END
version: 0.1
log: {level: warn}
storage: {filesystem: {rootdirectory: /var/lib/registry}, delete: {enabled: true}}
http: {addr: ":5000"}
END
  tar -C "$root" --owner=0 --group=0 -cf "$dir/registry.tar" .
  import_tar "$dir/registry.tar" registry 2 '["docker-registry", "serve", "/registry.yml"]'
  rm -rf "$root" "$dir/registry.tar"
}

# base_tar NAME PACKAGES [SUITE]: sets $base_tar to a tar of a minimal Debian (12 unless told) with those packages. It is kept in a cache
# folder, since making it takes up to a minute.
base_tar() {
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/slipway-rig
  base_tar=$cache/$1.tar
  [ -s "$base_tar" ] && return 0
  say "making $1.tar from Debian's packages (once, about half a minute)"
  mkdir -p "$cache"
  mmdebstrap --quiet --format=tar --variant=minbase ${2:+"--include=$2"} --aptopt='Apt::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' "${3:-bookworm}" "$base_tar.new" > "$cache/log" 2>&1 ||
    { say "mmdebstrap failed, see $cache/log"; return 1; }
  mv "$base_tar.new" "$base_tar"
}

# python:3-slim: Debian with its python3
base_python() {
  has_image python:3-slim && return 0
  base_tar python-bookworm python3
  import_tar "$base_tar" python 3-slim
}

# debian:bookworm-slim, for Dockerfiles that start from it
base_debian() {
  has_image debian:bookworm-slim && return 0
  base_tar debian-bookworm ""
  import_tar "$base_tar" debian bookworm-slim
}

# haproxy:2.6: Debian with its haproxy
base_haproxy() {
  has_image haproxy:2.6 && return 0
  base_tar haproxy-bookworm haproxy
  import_tar "$base_tar" haproxy 2.6
}

# haproxy:3.0: likewise of Debian 13
base_haproxy3() {
  has_image haproxy:3.0 && return 0
  base_tar haproxy-trixie haproxy trixie
  import_tar "$base_tar" haproxy 3.0
}
