#!/usr/bin/env bash
# Installs the Debian 12 packages that a task needs and that are missing.
#   tools/install.sh build|test|demo|lint|sanitize|bench …
set -euo pipefail

build=(clang-19 lld-19 libstdc++-12-dev cmake ninja-build ccache mold pkg-config git ca-certificates
  libboost1.81-dev libssl-dev libcurl4-openssl-dev nlohmann-json3-dev libyaml-cpp-dev
  libspdlog-dev libfmt-dev libexpected-dev libsqlitecpp-dev libsqlite3-dev libzstd-dev libsodium-dev
  libhowardhinnant-date-dev tzdata
  libre2-dev libcli11-dev libjq-dev catch2 librapidcheck-dev)
# What rig.sh and the tests drive: engine, registry, network namespaces, and tools to make base images.
rig=(docker.io iptables docker-registry apache2-utils iproute2 busybox-static mmdebstrap openssl curl jq procps
  openssh-server openssh-client git-lfs python3 python3-jsonschema prometheus caddy docker-compose)
lint=(clang-format-19 clang-tidy-19 shellcheck jq)
sanitize=(libclang-rt-19-dev)
bench=(hyperfine time)

wanted=()
for task in "$@"; do
  case "$task" in
    build) wanted+=("${build[@]}") ;;
    demo) wanted+=("${build[@]}" "${rig[@]}") ;;
    test) wanted+=("${build[@]}" "${rig[@]}") ;;
    lint) wanted+=("${build[@]}" "${lint[@]}") ;;
    sanitize) wanted+=("${build[@]}" "${sanitize[@]}") ;;
    bench) wanted+=("${build[@]}" "${rig[@]}" "${bench[@]}") ;;
    *) echo "install: unknown task '$task'" >&2; exit 2 ;;
  esac
done

missing=()
for package in "${wanted[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ]; then
  echo "install: these packages are missing: ${missing[*]}; run as root, or: apt-get install ${missing[*]}" >&2
  exit 1
fi
echo "install: ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The engine must not be started by its package's scripts: the rig decides where it runs and ends it again.
if ! { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } > "$log" 2>&1; then
  tail -20 "$log" >&2
  exit 1
fi
