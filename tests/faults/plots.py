"""What people and forges do while a scenario goes on. Each thing is done once, but asked for again if slipwayd died before it
answered; who can't know whether it was done looks first."""

import dataclasses
import threading
import time
import urllib.error


@dataclasses.dataclass
class Part:
    """A run that was asked for."""
    scenario: object
    version: str
    commit: str
    base: str = ""  # the commit before, as the webhook tells it


class Plot:
    """A forge that sends one webhook, and nobody who does anything else."""

    def __init__(self, worker, part, evidence):
        self.worker, self.part, self.evidence = worker, part, evidence
        self.scenario = part.scenario
        self.stamp = int(time.time())  # of the webhook, also when it has to be sent again
        self.prepared = False

    def attend(self):
        """Slipwayd is ready: does what its time has come for."""
        if not self.prepared:
            self.prepare()
            self.prepared = True
        self.send()
        if self.evidence.accepted:
            self.go_on()

    def prepare(self):
        """Before the webhook."""

    def send(self):
        if not self.evidence.accepted:
            self.evidence.accepted.append(self.deliver(self.part, self.stamp))

    def go_on(self):
        pass

    def over(self):
        """Whether nobody is going to do anything any more."""
        return True

    def deliver(self, part, stamp):
        return self.worker.project.hook(part.commit, stamp=stamp, base=part.base)[0]

    def ask(self, method, path, body=None):
        """The answer, and None if it is refused: there is no such thing, or not any more."""
        try:
            return self.worker.daemon.api(method, path, body)
        except urllib.error.HTTPError as error:
            if error.code not in (404, 409):
                raise RuntimeError(f"{method} {path}: {error.code} {error.read().decode()}") from error
            return None

    def run(self):
        """The first run of the first commit, with its jobs; None as long as there is none."""
        items = self.worker.project.runs(self.part.commit)
        return self.ask("GET", f"/runs/{items[-1]['id']}") if items else None

    def history(self, application):
        """Its rollouts, newest first."""
        known = self.ask("GET", f"/apps/{application}/history")
        return known["items"] if known else []

    def set_secret(self, name, value):
        self.worker.daemon.api("PUT", f"/projects/{self.worker.project.name}/secrets/{name}", {"value": value})

    def stays(self, run):
        """Whether all that its step writes is in its log."""
        path = f"/api/v1/runs/{run['id']}/jobs/stays/steps/run/logs?attempt=1"
        try:
            return "+ trap" in self.worker.daemon.ask("GET", path, accept="application/jsonl")
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise RuntimeError(f"{path}: {error.code}") from error
            return False  # it has not begun


class Cancels(Plot):
    done = False

    def go_on(self):
        run = None if self.done else self.run()
        if run and self.has_come(run):
            self.ask("POST", f"/runs/{run['id']}/cancel")
            self.done = True

    def over(self):
        return self.done

    def has_come(self, run):
        return run["state"] == "finished" or self.stays(run)


class CancelsRollout(Cancels):
    def prepare(self):
        self.evidence.stood = self.worker.answers()

    def has_come(self, run):
        """When its first host has the new version."""
        ours = [rollout for rollout in self.history(self.worker.application) if rollout["run"] == run["id"]]
        entries = self.ask("GET", f"/rollouts/{ours[0]['id']}/audit")["entries"] if ours else []
        return run["state"] == "finished" or any(entry["what"] == "healthy" for entry in entries)


class RunsAgain(Plot):
    refused = False

    def prepare(self):
        self.set_secret("WORD", "not yet")

    def go_on(self):
        if self.over():
            return
        runs = self.worker.project.runs(self.part.commit)
        if len(runs) == 1 and runs[0]["state"] == "finished":
            self.set_secret("WORD", "good")
            self.refused = self.ask("POST", f"/runs/{runs[0]['id']}/rerun", {"failed_only": True}) is None
        elif len(runs) > 1:
            self.evidence.later.append(dataclasses.replace(self.part, scenario=self.scenario.then[0]))

    def over(self):
        return bool(self.evidence.later) or self.refused


class Pushes(Plot):
    """The next commit, when the first run is under way, and then whenever the one before has come to its end."""
    coming = None

    def go_on(self):
        later = self.evidence.later
        if len(later) == len(self.scenario.then) or not self.coming and not self.has_come():
            return
        if not self.coming:
            part = self.scenario.then[len(later)]
            before = (later[-1] if later else self.part).commit
            self.coming = Part(part, *self.worker.commit(part), before), int(time.time())
        self.evidence.accepted.append(self.deliver(*self.coming))
        later.append(self.coming[0])
        self.coming = None

    def has_come(self):
        if self.evidence.later:
            runs = self.worker.project.runs(self.evidence.later[-1].commit)
            return bool(runs) and runs[0]["state"] == "finished"
        run = self.run()
        return run and (run["state"] == "finished" or self.stays(run))

    def over(self):
        return len(self.evidence.later) == len(self.scenario.then)


class KeepsSecret(Plot):
    def prepare(self):
        self.set_secret("TOKEN", self.scenario.secret)


class RollsBack(Plot):
    """The last of the places; the first time there is nothing to go back to."""
    done = False

    def prepare(self):
        self.application = self.worker.application + "-" + self.scenario.places[-1][0]
        self.evidence.stood = self.worker.answers(self.scenario.places[-1][1], self.worker.second_port)

    def go_on(self):
        run = None if self.done else self.run()
        if not run or run["state"] != "finished":
            return
        newest = (self.history(self.application) or [None])[0]
        if newest and newest["kind"] == "rollback" and newest["id"] > max(self.deployed(run), default=0):
            self.done = bool(newest["ended_at"])
        elif run["verdict"] != "passed" or self.ask("POST", f"/apps/{self.application}/rollback", {}) is None:
            self.evidence.stood = []
            self.done = True

    def deployed(self, run):
        return [rollout["id"] for rollout in self.history(self.application) if rollout["run"] == run["id"]]

    def over(self):
        return self.done


class SendsTwice(Plot):
    told = None  # the process that it was sent to

    def send(self):
        process = self.worker.daemon.process
        if self.told is process:
            return
        answers, failed = [], []

        def post():
            try:
                answers.append(self.deliver(self.part, self.stamp))
            except Exception as error:  # raised below
                failed.append(error)

        threads = [threading.Thread(target=post) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.evidence.accepted += answers
        if failed:
            raise failed[0]
        self.told = process

    def over(self):
        return self.told is self.worker.daemon.process


PLOTS = {"cancelled": Cancels, "turned": CancelsRollout, "again": RunsAgain, "newer": Pushes, "secret": KeepsSecret,
         "places": RollsBack, "redelivered": SendsTwice}


def of(worker, part, evidence):
    return PLOTS.get(part.scenario.name, Plot)(worker, part, evidence)
