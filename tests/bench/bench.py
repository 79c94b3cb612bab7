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
from engine_calls import Engine, create, remove, run_to_its_end

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


def passed_run(project, commit):
    run = project.finished_run(commit)
    if run["verdict"] != "passed":
        raise RuntimeError(f"run ended {run}")
    return run


def run_time(project, pipeline):
    """Wall time of a run in ms, from its start to its end, as the journal has it."""
    commit = project.commit(pipeline)
    project.hook(commit)
    run = passed_run(project, commit)
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


def raw_step(name, pipeline):
    """From the first call to the outcome; removing comes after, as slipway does it."""
    engine = Engine()
    start = time.perf_counter()
    container = create(engine, name, {"slipway.yml": pipeline})
    run_to_its_end(engine, container)
    took = (time.perf_counter() - start) * 1000
    remove(engine, container, name)
    return took


def bench_steps(project):
    one, ten, docker, raw = [], [], [], []
    for i in range(ROUNDS):
        one.append(run_time(project, STEP + f"# {i}\n"))
        docker.append(timed(docker_run))
        raw.append(raw_step(f"slipway-bench-{os.getpid()}-{i}", STEP))
        ten.append(run_time(project, TEN + f"# {i}\n"))
    further = [(t - o) / 9 for t, o in zip(ten, one)]
    ten_dockers = [10 * d for d in docker]
    return [
        report("an offline no-op step of a job (a run of ten less a run of one, / 9) / docker run --rm --network none", further, docker, 0.45),
        report("a whole run of one offline no-op step, its workspace filled / docker run --rm --network none", one, docker, 1.0),
        report("a whole run of one offline no-op step / its Engine calls made raw", one, raw, 1.05),
        report("a job of ten no-op steps / ten docker run --rm", ten, ten_dockers, 0.5),
    ]


def engine_create_start():
    """What the Engine itself needs from the create call to the container's StartedAt, its workspace filled."""
    engine = Engine()
    name = f"slipway-bench-{os.getpid()}-s"
    start = time.time()
    created = create(engine, name, {"slipway.yml": STEP})
    engine.call("POST", f"/containers/{created}/start")
    stamp = json.loads(engine.call("GET", f"/containers/{created}/json"))["State"]["StartedAt"]
    engine.call("POST", f"/containers/{created}/wait")
    remove(engine, created, name)
    return (seconds(stamp[:26] + "Z") - start) * 1000


def bench_webhook(project):
    """Webhook answered → first container started, less what the Engine and git need for it by themselves."""
    whole, own = [], []
    for i in range(max(20, ROUNDS)):
        commit = project.commit(STEP + f"# w{i}\n")
        git = timed(lambda: project.fetch_by_hand(commit))
        _, answered = project.hook(commit)
        run = passed_run(project, commit)
        started = min(seconds(step["started_at"]) for job in run["jobs"] for step in job["steps"] if step["started_at"])
        less_engine = (started - answered) * 1000 - engine_create_start()
        whole.append(less_engine)
        own.append(less_engine - git)
    p95 = lambda values: sorted(values)[int(len(values) * 0.95) - 1]
    name = "webhook answered to first container started, less the Engine's own time"
    report_figure(f"{name}, p50", statistics.median(whole), 20, "ms")
    good = report_figure(f"{name}, p95", p95(whole), 20, "ms")
    report_figure(f"{name} and less git's fetch and checkout by hand, p95", p95(own), 20, "ms")
    return good


def write_context(folder, megabytes=1024, files=64):
    with open(f"{folder}/Dockerfile", "w") as file:
        file.write("FROM scratch\nCOPY Dockerfile /\n")
    noise = os.urandom(1 << 20)
    for i in range(files):
        with open(f"{folder}/part{i}", "wb") as file:
            for _ in range(megabytes // files):
                file.write(noise)


def curl_context(folder):
    command = f"tar -C {folder} -c . | curl -sSf --unix-socket /var/run/docker.sock -H 'Content-Type: application/x-tar' -T - -X POST 'http://engine/v1.41/build?labels=%7B%22slipway-bench%22%3A%221%22%7D'"
    subprocess.run(["bash", "-o", "pipefail", "-c", command], check=True, capture_output=True)


def bench_context():
    """A context of 1 GB in 64 files, read from the page cache by both."""
    ours, peer, grown = [], [], []
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as folder:
        write_context(folder)
        curl_context(folder)  # warm
        for _ in range(int(os.environ.get("SLIPWAY_BENCH_CONTEXTS", "5"))):
            peer.append(timed(lambda: curl_context(folder)))
            out = subprocess.run([f"{BUILD}/tests/bench/bench_context", folder], check=True, capture_output=True, text=True).stdout.split()
            ours.append(float(out[0]))
            grown.append(int(out[1]))
    print(f"     memory grown while sending: {max(grown)} KiB")
    return report("1 GB context into the Engine / tar -c | curl", ours, peer, 1.1)


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
        good += bench_steps(project) + [bench_webhook(project)]
        print(f"     daemon's RSS after {ROUNDS * 2 + 21} runs: {daemon.rss_bytes() / 1e6:.1f} MB")
    finally:
        daemon.stop()
    good.append(bench_context())
    print("figures over their limit:", good.count(False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
