"""docs/reliability.md, made of what matrices have left in their folders.

    report.py FOLDER... > docs/reliability.md
    report.py --whole FOLDER...    exits 1 and says why if one of them is not the whole full matrix, as the page's are

What only a person can tell of the runs (what was bad, and what became of it) is in run_again.md, and ends the page.
"""

import collections
import datetime
import json
import os
import subprocess
import sys

import faults
import labels
import stories
from cells import KILLS

CLASSES = ("lost log bytes", "doubled log bytes", "started twice", "never started", "false pass", "wrong verdict", "not ended", "orphan",
           "lost delivery", "run twice", "ran on", "ended too early", "ended too late", "leaked secret", "side by side",
           "not gone back", "rolled back twice", "wrong place", "two live generations", "mixed generations", "not deployed", "not running", "wrong digest",
           "wrong generation", "begun too early", "lost word", "said twice", "two rollouts at once", "wrong lease",
           "touched another's", "crash")

REMARKS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "run_again.md")

HEAD = """\
# Reliability

What slipway promises when something dies is in [architecture.md](architecture.md) and in the decisions; this page is what
was tried. `./dev faults` makes it: pipelines and rollouts run on a real engine, a real registry, three real hosts and a real
swarm, and one thing is broken in each, at a named instant (a *kill point*, `base/kill_point.hpp`): on both sides of every
commit to the journal, every call to an engine, every request to a registry, every write of a log and every run of git. One
instant and one fault are a *cell*. After each the journal, the audit, the logs, the engine's own start events, the registry,
the hosts and the swarm's tasks are compared with what the pipeline is known to do, to the byte. On the fake engine, which a shared suite holds to the real one
([0056](decisions/0056-fake-engine.md)), single answers go wrong as well.

Some scenarios are stories, in which people and forges do more than push once: they cancel, run again, roll back, push again,
send twice. Each of them does so once it sees its moment, and asks again only for what was not answered. What slipwayd said yes
to must then be so.

What the tables do not show: no scenario has a route (HAProxy or Caddy), a hook, a migration, a canary or blue-green rollout,
drift that is healed, an adoption, a backup or files of LFS, so nothing is broken at the instants that only those have. Some of
them are in other tests: slipwayd is killed after commits of a rollout with hooks and a migration, and none of them runs twice
(`tests/integration/rollouts/stages/hooks_test.cpp`); it is restarted while a canary waits (`strategies_test.cpp` there); a proxy
is killed or removed (`traffic_test.cpp`); `./dev bench rollouts` kills slipwayd in five of twenty rollouts behind a proxy under
load. Faults other than *kill* come at a sample of the instants (on the fake engine those of calls that go wrong at all of them,
but for *deploy*), and in some scenarios *kill* does: below it is said of which. A log is not whole where an engine with
`live-restore` is killed: what it had taken from a step and not yet written is lost with it, and the step may pass
(`tests/integration/runs/engine_death_test.cpp`).

Cells whose instant did not come (what happens between threads differs from run to run) are tried once more; if it does not
come then either, they ended right and are not counted. A matrix has failed if less than nine tenths of its cells came to their
instant, or none of those in which slipwayd is killed in a scenario. After a fault that takes steps or hosts with it a run may
also fail and say why; it must never pass falsely. The checker itself is tried on planted violations
(`tests/faults/checker_test.py`, `story_test.py`). The hosts' engines have `live-restore`.
"""


def save(folder, options, count, outcomes, left, seconds):
    version = "fake"
    if options.engine == "real":
        version = subprocess.run(["docker", "version", "--format", "{{.Server.Version}}"], capture_output=True, text=True, check=True).stdout.strip()
    cells = [{"scenario": o.cell.scenario, "fault": o.cell.fault, "point": o.cell.point, "text": o.cell.text, "reached": o.reached,
              "problems": o.problems, "seconds": o.seconds, "verdict": o.verdict, "as_if_nothing": o.as_if_nothing} for o in outcomes]
    with open(f"{folder}/outcomes.json", "w", encoding="utf-8") as file:
        json.dump({"engine": version, "seed": options.seed, "date": str(datetime.date.today()), "seconds": seconds,
                   "tier": options.tier, "filters": [text for text in (options.scenarios, options.only) if text],
                   "left_out": count - len(outcomes), "orphans": left, "cells": cells}, file)


def lacks(matrix):
    """Why it is not a whole matrix of the full tier; empty if it is."""
    if matrix["tier"] != "full":
        return f"of the {matrix['tier']} tier"
    if matrix["filters"]:
        return f"only what matches {' and '.join(matrix['filters'])}"
    if matrix["left_out"]:
        return f"{matrix['left_out']} cells were left out for time"
    return "" if matrix["cells"] else "no cell ran"


def summary(matrix):
    cells = matrix["cells"]
    reached = [cell for cell in cells if cell["reached"]]
    bad = [cell for cell in cells if cell["problems"]]
    text = f"{len(reached)} cells, {len({cell['point'] for cell in reached})} different kill points, {len(bad)} with violations"
    left_out = matrix.get("left_out")
    return text + (f"; a sample, {left_out} cells were left out for time" if left_out else "")


def table(cells):
    rows = collections.OrderedDict()
    for cell in cells:
        if cell["reached"] or cell["problems"]:
            rows.setdefault((cell["scenario"], cell["fault"]), []).append(cell)
    lines = ["| scenario | fault | cells | instants | violations | ended as if nothing had happened | median s |", "|---|---|---|---|---|---|---|"]
    for (scenario, fault), group in sorted(rows.items(), key=lambda row: (row[0][1], row[0][0])):
        instants = len({cell["point"] for cell in group})
        bad = sum(1 for cell in group if cell["problems"])
        same = sum(1 for cell in group if cell["as_if_nothing"])
        seconds = sorted(cell["seconds"] for cell in group)[len(group) // 2]
        lines.append(f"| {scenario} | {fault} | {len(group)} | {instants} | {bad} | {same} | {seconds:.1f} |")
    return "\n".join(lines) + "\n"


def invariants(matrices):
    counts = collections.Counter()
    for matrix in matrices:
        counts["orphan"] += len(matrix["orphans"])
        counts.update(problem.split(":", 1)[0] for cell in matrix["cells"] for problem in cell["problems"])
    lines = ["| invariant | violations |", "|---|---|"]
    lines += [f"| {name} | {counts.pop(name, 0)} |" for name in CLASSES]
    lines += [f"| {name} | {count} |" for name, count in counts.items()]
    return "\n".join(lines) + "\n"


def crowd(path):
    """What crowd.py has measured; nothing if it did not run."""
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        had = json.load(file)
    return (f"\n## Many at once\n\n{had['count']} steps ran when slipwayd was killed. The next one was ready after {had['ready']:.2f} s and had "
            f"adopted all of them after {had['adopted']:.2f} s (limit {had['limit']:.0f} s); it took {had['megabytes']:.0f} MB.\n")


def described(all_of_them):
    return "".join(f"- **{one.name}**: {one.meaning}.\n" for one in all_of_them.values())


def scenarios():
    """With how many instants of each are tried, where that is not all."""
    lines = []
    for name, scenario in stories.ALL.items():
        count = getattr(KILLS[name].each, "count", None)
        sample = {None: "", 0: "; for another fault than *kill*"}.get(count, f"; killed at a sample of {count} instants")
        lines.append(f"- **{name}**: {scenario.meaning}{sample}.\n")
    return "".join(lines)


def page(matrices, crowds):
    text = HEAD
    for matrix in matrices:
        name = "The fake engine" if matrix["engine"] == "fake" else f"Engine {matrix['engine']}"
        text += (f"\n## {name}\n\n{matrix['date']}, seed {matrix['seed']}, {matrix['seconds'] / 60:.0f} minutes: "
                 f"**{summary(matrix)}**.\n\n{table(matrix['cells'])}")
    text += crowds
    text += labels.section(matrices)
    text += "\n## Invariants\n\n" + invariants(matrices) + "\n## Scenarios\n\n"
    text += scenarios() + "\n## Faults\n\n" + described(faults.ALL)
    bad = [cell for matrix in matrices for cell in matrix["cells"] if cell["problems"]]
    if bad:
        text += "\n## Violations\n\n"
        for cell in bad:
            text += f"- {cell['text']}\n" + "".join(f"  - {problem}\n" for problem in cell["problems"])
    return text + "\n" + remarks()


def remarks():
    with open(REMARKS, encoding="utf-8") as file:
        return file.read()


def outcomes_of(folder):
    path = f"{folder}/outcomes.json"
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def are_whole(folders):
    """Says on stderr which are not."""
    whole = True
    for folder in folders:
        matrix = outcomes_of(folder)
        why = lacks(matrix) if matrix else "it did not run"
        if why:
            print(f"{folder} is no whole matrix: {why}", file=sys.stderr)
            whole = False
    return whole


def main(words):
    if words[:1] == ["--whole"]:
        sys.exit(0 if are_whole(words[1:]) else 1)
    matrices = [outcomes_of(folder) for folder in words]
    print(page(matrices, "".join(crowd(f"{folder}/crowd.json") for folder in words)), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
