"""Breaks slipway at named instants and checks what it promises: see docs/reliability.md, which `./dev faults` makes.

    python3 tests/faults BUILD FOLDER [--engine real|fake] [--tier short|full]
        [--scenarios PATTERN] [--only PATTERN] [--minutes N] [--seed N]

BUILD is a build folder, FOLDER is for the rig and the data. Needs root. What came out is in
FOLDER/outcomes.json, of which report.py makes the page. Exits 1 if anything was violated, or too little was tried (untried.py).
"""

import argparse
import contextlib
import math
import os
import queue
import random
import re
import signal
import sys
import threading
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cells as matrix  # noqa: E402
import fake_rig  # noqa: E402
import faults  # noqa: E402
import report  # noqa: E402
import untried  # noqa: E402
from engine import Engine  # noqa: E402
from rig import Rig  # noqa: E402
from worker import Outcome, Worker  # noqa: E402

ORPHANS_GONE_WITHIN = 150  # seconds: the grace of 60 s, then the next sweep, which comes every minute
SHARE_OF_UNSHARED = 0.75  # of the time, where that is limited, for cells that several workers can have at once


def breaks_what_is_shared(cell):
    """Hosts and the registry are all workers'."""
    fault = faults.ALL[cell.fault]
    return fault.shared or bool(fault.rule and " host " in cell.point)


def tried(worker, cell):
    """Once more if its instant did not come: what happens between threads differs from run to run."""
    outcome = worker.run(cell)
    return outcome if outcome.reached or outcome.problems else worker.run(cell)


def work(worker, todo, until, outcomes, lock):
    while time.monotonic() < until:
        try:
            cell = todo.get_nowait()
        except queue.Empty:
            return
        try:
            outcome = tried(worker, cell)
        except Exception as error:
            outcome = Outcome(cell, True, [f"harness: {error!r} at {traceback.extract_tb(error.__traceback__)[-8:]}"], 0)
            with contextlib.suppress(Exception):  # the next cell says so
                worker.engine.mend()
        with lock:
            outcomes.append(outcome)
            mark = "FAIL" if outcome.problems else "ok" if outcome.reached else "--"
            print(f"{len(outcomes):4} {mark:4} {outcome.seconds:5.1f}s {outcome.verdict:11} {cell.text}", flush=True)
            for problem in outcome.problems:
                print(f"          {problem}", flush=True)


def run_all(workers, cells, until, outcomes):
    """Cells that break what workers share come last, one at a time."""
    lock = threading.Lock()
    shared = [cell for cell in cells if breaks_what_is_shared(cell)]
    now = time.monotonic()
    for group, hands, share in (([cell for cell in cells if cell not in shared], workers, SHARE_OF_UNSHARED), (shared, workers[:1], 1)):
        todo = queue.Queue()
        for cell in group:
            todo.put(cell)
        threads = [threading.Thread(target=work, args=(worker, todo, now + share * (until - now), outcomes, lock), daemon=True)
                   for worker in hands]
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
    parser.add_argument("--scenarios", default="", help="those whose name matches this regular expression")
    parser.add_argument("--only", default="", help="cells whose text matches this regular expression")
    parser.add_argument("--minutes", type=float, help="a sample of the cells: no cell begins later")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--place", type=int, default=0, help="0 to 4: matrices in different places run beside each other")
    options = parser.parse_args()
    folder = os.path.abspath(options.folder)
    with contextlib.suppress(FileNotFoundError):  # of an earlier matrix
        os.remove(f"{folder}/outcomes.json")
    began = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # through `finally`, which ends engines and hosts
    real = options.engine == "real"
    rig = Rig(f"{folder}/rig", options.place) if real else fake_rig.Rig(f"{folder}/rig")
    workers, cells, outcomes, left = [], [], [], []
    try:
        for number in range(options.workers):
            engine = Engine(f"{folder}/{number}/engine", 40 + 4 * options.place + number, f"{rig.subnet}.0/24") if real else fake_rig.Engine()
            workers.append(Worker(os.path.abspath(options.build), f"{folder}/{number}", number, rig, engine))
        full = options.tier == "full"
        every = (matrix.of_real if real else matrix.of_fake)(workers, full, options.seed, matrix.scenarios_of(full, options.scenarios))
        cells = [cell for cell in every if re.search(options.only, cell.text)]
        print(f"faults: {len(cells)} cells", flush=True)
        until = math.inf
        if options.minutes:
            random.Random(options.seed).shuffle(cells)
            until = began + 60 * options.minutes
        if cells:
            run_all(workers, cells, until, outcomes)
            left = orphans(workers)
    finally:
        report.save(folder, options, len(cells), outcomes, left, time.monotonic() - began)
        with contextlib.ExitStack() as ends:  # all of them, whichever fails
            ends.callback(rig.down)
            for worker in workers:
                ends.callback(worker.close)
    gaps = untried.gaps(outcomes)
    for problem in left + gaps:
        print(problem)
    reached = sum(1 for outcome in outcomes if outcome.reached)
    print(f"faults: {reached} of {len(outcomes)} cells came to their instant, {len(left)} orphans, {time.monotonic() - began:.0f} s")
    bad = sum(1 for outcome in outcomes if outcome.problems)
    failed = bad + len(left) + len(gaps)
    print(f"{len(outcomes) - bad} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
