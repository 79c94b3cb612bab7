"""What the benchmarks have measured, as the tables of docs/benchmarks.md."""

import datetime
import os
import statistics


def machine():
    """What a table was measured on, as far as the machine can tell; who else used it, the load says."""
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def percentile(values, percent):
    """The nearest rank: the smallest of the values that `percent` of them are not above."""
    rank = -(-len(values) * percent // 100)
    return sorted(values)[max(rank, 1) - 1]


class Table:
    """Rows that were measured in one go: of one day, on one machine, each figure the median of `n`."""

    def __init__(self, title, n, engine=""):
        self.title, self.n, self.engine = title, n, engine
        self.rows = []
        self.made_on = ""

    def ratio(self, name, ours, peer, goal=None, unit="ms"):
        ratio = statistics.median(ours) / statistics.median(peer)
        self.add(name, f"{ratio:.2f} ({statistics.median(ours):.1f} / {statistics.median(peer):.1f} {unit})", ratio, goal, str(goal))

    def figure(self, name, value, goal, unit):
        shown = value if isinstance(value, int) else f"{value:.1f}"
        self.add(name, f"{shown} {unit}", value, goal, f"{goal} {unit}")

    def note(self, name, text):
        self.add(name, text, 0, None, "")

    def add(self, name, measured, value, goal, goal_text):
        """No goal: None. Told as it comes, and at the end as a row."""
        verdict, told = ("", "none") if goal is None else ("met" if value <= goal else "missed", goal_text)
        print(f"{verdict or '-':6} {name}: {measured}  (goal {told})", flush=True)
        self.rows.append(f"| {name} | {measured} | {'' if goal is None else goal_text} | {verdict} |")
        self.made_on = f"{datetime.date.today()}, {self.engine}{machine()} at its end, n={self.n}:"

    def text(self):
        return "\n".join([f"### {self.title}", "", self.made_on, "", "| figure | measured | goal | |", "|---|---|---|---|", *self.rows])


class Figures:
    """`engine`: the version that the tables name, nothing if none had a part in them."""

    def __init__(self, engine=""):
        self.engine = f"Engine {engine}, " if engine else ""
        self.tables = []

    def table(self, title, n):
        self.tables.append(Table(title, n, self.engine))
        return self.tables[-1]

    def text(self):
        return "\n\n".join(table.text() for table in self.tables if table.rows)
