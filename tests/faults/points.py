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


def counted(trace):
    """Name → how often it was passed, in the order of first passing."""
    return collections.Counter(trace)


def every_point(scenario, fault, trace):
    """The first, the last and a middle passing of each point."""
    cells = []
    for point, count in counted(trace).items():
        for passing in sorted({1, (count + 1) // 2, count}):
            cells.append(Cell(scenario, fault, point, passing))
    return cells


def one_passing_each(scenario, fault, trace, seed):
    """Each point once, at a seeded choice of its passings: for what does the same for many hosts."""
    chance = random.Random(f"{seed} {scenario} {fault}")
    return [Cell(scenario, fault, point, chance.randint(1, count)) for point, count in counted(trace).items()]


def passing_at(trace, at):
    """(point, passing) of the place in the trace."""
    return trace[at], trace[: at + 1].count(trace[at])


def cell_at(scenario, fault, trace, at):
    return Cell(scenario, fault, *passing_at(trace, at))


def some_points(scenario, fault, trace, count, seed, wanted=lambda point: True):
    """A seeded choice of single passings; the same seed gives the same cells for the same trace."""
    chance = random.Random(f"{seed} {scenario} {fault}")
    places = [at for at, point in enumerate(trace) if wanted(point)]
    return [cell_at(scenario, fault, trace, at) for at in chance.sample(places, min(count, len(places)))]


def twice(scenario, trace, recovery, count, seed):
    """Killed at a point, and the process that recovers is killed at a point of the recovery."""
    chance = random.Random(f"{seed} {scenario} twice")
    cells = some_points(scenario, "kill twice", trace, count, seed)
    for cell in cells:
        cell.second = passing_at(recovery, chance.randrange(len(recovery)))
    return cells
