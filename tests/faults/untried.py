"""Whether a matrix has tried what it was there for: cells whose instant did not come have shown nothing."""

import collections

import faults

REACHED = 0.9  # of the cells that ran, at least: what happens between threads differs from run to run


def gaps(outcomes):
    """One text per reason why the matrix shows too little; of `outcomes`, worker.Outcome."""
    if not outcomes:
        return ["untried: no cell ran (those of the short tier are sampled, and each engine has its own)"]
    kills = collections.defaultdict(list)
    for outcome in outcomes:
        if faults.ALL[outcome.cell.fault].variable == "SLIPWAY_KILL_POINT":
            kills[outcome.cell.scenario, outcome.cell.fault].append(outcome.reached)
    found = [f"untried: slipwayd was never killed in {scenario} | {fault}, of {len(reached)} cells"
             for (scenario, fault), reached in sorted(kills.items()) if not any(reached)]
    reached = sum(1 for outcome in outcomes if outcome.reached)
    if reached < REACHED * len(outcomes):
        found.append(f"untried: {reached} of {len(outcomes)} cells came to their instant, {REACHED:.0%} have to")
    return found
