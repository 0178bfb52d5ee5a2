"""The workloads: which steps, which edges, how many at once."""

from dataclasses import dataclass, field


@dataclass
class Step:
    id: str
    command: list
    dependencies: list = field(default_factory=list)  # numbers of earlier or later steps
    inputs: list = field(default_factory=list)  # files that it reads
    output: str = None  # the file that it writes


@dataclass
class Workload:
    name: str
    family: str
    jobs: int
    steps: list
    kind: str = "run"  # or "plan", "version"; "idle": nothing has changed; "touch": one input has
    new_environment: bool = False  # each run has a variable that no run before had
    built_just_before: int = 0  # so many steps are run by the tool right before each measured run
    tools: tuple = ()  # empty: every tool that can
    optimum: float = None  # ms
    output_mib: int = 0  # a step writes this much
    about: str = ""
    fixed_size: bool = True  # --quick leaves it as it is

    @property
    def has_edges(self):
        return any(step.dependencies for step in self.steps)


TRUE = ["/bin/true"]


def sleep(milliseconds):
    return ["/bin/sleep", f"{milliseconds / 1000:g}"]


def wide(count):
    return [Step(f"s{i}", TRUE) for i in range(count)]


def chain(count):
    return [Step(f"s{i}", TRUE, [i - 1] if i else []) for i in range(count)]


def layers(depth, width):
    """Each step depends on three of the layer before: the one above, its neighbour, and one further off."""
    steps = []
    for layer in range(depth):
        above = (layer - 1) * width
        for column in range(width):
            spread = sorted({column, (column + 1) % width, (column + 7) % width})
            steps.append(Step(f"s{layer}_{column}", TRUE, [above + c for c in spread] if layer else []))
    return steps


def copying(count):
    """Steps that read three files and write one, as `cp` of the first."""
    return [Step(f"s{i}", ["cp", f"in/{i}.0", f"out/{i}"], inputs=[f"in/{i}.{k}" for k in range(3)], output=f"out/{i}")
            for i in range(count)]


MINUTE = 10  # ms
MIXED = [  # step, minutes, after
    (0, 0.5, []), (1, 5, [0]), (3, 3, [0]), (4, 2, [0]), (5, 2, [0]), (8, 1, [0]), (13, 1, [0]), (14, 1, [0]),
    (2, 1, [1]), (6, 1.5, [1, 3, 4, 5, 8, 13, 14]), (7, 1.5, [6]), (9, 1, [2, 7]), (10, 1, [2, 7]),
    (12, 0.5, [2, 7]), (11, 1, [9, 10, 12]),
]


def mixed():
    place = {step: index for index, (step, _, _) in enumerate(MIXED)}
    return [Step(f"s{step}", sleep(minutes * MINUTE), [place[a] for a in after]) for step, minutes, after in MIXED]


def tail(short, short_ms, links, link_ms):
    """Short steps first, and last a chain that is longer than all of them side by side."""
    steps = [Step(f"short{i}", sleep(short_ms)) for i in range(short)]
    steps += [Step(f"link{i}", sleep(link_ms), [short + i - 1] if i else []) for i in range(links)]
    return steps


def durations(steps):
    return [float(step.command[1]) * 1000 for step in steps]


def optimum(steps, jobs):
    """The lower bound, when starting the longest remaining path first reaches it (then it is the optimum), else None."""
    import heapq

    lengths = durations(steps)
    dependents = [[] for _ in steps]
    for number, step in enumerate(steps):
        for dependency in step.dependencies:
            dependents[dependency].append(number)
    remaining = {}

    def path(number):
        if number not in remaining:
            remaining[number] = lengths[number] + max((path(d) for d in dependents[number]), default=0)
        return remaining[number]

    waiting = [len(step.dependencies) for step in steps]
    ready = [(-path(n), n) for n in range(len(steps)) if waiting[n] == 0]
    heapq.heapify(ready)
    running, clock = [], 0.0
    while ready or running:
        while ready and len(running) < jobs:
            _, number = heapq.heappop(ready)
            heapq.heappush(running, (clock + lengths[number], number))
        clock, number = heapq.heappop(running)
        for dependent in dependents[number]:
            waiting[dependent] -= 1
            if waiting[dependent] == 0:
                heapq.heappush(ready, (-path(dependent), dependent))
    bound = max(max(remaining.values()), sum(lengths) / jobs)
    return clock if clock - bound < 0.001 else None


def all_workloads(quick):
    count = 200 if quick else 1000
    depth, width = (20, 50) if quick else (100, 100)
    links = 100 if quick else 500
    mib = 16 if quick else 256
    growth = [(4, 50), (10, 50), (20, 50)] if quick else [(10, 100), (30, 100), (100, 100)]
    graph = layers(depth, width)
    tail_steps = tail(120, 10, 12, 50)
    found = [
        Workload(f"wide-{count}", "wide", 2, wide(count), about="independent steps of /bin/true", fixed_size=False),
        Workload(f"layers-{depth}x{width}", "layers", 2, graph, fixed_size=False,
                 about=f"{depth} layers of {width} steps of /bin/true, each after 3 of the layer before"),
        Workload(f"chain-{links}", "chain", 2, chain(links), about="each step after the one before", fixed_size=False),
        Workload("chain-1", "chain-1", 2, chain(1), about="one step; `step itself` is /bin/true with no runner"),
    ]
    for deep, across in growth:
        found.append(Workload(f"growth-{deep}x{across}", "growth", 2, layers(deep, across), tools=("limit", "stepvisor"),
                              about="the cost of a step as the workflow grows", fixed_size=False))
    for steps in (1000,) if quick else (10000, 50000):
        found.append(Workload(f"noop-{steps}", "noop", 2, copying(steps), kind="idle", tools=("stepvisor", "ninja", "make"),
                              about="steps with three inputs and one output each, nothing changed", fixed_size=False))
    touched = 1000 if quick else 10000
    found.append(Workload(f"noop-environment-{touched}", "noop-environment", 2, copying(touched), kind="idle",
                          tools=("stepvisor", "ninja", "make"), new_environment=True,
                          about="nothing changed but one variable of the environment, new in each run", fixed_size=False))
    found.append(Workload(f"noop-after-build-{touched}", "noop-after-build", 2, copying(touched), kind="idle",
                          tools=("stepvisor", "ninja", "make"), built_just_before=100,
                          about="nothing to do right after a run of 100 steps: their files are younger than two seconds",
                          fixed_size=False))
    found.append(Workload(f"touch-1-of-{touched}", "touch", 2, copying(touched), kind="touch",
                          tools=("stepvisor", "ninja", "make"), about="the same, one input edited before each run",
                          fixed_size=False))
    for jobs in (2, 8):
        # 8 jobs: the critical path. 2 jobs: 0.5 for step 0, 8 for group 1 (15 whole minutes do not halve), 1.5 + 1.5 for
        # steps 6 and 7, 1.5 for steps 9, 10 and 12 on two slots, 1 for step 11: 14 minutes.
        found.append(Workload(f"mixed-j{jobs}", "mixed", jobs, mixed(), optimum={2: 140.0, 8: 105.0}[jobs],
                              about="15 sleeping steps, 10 ms a minute"))
    found += [
        Workload("tail", "tail", 4, tail_steps, optimum=optimum(tail_steps, 4),
                 about="120 steps of 10 ms, and a chain of 12 x 50 ms declared last"),
        Workload(f"plan-{depth}x{width}", "plan", 2, graph, kind="plan", tools=("stepvisor", "ninja", "make"),
                 about="`stepvisor plan -v` (all steps named) beside ninja and make with nothing to do on the same graph", fixed_size=False),
        Workload(f"spam-4x{mib}", "spam", 2, [Step(f"s{i}", ["writer", str(mib)]) for i in range(4)], output_mib=mib,
                 about=f"four steps write {mib} MiB each", fixed_size=False),
        Workload("version", "version", 1, [Step("s0", TRUE)], kind="version",
                 about="start-up: `--version`; `limit` is /bin/true"),
    ]
    return found
