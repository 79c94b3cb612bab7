"""What must hold after a cell, told from the API, the engine's own events, the registry and the hosts."""

import dataclasses
import json
import time

CAUGHT_UP_WITHIN = 30  # seconds: lost hosts are asked every five


@dataclasses.dataclass
class Evidence:
    deaths: list = dataclasses.field(default_factory=list)  # exit codes of slipwayd
    accepted: list = dataclasses.field(default_factory=list)  # answers to the webhook
    posts: int = 0  # webhooks sent, answered or not
    ended: bool = True
    runs: list = dataclasses.field(default_factory=list)


def violations(worker, scenario, fault, version, commit, evidence):
    """One text per violation, its class first: "lost log bytes: …"."""
    found = [f"crash: slipwayd ended with {code}" for code in evidence.deaths if code != -9]
    if not evidence.ended:
        found.append(f"not ended: the run of {commit[:12]} after its time")
    items = worker.project.runs(commit)
    evidence.runs = [worker.daemon.api("GET", f"/runs/{item['id']}") for item in items]
    found += deliveries(worker, evidence)
    for run in evidence.runs:
        found += verdict(scenario, fault, run)
        found += steps(worker, scenario, fault, version, run)
        if scenario.pushes and run["verdict"] == "passed":
            found += pushed(worker, run)
    if scenario.deploys and evidence.runs:
        found += generations(worker, evidence.runs, version)
    return found


def deliveries(worker, evidence):
    found = []
    ledger = {item["id"]: item for item in worker.daemon.api("GET", "/deliveries?limit=200")["items"]}
    for answer in evidence.accepted:
        kept = ledger.get(answer["delivery"])
        # The answer to a delivery that came twice names no run, the ledger that of the first.
        if not kept or not kept["run"] or answer["run"] not in (None, kept["run"]) or kept["decision"] != answer["decision"]:
            found.append(f"lost delivery: {answer} is {kept} in the ledger")
    if not evidence.runs:
        found.append("lost delivery: no run was queued")
    if len(evidence.runs) > evidence.posts:
        found.append(f"run twice: {len(evidence.runs)} runs for {evidence.posts} webhooks")
    return found


def verdict(scenario, fault, run):
    if run["verdict"] == scenario.verdict:
        return []
    if run["verdict"] == "passed":
        return [f"false pass: run {run['id']} should be {scenario.verdict}"]
    if fault.exact:
        return [f"wrong verdict: run {run['id']} is {run['verdict']} ({run['reason']}), not {scenario.verdict}"]
    return []


def steps(worker, scenario, fault, version, run):
    found = []
    seen = {}
    for job in run["jobs"]:
        for step in job["steps"]:
            if step["role"] == "step":
                seen.setdefault((job["name"], step["name"]), []).append(step | {"job": job["verdict"]})
                found += starts(worker, run, job, step)
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


def starts(worker, run, job, step):
    name = f"slip-{worker.instance_id}-{run['id']}-{job['name']}-{step['name']}-a{step['attempt']}"
    count = len(worker.engine.starts.get(name, ()))
    return [f"started twice: the engine started {name} {count} times"] if count > 1 else []


def log_bytes(worker, run, wanted, version, step, whole):
    path = f"/api/v1/runs/{run['id']}/jobs/{wanted.job}/steps/{wanted.step}/logs?attempt={step['attempt']}"
    written = {"stdout": "", "stderr": ""}
    for line in worker.daemon.ask("GET", path, accept="application/jsonl").splitlines():
        record = json.loads(line)
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


def generations(worker, runs, version):
    """One generation on every host, the same on all; the new one if a run passed. Hosts that were lost catch up."""
    passed = [run for run in runs if run["verdict"] == "passed"]
    until = time.monotonic() + CAUGHT_UP_WITHIN
    while True:
        hosts = [worker.rig.running(host, worker.application) for host in range(1, worker.rig.hosts + 1)]
        answers = [worker.rig.answer(host, worker.port) for host in range(1, worker.rig.hosts + 1)]
        found = generations_now(hosts, answers, passed, version)
        if not found or time.monotonic() > until:
            return found
        time.sleep(0.3)


def generations_now(hosts, answers, passed, version):
    found = [f"two live generations: {sorted(names)} run on h{host}" for host, names in enumerate(hosts, 1) if len(names) > 1]
    if len(set(answers)) > 1:
        found.append(f"mixed generations: the hosts answer {answers}")
    if passed and set(answers) != {version}:
        found.append(f"not deployed: a run passed, and the hosts answer {answers}, not {version}")
    if not passed and version in answers and len(set(answers)) == 1:
        found.append(f"mixed generations: no run passed, and the hosts answer {answers}")
    digests = {push["digest"] for run in passed for push in run["pushes"]}
    running = {digest for names in hosts for digest in names.values()}
    if passed and not running <= digests:
        found.append(f"wrong digest: the hosts run {running}, tested were {digests}")
    return found
