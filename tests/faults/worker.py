"""One slipwayd with an engine of its own, which lives through one broken cell after another on the same data."""

import contextlib
import dataclasses
import http.client
import os
import shutil
import sqlite3
import sys
import time

import faults
import plots
import stories
from invariants import Evidence, violations
from people import People

sys.path.append(os.path.join(os.path.dirname(__file__), "..", "support"))
from slipwayd import Project, Slipwayd  # noqa: E402

ENDS_WITHIN = 240  # seconds; no deadline of a scenario is longer, and the machine may have much else to do
WINDOW_AHEAD = 15  # seconds at least until a window opens: the run comes to its rollout before that


@dataclasses.dataclass
class Outcome:
    cell: object
    reached: bool
    problems: list
    seconds: float
    verdict: str = ""
    as_if_nothing: bool = False  # the run ended as it does when nothing is broken


class Worker:
    def __init__(self, build, folder, number, rig, engine):
        self.folder, self.number, self.rig = folder, number, rig
        shutil.rmtree(f"{folder}/daemon", ignore_errors=True)  # of an earlier matrix
        self.engine = engine
        self.build = build
        self.settings = {"engine": self.engine.endpoint, "log_level": "warn"} | rig.settings()
        self.daemon = Slipwayd(build, f"{folder}/daemon", self.settings)
        self.left = None  # on the hosts, by another slipwayd that has taken over
        self.version = 0
        self.deployed = False  # whether its hosts have a generation of the application
        self.opens = 0  # when the window of the last commit does
        self.closed = False  # a cell that is still at work then starts nothing any more
        self.daemon.start()
        self.daemon.await_ready(ENDS_WITHIN)
        self.instance_id = instance_of(f"{folder}/daemon/data/slipway.db")
        self.project = self.keeping = Project(self.daemon, "faults")
        self.replacing = Project(self.daemon, "replacing")
        self.daemon.api("PATCH", "/projects/replacing", {"supersede": True})
        self.application = f"faults{number}"
        self.image = f"{rig.registry}/{self.application}"
        self.port, self.second_port = 18200 + number, 18300 + number
        self.daemon.stop()

    def lose_power(self):
        """All that runs on the machine ends at once; what starts afterwards finds another boot id."""
        self.engine.cut_power()
        self.daemon.next_boot()
        self.daemon.kill()

    def close(self):
        self.closed = True
        time.sleep(0.3)  # whoever starts it just now is through then
        if not self.daemon.died():
            self.daemon.kill()
        self.engine.remove()

    def commit(self, scenario):
        self.project = self.replacing if scenario.replaces else self.keeping
        self.version += 1
        version = f"v{self.number}.{self.version}"
        now = time.time()
        self.opens = (now + WINDOW_AHEAD) // 60 * 60 + 60
        values = {"VERSION": version, "IMAGE": self.image, "APP": self.application, "PORT": str(self.port),
                  "SECOND_PORT": str(self.second_port),
                  "LATER": clock(now + 12 * 3600), "STILL_LATER": clock(now + 13 * 3600), "NEXT_MINUTE": clock(self.opens)}
        return version, self.project.commit(scenario.commit_of(values))

    def container_of(self, run, job, step):
        return f"slip-{self.instance_id}-{run['id']}-{job['name']}.{step['name']}-a{step['attempt']}"

    def history(self, application=None):
        """The application's rollouts, newest first."""
        return self.daemon.api("GET", f"/apps/{application or self.application}/history")["items"]

    def answers(self, hosts=None, port=None):
        """Of the application, or of what listens there, on each host."""
        return [self.rig.answer(host, port or self.port) for host in hosts or range(1, self.rig.hosts + 1)]

    def lose_secret(self):
        """What slipwayd finds when it comes back if a secret was removed just before it died."""
        with contextlib.closing(sqlite3.connect(f"{self.folder}/daemon/data/slipway.db")) as journal, journal:
            journal.execute("DELETE FROM project_secrets")

    def take_out(self, host):
        """The host is in no group any more."""
        hosts = self.settings["hosts"]
        self.daemon.configure(self.settings | {"hosts": hosts | {host: hosts[host] | {"groups": []}}})

    def containers(self):
        """(host, container) of all that run."""
        return {(host, name) for host in range(1, self.rig.hosts + 1) for name in self.rig.running(host, self.application)}

    def standing(self):
        """(host, container, its state) of all that there are."""
        return {(host, *one) for host in range(1, self.rig.hosts + 1) for one in self.rig.standing(host, self.application)}

    def take_over(self):
        """Another slipwayd, put up from a copy of the data, ends the rollout in its way and goes back to the generation before."""
        shutil.rmtree(f"{self.folder}/second", ignore_errors=True)
        second = Slipwayd(self.build, f"{self.folder}/second", self.settings)
        shutil.copytree(f"{self.folder}/daemon/data", f"{self.folder}/second/data")
        second.token = self.daemon.token
        second.start()
        try:
            second.await_ready(ENDS_WITHIN)
            self.await_rollouts(second)
            second.api("POST", f"/apps/{self.application}/rollback", {})
            self.await_rollouts(second)
        finally:
            second.kill()
        self.left = self.standing()

    def await_rollouts(self, daemon):
        until = time.monotonic() + ENDS_WITHIN / 2
        while True:
            newest = daemon.api("GET", f"/apps/{self.application}/history")["items"][0]
            if newest["ended_at"]:
                break
            if time.monotonic() > until:
                raise RuntimeError(f"rollout {newest} of another slipwayd does not end")
            time.sleep(0.05)
        if newest["state"] != "succeeded":
            raise RuntimeError(f"rollout {newest} of another slipwayd has failed")

    def trace(self, scenario, cell=None):
        """The points passed by a run that nothing disturbs; of a `cell`, those of the process after the kill, or None if
        the run did not pass it."""
        path = f"{self.folder}/trace"
        if os.path.exists(path):
            os.remove(path)
        first = chosen(faults.ALL["kill"], cell.point, cell.passing) if cell else {"SLIPWAY_POINT_TRACE": path}
        evidence = Evidence()
        self.attend(plots.Part(scenario, *self.commit(scenario)), first, {"SLIPWAY_POINT_TRACE": path} if cell else {}, evidence)
        self.daemon.stop()
        if not evidence.ended:
            raise RuntimeError(f"a run of {scenario.name} that nothing disturbs does not end, see {self.folder}")
        self.deployed = self.deployed or scenario.deploys
        if cell and not evidence.deaths:
            return None
        with open(path, encoding="utf-8") as file:
            return file.read().splitlines()

    def attend(self, part, first, second, evidence, meanwhile=None):
        """Starts slipwayd, tells it of the commit, starts it again whenever it died (the first time after `meanwhile`), until
        all runs have ended and nobody is going to do anything."""
        plot = plots.of(self, part, evidence)
        people = People(self, part.scenario, evidence)
        if part.scenario.words:
            evidence.before = self.containers()
        environments = [second, {}]
        self.daemon.start(first)
        until = time.monotonic() + ENDS_WITHIN
        while time.monotonic() < until and not self.closed:
            if self.daemon.died():
                evidence.deaths.append(self.daemon.process.returncode)
                if meanwhile and len(evidence.deaths) == 1:
                    meanwhile(self)
                evidence.back = time.time()
                self.daemon.start(environments.pop(0) if environments else {})
            try:
                if not self.daemon.ready():
                    time.sleep(0.01)
                    continue
                plot.attend()
                people.attend()
                if plot.over() and self.have_ended([part, *evidence.later]):
                    return self.settled(evidence, environments)
            except (OSError, http.client.HTTPException):
                pass  # it died while it was asked
            time.sleep(0.03)
        evidence.ended = False

    def have_ended(self, parts):
        for commit in {part.commit for part in parts}:
            runs = self.project.runs(commit)
            if not runs or any(run["state"] != "finished" for run in runs):
                return False
        return True

    def settled(self, evidence, environments):
        """Points may come after the run's end: what it tidies up. It may die there, too, and must come back."""
        time.sleep(0.3)
        while self.daemon.died():
            evidence.deaths.append(self.daemon.process.returncode)
            self.daemon.start(environments.pop(0) if environments else {})
            self.daemon.await_ready(ENDS_WITHIN)

    def run(self, cell):
        try:
            return self.broken(cell)
        finally:
            # One that may still come to the point at which it stands still, in its stop, would wait there for ever.
            if not self.daemon.died():
                (self.daemon.kill if faults.ALL[cell.fault].strike else self.daemon.stop)()
            self.daemon.configure(self.settings)

    def broken(self, cell):
        began = time.monotonic()
        fault = faults.ALL[cell.fault]
        scenario = stories.ALL[cell.scenario]
        version, commit = self.commit(scenario)
        evidence = Evidence()
        self.left = None
        first = chosen(fault, cell.point, cell.passing) if fault.variable else {}
        second = chosen(fault, *cell.second) if cell.second else {}
        spoilt, passing = self.rig.spoilable(cell) if fault.rule and " host " in cell.point else (self.engine, cell.passing)
        if fault.rule:
            spoilt.spoil(cell.point, passing, fault.rule)
        striker = faults.Striker(self, fault) if fault.strike else None
        try:
            self.attend(plots.Part(scenario, version, commit), first, second, evidence, fault.meanwhile)
        finally:
            if striker:
                striker.finish()
        if self.daemon.died():  # with the machine, behind the run's end
            self.settled(evidence, [])
        reached = striker.struck if striker else spoilt.spoilt() if fault.rule else bool(evidence.deaths)
        if fault.rule:
            spoilt.faults()
        problems = violations(self, scenario, fault, version, commit, evidence)
        verdict = evidence.runs[0]["verdict"] if evidence.runs else ""
        return Outcome(cell, reached, problems, time.monotonic() - began, verdict, verdict == scenario.verdict)


def clock(moment):
    return time.strftime("%H:%M", time.gmtime(moment))


def instance_of(database):
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as journal:
        return journal.execute("SELECT value FROM meta WHERE name = 'instance'").fetchone()[0]


def chosen(fault, point, passing):
    """The environment in which slipwayd dies or stands still at that passing of the point."""
    return {fault.variable: f"{passing}:{point}"}
