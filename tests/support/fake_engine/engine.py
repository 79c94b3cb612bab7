"""The parts of the fake, and what happens to all of them when it comes up and goes down."""

import asyncio
import time

from builds import Builds
from containers import Containers
from events import Events
from faults import Faults
from images import Images
from journal import Effects, Journal, stamp
from lifecycle import Lifecycle
from listening import Listening
from networks import Networks
from process import KILL
from transfers import Transfers
from volumes import Volumes


class Engine:
    def __init__(self, folder, live_restore=False, speed=1.0, address=""):
        self.journal = Journal(folder)
        self.effects = Effects(self.journal)
        self.events = Events()
        self.faults = Faults()
        self.live_restore, self.speed, self.address = live_restore, speed, address
        self.stopping = self.dying = False
        self.images = Images(self)
        self.builds, self.transfers = Builds(self), Transfers(self)
        self.volumes = Volumes(self)
        self.networks = Networks(self)
        self.containers = Containers(self)
        self.lifecycle, self.listening = Lifecycle(self), Listening(self)

    def come_up(self):
        """Containers that ran when the engine died go on with --live-restore, and else have ended before it is up."""
        running = [one for one in self.containers.all.values() if one.running]
        self.effects.add("engine up", live_restore=self.live_restore, running=len(running))
        for container in running:
            if self.live_restore:
                self.lifecycle.run(container, resumed=True)
            else:
                self.lose(container)
        self.networks.bring_up(keep_bridge=self.live_restore and bool(running))
        for container in list(self.containers.all.values()):
            policy = (container.host.get("RestartPolicy") or {}).get("Name")
            again = policy == "always" or (policy == "unless-stopped" and not container.record["stopped"])
            if again and not container.running and container.state["Status"] != "created":
                self.lifecycle.start(container)

    def lose(self, container):
        container.log.finish()
        container.state.update(Status="exited", Running=False, ExitCode=137, Pid=0, FinishedAt=stamp(), Paused=False)
        container.save()
        self.lifecycle.note("ended", container, code=137, lost=True)
        if container.host.get("AutoRemove"):
            self.lifecycle.remove(container)

    async def go_down(self):
        """SIGTERM: containers are stopped unless they may live on; streams end as they should, waits with 137."""
        running = [one for one in self.containers.all.values() if one.running]
        if not self.live_restore:
            for container in running:
                self.lifecycle.kill(container, 15)
            grace = max([one.config.get("StopTimeout") or 10 for one in running], default=0)
            until = time.monotonic() + grace / self.speed
            while any(one.running for one in running) and time.monotonic() < until:
                await asyncio.sleep(0.01)
            for container in running:
                if container.running:
                    self.lifecycle.kill(container, KILL)
                    await self.lifecycle.until_exit(container)
        self.stopping = self.events.closing = True
        self.events.news.wake()
        for container in self.containers.all.values():
            container.change.wake()
            container.log.news.wake()
