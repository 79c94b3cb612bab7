"""One slipwayd with an engine of its own, which lives through one broken cell after another on the same data."""

import dataclasses
import http.client
import os
import shutil
import sqlite3
import sys
import time

import faults
import scenarios
from invariants import Evidence, violations

sys.path.append(os.path.join(os.path.dirname(__file__), "..", "support"))
from slipwayd import Project, Slipwayd  # noqa: E402

ENDS_WITHIN = 120  # seconds; no deadline of a scenario is longer


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
        settings = {"engine": self.engine.endpoint, "log_level": "warn"} | rig.settings()
        self.daemon = Slipwayd(build, f"{folder}/daemon", settings)
        self.version = 0
        self.closed = False  # a cell that is still at work then starts nothing any more
        self.daemon.start()
        self.daemon.await_ready()
        self.instance_id = instance_of(f"{folder}/daemon/data/slipway.db")
        self.project = Project(self.daemon, "faults")
        self.application = f"faults{number}"
        self.image = f"{rig.registry}/{self.application}"
        self.port = 18200 + number
        self.daemon.stop()

    def lose_power(self):
        """All that runs on the machine ends at once; what starts afterwards finds another boot id."""
        self.engine.cut_power()
        self.daemon.next_boot()
        self.daemon.kill()

    def close(self):
        self.closed = True
        if not self.daemon.died():
            self.daemon.kill()
        self.engine.remove()

    def commit(self, scenario):
        self.version += 1
        version = f"v{self.number}.{self.version}"
        values = {"VERSION": version, "IMAGE": self.image, "APP": self.application, "PORT": str(self.port)}
        return version, self.project.commit(scenario.commit_of(values))

    def trace(self, scenario, cell=None):
        """The points passed by a run that nothing disturbs; of a `cell`, those of the process after the kill."""
        path = f"{self.folder}/trace"
        if os.path.exists(path):
            os.remove(path)
        version, commit = self.commit(scenario)
        first = chosen(faults.ALL["kill"], cell.point, cell.passing) if cell else {"SLIPWAY_POINT_TRACE": path}
        evidence = self.attend(commit, first, {"SLIPWAY_POINT_TRACE": path} if cell else {})
        self.daemon.stop()
        if not evidence.ended:
            raise RuntimeError(f"a run of {scenario.name} that nothing disturbs does not end, see {self.folder}")
        with open(path, encoding="utf-8") as file:
            return file.read().splitlines()

    def attend(self, commit, first, second, evidence=None):
        """Starts slipwayd, tells it of the commit, starts it again whenever it died, until the run has ended."""
        evidence = evidence or Evidence()
        environments = [second, {}]
        self.daemon.start(first)
        until = time.monotonic() + ENDS_WITHIN
        while time.monotonic() < until and not self.closed:
            if self.daemon.died():
                evidence.deaths.append(self.daemon.process.returncode)
                self.daemon.start(environments.pop(0) if environments else {})
            try:
                if not self.daemon.ready():
                    time.sleep(0.01)
                    continue
                if not evidence.accepted:
                    evidence.posts += 1
                    evidence.accepted.append(self.project.hook(commit)[0])
                runs = self.project.runs(commit)
                if runs and all(run["state"] == "finished" for run in runs):
                    return self.settled(evidence, environments)
            except (OSError, http.client.HTTPException):
                pass  # it died while it was asked
            time.sleep(0.03)
        evidence.ended = False
        return evidence

    def settled(self, evidence, environments):
        """Points may come after the run's end: what it tidies up. It may die there, too, and must come back."""
        time.sleep(0.3)
        while self.daemon.died():
            evidence.deaths.append(self.daemon.process.returncode)
            self.daemon.start(environments.pop(0) if environments else {})
            self.daemon.await_ready()
        return evidence

    def run(self, cell):
        try:
            return self.broken(cell)
        finally:
            # One that may still come to the point at which it stands still, in its stop, would wait there for ever.
            if not self.daemon.died():
                (self.daemon.kill if faults.ALL[cell.fault].strike else self.daemon.stop)()

    def broken(self, cell):
        began = time.monotonic()
        fault = faults.ALL[cell.fault]
        scenario = scenarios.ALL[cell.scenario]
        version, commit = self.commit(scenario)
        evidence = Evidence()
        first = chosen(fault, cell.point, cell.passing) if fault.variable else {}
        second = chosen(fault, *cell.second) if cell.second else {}
        spoilt, passing = self.rig.spoilable(cell) if fault.rule and " host " in cell.point else (self.engine, cell.passing)
        if fault.rule:
            spoilt.spoil(cell.point, passing, fault.rule)
        striker = faults.Striker(self, fault) if fault.strike else None
        try:
            self.attend(commit, first, second, evidence)
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


def instance_of(database):
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as journal:
        return journal.execute("SELECT value FROM meta WHERE name = 'instance'").fetchone()[0]


def chosen(fault, point, passing):
    """The environment in which slipwayd dies or stands still at that passing of the point."""
    return {fault.variable: f"{passing}:{point}"}
