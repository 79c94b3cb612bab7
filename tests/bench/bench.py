#!/usr/bin/env python3
"""slipway's figures, each as a ratio against a peer measured in the same run. Run it with ./dev bench [PART...].

The machine's absolute speed drifts, so the two sides of a ratio take turns and their medians are divided.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from build_time import bench_build
from daemon import Daemon, Project
from engine_calls import Engine, create, create_filled, last_removal, leftovers, overlapped_steps, remove, remove_volume, run_to_its_end
from figures import Figures, percentile
from point_trace import PointTrace

ROUNDS = int(os.environ.get("SLIPWAY_BENCH_ROUNDS", "15"))
CONTEXTS = int(os.environ.get("SLIPWAY_BENCH_CONTEXTS", "5"))
BUILD = os.environ.get("SLIPWAY_BENCH_BUILD", "build/release")
FLAT_MIB = 16  # what memory may grow by while 1 GB passes: buffers, and nothing that grows with what is sent

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


def await_removals(daemon):
    """Until what earlier runs leave to be removed is gone: it must not be in the way of the next measurement."""
    engine = Engine()
    until = time.monotonic() + 60
    while leftovers(engine, f"slip-{daemon.instance()}-"):
        if time.monotonic() > until:
            raise RuntimeError("what runs leave is not removed")
        time.sleep(0.05)


def run_times(project, pipeline):
    """Wall time of a run in ms from its start, as the journal has it: until its end, which is what somebody waits for, and
    until the last of its containers and workspaces is removed, which slipway does after that."""
    await_removals(project.daemon)
    commit = project.commit(pipeline)
    project.hook(commit)
    run = passed_run(project, commit)
    await_removals(project.daemon)
    start = seconds(run["started_at"])
    removed = last_removal(Engine(), f"slip-{project.daemon.instance()}-", start)
    return (seconds(run["finished_at"]) - start) * 1000, (removed - start) * 1000


def raw_steps(name, pipeline):
    """A job's first step and a further one, each from its first call to its outcome; removing comes after, as slipway
    does it."""
    engine = Engine()
    containers = []

    def step(container):
        containers.append(container)
        run_to_its_end(engine, container)

    first = timed(lambda: step(create_filled(engine, name, {"slipway.yml": pipeline})))
    further = timed(lambda: step(create(engine, f"{name}-further", name)))
    for container in containers:
        remove(engine, container)
    remove_volume(engine, name)
    return first, further


def raw_ten(name, pipeline):
    """Ten steps whose calls overlap, from the first call to the last outcome."""
    containers = []
    took = timed(lambda: containers.extend(overlapped_steps(Engine, name, {"slipway.yml": pipeline}, 10)))
    engine = Engine()
    for container in containers:
        remove(engine, container)
    remove_volume(engine, name)
    return took


def bench_steps(project, table):
    one, ten, docker, docker_ten, raw, raw_further, raw_overlapped = [], [], [], [], [], [], []
    for i in range(ROUNDS):
        one.append(run_times(project, STEP + f"# {i}\n"))
        docker.append(timed(docker_run))
        name = f"slipway-bench-{os.getpid()}-{i}"
        first, further = raw_steps(name, STEP)
        raw.append(first)
        raw_further.append(further)
        raw_overlapped.append((raw_ten(f"{name}-ten", TEN) - first) / 9)
        ten.append(run_times(project, TEN + f"# {i}\n"))
        docker_ten.append(timed(lambda: [docker_run() for _ in range(10)]))
    (one, one_removed), (ten, ten_removed) = zip(*one), zip(*ten)
    steps, steps_removed = ([(t - o) / 9 for t, o in zip(*both)] for both in ((ten, one), (ten_removed, one_removed)))
    removed = "the same until the last container and workspace are removed, as `docker run --rm` waits for its own"
    table.ratio("an offline no-op step in its job (a run of ten less a run of one, / 9) / `docker run --rm --network none`", steps, docker, 0.45)
    table.ratio(removed, steps_removed, docker)
    table.ratio("the step / its Engine calls made raw, one after another", steps, raw_further, 1.05)
    table.ratio("the step / the same calls made raw, each step created while the one before runs (ten less one, / 9)", steps, raw_overlapped, 1.05)
    table.ratio("a whole run of one such step, from git to verdict / `docker run --rm --network none`", one, docker, 1.0)
    table.ratio(removed, one_removed, docker)
    table.ratio("the run / its Engine calls made raw, filling the workspace included", one, raw, 1.05)
    table.ratio("a job of ten no-op steps / ten `docker run --rm` in a row", ten, docker_ten, 0.5)
    table.ratio(removed, ten_removed, docker_ten)


PATH_TO_START = ["POST /containers/create", "PUT /containers/*/archive", "POST /containers/*/start"]


def bench_webhook(figures):
    """Webhook answered → first container started, less what the Engine's calls on that way took in the same run."""
    own, fetches = [], []
    rounds = max(20, ROUNDS)
    trace = PointTrace()
    daemon = Daemon(BUILD, environment=trace.environment)
    try:
        project = Project(daemon, "bench")
        run_times(project, STEP)  # warm
        for i in range(rounds):
            await_removals(daemon)
            commit = project.commit(STEP + f"# w{i}\n")
            before = time.time()
            _, answered = project.hook(commit)
            passed_run(project, commit)
            started = trace.first(f"after {PATH_TO_START[-1]}", before)
            own.append((started - answered - sum(trace.spent(deed, before) for deed in PATH_TO_START)) * 1000)
            fetches.append(trace.spent("git fetch", before) * 1000)
        await_removals(daemon)
    finally:
        daemon.stop()
        trace.close()
    table = figures.table("From a webhook to the first container", rounds)
    name = "webhook answered to first container started, less the Engine's calls"
    table.figure(f"{name}, p95", percentile(own, 95), 20, "ms")
    table.figure(f"{name}, median", statistics.median(own), 20, "ms")
    table.note("of which git fetch alone, from a local repository, median", f"{statistics.median(fetches):.1f} ms")


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


def bench_context(figures):
    """A context of 1 GB in 64 files, read from the page cache by both."""
    ours, peer, grown = [], [], []
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as folder:
        write_context(folder)
        curl_context(folder)  # warm
        for _ in range(CONTEXTS):
            peer.append(timed(lambda: curl_context(folder)))
            out = subprocess.run([f"{BUILD}/tests/bench/bench_context", folder], check=True, capture_output=True, text=True).stdout.split()
            ours.append(float(out[0]))
            grown.append(int(out[1]))
    table = figures.table("Contexts", CONTEXTS)
    table.ratio("1 GB context into the Engine / `tar -c` into curl", ours, peer, 1.1)
    table.figure("memory grown while sending it, the most", max(grown) / 1024, FLAT_MIB, "MiB")


def bench_binary(table):
    with tempfile.NamedTemporaryFile() as stripped:
        subprocess.run(["strip", "-o", stripped.name, f"{BUILD}/orchestrator/daemon/slipwayd"], check=True)
        table.figure("`slipwayd`, stripped", os.path.getsize(stripped.name) / 1e6, 15, "MB")


def sums_of(*command):
    """Runs a program that prints as it goes, and ends with a JSON object."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        line = "{}"
        for line in program.stdout:
            print(line, end="", flush=True)
    if program.returncode not in (0, 1):  # 1: a figure is not as it should be, which the table says
        raise RuntimeError(f"{command[0]} ended with {program.returncode}")
    return json.loads(line)


def bench_rollouts(figures):
    """The application, hosts and load are the same. slipway has them first and Swarm after it: both take the hosts' port 80."""
    ours = sums_of(f"{BUILD}/tests/bench/rollouts/rollouts_bench", f"{BUILD}/tests/integration/rollouts/worker/rollouts_worker")
    swarm = sums_of("python3", "tests/bench/swarm.py", ours["image"])
    table = figures.table("Rollouts", len(ours["idle_s"]))
    table.figure(f"requests failed in {ours['rollouts']} rollouts, of {ours['requests']}", ours["failed"], 0, "requests")
    table.note(f"the same in {swarm['updates']} updates of Swarm's, of {swarm['requests']}", f"{swarm['failed']} requests")
    table.figure("rollouts that ended otherwise than they should", ours["wrong_ends"], 0, "rollouts")
    table.ratio("an update of three hosts without load, and so without drains / Swarm's", ours["idle_s"], swarm["idle_s"], 0.8, "s")
    table.note("the same under load (medians of 9 and 5), slow requests drained; Swarm drains none", f"{ours['plain_median_s']:.1f} s; Swarm {swarm['median_s']:.1f} s")
    table.figure("rollback of three hosts to containers still there, start and health check included", statistics.median(ours["rollback_s"]), 3, "s")


PARTS = ["binary", "idle", "steps", "webhook", "context", "rollouts"]
ASKED_FOR = ["build"]  # parts that are measured only if they are named


def engine_version():
    return subprocess.run(["docker", "version", "--format", "{{.Server.Version}}"], capture_output=True, text=True, check=True).stdout.strip()


def bench_daemon(figures, wanted):
    """What the daemon takes, and what its steps do: of one and the same process."""
    table = figures.table("The daemon", 1)
    if "binary" in wanted:
        bench_binary(table)
    if "idle" not in wanted and "steps" not in wanted:
        return
    daemon = Daemon(BUILD)
    try:
        time.sleep(3)
        table.figure("idle daemon, resident (VmRSS, shared library pages counted)", daemon.rss_bytes() / 1e6, 15, "MB")
        if "steps" in wanted:
            project = Project(daemon, "bench")
            run_times(project, STEP)  # warm: mirror, connection, page cache
            bench_steps(project, figures.table("Steps and runs", ROUNDS))
            table.note(f"resident after {ROUNDS * 2 + 1} runs", f"{daemon.rss_bytes() / 1e6:.1f} MB")
    finally:
        daemon.stop()


def main():
    """`bench.py [PART...]`: of PARTS and ASKED_FOR; all PARTS if none is named."""
    wanted = sys.argv[1:] or PARTS
    if unknown := [part for part in wanted if part not in PARTS + ASKED_FOR]:
        print(f"bench: there is no part {unknown[0]}; there are {', '.join(PARTS + ASKED_FOR)}", file=sys.stderr)
        return 2
    figures = Figures("" if wanted == ["build"] else engine_version())
    if "build" in wanted:
        bench_build(figures.table("Building slipway", 1))
    bench_daemon(figures, wanted)
    if "webhook" in wanted:
        bench_webhook(figures)
    if "context" in wanted:
        bench_context(figures)
    if "rollouts" in wanted:
        bench_rollouts(figures)
    print(f"\n{figures.text()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
