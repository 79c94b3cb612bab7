"""Which path is answered by what. A path that is not here answers 501 and names itself."""

import asyncio
import base64
import hashlib
import json
import re

import transfers
from faults import die, never
from server import ClientGone, Refusal

VERSION = {"Version": "20.10.24-fake", "ApiVersion": "1.41", "MinAPIVersion": "1.12", "Os": "linux", "Arch": "amd64", "KernelVersion": "6.1.0"}


class Routes:
    def __init__(self, engine):
        self.engine = engine
        containers, networks, volumes, images = engine.containers, Network(engine), Volume(engine), Image(engine)
        one = r"/containers/([^/]+)"
        self.table = [(method, re.compile(path), handler) for method, path, handler in [
            ("GET", r"/_ping", self.ping), ("HEAD", r"/_ping", self.ping), ("GET", r"/version", self.version),
            ("GET", r"/info", self.info), ("GET", r"/events", engine.events.follow),
            ("POST", r"/_faults", self.set_faults), ("GET", r"/_faults", self.faults), ("GET", r"/_effects", self.effects),
            ("GET", r"/_written/([^/]+)", self.written),
            ("GET", r"/containers/json", containers.list), ("POST", r"/containers/create", containers.create),
            ("POST", r"/containers/prune", containers.prune), ("GET", one + "/json", containers.inspect),
            ("POST", one + "/start", containers.start), ("POST", one + "/stop", containers.stop),
            ("POST", one + "/restart", containers.restart), ("POST", one + "/kill", containers.kill),
            ("POST", one + "/(pause|unpause)", containers.pause), ("POST", one + "/rename", containers.rename),
            ("POST", one + "/update", containers.update), ("POST", one + "/wait", containers.wait),
            ("GET", one + "/logs", containers.logs), ("GET", one + "/stats", containers.stats),
            ("POST", one + "/attach", containers.attach), ("DELETE", one, containers.remove),
            ("PUT", one + "/archive", containers.put_archive), ("GET", one + "/archive", containers.get_archive),
            ("HEAD", one + "/archive", containers.get_archive), ("POST", one + "/exec", containers.exec),
            ("POST", r"/exec/([^/]+)/start", containers.exec_start), ("GET", r"/exec/([^/]+)/json", containers.exec_inspect),
            ("POST", r"/build", engine.builds.build), ("POST", r"/build/cancel", engine.builds.cancel),
            ("GET", r"/images/json", images.list), ("POST", r"/images/create", images.create), ("POST", r"/images/prune", images.prune),
            ("GET", r"/images/(.+)/json", images.inspect), ("POST", r"/images/(.+)/tag", images.tag),
            ("POST", r"/images/(.+)/push", images.push), ("DELETE", r"/images/(.+)", images.remove),
            ("GET", r"/networks", networks.list), ("POST", r"/networks/create", networks.create), ("POST", r"/networks/prune", networks.prune),
            ("POST", r"/networks/([^/]+)/connect", networks.connect), ("POST", r"/networks/([^/]+)/disconnect", networks.disconnect),
            ("GET", r"/networks/([^/]+)", networks.inspect), ("DELETE", r"/networks/([^/]+)", networks.remove),
            ("GET", r"/volumes", volumes.list), ("POST", r"/volumes/create", volumes.create), ("POST", r"/volumes/prune", volumes.prune),
            ("GET", r"/volumes/([^/]+)", volumes.inspect), ("DELETE", r"/volumes/([^/]+)", volumes.remove),
        ]]

    async def dispatch(self, request, answer):
        rule = None if request.path.startswith("/_f") else self.engine.faults.match(request.method, request.path)
        if rule:
            await self.go_wrong(rule, request, answer)
        else:
            await self.handle(request, answer)

    async def handle(self, request, answer):
        for method, pattern, handler in self.table:
            if method == request.method and (found := pattern.fullmatch(request.path)):
                return await handler(request, answer, *found.groups())
        raise Refusal(501, f"the fake engine has no {request.method} {request.path}")

    async def go_wrong(self, rule, request, answer):
        """One rule of faults.py."""
        action = rule["action"]
        if action == "lost_before":
            raise ClientGone
        if action == "die_before":
            die()
        if action == "hang":
            await never()
        if action == "status":
            raise Refusal(rule.get("status", 500), rule.get("message", "a fault that was asked for"))
        if action == "delay":
            await asyncio.sleep(rule.get("seconds", 1))
        if action == "drop_events":
            await answer.stream(headers={"Content-Type": "application/json"})
            await never()
        if action == "vanish" and (found := re.match(r"/containers/([^/]+)", request.path)):
            self.vanish(found[1])
        if action == "cut":
            answer.cut_after = rule.get("bytes", 0)
        if action.endswith("_after"):
            answer.mute = True
        try:
            await self.handle(request, answer)
        except (ClientGone, Refusal):
            if action == "hang_after":
                await never()
            if action == "die_after":
                die()
            if action == "status_after":
                answer.mute = answer.begun = False
                raise Refusal(rule.get("status", 500), rule.get("message", "a fault that was asked for")) from None
            if answer.mute:
                raise ClientGone from None
            raise

    def vanish(self, name):
        container = self.engine.containers.find(name)
        if container:
            self.engine.effects.add("vanished", container=container.name, id=container.id)
            self.engine.lifecycle.remove(container)

    async def ping(self, request, answer):
        await answer.send(b"OK", kind="text/plain; charset=utf-8")

    async def version(self, request, answer):
        await answer.json(VERSION)

    async def info(self, request, answer):
        containers = self.engine.containers.all.values()
        await answer.json({
            "ID": "FAKE", "Name": "fake", "OperatingSystem": "fake", "KernelVersion": "6.1.0", "Architecture": "x86_64",
            "Driver": "overlay2", "LoggingDriver": "json-file", "CgroupVersion": "2", "NCPU": 8, "MemTotal": 16 << 30,
            "Containers": len(containers), "ContainersRunning": sum(one.running for one in containers),
            "Images": len(self.engine.images.all), "LiveRestoreEnabled": self.engine.live_restore, "SecurityOptions": [],
            "ServerVersion": VERSION["Version"], "OSType": "linux", "Warnings": None,
            "RegistryConfig": {"InsecureRegistryCIDRs": ["127.0.0.0/8"]}})

    async def set_faults(self, request, answer):
        try:
            self.engine.faults.set(request.json())
        except (ValueError, re.error, AttributeError, TypeError) as error:
            raise Refusal(400, str(error)) from None
        await answer.send(status=204)

    async def faults(self, request, answer):
        await answer.json(self.engine.faults.told())

    async def effects(self, request, answer):
        """What was done, in order. See Effects."""
        await answer.json(self.engine.effects.all())

    async def written(self, request, answer, name):
        """The log of a container by id or by the newest of a name, removed or not: its bytes are what was written."""
        ids = [one["id"] for one in self.engine.effects.all() if name in (one.get("container"), one.get("id"))]
        if not ids:
            raise Refusal(404, f"no container has ever been {name}")
        container = self.engine.containers.find(ids[-1])
        log = container.log if container else transfers.log_of(self.engine, ids[-1])
        data = b"".join(entry.data for entry in log.entries)
        entries = [[entry.stream, base64.b64encode(entry.data).decode()] for entry in log.entries]
        await answer.json({"id": ids[-1], "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "entries": entries})


class Network:
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


class Volume:
    KNOWN = {"label", "name", "driver", "dangling"}

    def __init__(self, engine):
        self.volumes = engine.volumes

    async def list(self, request, answer):
        await answer.json({"Volumes": self.volumes.listed(request.filters(self.KNOWN)), "Warnings": None})

    async def create(self, request, answer):
        body = request.json()
        await answer.json(self.volumes.ensure(body.get("Name") or "", body.get("Labels"), body.get("DriverOpts")), 201)

    async def inspect(self, request, answer, name):
        await answer.json(self.volumes.must(name))

    async def remove(self, request, answer, name):
        self.volumes.remove(name)
        await answer.send(status=204)

    async def prune(self, request, answer):
        filters = request.filters({"label", "all"})
        unused = [one["Name"] for one in self.volumes.listed({"label": filters.get("label", [])}) if not self.volumes.users(one["Name"])]
        for name in unused:
            self.volumes.forget(name)
        await answer.json({"VolumesDeleted": unused, "SpaceReclaimed": 0})


class Image:
    KNOWN = {"label", "reference", "dangling", "before", "since"}

    def __init__(self, engine):
        self.engine, self.images = engine, engine.images

    async def list(self, request, answer):
        await answer.json(self.images.listed(request.filters(self.KNOWN)))

    async def inspect(self, request, answer, name):
        await answer.json(self.images.inspect(self.images.must(name)))

    async def tag(self, request, answer, name):
        self.images.tag(self.images.must(name), f"{request.text('repo')}:{request.text('tag', 'latest')}")
        await answer.send(status=201)

    async def remove(self, request, answer, name):
        await answer.json(self.images.remove(name, request.flag("force")))

    async def prune(self, request, answer):
        await answer.json({"ImagesDeleted": self.images.prune(request.filters(self.KNOWN | {"until"})), "SpaceReclaimed": 0})

    async def create(self, request, answer):
        if request.text("fromSrc") == "-":
            name = request.text("repo") and f"{request.text('repo')}:{request.text('tag') or 'latest'}"
            image = self.images.imported(request.body, name, request.query.get("changes", []))
            return await answer.send(json.dumps({"status": image["Id"]}).encode() + b"\n")
        await self.engine.transfers.pull(request, answer)

    async def push(self, request, answer, name):
        await self.engine.transfers.push(request, answer, name)
