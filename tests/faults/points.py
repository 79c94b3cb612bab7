"""Which kill points a scenario passes, and the cells made of them."""

import collections
import dataclasses
import random


@dataclasses.dataclass
class Cell:
    scenario: str
    fault: str
    point: str  # "before commit run.started", "after POST /containers/*/start"
    passing: int  # at which passing of it, from 1
    second: tuple = None  # (point, passing) in the process that comes after the first death

    @property
    def text(self):
        again = f", then at {self.second[1]}:{self.second[0]}" if self.second else ""
        return f"{self.scenario} | {self.fault} | {self.passing}:{self.point}{again}"


def passings(trace, span):
    """Name → the passings of it within the span (places of the trace), in the order of first passing."""
    counts, found = collections.Counter(), {}
    for at, point in enumerate(trace):
        counts[point] += 1
        if at in span:
            found.setdefault(point, []).append(counts[point])
    return found


def whole(trace):
    return range(len(trace))


def rollout_of(trace):
    """From where the first rollout is asked for."""
    return range(next(at for at, point in enumerate(trace) if "commit rollout." in point), len(trace))


def wait_of(trace):
    """From where the first rollout is asked for until something is done on a host."""
    begun = next(at for at, point in enumerate(trace) if point == "after commit rollout.leased")
    first = next(at for at in range(begun, len(trace)) if trace[at].startswith("after host POST "))
    return range(rollout_of(trace).start, first + 1)


def work_of(trace):
    """While the first rollout is worked on, until its generation is promoted: by then it has done what it was to do."""
    return range(trace.index("after commit rollout.leased"), trace.index("before commit rollout.finalizing"))


def since(point, passing=1):
    """From that passing of the point."""
    def span(trace):
        places = [at for at, one in enumerate(trace) if one == point]
        return range(places[passing - 1], len(trace))
    return span


def until(point):
    """Up to the first passing of the point."""
    return lambda trace: range(trace.index(point) + 1)


def between(first, last):
    """From the first passing of the one up to the first of the other after it."""
    def span(trace):
        begun = trace.index(first)
        return range(begun, trace.index(last, begun) + 1)
    return span


def every_point(scenario, fault, trace, _seed, span):
    """The first, the last and a middle passing of each point."""
    cells = []
    for point, numbers in passings(trace, span).items():
        for passing in sorted({numbers[0], numbers[(len(numbers) - 1) // 2], numbers[-1]}):
            cells.append(Cell(scenario, fault, point, passing))
    return cells


def one_passing_each(scenario, fault, trace, seed, span):
    """Each point once, at a seeded choice of its passings: for what does the same for many hosts."""
    chance = random.Random(f"{seed} {scenario} {fault}")
    return [Cell(scenario, fault, point, chance.choice(numbers)) for point, numbers in passings(trace, span).items()]


def passing_at(trace, at):
    """(point, passing) of the place in the trace."""
    return trace[at], trace[: at + 1].count(trace[at])


def cell_at(scenario, fault, trace, at):
    return Cell(scenario, fault, *passing_at(trace, at))


def some_points(scenario, fault, trace, count, seed, wanted=lambda point: True, span=None):
    """A seeded choice of single passings; the same seed gives the same cells for the same trace."""
    chance = random.Random(f"{seed} {scenario} {fault}")
    places = [at for at in (span or whole(trace)) if wanted(trace[at])]
    return [cell_at(scenario, fault, trace, at) for at in chance.sample(places, min(count, len(places)))]


def twice(scenario, trace, recovery, count, seed, span):
    """Killed at a point, and the process that recovers is killed at a point of the recovery."""
    chance = random.Random(f"{seed} {scenario} twice")
    cells = some_points(scenario, "kill twice", trace, count, seed, span=span)
    for cell in cells:
        cell.second = passing_at(recovery, chance.randrange(len(recovery)))
    return cells
