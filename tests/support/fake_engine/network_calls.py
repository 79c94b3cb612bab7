"""The /networks calls."""

from server import Refusal


class NetworkCalls:
    KNOWN = {"label", "name", "id", "driver", "scope", "type", "dangling"}

    def __init__(self, engine):
        self.engine, self.networks = engine, engine.networks

    async def list(self, request, answer):
        await answer.json([self.networks.inspect(one) for one in self.networks.listed(request.filters(self.KNOWN))])

    async def create(self, request, answer):
        body = request.json()
        if self.networks.find(body["Name"]):
            raise Refusal(409, f"network with name {body['Name']} already exists")
        pools = (body.get("IPAM") or {}).get("Config")
        made = self.networks.add(body["Name"], body.get("Driver") or "bridge", body.get("Labels"), bool(body.get("Internal")),
                                 body.get("Options") or {}, pools)
        self.engine.effects.add("network created", network=made["Name"], id=made["Id"])
        await answer.json({"Id": made["Id"], "Warning": ""}, 201)

    async def inspect(self, request, answer, name):
        await answer.json(self.networks.inspect(self.networks.must(name)))

    async def remove(self, request, answer, name):
        network = self.networks.must(name)
        if self.networks.members(network):
            raise Refusal(403, f"error while removing network: network {network['Name']} id {network['Id']} has active endpoints")
        self.forget(network)
        await answer.send(status=204)

    def forget(self, network):
        del self.networks.all[network["Id"]]
        self.engine.journal.forget("networks", network["Id"])
        self.engine.effects.add("network removed", network=network["Name"], id=network["Id"])

    async def prune(self, request, answer):
        filters = {"label": request.filters({"label", "until"}).get("label", [])}
        unused = [one for one in self.networks.listed(filters) if not self.networks.members(one)
                  and one["Name"] not in ("bridge", "host", "none")]
        for network in unused:
            self.forget(network)
        await answer.json({"NetworksDeleted": [one["Name"] for one in unused]})

    async def connect(self, request, answer, name):
        body = request.json()
        network, container = self.networks.must(name), self.engine.containers.must(body["Container"])
        container.record["networks"][network["Name"]] = self.networks.endpoint(network, body.get("EndpointConfig"), container.running)
        container.save()
        await answer.send()

    async def disconnect(self, request, answer, name):
        network, container = self.networks.must(name), self.engine.containers.must(request.json()["Container"])
        if network["Name"] not in container.record["networks"]:
            raise Refusal(403, f"container {container.id} is not connected to the network {network['Name']}")
        del container.record["networks"][network["Name"]]
        container.save()
        await answer.send()
