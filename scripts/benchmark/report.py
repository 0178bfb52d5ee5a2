"""Results to Markdown: a table per workload, then each target with what was measured."""

from statistics import median

COLUMNS = [
    ("tool", "---"), ("wall ms", "--:"), ("x limit", "--:"), ("x ninja", "--:"), ("over limit µs/step", "--:"),
    ("CPU of tree ms", "--:"), ("own CPU ms", "--:"), ("peak RSS MiB", "--:"), ("runs", "--:"),
]


def table(columns, rows):
    lines = ["| " + " | ".join(name for name, _ in columns) + " |", "|" + "|".join(rule for _, rule in columns) + "|"]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def number(value):
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}"


def ticks(value):
    """The kernel counts a process's own CPU in hundredths of a second."""
    return "<10" if value < 10 else f"{value:.0f}"


class Result:
    """One workload measured: medians by tool."""

    def __init__(self, workload, entries, absent):
        self.workload = workload
        self.entries = {entry.tool.name: entry for entry in entries}
        self.absent = absent  # tool -> why

    def values(self, tool, what):
        entry = self.entries.get(tool)
        return [getattr(run, what) for run in entry.runs.values()] if entry and not entry.failure else []

    def median(self, tool, what="wall_ms"):
        values = self.values(tool, what)
        return median(values) if values else None

    def ratio(self, tool, to):
        mine, other = self.median(tool), self.median(to)
        return mine / other if mine and other else None

    def over(self, tool, to):
        """Wall ms of `tool` beyond `to`, by round."""
        if not self.values(tool, "wall_ms") or not self.values(to, "wall_ms"):
            return []
        mine, other = self.entries[tool].runs, self.entries[to].runs
        return [mine[r].wall_ms - other[r].wall_ms for r in mine if r in other]

    def row(self, tool):
        entry = self.entries[tool]
        if entry.failure:
            return [tool, f"FAILED: {entry.failure}"] + [""] * (len(self.columns()) - 2)
        wall, limit = self.median(tool), self.median("limit")

        def ratio(to):
            found = self.ratio(tool, to)
            return f"{found:.2f}" if found else "-"

        over = number((wall - limit) * 1000 / len(self.workload.steps)) if limit else "-"
        cells = [tool, number(wall), ratio("limit"), ratio("ninja"), over, number(self.median(tool, "tree_ms")),
                 ticks(self.median(tool, "own_ms")), number(self.median(tool, "peak_mib")), str(len(entry.runs))]
        if self.workload.optimum:
            cells.insert(4, f"{wall / self.workload.optimum:.2f}")
        return cells

    def columns(self):
        columns = list(COLUMNS)
        if self.workload.optimum:
            columns.insert(4, (f"x optimum ({self.workload.optimum:g} ms)", "--:"))
        return columns

    def markdown(self):
        load = self.workload
        count = len(load.steps)
        jobs = "" if load.kind == "version" else f", -j{load.jobs}"
        lines = [f"### {load.name}{jobs} ({count} step{'s' if count != 1 else ''})", "", load.about[:1].upper() +
                 load.about[1:] + ".", ""]
        order = sorted(self.entries, key=lambda tool: (self.median(tool) is None, self.median(tool) or 0))
        lines += table(self.columns(), [self.row(tool) for tool in order])
        if load.output_mib:
            notes = [f"{t}: {self.entries[t].tool.note}" for t in order if self.entries[t].tool.note]
            lines += ["", "Where the output goes: " + "; ".join(notes) + "."]
        if self.absent:
            lines += ["", "Not in this table: " + "; ".join(f"{t} ({why})" for t, why in self.absent.items()) + "."]
        return lines + [""]


def verdict(label, limit, value, form="{:.2f}", unit="", detail=""):
    shown = "not measured" if value is None else form.format(value) + unit + detail
    reached = "-" if value is None else "yes" if value <= limit else "**no**"
    return [label, f"at most {limit:g}{unit}", shown, reached]


def only(results, family):
    return [result for result in results if result.workload.family == family]


def size_targets(results):
    rows = []
    for family in ("wide", "layers"):
        for result in only(results, family):
            name = result.workload.name
            rows.append(verdict(f"{name}: x limit", 1.65, result.ratio("stepvisor", "limit")))
            rows.append(verdict(f"{name}: x ninja", 0.78, result.ratio("stepvisor", "ninja")))
            if family == "layers":
                rows.append(verdict(f"{name}: peak RSS", 32, result.median("stepvisor", "peak_mib"), "{:.1f}", " MiB"))
    growth = [result for result in only(results, "growth") if result.ratio("stepvisor", "limit")]
    costs = [(result.ratio("stepvisor", "limit"), result) for result in growth]
    detail = "" if not costs else " (" + ", ".join(
        f"{r.workload.name[7:]}: {r.median('stepvisor') * 1000 / len(r.workload.steps):.0f} µs, {x:.2f} x limit"
        for x, r in costs) + ")"
    value = costs[-1][0] / costs[0][0] if len(costs) > 1 else None
    if only(results, "growth"):
        rows.append(verdict("growth: x limit of the largest by that of the smallest", 1.10, value, detail=detail))
    return rows


def time_targets(results):
    rows = []
    for result in only(results, "chain-1"):
        mine, step = result.median("stepvisor"), result.median("step itself")
        rows.append(verdict("chain-1: above the step itself", 10, mine - step if mine and step else None, "{:.1f}", " ms"))
    for result in only(results, "mixed"):
        over = result.over("stepvisor", "limit")
        detail = f" (worst round {max(over):.1f} ms)" if over else ""
        rows.append(verdict(f"{result.workload.name}: above the limit's run of the same round", 12,
                            median(over) if over else None, "{:.1f}", " ms", detail))
    for result in only(results, "tail"):
        mine = result.median("stepvisor")
        rows.append(verdict("tail: x optimum", 1.05, mine / result.workload.optimum if mine else None))
    for result in only(results, "plan"):
        rows.append(verdict(f"{result.workload.name}: x ninja with nothing to do", 1.5, result.ratio("stepvisor", "ninja")))
    for result in only(results, "spam"):
        rows.append(verdict(f"{result.workload.name}: x limit", 2.5, result.ratio("stepvisor", "limit")))
        rows.append(verdict(f"{result.workload.name}: x limit with `log = \"file\"`", 1.1, result.ratio("stepvisor-file", "limit")))
        rows.append(verdict(f"{result.workload.name}: peak RSS", 40, result.median("stepvisor", "peak_mib"), "{:.1f}", " MiB"))
    for result in only(results, "version"):
        rows.append(verdict("version: start-up", 10, result.median("stepvisor"), "{:.1f}", " ms"))
    return rows


def idle_targets(results):
    rows = []
    for result in [found for family in ("noop", "noop-environment", "noop-after-build") for found in only(results, family)]:
        name = result.workload.name
        rows.append(verdict(f"{name}: x ninja", 1.0, result.ratio("stepvisor", "ninja")))
        mine, other = result.median("stepvisor", "peak_mib"), result.median("ninja", "peak_mib")
        detail = f" ({mine:.0f} and {other:.0f} MiB)" if mine and other else ""
        rows.append(verdict(f"{name}: peak RSS x ninja", 1.5, mine / other if mine and other else None, detail=detail))
    for result in only(results, "touch"):
        rows.append(verdict(f"{result.workload.name}: x ninja", 1.0, result.ratio("stepvisor", "ninja")))
        steps = len(result.workload.steps)
        idle = next((r for r in only(results, "noop") if len(r.workload.steps) == steps), None)
        mine, other = result.median("stepvisor"), idle.median("stepvisor") if idle else None
        rows.append(verdict(f"{result.workload.name}: above nothing changed", 15, mine - other if mine and other else None,
                            "{:.1f}", " ms"))
    return rows


def targets(results, quick):
    lines = ["## Targets", ""]
    if quick:
        lines += ["A quick run: the workloads are smaller than those the targets speak of.", ""]
    columns = [("figure", "---"), ("target", "---"), ("measured", "---"), ("reached", "---")]
    return lines + table(columns, size_targets(results) + idle_targets(results) + time_targets(results)) + [""]


def machine_lines(machine):
    return ["# What stepvisor costs beside its peers", "",
            f"{machine['processors']} processors ({machine['model']}), {machine['kernel']}, load "
            f"{machine['load_before']} at the start and {machine['load_after']} at the end; work folders in "
            f"{machine['folder']}; {machine['rounds']} rounds, interleaved; medians.", ""]


def tool_lines(versions, missing):
    rows = [[name, version.replace("|", "/")] for name, version in versions.items()]
    rows += [[name, f"not to be had: {why}".replace("|", "/")] for name, why in missing.items()]
    return ["## Tools", "", *table([("tool", "---"), ("version", "---")], rows), ""]
