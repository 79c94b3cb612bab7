"""Networks, and the addresses and ports that containers have in them."""

import re
import secrets

from events import label_matches
from journal import stamp
from server import Refusal


class Networks:
    def __init__(self, engine):
        self.engine = engine
        self.all = {record["Id"]: record for record in engine.journal.load("networks")}
        self.next_address = self.next_port = 0

    def bring_up(self, keep_bridge):
        """The engine makes its own networks anew each time it comes up, unless containers go on."""
        for name, driver in (("bridge", "bridge"), ("host", "host"), ("none", "null")):
            found = self.find(name)
            if found and (keep_bridge or name != "bridge"):
                continue
            if found:
                del self.all[found["Id"]]
                self.engine.journal.forget("networks", found["Id"])
            self.add(name, driver, {}, False, {})

    def add(self, name, driver, labels, internal, options, pools=None):
        number = len(self.all)
        pool = pools or [{"Subnet": f"10.{100 + number // 250 % 100}.{number % 250}.0/24"}]
        record = {"Name": name, "Id": secrets.token_hex(32), "Created": stamp(), "Scope": "local", "Driver": driver,
                  "EnableIPv6": False, "IPAM": {"Driver": "default", "Config": pool}, "Internal": internal,
                  "Attachable": False, "Options": options, "Labels": labels or {}}
        self.all[record["Id"]] = record
        self.engine.journal.save("networks", record["Id"], record)
        return record

    def find(self, name):
        if name == "default":
            name = "bridge"
        named = [one for one in self.all.values() if name in (one["Name"], one["Id"])]
        named = named or [one for one in self.all.values() if len(name) > 5 and one["Id"].startswith(name)]
        return named[0] if named else None

    def must(self, name):
        found = self.find(name)
        if not found:
            raise Refusal(404, f"network {name} not found")
        return found

    def endpoint(self, network, config, running=True):
        self.next_address += 1
        number = self.next_address
        pools = network["IPAM"]["Config"] or [{}]
        prefix = ".".join(pools[0].get("Subnet", "10.99.0.0/24").split(".")[:2])
        given = (config or {}).get("IPAMConfig") or {}
        if not re.fullmatch(r"[0-9.]*", given.get("IPv4Address", "")):
            raise Refusal(400, f"invalid IPv4 address: {given['IPv4Address']}")
        address = given.get("IPv4Address") or f"{prefix}.{number // 250 % 250}.{number % 250 + 2}"
        return {"NetworkID": network["Id"], "Aliases": (config or {}).get("Aliases"), "IPAddress": address if running else "",
                "Gateway": f"{prefix}.0.1", "MacAddress": "02:42:0a:00:00:02", "GlobalIPv6Address": "", "DriverOpts": None}

    def at_creation(self, body, container_id):
        mode = (body.get("HostConfig") or {}).get("NetworkMode") or "default"
        configs = (body.get("NetworkingConfig") or {}).get("EndpointsConfig") or {}
        if mode.startswith("container:"):
            return {}
        name = "bridge" if mode == "default" else mode
        network = self.find(name)
        if not network:
            return {name: {"NetworkID": "", "Aliases": None, "IPAddress": ""}}
        return {name: self.endpoint(network, configs.get(mode) or configs.get(name), False)}

    def at_start(self, container):
        """Addresses for its networks; the ports that it gets."""
        for name, endpoint in container.record["networks"].items():
            network = self.find(name)
            if not network:
                raise Refusal(404, f"network {name} not found")
            if not endpoint.get("IPAddress") and network["Driver"] != "null":
                endpoint.update(self.endpoint(network, {"Aliases": endpoint["Aliases"]}))
        mode = container.host.get("NetworkMode") or ""
        if mode.startswith("container:"):
            holder = self.engine.containers.find(mode.removeprefix("container:"))
            if not holder:
                raise Refusal(404, f"No such container: {mode.removeprefix('container:')}")
            if not holder.running:
                raise Refusal(409, f"cannot join network of a non running container: {holder.id}")
        return self.bound_ports(container)

    def bound_ports(self, container):
        taken = {(key.split("/")[1], one["HostPort"]) for other in self.engine.containers.all.values() if other.running
                 for key, bound in other.record["ports"].items() for one in bound}
        ports = {}
        for key, bindings in (container.host.get("PortBindings") or {}).items():
            for binding in bindings:
                port = binding.get("HostPort") or self.free_port()
                if (key.split("/")[1], port) in taken:
                    raise Refusal(500, f"driver failed programming external connectivity on endpoint {container.name}: "
                                       f"Bind for {binding.get('HostIp') or '0.0.0.0'}:{port} failed: port is already allocated")
                ports.setdefault(key, []).append({"HostIp": binding.get("HostIp") or "0.0.0.0", "HostPort": port})
        return ports

    def free_port(self):
        self.next_port += 1
        return str(49152 + self.next_port % 10000)

    def at_end(self, container):
        for endpoint in container.record["networks"].values():
            endpoint["IPAddress"] = ""

    def forget(self, container):
        container.record["networks"].clear()

    def members(self, network):
        return [one for one in self.engine.containers.all.values() if one.running and any(
            endpoint["NetworkID"] == network["Id"] for endpoint in one.record["networks"].values())]

    def inspect(self, network):
        return {**network, "Containers": {one.id: {"Name": one.name} for one in self.members(network)}}

    def listed(self, filters):
        def fits(one):
            return all(any(values_match(one, kind, value) for value in values) if kind != "label" else
                       all(label_matches(one["Labels"], value) for value in values) for kind, values in filters.items())

        return [one for one in self.all.values() if fits(one)]


def values_match(network, kind, value):
    if kind == "name":
        return value in network["Name"]
    if kind == "id":
        return network["Id"].startswith(value)
    if kind == "dangling":
        return False
    return network.get({"driver": "Driver", "scope": "Scope"}.get(kind, ""), value) == value
