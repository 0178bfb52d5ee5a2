"""One workflow in sequence and in phases: what was expected beside what it took. Runs take turns."""

import os
import shutil
import sys
from statistics import median

from report import table

# How it is started -> the time of its sleeping steps, in ms.
WAYS = {
    "in sequence": ([], 2050),
    "in phases": (["--parallel"], 1300),
}


class Failed(Exception):
    """Why there are no figures."""


def runs(meter, program, source, scratch, rounds, say):
    """Wall ms by way and round, each in a fresh folder."""
    found = {way: [] for way in WAYS}
    for number in range(rounds):
        say(f"scenarios: round {number + 1} of {rounds}")
        ways = list(WAYS)
        for way in ways[number % 2:] + ways[:number % 2]:
            folder = os.path.join(scratch, "scenario")
            shutil.copytree(source, folder)
            run = meter.run(folder, [program, "run", *WAYS[way][0]])
            shutil.rmtree(folder)
            if run.status != 0 or run.timed_out or run.leftovers:
                raise Failed(f"{way}: status {run.status}, {run.leftovers} processes left over")
            found[way].append(run.wall_ms)
    return found


def markdown(found):
    columns = [("run", "---"), ("steps' own time", "--:"), ("median", "--:"), ("fastest", "--:"), ("slowest", "--:"),
               ("above their own time", "--:")]
    rows = [[way, f"{WAYS[way][1]} ms", f"{median(wall):.0f} ms", f"{min(wall):.0f} ms", f"{max(wall):.0f} ms",
             f"{median(wall) - WAYS[way][1]:.0f} ms"] for way, wall in found.items()]
    one, many = (median(found[way]) for way in WAYS)
    return ["## Scenarios", "", *table(columns, rows), "",
            f"In phases it took {100 - 100 * many / one:.1f} % less; by the steps' own times it is 36.6 %.", ""]


def program(toolbox, path):
    return toolbox.find("stepvisor", path)


def measure(meter, program, root, scratch, rounds, say):
    source = os.path.join(root, "scripts", "benchmark", "scenario")
    try:
        return markdown(runs(meter, program, source, scratch, rounds, say))
    except Failed as reason:
        sys.exit(f"bench: FAILED: {reason}")
