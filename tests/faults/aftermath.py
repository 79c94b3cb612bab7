"""What must hold after a story (stories.py), beside what must hold after any scenario."""

import datetime
import json
import urllib.error

LATE = 3.0  # seconds that slipwayd may take to end what has had its time, less than a time of its own would be


def violations(worker, scenario, fault, pairs, evidence):
    found = []
    for part, run in pairs:
        if part.scenario.timeout:
            found += on_time(part.scenario, run, evidence.back)
        if part.scenario.secret:
            found += leaks(worker, part.scenario, run)
        if fault.exact or fault.meanwhile:
            found += ran_on(worker, run)
    if scenario.replaces:
        found += one_after_the_other(pairs)
    if scenario.then and not scenario.then[0].files:
        found += same_images(pairs)
    return found


def ran_on(worker, run):
    """Services are ended behind the run's end, steps before."""
    steps = {worker.container_of(run, job, step) for job in run["jobs"] for step in job["steps"] if step["role"] == "step"}
    running = set(worker.engine.running_of(worker.instance_id, run["id"]))
    return [f"ran on: {name} still runs, and run {run['id']} has ended" for name in sorted(running & steps)]


def seconds(stamp):
    return datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()


def on_time(scenario, run, back):
    """The first job has ended when its time was over, or as soon as slipwayd was back after that."""
    job = run["jobs"][0] if run["jobs"] else {"started_at": None}
    if not job["started_at"] or not job["finished_at"]:
        return [f"not ended: run {run['id']} has finished, and its job has no beginning or no end"]
    began, ended = seconds(job["started_at"]), seconds(job["finished_at"])
    found = []
    if ended - began < scenario.timeout:
        found.append(f"ended too early: {job['name']} of run {run['id']} after {ended - began:.2f} s of {scenario.timeout}")
    if ended > max(began + scenario.timeout, back) + LATE:
        found.append(f"ended too late: {job['name']} of run {run['id']} after {ended - began:.2f} s of {scenario.timeout}, "
                     f"slipwayd was back after {back - began:.2f}")
    return found


def log_records(worker, path):
    """None of a log that is not there: its step was never started."""
    try:
        text = worker.daemon.ask("GET", path, accept="application/jsonl")
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
        return []
    return [json.loads(line) for line in text.splitlines()]


def leaks(worker, scenario, run):
    found = []
    for job in run["jobs"]:
        for step in job["steps"]:
            path = f"/api/v1/runs/{run['id']}/jobs/{job['name']}/steps/{step['name']}/logs?attempt={step['attempt']}"
            text = "".join(record["text"] for record in log_records(worker, path))
            if scenario.secret in text:
                found.append(f"leaked secret: in the log of {job['name']}/{step['name']} in run {run['id']}")
    return found


def one_after_the_other(pairs):
    """The first is replaced by the last, which begins when the first has ended, and by no other."""
    (_, first), (_, last) = pairs[0], pairs[-1]
    if first is last:
        return []
    found = []
    if first["reason"] != f"superseded by run {last['id']}":
        found.append(f"wrong verdict: run {first['id']} says {first['reason']!r}, it was for run {last['id']} to replace it")
    began = min((job["started_at"] for job in last["jobs"] if job["started_at"]), default=None)  # before that it is prepared
    if began and (not first["finished_at"] or began < first["finished_at"]):
        found.append(f"side by side: jobs of run {last['id']} began at {began}, the run that it replaces ended at {first['finished_at']}")
    return found


def same_images(pairs):
    """A run of what failed deploys what the run before it has pushed, and pushes nothing else."""
    first, last = pairs[0][1], pairs[-1][1]
    digests = [{(push["tag"], push["digest"]) for push in run["pushes"]} for run in (first, last)]
    found = []
    if digests[0] != digests[1]:
        found.append(f"wrong digest: run {last['id']} has pushed {digests[1]}, run {first['id']} before it {digests[0]}")
    if first is not last and last["rerun_of"] != first["id"]:
        found.append(f"run twice: run {last['id']} is none of run {first['id']} again")
    return found


def place(worker, where, runs, rolled_back):
    """It has got one rollout of the run, perhaps one back, and no other host has anything of it."""
    found = []
    ids = {run["id"] for run in runs}
    history = sorted(worker.history(where.application), key=lambda rollout: rollout["id"])
    ours = [rollout for rollout in history if rollout["run"] in ids]
    states = [rollout["state"] for rollout in ours]
    if any(run["verdict"] == "passed" for run in runs) and states != ["succeeded"]:
        found.append(f"false pass: a run passed, whose rollouts of {where.application} are {states}")
    since = max((rollout["id"] for rollout in ours), default=0)
    back = [rollout["state"] for rollout in history if rollout["kind"] == "rollback" and rollout["id"] > since]
    if len(back) > rolled_back:
        found.append(f"rolled back twice: {where.application} has rollbacks {back}, asked for were {int(rolled_back)}")
    if rolled_back and back[:1] != ["succeeded"]:
        found.append(f"not gone back: the rollback of {where.application} is {back}")
    return found + strangers(worker, where)


def strangers(worker, where):
    others = set(range(1, worker.rig.hosts + 1)) - set(where.numbers)
    return [f"wrong place: {name} runs on h{host}, which {where.application} is not for"
            for host in sorted(others) for name in sorted(worker.rig.running(host, where.application))]


def left_hosts(worker, where):
    """Only the hosts of the promoted generation count from here on; the others have nothing of it."""
    hosts = worker.daemon.api("GET", f"/apps/{where.application}")["hosts"]
    where.numbers = sorted(int(host["host"].removeprefix("h")) for host in hosts)
    return strangers(worker, where)
