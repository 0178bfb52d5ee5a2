"""Checks each tool, then runs the rounds: tools take turns, and each round begins with another one."""

import os
import re
import shlex
import shutil
import subprocess
import time
from dataclasses import dataclass, field, replace

MIB = 1024 * 1024
HOLD_MS = 20
REST = 2.2  # seconds after which files are known by their looks


@dataclass
class Run:
    status: int
    wall_ms: float
    tree_ms: float
    own_ms: float
    peak_mib: float
    timed_out: bool
    leftovers: int


@dataclass
class Entry:
    """One tool in one workload."""

    tool: object
    folder: str
    runs: dict = field(default_factory=dict)  # round -> Run
    failure: str = None
    declared: set = field(default_factory=set)


class Meter:
    def __init__(self, program, timeout, scratch):
        self.program = program
        self.timeout = timeout
        self.environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8", "NO_COLOR": "1",
            "HOME": os.path.join(scratch, "home"), "TMPDIR": os.path.join(scratch, "tmp"),
            "XDG_STATE_HOME": os.path.join(scratch, "home", "state"),
        }
        for name in ("HOME", "TMPDIR"):
            os.makedirs(self.environment[name], exist_ok=True)

    def run(self, folder, command, output="/dev/null", variables=None):
        process = subprocess.Popen([self.program, str(self.timeout), folder, output, *command],
                                   env={**self.environment, **(variables or {})}, stdout=subprocess.PIPE, text=True)
        try:
            text, _ = process.communicate()
        except BaseException:
            # Asked to stop: TERM, not KILL, so that the meter ends the tool and all its steps.
            process.terminate()
            process.communicate()
            raise
        if process.returncode != 0 or not text:
            raise RuntimeError(f"the meter could not run `{shlex.join(command)}`")
        status, wall, tree, own, peak, timed_out, leftovers = map(int, text.split())
        return Run(status, wall / 1e6, tree / 1e3, own, peak / 1024, bool(timed_out), leftovers)


def explain(run):
    if run.timed_out:
        return f"killed at the timeout after {run.wall_ms / 1000:.0f} s"
    if run.status < 0:
        return f"signal {-run.status} after {run.wall_ms / 1000:.1f} s"
    return f"status {run.status} after {run.wall_ms / 1000:.1f} s"


def version(meter, program, scratch):
    """The first line that `--version` prints; through the meter, so that one that hangs is ended."""
    said = os.path.join(scratch, "version")
    try:
        meter.run(scratch, [program, "--version"], said)
        lines = [line for line in read_log(said) if line.strip()]
        os.remove(said)
    except (RuntimeError, OSError):
        lines = []
    return lines[0].strip() if lines else "unknown"


def read_log(path):
    try:
        with open(path, errors="replace") as file:
            return file.read().split("\n")[:-1]
    except OSError:
        return []


def checking_variant(workload, mark, log):
    """The same graph, its steps logging themselves, declared backwards: who only follows the declaration is seen."""
    last = len(workload.steps) - 1
    # The first steps take long enough that one job too many is seen; all of them would take too long.
    held = 4 * workload.jobs
    steps = [replace(step, command=[mark, log, step.id, str(HOLD_MS if number < held else 0)],
                     dependencies=[last - dependency for dependency in step.dependencies])
             for number, step in enumerate(workload.steps)]
    return replace(workload, output_mib=0, steps=steps[::-1])


def order_problem(workload, path):
    """What is wrong with the order in which the steps of a checking run started and ended, or None."""
    number = {step.id: index for index, step in enumerate(workload.steps)}
    started, ended, running, most = set(), set(), 0, 0
    for line in read_log(path):
        event, _, name = line.partition(" ")
        step = number.get(name)
        if step is None:
            return f"the log holds `{line}`"
        if event == "s":
            if step in started:
                return f"`{name}` ran twice"
            early = [d for d in workload.steps[step].dependencies if d not in ended]
            if early:
                return f"`{name}` started before `{workload.steps[early[0]].id}` had ended"
            started.add(step)
            running += 1
            most = max(most, running)
        else:
            ended.add(step)
            running -= 1
    if len(ended) != len(workload.steps):
        return f"{len(ended)} of {len(workload.steps)} steps ran"
    if most > workload.jobs:
        return f"{most} steps at once with {workload.jobs} jobs"
    return None


class Bench:
    def __init__(self, meter, mark, writer, scratch, say):
        self.meter = meter
        self.mark = mark
        self.writer = writer
        self.scratch = scratch
        self.say = say

    def folder(self, workload, tool, suffix=""):
        path = os.path.join(self.scratch, workload.name + suffix, tool.name.replace(" ", "-"))
        os.makedirs(path)
        return path

    def check(self, tool, workload):
        """Runs the workload with steps that log themselves; returns what was wrong, or None."""
        folder = self.folder(workload, tool, "-check")
        log = os.path.join(folder, "order.log")
        marked = checking_variant(workload, self.mark, log)
        tool.write(folder, marked)
        run = self.meter.run(folder, tool.command(marked), os.path.join(folder, "said"))
        problem = explain(run) if run.status != 0 or run.timed_out else order_problem(marked, log)
        if problem is None and run.leftovers:
            problem = f"{run.leftovers} processes left over"
        if problem and run.status != 0:
            said = read_log(os.path.join(folder, "said"))
            problem += f": {said[-1][:100]}" if said else ""
        shutil.rmtree(folder)
        return problem

    def prepare(self, tool, workload):
        entry = Entry(tool, "")
        if workload.kind == "run" and tool.name != "step itself":
            entry.failure = self.check(tool, workload)
            if entry.failure:
                self.say(f"  {tool.name}: FAILED the check: {entry.failure}")
                return entry
        entry.folder = self.folder(workload, tool)
        if workload.output_mib:
            workload = replace(workload, steps=[
                replace(step, command=[self.writer, *step.command[1:]]) for step in workload.steps])
        tool.write(entry.folder, workload)
        entry.declared = set(os.listdir(entry.folder))
        if workload.kind == "plan" and tool.warm_up(workload):
            run = self.meter.run(entry.folder, tool.warm_up(workload))
            entry.declared = set(os.listdir(entry.folder))
            if run.status != 0 or not {step.id for step in workload.steps} <= entry.declared:
                entry.failure = f"first run: {explain(run)}"
        if entry.tool.reads_files(workload):
            entry.failure = self.settle(entry, workload)
        if workload.kind in ("plan", "version") and not entry.failure:
            entry.failure = self.silence(entry, workload)
        if entry.failure:
            self.say(f"  {tool.name}: FAILED: {entry.failure}")
        return entry

    def settle(self, entry, workload):
        """Writes the inputs and has all steps run; then nothing must run any more, and what is edited must."""
        folder = entry.folder
        for name in ("in", "out"):
            os.makedirs(os.path.join(folder, name))
        for step in workload.steps:
            for path in step.inputs:
                with open(os.path.join(folder, path), "w") as file:
                    file.write(path + "\n")
        command = entry.tool.command(workload)
        # Files younger than two seconds are not known by their looks yet: what is measured is a project at rest,
        # as it is after a second run, and one more that has found nothing to do.
        for number in ("first", "second"):
            run = self.meter.run(folder, command)
            if run.status != 0 or run.timed_out:
                return f"{number} run: {explain(run)}"
            time.sleep(REST)
        entry.declared = set(os.listdir(folder))
        before = self.outputs(entry, workload)
        run = self.meter.run(folder, command)
        if run.status != 0 or self.outputs(entry, workload) != before:
            return f"nothing had changed, but steps ran ({explain(run)})"
        step = self.edit(entry, workload, 0)
        self.meter.run(folder, command)
        changed = [path for path, fact in self.outputs(entry, workload).items() if fact != before[path]]
        for _ in range(2):
            time.sleep(REST)
            self.meter.run(folder, command)
        return None if changed == [step.output] else f"after an edit {len(changed)} steps ran, and one should"

    def outputs(self, entry, workload):
        paths = [step.output for step in workload.steps]
        facts = [os.stat(os.path.join(entry.folder, path)) for path in paths]
        return {path: (fact.st_mtime_ns, fact.st_ino) for path, fact in zip(paths, facts)}

    def edit(self, entry, workload, number):
        """Changes the first input of one step; another one in each round."""
        step = workload.steps[(len(workload.steps) // 2 + number) % len(workload.steps)]
        with open(os.path.join(entry.folder, step.inputs[0]), "a") as file:
            file.write(f"edited {number}\n")
        return step

    def build(self, entry, workload, number, command):
        """Edits an input of some steps, others in each round, and has the tool run them."""
        count = workload.built_just_before
        for place in range(count):
            self.edit(entry, workload, (number + 1) * count + place)
        before = self.outputs(entry, workload)
        run = self.meter.run(entry.folder, command)
        changed = sum(fact != before[path] for path, fact in self.outputs(entry, workload).items())
        if run.status != 0 or changed != count:
            entry.failure = f"{changed} steps ran after {count} edits ({explain(run)})"

    def silence(self, entry, workload):
        """A program that does nothing is fast: a plan has to name every step, a version has to say something."""
        version = workload.kind == "version"
        if version and entry.tool.name == "limit":
            return None
        said = os.path.join(entry.folder, "said")
        command = entry.tool.version_command() if version else entry.tool.command(workload)
        run = self.meter.run(entry.folder, command, said)
        with open(said, errors="replace") as file:
            text = file.read()
        self.clean(entry)
        if run.status != 0:
            return explain(run)
        if not text.strip():
            return "printed nothing"
        if workload.kind == "plan" and entry.tool.name == "stepvisor":
            named = set(re.findall(r"[A-Za-z0-9._-]+", text))
            unnamed = [step.id for step in workload.steps if step.id not in named]
            return f"the plan does not name {len(unnamed)} of the steps" if unnamed else None
        return None

    def clean(self, entry):
        for name in set(os.listdir(entry.folder)) - entry.declared:
            path = os.path.join(entry.folder, name)
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                os.remove(path)

    def written(self, entry):
        total = 0
        for path, _, names in os.walk(entry.folder):
            total += sum(os.lstat(os.path.join(path, name)).st_size for name in names)
        return total

    def turn(self, entry, workload, number):
        self.clean(entry)
        if workload.kind == "touch":
            self.edit(entry, workload, number + 1)
        command = entry.tool.version_command() if workload.kind == "version" else entry.tool.command(workload)
        # What a tool prints goes nowhere, but where the steps' output is the point it has to arrive somewhere.
        keeps = workload.output_mib and entry.tool.name != "parallel"
        output = os.path.join(entry.folder, "printed") if keeps else "/dev/null"
        if workload.built_just_before:
            self.build(entry, workload, number, command)
        # The tools take turns, so that a number of the round would be the same for all of them.
        variables = {f"BENCH_{os.urandom(4).hex()}": str(number)} if workload.new_environment else None
        run = self.meter.run(entry.folder, command, output, variables)
        expected = workload.output_mib * len(workload.steps) * MIB
        if run.status != 0 or run.timed_out:
            entry.failure = explain(run)
        elif run.leftovers:
            entry.failure = f"{run.leftovers} processes left over"
        elif self.written(entry) < expected:
            entry.failure = f"{self.written(entry) // MIB} of {expected // MIB} MiB of output were kept"
        if entry.failure:
            self.say(f"  {entry.tool.name}: FAILED: {entry.failure}")
        entry.runs[number] = run
        self.clean(entry)

    def measure(self, workload, tools, rounds, budget):
        """All rounds of one workload. A tool that has used `budget` seconds rests after its third run."""
        self.say(f"{workload.name}: checking {len(tools)} tools")
        entries = [self.prepare(tool, workload) for tool in tools]
        ready = [entry for entry in entries if not entry.failure]
        if workload.output_mib and ready:
            # Memory that nobody has touched yet is dearer: a first run, not counted, pays for it.
            self.turn(ready[0], workload, 0)
            ready[0].runs.clear()
        for number in range(rounds):
            self.say(f"{workload.name}: round {number + 1} of {rounds}")
            start = number % max(1, len(entries))
            for entry in entries[start:] + entries[:start]:
                used = sum(run.wall_ms for run in entry.runs.values()) / 1000
                if entry.failure or (len(entry.runs) >= 3 and used > budget):
                    continue
                self.turn(entry, workload, number)
        for suffix in ("", "-check"):
            shutil.rmtree(os.path.join(self.scratch, workload.name + suffix), ignore_errors=True)
        return entries
