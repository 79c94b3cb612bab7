# A bridge in the root namespace that joins registry and hosts. Sourced by rig.sh.
# shellcheck shell=bash disable=SC2154

# Two rigs on one machine need different ones of these.
rig=${SLIPWAY_RIG_NAME:-slipway}
subnet=${SLIPWAY_RIG_SUBNET:-198.51.100}
bridge=$rig-rig
bridge_address=$subnet.1

host_address() { echo "$subnet.$((10 + $1))"; }

network_up() {
  ip link show "$bridge" > /dev/null 2>&1 && return 0
  # Should the bridge go away while a test still sends, nothing may leave the machine.
  ip route replace blackhole "$subnet.0/24" metric 4096
  ip link add "$bridge" type bridge
  ip addr add "$bridge_address/24" dev "$bridge"
  ip link set "$bridge" up
  # Where bridged packets go through iptables, Docker's policy would drop what hosts of a swarm say to each other.
  iptables -I FORWARD -i "$bridge" -o "$bridge" -j ACCEPT
  touch "$dir/network"
}

network_down() {
  [ -e "$dir/network" ] || return 0
  iptables -D FORWARD -i "$bridge" -o "$bridge" -j ACCEPT 2>/dev/null || true
  ip link del "$bridge" 2>/dev/null || true
  ip route del blackhole "$subnet.0/24" metric 4096 2>/dev/null || true
  rm -f "$dir/network"
}

# join_bridge NAMESPACE LINK ADDRESS
join_bridge() {
  ip netns add "$1"
  ip link add "$2" type veth peer name eth0 netns "$1"
  ip link set "$2" master "$bridge" up
  ip -n "$1" addr add "$3/24" dev eth0
  ip -n "$1" link set eth0 up
  ip -n "$1" link set lo up
  ip -n "$1" route add default via "$bridge_address"
}
