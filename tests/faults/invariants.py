"""What must hold after a cell, told from the API, the engine's own events, the registry and the hosts."""

import dataclasses
import time

import aftermath
from plots import Part

CAUGHT_UP_WITHIN = 30  # seconds: lost hosts are asked every five


@dataclasses.dataclass
class Evidence:
    deaths: list = dataclasses.field(default_factory=list)  # exit codes of slipwayd
    accepted: list = dataclasses.field(default_factory=list)  # answers to the webhook
    ended: bool = True
    runs: list = dataclasses.field(default_factory=list)
    before: set = dataclasses.field(default_factory=set)  # containers on the hosts
    said: list = dataclasses.field(default_factory=list)  # (rollout, word) that was taken
    forgotten: set = dataclasses.field(default_factory=set)  # of these, what was waited for all the same
    touched: set = dataclasses.field(default_factory=set)  # containers that came while a rollout waited
    later: list = dataclasses.field(default_factory=list)  # plots.Part: the runs that were asked for after the first
    stood: list = dataclasses.field(default_factory=list)  # what the hosts served before, where they are to serve it again
    back: float = 0.0  # time.time at which slipwayd was started again, the last time


def violations(worker, scenario, fault, version, commit, evidence):
    """One text per violation, its class first: "lost log bytes: …"."""
    found = [f"crash: slipwayd ended with {code}" for code in evidence.deaths if code != -9]
    if not evidence.ended:
        found.append(f"not ended: the run of {commit[:12]} after its time")
    parts = [Part(scenario, version, commit), *evidence.later]
    pairs = runs_of(worker, parts)
    evidence.runs = [run for _, run in pairs]
    found += deliveries(worker, evidence, parts)
    for part, run in pairs:
        found += verdict(part.scenario, fault, run)
        found += steps(worker, part.scenario, fault, part.version, run)
        if part.scenario.pushes and run["verdict"] == "passed":
            found += pushed(worker, run)
    found += aftermath.violations(worker, scenario, fault, pairs, evidence)
    if scenario.rollouts and evidence.runs:
        found += rollouts(worker, scenario, fault, evidence)
        where = Swarm(worker) if scenario.swarm else Hosts(worker)
        if fault.moves:
            found += aftermath.left_hosts(worker, where)
        found += generations(where, evidence.runs, version, evidence.stood if scenario.goes_back else [])
        if fault.exact:
            found += where.asked_twice(evidence.runs)
    for place, numbers in scenario.places:
        where = Hosts(worker, f"{worker.application}-{place}", numbers, worker.second_port)
        rolled_back = evidence.stood if place == scenario.places[-1][0] else []
        found += aftermath.place(worker, where, evidence.runs, bool(rolled_back))
        found += generations(where, [] if rolled_back else evidence.runs, version, rolled_back)
    if worker.left is not None:
        found += taken_over(worker, evidence.runs)
    return found


def runs_of(worker, parts):
    """Each run beside what it was asked for as. Of more runs of a commit than were asked for the last stand for the same."""
    pairs = []
    for commit in dict.fromkeys(part.commit for part in parts):
        asked = [part for part in parts if part.commit == commit]
        items = sorted(worker.project.runs(commit), key=lambda item: item["id"])
        for at, item in enumerate(items):
            pairs.append((asked[min(at, len(asked) - 1)], worker.daemon.api("GET", f"/runs/{item['id']}")))
    return pairs


def deliveries(worker, evidence, parts):
    found = []
    ledger = {item["id"]: item for item in worker.daemon.api("GET", "/deliveries?limit=200")["items"]}
    for answer in evidence.accepted:
        kept = ledger.get(answer["delivery"])
        # The answer to a delivery that came twice names no run, the ledger that of the first.
        if not kept or not kept["run"] or answer["run"] not in (None, kept["run"]) or kept["decision"] != answer["decision"]:
            found.append(f"lost delivery: {answer} is {kept} in the ledger")
    for commit in dict.fromkeys(part.commit for part in parts):
        asked = sum(1 for part in parts if part.commit == commit)
        ids = [run["id"] for run in evidence.runs if run["commit"] == commit]
        if len(ids) < asked:
            found.append(f"lost delivery: {len(ids)} runs were queued of {asked} that were asked for")
        if len(ids) > asked:
            found.append(f"run twice: {len(ids)} runs, asked for were {asked}, however often the webhook was sent")
        taken = [item["id"] for item in ledger.values() if item["decision"] == "accepted" and item["run"] in ids]
        if ids and not taken:
            found.append(f"lost delivery: the ledger has none that was accepted for runs {ids}")
        if len(taken) > 1:
            found.append(f"run twice: the ledger has deliveries {taken} as accepted for runs {ids}")
    return found


def verdict(scenario, fault, run):
    if run["verdict"] != "passed" and not says_why(run):
        return [f"wrong verdict: run {run['id']} is {run['verdict']} and does not say why: {run['reason']!r}"]
    if run["verdict"] == scenario.verdict:
        if scenario.reason in run["reason"] or not fault.exact:
            return []
        return [f"wrong verdict: run {run['id']} is {run['verdict']}, but says {run['reason']!r}, not {scenario.reason!r}"]
    if run["verdict"] == "passed":
        return [f"false pass: run {run['id']} should be {scenario.verdict}"]
    if fault.exact:
        return [f"wrong verdict: run {run['id']} is {run['verdict']} ({run['reason']}), not {scenario.verdict}"]
    if fault.reason not in run["reason"]:
        return [f"wrong verdict: run {run['id']} is {run['verdict']} and says {run['reason']!r}, not {fault.reason!r}"]
    return []


def says_why(run):
    """A reason that only names the job is none."""
    reason = run["reason"].rstrip()
    return bool(reason) and not reason.endswith(":")


def steps(worker, scenario, fault, version, run):
    found = []
    seen = {}
    for job in run["jobs"]:
        for step in job["steps"]:
            if job["name"] in scenario.never:
                found.append(f"ran on: step {step['name']} of {job['name']} in run {run['id']}, which was never to begin")
            if step["role"] == "step":
                seen.setdefault((job["name"], step["name"]), []).append(step | {"job": job["verdict"]})
                found += starts(worker, fault, run, job, step)
    for (job, name), attempts in seen.items():
        if len(attempts) > 1 and fault.exact:
            found.append(f"started twice: step {name} of {job} has {len(attempts)} attempts")
    for wanted in scenario.steps:
        attempts = seen.get((wanted.job, wanted.step), [])
        # What a step without its engine writes goes nowhere, and how it ends says nothing: the job is interrupted.
        whole = [step for step in attempts if step["exit_code"] == wanted.exit_code and step["job"] != "interrupted"]
        if not whole and run["verdict"] == scenario.verdict:
            found.append(f"false pass: step {wanted.step} of {wanted.job} never ran, yet the run is {run['verdict']}")
        for step in attempts:
            found += log_bytes(worker, run, wanted, version, step, whole=step in whole)
    return found


def starts(worker, fault, run, job, step):
    """What has ended was started, once: as the engine tells it, not slipwayd."""
    name = worker.container_of(run, job, step)
    told = step["exit_code"] is not None and not fault.loses_events
    until = time.monotonic() + (CAUGHT_UP_WITHIN if told else 0)
    while not (count := len(worker.engine.starts.get(name, ()))) and time.monotonic() < until:
        time.sleep(0.05)  # the engine's events come behind its answers
    if count > 1:
        return [f"started twice: the engine started {name} {count} times"]
    return [f"never started: {name} has ended with {step['exit_code']}, and no engine has started it"] if told and not count else []


def log_bytes(worker, run, wanted, version, step, whole):
    path = f"/api/v1/runs/{run['id']}/jobs/{wanted.job}/steps/{wanted.step}/logs?attempt={step['attempt']}"
    written = {"stdout": "", "stderr": ""}
    for record in aftermath.log_records(worker, path):
        if record["stream"] in written:
            written[record["stream"]] += record["text"] + ("" if record["partial"] else "\n")
    found = []
    for stream, right in (("stdout", wanted.out), ("stderr", wanted.err)):
        right = right.replace("@VERSION@", version)
        have = written[stream]
        if have == right or not whole and right.startswith(have.rstrip("\n")):
            continue
        kind = "doubled log bytes" if len(have) > len(right) else "lost log bytes"
        found.append(f"{kind}: {stream} of {wanted.job}/{wanted.step} in run {run['id']} is {len(have)} bytes, not {len(right)}: …{have[-60:]!r}")
    return found


def pushed(worker, run):
    found = []
    for push in run["pushes"]:
        there = worker.rig.digest(worker.application, push["tag"])
        if push["state"] != "pushed" or there != push["digest"]:
            found.append(f"wrong digest: {push['tag']} is {there} in the registry, {push['digest']} ({push['state']}) in the journal")
    return found


def rollouts(worker, scenario, fault, evidence):
    """Those of the runs have begun when they might, one after the other, and ended well if the run did."""
    runs = {run["id"] for run in evidence.runs}
    application = worker.application + ("-swarm" if scenario.swarm else "")
    ours = sorted((rollout for rollout in worker.history(application) if rollout["run"] in runs), key=lambda rollout: rollout["id"])
    found = [f"lost word: rollout {rollout} went on to wait after {word}" for rollout, word in sorted(evidence.forgotten)]
    found += [f"begun too early: {container} was on h{host} while its rollout waited" for host, container in sorted(evidence.touched)]
    for run in evidence.runs:
        states = [rollout["state"] for rollout in ours if rollout["run"] == run["id"]]
        if run["verdict"] == "passed" and states != ["succeeded"] * scenario.rollouts:
            found.append(f"false pass: run {run['id']}, whose rollouts are {states}")
    ended = ""
    for rollout in ours:
        audit = worker.daemon.api("GET", f"/rollouts/{rollout['id']}/audit")
        entries = audit["entries"]
        began = min((entry["at"] for entry in entries if entry["what"] == "leased"), default=None)
        found += words(rollout, scenario, entries, began)
        if began and scenario.window and began < stamp(worker.opens):
            found.append(f"begun too early: rollout {rollout['id']} at {began}, its window opened at {stamp(worker.opens)}")
        if began and began < ended:
            found.append(f"two rollouts at once: {rollout['id']} began at {began}, the one before ended at {ended}")
        ended = rollout["ended_at"] or ended
        if fault.exact and rollout is ours[-1] and not scenario.swarm:
            found += leases(worker, {entry["fence"] for entry in entries if entry["what"] == "leased"})
    return found


def leases(worker, held):
    """Each host carries one of those that the newest rollout has held (a new one after each death of slipwayd, which it
    shows where there is something left to do), and no other."""
    marks = [worker.rig.leases(host, worker.application) for host in range(1, worker.rig.hosts + 1)]
    return [f"wrong lease: h{host} carries {numbers}, the newest rollout held {sorted(held)}" for host, numbers in enumerate(marks, 1)
            if len(numbers) != 1 or not held.issuperset(numbers)]


def words(rollout, scenario, entries, began):
    found = []
    for word in scenario.words:
        said = [entry["at"] for entry in entries if entry["what"] == word.entry]
        if len(said) > 1:
            found.append(f"said twice: {word.entry} of rollout {rollout['id']} is {len(said)} times in its audit")
        if began and (not said or began < said[0]):
            found.append(f"begun too early: rollout {rollout['id']} at {began}, {word.entry} at {said}")
    return found


def stamp(moment):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment))


def taken_over(worker, runs):
    """What was taken over meanwhile is left as the other one has it."""
    found = [f"false pass: run {run['id']}, whose application another slipwayd has" for run in runs if run["verdict"] == "passed"]
    now = worker.standing()
    if now != worker.left:
        found.append(f"touched another's: the other slipwayd left {sorted(worker.left - now)}, there is {sorted(now - worker.left)}")
    return found


class Hosts:
    """Where the hosts' containers are."""

    def __init__(self, worker, application=None, numbers=None, port=None):
        self.worker, self.within = worker, CAUGHT_UP_WITHIN
        self.application = application or worker.application
        self.numbers = numbers or range(1, worker.rig.hosts + 1)
        self.port = port or worker.port

    def answer(self, host):
        return self.worker.rig.answer(host, self.port)

    def running(self):
        return [self.worker.rig.running(host, self.application) for host in self.numbers]

    def answers(self):
        return [self.answer(host) for host in self.numbers]

    def promoted(self):
        for app in self.worker.daemon.api("GET", "/apps")["items"]:
            if app["name"] == self.application:
                return app["generation"]
        return None

    def asked_twice(self, _runs):
        return []  # a container has one name, which the engine gives once


class Swarm(Hosts):
    """Where the swarm's tasks are: it makes them itself, slowly where a manager was lost."""

    def __init__(self, worker):
        super().__init__(worker)
        self.within = 3 * CAUGHT_UP_WITHIN
        self.application = f"{worker.application}-swarm"
        self.service = f"{self.application}_web"
        self.numbers = worker.rig.nodes

    def running(self):
        return [self.worker.rig.running_tasks(node, self.service) for node in self.numbers]

    def answer(self, host):
        return self.worker.rig.answer_inside(host, self.service)

    def asked_twice(self, runs):
        found = []
        for digest in sorted({push["digest"] for run in runs for push in run["pushes"]}):
            nodes = self.worker.rig.tasks(self.service, digest)
            found += [f"started twice: the swarm made {nodes.count(node)} tasks of {digest} on {node}"
                      for node in sorted(set(nodes)) if nodes.count(node) > 1]
        return found


def generations(where, runs, version, stood=()):
    """One generation on every host, the same on all; the new one if a run passed, and what `stood` before if that is given.
    Hosts that were lost catch up."""
    passed = [run for run in runs if run["verdict"] == "passed"]
    until = time.monotonic() + where.within
    while True:
        answers = where.answers()
        found = generations_now(where.running(), answers, where.promoted(), passed, version)
        if stood and answers != stood:
            found.append(f"not gone back: the hosts answer {answers}, before it was {stood}")
        if not found or time.monotonic() > until:
            return found
        time.sleep(0.3)


def generations_now(hosts, answers, promoted, passed, version):
    found = [f"two live generations: {sorted(names)} run on host {host}" for host, names in enumerate(hosts, 1) if len(names) > 1]
    if passed and not all(hosts):
        found.append(f"not running: a run passed, and of the application there run {[sorted(names) for names in hosts]}")
    if len(set(answers)) > 1:
        found.append(f"mixed generations: the hosts answer {answers}")
    if passed and set(answers) != {version}:
        found.append(f"not deployed: a run passed, and the hosts answer {answers}, not {version}")
    if not passed and version in answers and len(set(answers)) == 1:
        found.append(f"mixed generations: no run passed, and the hosts answer {answers}")
    live = [(digest, generation) for names in hosts for digest, generation in names.values()]
    digests = {push["digest"] for run in passed for push in run["pushes"]}
    running = {digest for digest, _ in live}
    if passed and not running <= digests:
        found.append(f"wrong digest: the hosts run {running}, tested were {digests}")
    if {generation for _, generation in live} - {promoted}:
        found.append(f"wrong generation: the hosts run {sorted({generation for _, generation in live})}, promoted is {promoted}")
    return found
