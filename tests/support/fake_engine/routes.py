"""Which path is answered by what. A path that is not here answers 501 and names itself."""

import asyncio
import re

import logs
import transfers
from control import Control
from faults import die, never
from image_calls import ImageCalls
from network_calls import NetworkCalls
from server import ClientGone, Refusal
from streams import Streams
from volume_calls import VolumeCalls

VERSION = {"Version": "20.10.24-fake", "ApiVersion": "1.41", "MinAPIVersion": "1.12", "Os": "linux", "Arch": "amd64", "KernelVersion": "6.1.0"}


class Routes:
    def __init__(self, engine):
        self.engine = engine
        containers, streams, control = engine.containers, Streams(engine), Control(engine)
        networks, volumes, images = NetworkCalls(engine), VolumeCalls(engine), ImageCalls(engine)
        one = r"/containers/([^/]+)"
        self.table = [(method, re.compile(path), handler) for method, path, handler in [
            ("GET", r"/_ping", self.ping), ("HEAD", r"/_ping", self.ping), ("GET", r"/version", self.version),
            ("GET", r"/info", self.info), ("GET", r"/events", engine.events.follow),
            ("POST", r"/_faults", control.set_faults), ("GET", r"/_faults", control.faults), ("GET", r"/_effects", control.effects),
            ("GET", r"/_written/([^/]+)", control.written),
            ("GET", r"/containers/json", containers.list), ("POST", r"/containers/create", containers.create),
            ("POST", r"/containers/prune", containers.prune), ("GET", one + "/json", containers.inspect),
            ("POST", one + "/start", containers.start), ("POST", one + "/stop", containers.stop),
            ("POST", one + "/restart", containers.restart), ("POST", one + "/kill", containers.kill),
            ("POST", one + "/(pause|unpause)", containers.pause), ("POST", one + "/rename", containers.rename),
            ("POST", one + "/update", containers.update), ("POST", one + "/wait", streams.wait),
            ("GET", one + "/logs", streams.logs), ("GET", one + "/stats", containers.stats),
            ("POST", one + "/attach", streams.attach), ("DELETE", one, containers.remove),
            ("PUT", one + "/archive", streams.put_archive), ("GET", one + "/archive", streams.get_archive),
            ("HEAD", one + "/archive", streams.get_archive), ("POST", one + "/exec", streams.exec),
            ("POST", r"/exec/([^/]+)/start", streams.exec_start), ("GET", r"/exec/([^/]+)/json", streams.exec_inspect),
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
        if action == "stream_error":
            return await transfers.refuse(answer, rule.get("message", "unexpected EOF"))
        if action == "log_error":
            return await logs.refuse(answer, rule.get("message", "unexpected EOF"))
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
