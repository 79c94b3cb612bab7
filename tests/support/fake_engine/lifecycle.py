"""How a container starts and ends."""

import asyncio
import contextlib
import time

import health
from journal import NEVER, stamp
from process import KILL, Process, signal_number
from programs import PROGRAMS
from server import Refusal


class Lifecycle:
    """Borrows the engine's parts."""

    def __init__(self, engine):
        self.engine = engine

    def tell(self, container, action, **more):
        self.engine.events.add("container", action, container.id, container.attributes(**more))

    def note(self, what, container, **more):
        self.engine.effects.add(what, container=container.name, id=container.id, **more)

    def start(self, container):
        """Refusal: it can't be started, which its state tells as well."""
        state = container.state
        words = container.words()
        self.check_program(container, words)
        self.join_networks(container)
        state.update(Status="running", Running=True, ExitCode=0, Error="", StartedAt=stamp(), FinishedAt=NEVER, Pid=4242)
        container.record["stopped"] = False
        container.record["began"] = time.time()
        container.record["written_before"] = dict(container.log.written)
        container.save()
        self.note("started", container)
        self.tell(container, "start")
        self.run(container)

    def check_program(self, container, words):
        program = words[0] if words else ""
        base = program.rsplit("/", 1)[-1]
        folder = program and container.files.is_folder(program)
        served = self.engine.images.serves(container.record["image_id"], base)
        if not folder and (base in PROGRAMS or served or container.files.find(program)):
            return
        code = 126 if folder else 127
        reason = "permission denied" if code == 126 else f"stat {program}: no such file or directory"
        message = f"OCI runtime create failed: runc create failed: unable to start container process: exec: \"{program}\": {reason}: unknown"
        self.fail(container, code, message)
        raise Refusal(400, message)

    def join_networks(self, container):
        try:
            container.record["ports"] = self.engine.networks.at_start(container)
            self.engine.listening.publish(container)
        except Refusal as refusal:
            container.record["ports"] = {}
            self.fail(container, 128, str(refusal))
            raise

    def fail(self, container, code, message):
        container.state.update(ExitCode=code, Error=message)
        container.save()

    def run(self, container, resumed=False):
        record = container.record
        written = {1: 0, 2: 0}
        if resumed:
            self.engine.listening.publish(container)
            before = {int(stream): count for stream, count in record["written_before"].items()}
            written = {stream: container.log.written[stream] - before[stream] for stream in (1, 2)}
        environment = dict(pair.split("=", 1) for pair in record["env"])
        config = container.config
        container.process = Process(container.words(), environment, config.get("WorkingDir") or "/", container.files,
                                    container.write, self.engine.speed, self.engine.listening.namespace(container),
                                    record["began"], written,
                                    bool(container.host.get("Init")))
        asyncio.create_task(self.watch(container))
        health.begin(self.engine, container)

    async def watch(self, container):
        process = container.process
        code = await process.code
        if container.process is process and not self.engine.dying:
            self.ended(container, code)

    def ended(self, container, code):
        container.process = None
        container.log.finish()
        container.state.update(Status="exited", Running=False, ExitCode=code, Pid=0, FinishedAt=stamp(), Paused=False)
        container.exits += 1
        container.save()
        self.engine.networks.at_end(container)
        self.engine.listening.withdraw(container)
        self.note("ended", container, code=code)
        self.tell(container, "die", exitCode=str(code))
        container.change.wake()
        for writer in container.attached:
            writer.close()
        container.attached.clear()
        if container.host.get("AutoRemove"):
            self.remove(container)
        elif self.restarts(container, code):
            asyncio.create_task(self.restart_soon(container))

    def restarts(self, container, code):
        policy = container.host.get("RestartPolicy") or {}
        name, most = policy.get("Name"), policy.get("MaximumRetryCount") or 0
        if container.record["stopped"]:
            return False
        if name == "on-failure":
            return code != 0 and (not most or container.record["restarts"] < most)
        return name in ("always", "unless-stopped")

    async def restart_soon(self, container):
        await asyncio.sleep(min(60, 0.1 * 2 ** container.record["restarts"]) / self.engine.speed)
        if not container.removed and not container.running and not container.record["stopped"]:
            container.record["restarts"] += 1
            with contextlib.suppress(Refusal):  # its state tells
                self.start(container)

    async def stop(self, container, grace):
        container.record["stopped"] = True
        container.save()
        self.kill(container, signal_number(container.config.get("StopSignal")))
        try:
            await asyncio.wait_for(self.until_exit(container), max(grace / self.engine.speed, 0.001))
        except asyncio.TimeoutError:
            self.kill(container, KILL)
            await self.until_exit(container)
        self.tell(container, "stop")

    async def until_exit(self, container):
        while container.running:
            await container.change.wait()

    def kill(self, container, number):
        if not container.process:
            return
        self.tell(container, "kill", signal=str(number))
        self.note("signalled", container, signal=number)
        if number == KILL:
            container.process.unpaused.set()
        container.process.signal(number)

    def remove(self, container, anonymous_volumes=False):
        container.removed = True
        if container.process:
            process, container.process = container.process, None
            process.end_with(137)
            container.log.finish()
            container.state.update(Status="exited", Running=False, ExitCode=137, FinishedAt=stamp())
            self.note("ended", container, code=137)
            self.tell(container, "kill", signal="9")
            self.tell(container, "die", exitCode="137")
            container.exits += 1
        self.engine.containers.forget(container)
        self.engine.networks.forget(container)
        self.engine.listening.withdraw(container)
        if anonymous_volumes:
            self.engine.volumes.forget_anonymous(container.record["mounts"])
        self.note("removed", container)
        self.tell(container, "destroy")
        container.change.wake()
        container.log.news.wake()
