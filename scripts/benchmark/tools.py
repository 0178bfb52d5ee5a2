"""The tools: how each is told a workload, and how it is started."""

import json
import os
import shlex


def words(step):
    return " ".join(shlex.quote(word) for word in step.command)


class Tool:
    name = ""
    note = ""  # said under the table of spam: where a step's output goes
    honours_edges = True

    def __init__(self, program):
        self.program = program

    def declines(self, workload):
        """Why this tool is not in a workload, or None."""
        if workload.tools and self.name not in workload.tools:
            return "not asked for here"
        if workload.kind == "version" and self.version_command() is None:
            return "has no version"
        if workload.kind == "run" and workload.has_edges and not self.honours_edges:
            return "has no dependency graph"
        return None

    def write(self, folder, workload):
        raise NotImplementedError

    def command(self, workload):
        raise NotImplementedError

    def version_command(self):
        return [self.program, "--version"]

    def warm_up(self, workload):
        """A command that brings the folder of a plan workload to "nothing to do", or None."""
        return None

    def reads_files(self, workload):
        """Whether steps declare files, and those that have not changed are left out."""
        return workload.kind in ("idle", "touch")


def text_file(folder, name, lines):
    with open(os.path.join(folder, name), "w") as file:
        file.write("\n".join(lines) + "\n")


def levels(steps):
    """The length of the longest chain of dependencies before each step."""
    depth = [0] * len(steps)
    waiting = [len(step.dependencies) for step in steps]
    dependents = [[] for _ in steps]
    for number, step in enumerate(steps):
        for dependency in step.dependencies:
            dependents[dependency].append(number)
    settled = [number for number, count in enumerate(waiting) if count == 0]
    for number in settled:
        for dependent in dependents[number]:
            depth[dependent] = max(depth[dependent], depth[number] + 1)
            waiting[dependent] -= 1
            if waiting[dependent] == 0:
                settled.append(dependent)
    return depth


class Limit(Tool):
    name = "limit"
    note = "a file per step, handed to it"

    def write(self, folder, workload):
        lines = []
        for step in workload.steps:
            output = f"{step.id}.log" if workload.output_mib else "-"
            edges = ",".join(map(str, step.dependencies)) or "-"
            lines.append("\t".join([output, edges, *step.command]))
        text_file(folder, "graph.txt", lines)

    def command(self, workload):
        return [self.program, str(workload.jobs), "graph.txt"]

    def version_command(self):
        return ["/bin/true"]


class Foundation(Limit):
    name = "foundation"

    def version_command(self):
        return None


class StepItself(Tool):
    """The one step of chain-1 with no runner around it."""

    name = "step itself"

    def declines(self, workload):
        return None if workload.family == "chain-1" else "only in chain-1"

    def write(self, folder, workload):
        self.step = workload.steps[0].command

    def command(self, workload):
        return self.step


class Make(Tool):
    name = "make"
    note = "`-O`: a temporary file, then its own output"

    def write(self, folder, workload):
        if self.reads_files(workload):
            lines = ["all: " + " ".join(step.output for step in workload.steps)]
            for step in workload.steps:
                lines += [f"{step.output}: " + " ".join(step.inputs), f"\t@{words(step)}"]
            text_file(folder, "Makefile", lines)
            return
        ids = [step.id for step in workload.steps]
        lines = ["all: " + " ".join(ids)]
        if workload.kind != "plan":
            lines.append(".PHONY: all " + " ".join(ids))
        for step in workload.steps:
            lines.append(f"{step.id}: " + " ".join(ids[d] for d in step.dependencies))
            lines.append("\t@: > $@" if workload.kind == "plan" else f"\t@{words(step)}")
        text_file(folder, "Makefile", lines)

    def command(self, workload):
        output = ["-O"] if workload.output_mib else []
        return [self.program, "-rR", f"-j{workload.jobs}", *output, "all"]

    def warm_up(self, workload):
        return self.command(workload)


class Ninja(Tool):
    name = "ninja"
    note = "kept in memory, then its own output"

    def write(self, folder, workload):
        if self.reads_files(workload):
            lines = ["rule step", "  command = cp $first $out"]
            for step in workload.steps:
                lines += [f"build {step.output}: step " + " ".join(step.inputs), f"  first = {step.inputs[0]}"]
            text_file(folder, "build.ninja", lines)
            return
        ids = [step.id for step in workload.steps]
        lines = ["rule step", "  command = " + (": > $out" if workload.kind == "plan" else "$run")]
        for step in workload.steps:
            lines.append(f"build {step.id}: step " + " ".join(ids[d] for d in step.dependencies))
            if workload.kind != "plan":
                lines.append("  run = " + words(step).replace("$", "$$"))
        text_file(folder, "build.ninja", lines)

    def command(self, workload):
        return [self.program, f"-j{workload.jobs}"]

    def warm_up(self, workload):
        return self.command(workload)


class Bash(Tool):
    name = "bash"
    note = "a file per step, by `>`"

    def write(self, folder, workload):
        lines = [
            f"slots={workload.jobs} busy=0",
            "slot() { if ((++busy >= slots)); then wait -n; ((busy--)); fi; }",
            # `wait` ends a level for certain; ended jobs that it leaves for a later `wait -n` to find are cleared here.
            "level() { wait; while wait -n; do :; done; busy=0; }",
        ]
        depth = levels(workload.steps)
        by_level = sorted(range(len(depth)), key=lambda n: depth[n])
        for at, number in enumerate(by_level):
            if at and depth[number] != depth[by_level[at - 1]]:
                lines.append("level")
            step = workload.steps[number]
            target = f" > {step.id}.log" if workload.output_mib else ""
            lines.append(f"{words(step)}{target} & slot")
        text_file(folder, "run.sh", lines + ["wait"])

    def command(self, workload):
        return [self.program, "--norc", "run.sh"]


class GoTask(Tool):
    name = "go-task"
    note = "kept in memory (`output: group`), then its own output"

    def write(self, folder, workload):
        ids = [step.id for step in workload.steps]
        lines = ["version: '3'", "run: once", "silent: true"]
        if workload.output_mib:
            lines.append("output: group")
        lines += ["tasks:", f"  default: {{deps: [{', '.join(ids)}]}}"]
        for step in workload.steps:
            edges = ", ".join(ids[d] for d in step.dependencies)
            lines.append(f"  {step.id}: {{deps: [{edges}], cmds: [{json.dumps(words(step))}]}}")
        text_file(folder, "Taskfile.yml", lines)

    def command(self, workload):
        return [self.program, "-C", str(workload.jobs), "default"]


class Just(Tool):
    name = "just"
    note = "its own output"

    def write(self, folder, workload):
        ids = [step.id for step in workload.steps]
        lines = ["[parallel]", "all: " + " ".join(ids)]
        for step in workload.steps:
            lines += ["[parallel]", f"{step.id}: " + " ".join(ids[d] for d in step.dependencies), f"  @{words(step)}"]
        text_file(folder, "justfile", lines)

    def command(self, workload):
        return [self.program, "--jobs", str(workload.jobs), "all"]


class Parallel(Tool):
    name = "parallel"
    note = "`--results`: a file per step, and its own output"
    honours_edges = False

    def write(self, folder, workload):
        text_file(folder, "commands", [words(step) for step in workload.steps])

    def command(self, workload):
        results = ["--results", "step{#}.log"] if workload.output_mib else []
        return [self.program, "--will-cite", "-j", str(workload.jobs), *results, "-a", "commands"]


class Stepvisor(Tool):
    name = "stepvisor"
    note = "a log per step, through a pipe"
    settings = ()

    def write(self, folder, workload):
        ids = [step.id for step in workload.steps]
        lines = [f'name = "{workload.name}"', *self.settings]
        for step in workload.steps:
            lines += ["", "[[steps]]", f'id = "{step.id}"', f"command = {json.dumps(step.command)}"]
            if step.dependencies:
                lines.append(f"dependencies = {json.dumps([ids[d] for d in step.dependencies])}")
            if step.inputs:
                lines.append(f"inputs = {json.dumps(step.inputs)}")
            if step.output:
                lines.append(f"output_files = {json.dumps([step.output])}")
        text_file(folder, "workflow.toml", lines)

    def command(self, workload):
        if workload.kind == "plan":
            return [self.program, "plan", "-v"]
        smart = ["--smart-execution"] if self.reads_files(workload) else []
        return [self.program, "run", *smart, "-j", str(workload.jobs)]


class StepvisorFile(Stepvisor):
    """stepvisor with steps that write their logs themselves."""

    name = "stepvisor-file"
    note = "`log = \"file\"`: a log per step, handed to it"
    settings = ("[execution]", 'log = "file"')

    def declines(self, workload):
        return None if workload.family == "spam" else "only in spam"


# The order of the tables before they are sorted, and of the turns.
TOOLS = [Limit, Foundation, StepItself, Stepvisor, StepvisorFile, Make, Ninja, Bash, GoTask, Just, Parallel]
