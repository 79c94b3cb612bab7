"""The report: a table for people, and the violations in full."""

import collections
import datetime
import subprocess

CLASSES = ("lost log bytes", "doubled log bytes", "started twice", "false pass", "wrong verdict", "not ended", "orphan",
           "lost delivery", "run twice", "two live generations", "mixed generations", "not deployed", "wrong digest", "crash")

HEAD = """\
# Reliability

What slipway promises when something dies is in [architecture.md](architecture.md) and in the decisions; this page is what
was tried. `./dev faults` makes it: it runs pipelines and rollouts on a real engine, a real registry and three real hosts,
and breaks one thing in each, at a named instant (a *kill point*, see `base/kill_point.hpp`): on both sides of every commit
to the journal, every call to an engine, every request to a registry, every write of a log and every run of git. One
instant and one fault are a *cell*. After each cell the journal, the logs, the engine's own events, the registry and the
hosts are compared with what the pipeline is known to do, to the byte.

"""


def class_of(problem):
    return problem.split(":", 1)[0]


def table(outcomes):
    """Markdown: one row per scenario and fault."""
    rows = collections.OrderedDict()
    for outcome in outcomes:
        rows.setdefault((outcome.cell.scenario, outcome.cell.fault), []).append(outcome)
    lines = ["| scenario | fault | cells | instants | violations | ended as if nothing had happened | median s |", "|---|---|---|---|---|---|---|"]
    for (scenario, fault), group in rows.items():
        reached = [outcome for outcome in group if outcome.reached]
        if not reached:
            continue
        instants = len({outcome.cell.point for outcome in reached})
        bad = sum(1 for outcome in reached if outcome.problems)
        same = sum(1 for outcome in reached if outcome.as_if_nothing)
        seconds = sorted(outcome.seconds for outcome in reached)[len(reached) // 2]
        lines.append(f"| {scenario} | {fault} | {len(reached)} | {instants} | {bad} | {same} | {seconds:.1f} |")
    return "\n".join(lines) + "\n"


def invariants(outcomes, left):
    counts = collections.Counter(class_of(problem) for outcome in outcomes for problem in outcome.problems)
    counts["orphan"] += len(left)
    lines = ["| invariant | violations |", "|---|---|"]
    lines += [f"| {name} | {counts.pop(name, 0)} |" for name in CLASSES]
    lines += [f"| {name} | {count} |" for name, count in counts.items()]
    return "\n".join(lines) + "\n"


def summary(outcomes):
    reached = [outcome for outcome in outcomes if outcome.reached]
    bad = [outcome for outcome in outcomes if outcome.problems]
    return f"{len(reached)} cells, {len({o.cell.point for o in reached})} different kill points, {len(bad)} with violations"


def write(path, outcomes, left, meanings, seed, seconds):
    engine = subprocess.run(["docker", "version", "--format", "{{.Server.Version}}"], capture_output=True, text=True, check=True).stdout.strip()
    missed = sum(1 for outcome in outcomes if not outcome.reached)
    text = HEAD + f"""\
Last run: {datetime.date.today()}, seed {seed}, Engine {engine}, {seconds / 60:.0f} minutes: **{summary(outcomes)}**. In {missed} more the
instant never came (what happens between threads differs from run to run); they ended right and are not counted.

## Cells

{table(outcomes)}
*Instants* are different kill points; each is tried at its first, its last and a middle passing, or at a seeded choice.
What the faults are:

""" + "".join(f"- **{name}**: {meaning}.\n" for name, meaning in meanings.items()) + f"""
After a fault that takes steps or hosts with it a run may also fail and say why; it must never pass falsely.

## Invariants

{invariants(outcomes, left)}"""
    bad = [outcome for outcome in outcomes if outcome.problems]
    if bad:
        text += "\n## Violations\n\n"
        for outcome in bad:
            text += f"- {outcome.cell.text}\n" + "".join(f"  - {problem}\n" for problem in outcome.problems)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
