# Debian's docker-registry (Distribution 2.8) over TLS with htpasswd, and the certificates. Sourced by rig.sh.
# shellcheck shell=bash disable=SC2154

registry_address=$bridge_address:5000
trust_folder=/etc/docker/certs.d/$registry_address

# One CA; one certificate that serves as server (registry, hosts) and client (the daemon).
certificates() {
  local tls=$dir/tls names i
  [ -s "$tls/cert.pem" ] && return 0
  mkdir -p "$tls"
  names="IP:$bridge_address,IP:127.0.0.1"
  for i in $(seq 1 20); do names+=",IP:$(host_address "$i")"; done
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj '/CN=slipway test rig' \
    -keyout "$tls/ca-key.pem" -out "$tls/ca.pem" 2> /dev/null
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=slipway' -keyout "$tls/key.pem" \
    -out "$tls/request.pem" 2> /dev/null
  openssl x509 -req -in "$tls/request.pem" -CA "$tls/ca.pem" -CAkey "$tls/ca-key.pem" -CAcreateserial -days 30 \
    -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth' "$names") -out "$tls/cert.pem" 2> /dev/null
}

registry_answers() { curl -s --max-time 2 --cacert "$dir/tls/ca.pem" -o /dev/null "https://$registry_address/v2/"; }

registry_up() {
  # Every engine on this machine reads this folder at each pull, so no engine needs a setting or a restart.
  mkdir -p "$trust_folder"
  cp "$dir/tls/ca.pem" "$trust_folder/ca.crt"
  alive "$dir/registry/pid" && return 0
  mkdir -p "$dir/registry"
  htpasswd -Bbn slipway slipway-test > "$dir/registry/htpasswd"
  cat > "$dir/registry/config.yml" <<END
version: 0.1
log: {level: warn}
storage: {filesystem: {rootdirectory: $dir/registry/data}, delete: {enabled: true}}
auth: {htpasswd: {realm: slipway, path: $dir/registry/htpasswd}}
http:
  addr: $registry_address
  tls: {certificate: $dir/tls/cert.pem, key: $dir/tls/key.pem}
END
  registry_start
}

registry_start() {
  # shellcheck disable=SC2016
  setsid -f sh -c 'echo $$ > "$1/pid"; exec docker-registry serve "$1/config.yml"' - "$dir/registry" \
    > "$dir/registry/log" 2>&1 < /dev/null 9>&-
  wait_for 10 "the registry (see $dir/registry/log)" registry_answers
}

registry_down() {
  stop_pidfile "$dir/registry/pid"
  rm -rf "$dir/registry" "$trust_folder"
  rmdir /etc/docker/certs.d 2>/dev/null || true
}
