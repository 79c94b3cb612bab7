"""Breaks slipway at named instants and checks what it promises: see docs/reliability.md, which `./dev faults` makes.

    python3 tests/faults BUILD FOLDER [--engine real|fake] [--tier short|full] [--only PATTERN] [--seed N]

BUILD is a build folder, FOLDER is for the rig and the data. Needs root. What came out is in
FOLDER/outcomes.json, of which report.py makes the page. Exits 1 if anything was violated.
"""

import argparse
import os
import queue
import re
import signal
import sys
import threading
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fake_rig  # noqa: E402
import faults  # noqa: E402
import points  # noqa: E402
import report  # noqa: E402
import scenarios  # noqa: E402
from engine import Engine  # noqa: E402
from rig import Rig  # noqa: E402
from worker import Outcome, Worker  # noqa: E402

ORPHANS_GONE_WITHIN = 150  # seconds: the grace of 60 s, then the next sweep, which comes every minute
CALLS = tuple(f"after {whose}{method} /" for whose in ("", "host ") for method in ("GET", "HEAD", "POST", "PUT", "DELETE"))
REMOTE = ("host ", "by HTTP", "rollout", "push", "generation")


def traces_of(worker, names):
    """The points that an undisturbed run of each scenario passes, in order."""
    traces = {}
    for name in names:
        worker.trace(scenarios.ALL[name])  # the first of its kind also makes images and volumes
        traces[name] = worker.trace(scenarios.ALL[name])
    return traces


def kills(worker, traces, full, seed):
    """slipwayd dies: at each point, or at a few; and at a few twice."""
    cells = []
    for name, trace in traces.items():
        if not full:
            cells += points.some_points(name, "kill", trace, 4, seed)
        elif scenarios.ALL[name].deploys:
            cells += points.one_passing_each(name, "kill", trace, seed)
        else:
            cells += points.every_point(name, "kill", trace)
    for name, trace in traces.items():
        cells += points.twice(name, trace, recovery_of(worker, name, trace), 12 if full else 1, seed)
    return cells


def cells_of_real(worker, full, seed):
    traces = traces_of(worker, scenarios.ALL)
    cells = kills(worker, traces, full, seed)
    for fault in ("engine killed", "engine restarted", "engine hangs", "containers removed", "machine restarted"):
        for name in ("steps", "fails", "service", "push"):
            cells += points.some_points(name, fault, traces[name], 8 if full else 1, seed)
    for fault in ("registry killed", "host cut off", "host's engine killed", "host restarted"):
        for name in ("push", "deploy") if fault == "registry killed" else ("deploy",):
            cells += points.some_points(name, fault, traces[name], 12 if full else 1, seed, lambda p: any(w in p for w in REMOTE))
    return cells


def cells_of_fake(worker, full, seed):
    traces = traces_of(worker, scenarios.ALL)
    cells = kills(worker, traces, full, seed)
    cells += points.some_points("deploy", "host's engine killed", traces["deploy"], 12 if full else 1, seed,
                                lambda p: any(w in p for w in REMOTE))
    for fault in (fault for fault in faults.ALL.values() if fault.rule):
        for name, trace in traces.items():
            calls = [point for point in trace if point.startswith(CALLS)]
            if full and not scenarios.ALL[name].deploys:
                cells += points.every_point(name, fault.name, calls)
            else:
                cells += points.some_points(name, fault.name, calls, 12 if full else 2, seed)
    return cells


def breaks_what_is_shared(cell):
    """Hosts and the registry are all workers'."""
    fault = faults.ALL[cell.fault]
    return fault.shared or bool(fault.rule and " host " in cell.point)


def recovery_of(worker, name, trace):
    """What the process passes that comes after a death in the middle."""
    return worker.trace(scenarios.ALL[name], points.cell_at(name, "kill", trace, len(trace) // 2))


def work(worker, todo, outcomes, lock):
    while True:
        try:
            cell = todo.get_nowait()
        except queue.Empty:
            return
        try:
            outcome = worker.run(cell)
        except Exception as error:
            outcome = Outcome(cell, True, [f"harness: {error!r} at {traceback.extract_tb(error.__traceback__)[-8:]}"], 0)
        with lock:
            outcomes.append(outcome)
            mark = "FAIL" if outcome.problems else "ok" if outcome.reached else "--"
            print(f"{len(outcomes):4} {mark:4} {outcome.seconds:5.1f}s {outcome.verdict:11} {cell.text}", flush=True)
            for problem in outcome.problems:
                print(f"          {problem}", flush=True)


def run_all(workers, cells, outcomes):
    """Cells that break what workers share come last, one at a time."""
    lock = threading.Lock()
    for group, hands in (([c for c in cells if not breaks_what_is_shared(c)], workers),
                         ([c for c in cells if breaks_what_is_shared(c)], workers[:1])):
        todo = queue.Queue()
        for cell in group:
            todo.put(cell)
        threads = [threading.Thread(target=work, args=(worker, todo, outcomes, lock), daemon=True) for worker in hands]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def orphans(workers):
    """What is left of runs on each engine once the daemon had its time to tidy up."""
    for worker in workers:
        worker.daemon.start()
    until = time.monotonic() + ORPHANS_GONE_WITHIN
    left = {}
    while time.monotonic() < until:
        left = {worker: worker.engine.left_of_runs(worker.instance_id) for worker in workers}
        if not any(left.values()):
            break
        time.sleep(2)
    for worker in workers:
        worker.daemon.stop()
    return [f"orphan: {name}" for names in left.values() for name in names]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("folder")
    parser.add_argument("--tier", choices=("short", "full"), default="short")
    parser.add_argument("--engine", choices=("real", "fake"), default="real")
    parser.add_argument("--only", default="", help="cells whose text matches this regular expression")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--place", type=int, default=0, help="0 to 4: matrices in different places run beside each other")
    options = parser.parse_args()
    folder = os.path.abspath(options.folder)
    began = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # through `finally`, which ends engines and hosts
    real = options.engine == "real"
    rig = Rig(f"{folder}/rig", options.place) if real else fake_rig.Rig(f"{folder}/rig")
    workers, outcomes, left = [], [], []
    try:
        for number in range(options.workers):
            engine = Engine(f"{folder}/{number}/engine", 40 + 4 * options.place + number, f"{rig.subnet}.0/24") if real else fake_rig.Engine()
            workers.append(Worker(os.path.abspath(options.build), f"{folder}/{number}", number, rig, engine))
        all_cells = cells_of_real if real else cells_of_fake
        cells = [cell for cell in all_cells(workers[0], options.tier == "full", options.seed) if re.search(options.only, cell.text)]
        print(f"faults: {len(cells)} cells", flush=True)
        run_all(workers, cells, outcomes)
        left = orphans(workers)
    finally:
        for worker in workers:
            worker.close()
        rig.down()
        report.save(folder, options, outcomes, left, time.monotonic() - began)
    for problem in left:
        print(problem)
    reached = sum(1 for outcome in outcomes if outcome.reached)
    print(f"faults: {reached} of {len(outcomes)} cells came to their instant, {len(left)} orphans, {time.monotonic() - began:.0f} s")
    failed = sum(1 for outcome in outcomes if outcome.problems) + len(left)
    print(f"{len(outcomes) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
