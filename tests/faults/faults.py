"""What is broken, at the instant at which slipwayd stands at a point, and how it is whole again a little later."""

import dataclasses
import signal
import threading
import time
import typing


@dataclasses.dataclass
class Fault:
    name: str
    meaning: str
    variable: str = ""  # of the environment, that makes slipwayd die or stand still at the point
    strike: typing.Callable = None  # (worker): while it stands still
    mend: typing.Callable = None  # (worker): `after` seconds later
    after: float = 0.0
    # Whether the run must end as if nothing had happened. Otherwise it may also fail, and say so; never falsely pass.
    exact: bool = True
    shared: bool = False  # breaks what several workers use
    meanwhile: typing.Callable = None  # (worker): between the death of slipwayd and its next start
    reason: str = ""  # is part of what a run says that fails by it
    moves: bool = False  # the application may leave hosts
    loses_events: bool = False  # the engine's, of what it did just before
    rule: dict = None  # of the fake engine: what happens to the answer to a call, instead of anything at an instant


ALL = {fault.name: fault for fault in (
    Fault("kill", "slipwayd is killed", "SLIPWAY_KILL_POINT"),
    Fault("kill twice", "slipwayd is killed, and killed again while it recovers", "SLIPWAY_KILL_POINT"),
    Fault("away", "slipwayd is killed, and comes back after five seconds", "SLIPWAY_KILL_POINT", meanwhile=lambda w: time.sleep(5)),
    Fault("secret removed", "slipwayd is killed, and comes back without the project's secrets", "SLIPWAY_KILL_POINT",
          meanwhile=lambda w: w.lose_secret(), exact=False, reason="the project has no secret 'TOKEN'"),
    Fault("host taken out", "slipwayd is killed, and comes back with settings in which a host has left the group that is deployed to",
          "SLIPWAY_KILL_POINT", meanwhile=lambda w: w.take_out("h3"), moves=True),
    Fault("engine killed", "the engine is killed and comes back", "SLIPWAY_STOP_POINT",
          lambda w: w.engine.die(), lambda w: w.engine.start(), 0.5, exact=False, loses_events=True),
    Fault("engine restarted", "the engine is told to end, and comes back", "SLIPWAY_STOP_POINT",
          lambda w: w.engine.quit(), lambda w: w.engine.start(), 0.2, exact=False, loses_events=True),
    Fault("engine hangs", "the engine hangs for two seconds", "SLIPWAY_STOP_POINT",
          lambda w: w.engine.signal(signal.SIGSTOP), lambda w: w.engine.signal(signal.SIGCONT), 2.0),
    Fault("containers removed", "somebody removes all containers of slipway", "SLIPWAY_STOP_POINT",
          lambda w: w.engine.remove_all(w.instance_id), exact=False),
    Fault("machine restarted", "the machine loses its power: slipwayd, the engine and all containers end at once, and the machine starts",
          "SLIPWAY_STOP_POINT", lambda w: w.lose_power(), lambda w: w.engine.start(), 0.5, exact=False, loses_events=True),
    Fault("registry killed", "the registry is killed and comes back", "SLIPWAY_STOP_POINT",
          lambda w: w.rig.kill_pid("registry"), lambda w: w.rig.up(), 1.0, exact=False, shared=True),
    Fault("host cut off", "a host's link is down for three seconds", "SLIPWAY_STOP_POINT",
          lambda w: w.rig.link(2, "down"), lambda w: w.rig.link(2, "up"), 3.0, exact=False, shared=True),
    Fault("host's engine killed", "a host's engine is killed and comes back", "SLIPWAY_STOP_POINT",
          lambda w: w.rig.kill_pid("hosts/h2"), lambda w: w.rig.script("host-up", "h2"), 1.0, exact=False, shared=True),
    Fault("host restarted", "a host loses its power and starts", "SLIPWAY_STOP_POINT",
          lambda w: w.rig.script("host-cut", "h2"), lambda w: w.rig.script("host-up", "h2"), 1.0, exact=False, shared=True),
    Fault("manager's engine killed", "the engine of the swarm's manager that slipwayd speaks to is killed and comes back", "SLIPWAY_STOP_POINT",
          lambda w: w.rig.kill_pid("hosts/h4"), lambda w: w.rig.node_up(4), 1.0, exact=False, shared=True),
    Fault("manager cut off", "the link of that manager is down for three seconds", "SLIPWAY_STOP_POINT",
          lambda w: w.rig.link(4, "down"), lambda w: w.rig.link(4, "up"), 3.0, exact=False, shared=True),
    Fault("taken over", "slipwayd stands still while another one, put up from a copy of its data, ends the rollout and goes back to "
          "the generation before; then it goes on", "SLIPWAY_STOP_POINT", lambda w: w.take_over(), exact=False),
    Fault("call lost", "the connection breaks before the engine has done what it was asked", rule={"action": "lost_before"}),
    Fault("answer lost", "the engine does what it was asked, and the connection breaks", rule={"action": "lost_after"}),
    Fault("answer cut", "the answer breaks off after ten bytes", rule={"action": "cut", "bytes": 10}),
    Fault("answer late", "the answer takes a second", rule={"action": "delay", "seconds": 1}),
    Fault("engine error", "the engine answers 500", rule={"action": "status", "status": 500, "message": "broken"}, exact=False),
    Fault("engine errors", "the engine answers 500 three times, the ways out and back included",
          rule={"action": "status", "status": 500, "message": "broken", "times": 3}, exact=False),
    Fault("engine error after", "the engine answers 500 though it did what it was asked",
          rule={"action": "status_after", "status": 500, "message": "broken"}, exact=False),
    Fault("container vanishes", "the container is removed before the call about it", rule={"action": "vanish"}, exact=False),
)}


class Striker:
    """Waits beside a cell until slipwayd stands still, strikes, lets it go on, and mends."""

    def __init__(self, worker, fault):
        self.worker, self.fault = worker, fault
        self.struck = False
        self.over = False
        self.error = None
        self.thread = threading.Thread(target=self.guard, daemon=True)
        self.thread.start()

    def guard(self):
        try:
            self.wait_and_strike()
        except Exception as error:  # told by the cell, which else would only time out
            self.error = error

    def wait_and_strike(self):
        while not self.over and not stands_still(self.worker.daemon.process):
            time.sleep(0.005)
        if self.over:
            return
        self.fault.strike(self.worker)
        self.struck = True
        self.worker.daemon.process.send_signal(signal.SIGCONT)
        time.sleep(self.fault.after)
        if self.fault.mend:
            self.fault.mend(self.worker)

    def finish(self):
        """Returns when what was broken is whole."""
        self.over = True
        self.thread.join()
        if self.error:
            raise self.error


def stands_still(process):
    try:
        with open(f"/proc/{process.pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "T"
    except OSError:
        return False
