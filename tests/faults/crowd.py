"""How long slipwayd takes to adopt many running steps after it was killed.

    python3 tests/faults/crowd.py BUILD FOLDER [COUNT]

COUNT (200) steps run side by side, eight of a run, on an engine of their own; slipwayd is killed and started again. Prints the time from
its start until the last of them is in the timeline as reattached, and until it is ready, also to FOLDER/crowd.json. Exits 1
if a step was started twice, did not pass, or the adoption took over 5 s.
"""

import json
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from engine import Engine  # noqa: E402
from slipwayd import Project, Slipwayd  # noqa: E402

LIMIT = 5.0  # seconds
SIDE_BY_SIDE = 8  # jobs of one run
PIPELINE = """\
on: {push: {branches: ["**"]}}
jobs:
  crowd:
    image: busybox:latest
    network: none
    matrix: {n: ["1", "2", "3", "4", "5", "6", "7", "8"]}
    run: ["while [ ! -e /tmp/end ]; do sleep 1; done"]
"""


def wait_for(what, seconds, condition):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise SystemExit(f"crowd: {what} not within {seconds} s")
        time.sleep(0.02)


def steps_of(daemon, run):
    return [step for job in daemon.api("GET", f"/runs/{run}")["jobs"] for step in job["steps"]]


def reattached(daemon, run):
    after, count = 0, 0
    while True:
        page = daemon.api("GET", f"/runs/{run}/events?after={after}")
        count += sum(1 for event in page["items"] if event["kind"] == "step.reattached")
        if not page.get("next"):
            return count
        after = page["next"]


def measure(engine, daemon, count):
    daemon.start()
    daemon.await_ready()
    project = Project(daemon, "crowd")
    commits = [project.commit({"slipway.yml": PIPELINE, "n": str(n)}) for n in range(count // SIDE_BY_SIDE)]
    for commit in commits:
        project.hook(commit)
    mine = ["ps", "-q", "--filter", "label=dev.slipway.step=run"]
    wait_for(f"{count} running steps", 600, lambda: len(engine.docker(*mine).split()) == count)
    runs = [project.runs(commit)[0]["id"] for commit in commits]
    wait_for("the journal", 60, lambda: all(step["state"] == "running" for run in runs for step in steps_of(daemon, run)))
    daemon.kill()
    began = time.monotonic()
    daemon.start()
    daemon.await_ready()
    ready = time.monotonic() - began
    wait_for("adoption", 120, lambda: sum(reattached(daemon, run) for run in runs) >= count)
    adopted = time.monotonic() - began
    rss = daemon.rss_bytes() / 2**20
    for container in engine.docker(*mine).split():
        engine.docker("exec", container, "touch", "/tmp/end")
    wait_for("the end of the runs", 600, lambda: all(project.runs(commit)[0]["state"] == "finished" for commit in commits))
    twice = [name for name, times in engine.starts.items() if len(times) > 1]
    verdicts = {project.runs(commit)[0]["verdict"] for commit in commits}
    print(f"crowd: {count} running steps: ready after {ready:.2f} s, adopted after {adopted:.2f} s (limit {LIMIT}), {rss:.0f} MB, {verdicts}, started twice: {len(twice)}")
    daemon.stop()
    with open(f"{os.path.dirname(daemon.folder)}/crowd.json", "w", encoding="utf-8") as file:
        json.dump({"count": count, "ready": ready, "adopted": adopted, "limit": LIMIT, "megabytes": rss}, file)
    return adopted <= LIMIT and verdicts == {"passed"} and not twice


def main():
    build, folder = map(os.path.abspath, sys.argv[1:3])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 200
    shutil.rmtree(f"{folder}/daemon", ignore_errors=True)  # of an earlier measurement
    engine = Engine(f"{folder}/engine", 50)
    try:
        daemon = Slipwayd(build, f"{folder}/daemon", {"engine": engine.endpoint, "limits": {"runs": count, "runs_per_project": count}})
        good = measure(engine, daemon, count)
    finally:
        if not daemon.died():
            daemon.kill()
        engine.remove()
    sys.exit(0 if good else 1)


main()
