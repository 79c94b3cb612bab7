# Docker Compose v2, of Debian 13: Debian 12's is 1.29, which does not take every file that v2 takes. Sourced by rig.sh.
# shellcheck shell=bash disable=SC2154

# compose_plugin: one program, kept in a cache folder
compose_plugin() {
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/slipway-rig root=$dir/compose-root
  if [ ! -s "$cache/docker-compose-trixie" ]; then
    say "getting Debian 13's docker-compose (once, some seconds)"
    mkdir -p "$cache"
    rm -rf "$root"
    # Extracted, not installed: it wants nothing but a C library, and Debian 12's will do.
    mmdebstrap --quiet --format=dir --variant=extract --include=docker-compose \
      --aptopt='Apt::Install-Recommends "false"' trixie "$root" > "$cache/log" 2>&1 ||
      { say "mmdebstrap failed, see $cache/log"; return 1; }
    mv "$root/usr/libexec/docker/cli-plugins/docker-compose" "$cache/docker-compose-trixie.new"
    mv "$cache/docker-compose-trixie.new" "$cache/docker-compose-trixie"
    rm -rf "$root"
  fi
  install -D "$cache/docker-compose-trixie" "$dir/docker/cli-plugins/docker-compose"
}
