#!/usr/bin/env python3
"""slipway's figures, each as a ratio against a peer measured in the same run. Run it with ./dev bench.

The machine's absolute speed drifts, so the two sides of a ratio take turns and their medians are divided.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from daemon import Daemon, Project
from engine_calls import Engine, offline_step

ROUNDS = int(os.environ.get("SLIPWAY_BENCH_ROUNDS", "15"))
BUILD = os.environ.get("SLIPWAY_BENCH_BUILD", "build/release")

STEP = """on: {push: {}}
jobs:
  one:
    image: busybox:latest
    network: none
    run: ["true"]
"""

TEN = "on: {push: {}}\njobs:\n  ten:\n    image: busybox:latest\n    network: none\n    steps:\n" + "".join(
    f'      - {{name: s{i}, run: ["true"]}}\n' for i in range(10))


def timed(action):
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1000


def seconds(stamp):
    import datetime

    return datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()


def docker_run():
    subprocess.run(["docker", "run", "--rm", "--network", "none", "busybox:latest", "true"], check=True, capture_output=True)


def run_time(project, pipeline):
    """Wall time of a run in ms, from its start to its end, as the journal has it."""
    commit = project.commit(pipeline)
    project.hook(commit)
    run = project.finished_run(commit)
    return (seconds(run["finished_at"]) - seconds(run["started_at"])) * 1000


def report(name, ours, peer, limit, unit="ms"):
    ratio = statistics.median(ours) / statistics.median(peer)
    mark = "ok " if ratio <= limit else "OVER"
    print(f"{mark} {name}: {statistics.median(ours):.1f} / {statistics.median(peer):.1f} {unit} = {ratio:.2f}  (limit {limit}, n={len(ours)})", flush=True)
    return ratio <= limit


def report_figure(name, value, limit, unit):
    mark = "ok " if value <= limit else "OVER"
    print(f"{mark} {name}: {value:.1f} {unit}  (limit {limit})", flush=True)
    return value <= limit


def bench_step(project):
    engine = Engine()
    ours, docker, raw = [], [], []
    for i in range(ROUNDS):
        ours.append(run_time(project, STEP + f"# {i}\n"))
        docker.append(timed(docker_run))
        raw.append(timed(lambda: offline_step(engine, f"slipway-bench-{os.getpid()}-{i}")))
    a = report("a run of one offline no-op step / docker run --rm --network none", ours, docker, 0.45)
    b = report("a run of one offline no-op step / the same Engine calls made raw", ours, raw, 1.05)
    return a and b


def bench_ten(project):
    ours, docker = [], []
    for i in range(max(3, ROUNDS // 3)):
        ours.append(run_time(project, TEN + f"# {i}\n"))
        docker.append(timed(lambda: [docker_run() for _ in range(10)]))
    return report("a job of ten no-op steps / ten docker run --rm", ours, docker, 0.5)


def engine_create_start():
    """What the Engine itself needs from the create call to the container's StartedAt."""
    engine = Engine()
    spec = {"Image": "busybox:latest", "Cmd": ["true"], "NetworkDisabled": True, "HostConfig": {"NetworkMode": "none"}}
    start = time.time()
    created = json.loads(engine.call("POST", "/v1.41/containers/create", spec))["Id"]
    engine.call("POST", f"/v1.41/containers/{created}/start")
    stamp = json.loads(engine.call("GET", f"/v1.41/containers/{created}/json"))["State"]["StartedAt"]
    engine.call("POST", f"/v1.41/containers/{created}/wait")
    engine.call("DELETE", f"/v1.41/containers/{created}?v=1")
    return (seconds(stamp[:26] + "Z") - start) * 1000


def bench_webhook(project):
    """Webhook answered → first container started, less what the Engine needs for create and start."""
    over = []
    for i in range(max(20, ROUNDS)):
        commit = project.commit(STEP + f"# w{i}\n")
        answered = project.hook(commit)
        run = project.finished_run(commit)
        started = min(seconds(step["started_at"]) for job in run["jobs"] for step in job["steps"] if step["started_at"])
        over.append((started - answered) * 1000 - engine_create_start())
    over.sort()
    return report_figure("webhook answered to first container started, less the Engine's own time, p95", over[int(len(over) * 0.95) - 1], 20, "ms")


def bench_binary():
    with tempfile.NamedTemporaryFile() as stripped:
        subprocess.run(["strip", "-o", stripped.name, f"{BUILD}/orchestrator/daemon/slipwayd"], check=True)
        return report_figure("slipwayd, stripped", os.path.getsize(stripped.name) / 1e6, 15, "MB")


def main():
    good = [bench_binary()]
    daemon = Daemon(BUILD)
    try:
        time.sleep(3)
        good.append(report_figure("idle daemon's RSS", daemon.rss_bytes() / 1e6, 15, "MB"))
        project = Project(daemon, "bench")
        run_time(project, STEP)  # warm: mirror, connection, page cache
        good += [bench_step(project), bench_ten(project), bench_webhook(project)]
        print(f"     daemon's RSS after {ROUNDS * 3} runs: {daemon.rss_bytes() / 1e6:.1f} MB")
    finally:
        daemon.stop()
    print("figures over their limit:", good.count(False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
