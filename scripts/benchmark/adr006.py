"""The fifteen steps of ADR-006 with all that saves time, beside the figures that the document gives."""

import os
import shutil
import subprocess
import sys
from statistics import median

from report import table
from workloads import MIXED

MINUTE = 100  # ms
# What each step reads. What it writes says only that nothing was found, as the report of a check mostly does.
READS = {
    0: ["Package.toml", "src/**"], 1: ["docs/**", "README.md"], 2: ["docs/**", "README.md"], 3: ["scripts/**"],
    4: ["src/**", "scripts/**"], 5: ["tests/**"], 6: ["src/**", "tests/**"], 7: ["src/**", "tests/**"],
    8: ["Package.toml"], 9: ["src/**"], 10: ["docs/**", "src/**"], 11: ["**", "!reports/**", "!.git/**", "!.stepvisor/**"],
    12: ["docs/**", "README.md"], 13: ["prompts/**"], 14: ["src/ui/**"],
}
FILES = ["README.md", "Package.toml", "docs/guide.md", "docs/api.md", "src/main.c", "src/ui/view.c", os.path.join("scripts", "build"),
         "tests/main.c", "prompts/review.txt"]
TOGETHER = ["--parallel", "-j", "8"]
SMART = [*TOGETHER, "--smart-execution"]
CACHED = [*SMART, "--cache"]
WAYS = [  # what, options, the minutes that the document gives
    ("in sequence", [], 23), ("parallel", TOGETHER, 15.5),
    ("smart and parallel, docs edited", SMART, 10), ("the same with cache, after a checkout back and forth", CACHED, 2.3),
]


class Failed(Exception):
    """Why there are no figures."""


def program(toolbox, path):
    return toolbox.find("stepvisor", path)


def write(path, text, mode="w"):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, mode) as file:
        file.write(text)


def workflow():
    lines = ['name = "adr-006"']
    for step, minutes, after in MIXED:
        lines += ["", "[[steps]]", f'id = "s{step}"',
                  f'command = "sleep {minutes * MINUTE / 1000:g}; echo nothing found > reports/s{step}"',
                  f"dependencies = {[f's{a}' for a in after]}".replace("'", '"'),
                  f"inputs = {READS[step]}".replace("'", '"'), f'output_files = ["reports/s{step}"]']
    return "\n".join(lines) + "\n"


class Project:
    """A repository with the workflow, and two branches that differ in every file."""

    def __init__(self, meter, command, folder):
        self.meter, self.command, self.folder = meter, command, folder
        os.makedirs(os.path.join(folder, "reports"))
        write(os.path.join(folder, "workflow.toml"), workflow())
        write(os.path.join(folder, ".gitignore"), "reports/\n")
        self.git("init", "-q", "-b", "main")
        self.edit(FILES, "first\n")
        self.commit("first")
        self.git("checkout", "-q", "-b", "other")
        self.edit(FILES, "other\n")
        self.commit("other")
        self.git("checkout", "-q", "main")

    def git(self, *words):
        subprocess.run(["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost", *words], cwd=self.folder,
                       check=True, capture_output=True)

    def commit(self, message):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def edit(self, names, text):
        for name in names:
            write(os.path.join(self.folder, name), text, "a")

    def run(self, options):
        """Wall ms; all fifteen reports have to be there."""
        run = self.meter.run(self.folder, [self.command, "run", *options])
        reports = len(os.listdir(os.path.join(self.folder, "reports")))
        if run.status != 0 or run.timed_out or run.leftovers or reports != len(MIXED):
            raise Failed(f"`run {' '.join(options)}`: status {run.status}, {reports} reports")
        return run.wall_ms

    def lose_reports(self):
        folder = os.path.join(self.folder, "reports")
        for name in os.listdir(folder):
            os.remove(os.path.join(folder, name))


def one_round(meter, command, folder):
    project = Project(meter, command, folder)
    found = [project.run([]), project.run(TOGETHER)]
    # What is up to date is not kept: only what runs is.
    project.run([*CACHED, "--force"])
    project.edit(["docs/guide.md"], "a word more\n")
    found.append(project.run(SMART))
    project.git("checkout", "-q", "docs/guide.md")
    project.run(CACHED)
    project.git("checkout", "-q", "other")
    project.run(CACHED)
    project.git("checkout", "-q", "main")
    project.lose_reports()
    found.append(project.run(CACHED))
    shutil.rmtree(folder)
    return found


def measure(meter, command, root, scratch, rounds, say):
    found = []
    for number in range(rounds):
        say(f"adr006: round {number + 1} of {rounds}")
        try:
            found.append(one_round(meter, command, os.path.join(scratch, f"adr006-{number}")))
        except Failed as reason:
            sys.exit(f"bench: FAILED: {reason}")
    columns = [("run", "---"), ("the source", "--:"), ("at scale", "--:"), ("measured", "--:"), ("fastest", "--:"),
               ("slowest", "--:"), ("in its minutes", "--:"), ("less than in sequence", "--:")]
    rows, first = [], median(walls[0] for walls in found)
    for place, (what, _, minutes) in enumerate(WAYS):
        walls = [walls[place] for walls in found]
        wall = median(walls)
        rows.append([what, f"{minutes:g} min", f"{minutes * MINUTE:.0f} ms", f"{wall:.0f} ms", f"{min(walls):.0f} ms",
                     f"{max(walls):.0f} ms", f"{wall / MINUTE:.1f} min", f"{100 - 100 * wall / first:.0f} %"])
    return ["## The fifteen steps of ADR-006", "",
            f"{MINUTE} ms a minute; `-j 8`, as sleeping steps need no processor; the critical path has 10.5 minutes.", "",
            *table(columns, rows), ""]
