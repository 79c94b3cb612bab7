"""Which cells a matrix has: of each scenario and fault the instants at which it strikes."""

import dataclasses
import re
import threading
import typing

import faults
import points
import stories

CALLS = tuple(f"after {whose}{method} /" for whose in ("", "host ") for method in ("GET", "HEAD", "POST", "PUT", "DELETE"))
REMOTE = ("host ", "by HTTP", "rollout", "push", "generation")


@dataclasses.dataclass
class Kills:
    """At which instants of a scenario slipwayd is killed."""
    each: typing.Callable  # all that the full tier has
    span: typing.Callable = points.whole  # of the trace: what no other scenario passes
    twice: int = 12
    short: int = 4  # how many of them the short tier has
    short_twice: int = 1
    in_short: bool = True  # whether there is anything of it


def some(count):
    def chosen(name, fault, trace, seed, span):
        return points.some_points(name, fault, trace, count, seed, span=span)
    chosen.count = count
    return chosen


KILLS = {
    "waits": Kills(points.every_point, points.wait_of, twice=6, short=2, short_twice=0),
    "window": Kills(some(6), points.wait_of, twice=0, in_short=False),
    "queue": Kills(some(24), points.rollout_of, twice=4, in_short=False),
    "swarm": Kills(points.one_passing_each, points.rollout_of, twice=6, short=2, short_twice=0),
    "turns": Kills(some(0), twice=0, short=0, short_twice=0),
    "steps": Kills(points.every_point),
    "fails": Kills(points.every_point),
    "service": Kills(points.every_point),
    "push": Kills(points.every_point),
    "deploy": Kills(points.one_passing_each),
    "cancelled": Kills(some(24), points.since("before commit run.cancelling"), twice=2, short=2, short_twice=0),
    "turned": Kills(some(10), points.since("before commit run.cancelling"), twice=0, in_short=False),
    "timeout": Kills(points.every_point, points.between("before commit attempt.stopping", "after commit step.exited"), twice=2, short=2,
                     short_twice=0),
    "again": Kills(some(8), points.since("before commit run.queued", 2), twice=0, short=1, short_twice=0),
    "newer": Kills(some(24), points.since("before commit run.queued", 2), twice=2, short=2, short_twice=0),
    "secret": Kills(some(0), twice=0, short=0, short_twice=0),
    "places": Kills(some(6), points.rollout_of, twice=0, in_short=False),
    "redelivered": Kills(some(16), points.until("after commit run.started"), twice=2, short=2, short_twice=0),
}

# What else happens before slipwayd is there again: of which scenarios, from which point, how many in each tier.
ABSENCES = (("away", "timeout", points.since("after commit step.running"), 6, 1),
            ("secret removed", "secret", points.since("before commit run.queued"), 12, 1),
            ("host taken out", "deploy", points.since("after commit run.started"), 8, 0))


def deploy_once(worker):
    """What its hosts go back to."""
    if not worker.deployed:
        worker.trace(stories.ALL["deploy"])


def traces_of(workers, wanted):
    """The points that an undisturbed run of each scenario passes, in order; each by one worker, side by side."""
    traces, failed = {}, []

    def trace(worker, mine):
        try:
            for scenario in mine:
                if scenario.deploys:
                    deploy_once(worker)
                else:
                    worker.trace(scenario)  # the first of its kind also makes images and volumes
                traces[scenario.name] = worker.trace(scenario)
            deploy_once(worker)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=trace, args=(worker, wanted[number::len(workers)])) for number, worker in enumerate(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return {scenario.name: traces[scenario.name] for scenario in wanted}


def kills(worker, traces, full, seed):
    """slipwayd dies: at each point, or at a few; and at a few twice."""
    cells = []
    for name, trace in traces.items():
        plan = KILLS[name]
        each = plan.each if full else some(plan.short)
        cells += each(name, "kill", trace, seed, plan.span(trace))
    for name, trace in traces.items():
        plan = KILLS[name]
        if count := plan.twice if full else plan.short_twice:
            cells += points.twice(name, trace, recovery_of(worker, name, trace), count, seed, plan.span(trace))
    return cells


def recovery_of(worker, name, trace):
    """What the process passes that comes after a death in the middle, or earlier where a second run does not pass that
    point: how often some are passed is a matter of time."""
    span = KILLS[name].span(trace)
    for part in range(2, 8):
        cell = points.cell_at(name, "kill", trace, span[len(span) // part])
        if (recovery := worker.trace(stories.ALL[name], cell)) is not None:
            return recovery
    raise RuntimeError(f"a run of {name} passes no point at which it was to die, the last {cell.text}")


def is_remote(point):
    return any(word in point for word in REMOTE)


def is_between_steps(point):
    """No call to a host is under way, where hosts are taken one by one: one that is would still have its effect."""
    return "commit host." in point or "commit rollout." in point


def takeovers(traces, full, seed):
    """While the rollout is in work, and before the other one would take over what is done."""
    return some_of(traces, "turns", "taken over", 16 if full else 1, seed, is_between_steps, points.work_of)


def absences(traces, full, seed):
    cells = []
    for fault, name, span, count, short in ABSENCES:
        if trace := traces.get(name):
            cells += points.some_points(name, fault, trace, count if full else short, seed, span=span(trace))
    return cells


def some_of(traces, name, fault, count, seed, wanted=lambda point: True, span=points.whole):
    """None if the scenario was not asked for."""
    trace = traces.get(name, [])
    return points.some_points(name, fault, trace, count, seed, wanted, span(trace)) if trace else []


def scenarios_of(full, pattern):
    return [stories.ALL[name] for name, plan in KILLS.items() if (full or plan.in_short) and re.search(pattern, name)]


def of_real(workers, full, seed, wanted):
    traces = traces_of(workers, wanted)
    cells = kills(workers[0], traces, full, seed) + takeovers(traces, full, seed) + absences(traces, full, seed)
    for fault in ("engine killed", "engine restarted", "engine hangs", "containers removed", "machine restarted"):
        for name in ("steps", "fails", "service", "push"):
            cells += some_of(traces, name, fault, 8 if full else 1, seed)
    for fault in ("registry killed", "host cut off", "host's engine killed", "host restarted"):
        for name in ("push", "deploy") if fault == "registry killed" else ("deploy",):
            cells += some_of(traces, name, fault, 12 if full else 1, seed, is_remote)
    for fault in ("manager's engine killed", "manager cut off"):
        cells += some_of(traces, "swarm", fault, 8 if full else 1, seed, is_remote, points.rollout_of)
    return cells


def of_fake(workers, full, seed, wanted):
    traces = traces_of(workers, [scenario for scenario in wanted if not scenario.swarm])
    cells = kills(workers[0], traces, full, seed) + takeovers(traces, full, seed) + absences(traces, full, seed)
    cells += some_of(traces, "deploy", "host's engine killed", 12 if full else 1, seed, is_remote)
    for fault in (fault for fault in faults.ALL.values() if fault.rule):
        for name in ("steps", "fails", "service", "push", "deploy"):
            calls = [point for point in traces.get(name, []) if point.startswith(CALLS)]
            if full and name != "deploy":
                cells += points.every_point(name, fault.name, calls, seed, points.whole(calls))
            else:
                cells += some_of({name: calls}, name, fault.name, 12 if full else 2, seed)
    return cells
