extension CommandDeclaration {
    /// The commands that this version implements.
    static let working: [CommandDeclaration] =
        [run, plan, check, changes, graph, status, logs, timeline]
        + [why, mark, forget, clean, lock, initialise, help]

    private static let run = CommandDeclaration(
        .run, "run the steps named and what they depend on; all when none is named",
        operands: .many("STEP"), options: OptionDeclaration.run,
        details: [
            "One step at a time, in declaration order as far as the dependencies allow; with",
            "--parallel or -j as many as the graph, the limit and the resources allow.",
            "Exit codes: 0 done, 1 a step failed, 2 nothing was run (usage, invalid workflow),",
            "3 a decision is wanted, 4 another run holds the project, 5 stepvisor could not go on,",
            "124 the run reached its own limit (run_timeout), 128+N ended by signal N.",
        ],
        examples: [
            ("stepvisor", "run everything, one step at a time"),
            ("stepvisor --parallel", "run independent steps at the same time"),
            ("stepvisor -j4 -k docs", "run docs and what it needs, four at once, past failures"),
            ("stepvisor -n --from build", "show what would run from build on"),
            ("stepvisor --resume", "resume the run that was stopped or killed"),
        ])

    private static let plan = CommandDeclaration(
        .plan, "show phases, dependencies, conflicts, critical path and expected times",
        operands: .many("STEP"),
        options: [.parallel, .jobs] + OptionDeclaration.selection
            + OptionDeclaration.smart + [.exitCode, .json],
        details: [
            "Nothing is run or written. Expected times come from earlier runs; -j N asks how long",
            "a run with N steps at once would take. With --smart-execution each step says why it",
            "would run, or since when it is up to date; with --cache, which run's outputs it would",
            "get instead. Those are work too: --exit-code is 3 until a run has put them in place.",
        ],
        examples: [
            ("stepvisor plan", "the whole workflow"),
            ("stepvisor plan -j 8", "and how long it would take with eight at once"),
            ("stepvisor plan --smart-execution", "what of it has to run, and why"),
            ("stepvisor plan --json", "the same for programs"),
        ])

    private static let check = CommandDeclaration(
        .check, "validate the workflow and what its steps need, without running anything",
        options: [.json, .strict],
        details: [
            "Looks at the files, the graph, and at every program that a step would start.",
            "Exit 0 when a run could begin, with a runner where steps have no command; 2 when not.",
        ],
        examples: [
            ("stepvisor check", "the workflow found from here"),
            ("stepvisor check -f ci/steps", "a directory of step files"),
            ("stepvisor check --strict", "before the first `--parallel`: what is still to be said"),
        ])

    private static let graph = CommandDeclaration(
        .graph, "draw the workflow: arrows lead from a step to what depends on it",
        options: OptionDeclaration.graph,
        details: [
            "Phases are frames, descriptions labels; the critical path and steps that run alone",
            "are marked, and arrows that others imply are left out.",
        ],
        examples: [
            ("stepvisor graph -o graph.mmd", "write the diagram to a file"),
            ("stepvisor graph --check graph.mmd", "fail when that file is out of date"),
            ("stepvisor graph --run", "colour it by the latest run"),
        ])

    private static let status = CommandDeclaration(
        .status, "show how a run stands or ended",
        operands: .atMostOne("RUN"), options: [.ofRun, .json],
        details: ["The latest run when none is named; a run that is still going, too."],
        examples: [
            ("stepvisor status", "the latest run"),
            ("stepvisor status --json", "its progress.json"),
        ])

    private static let logs = CommandDeclaration(
        .logs, "show the log of a step; without one, list the logs",
        operands: .atMostOne("STEP"), options: [.follow, .attempt, .ofRun, .json],
        details: [
            "Bytes as the step wrote them; on a terminal escape sequences are neutralised.",
            "Here -f means --follow: the workflow's path is given with --file.",
            "--json is for the list; a log itself has no other form than its bytes.",
        ],
        examples: [
            ("stepvisor logs build", "what build wrote in the latest run"),
            ("stepvisor logs -f build", "the same, and what it goes on to write"),
            ("stepvisor logs build --attempt 2", "what its second attempt wrote"),
        ])

    private static let timeline = CommandDeclaration(
        .timeline, "show when each step of a run ran, as bars by phase",
        operands: .atMostOne("RUN"), options: [.ofRun, .json],
        details: ["The latest run when none is named; a run that is still going, too."],
        examples: [("stepvisor timeline", "the latest run")])

    private static let why = CommandDeclaration(
        .why, "say what would make a step run now, and why it ran in the latest run",
        operands: .one("STEP"), options: OptionDeclaration.comparison + [.json],
        details: ["Nothing is run or written."],
        examples: [
            ("stepvisor why docs", "whether docs is up to date, and if not, why"),
            ("stepvisor why docs --cache", "and whether the cache has what it would make"),
            (
                "stepvisor why docs --between 20261121-0930 latest",
                "what it was made from, compared"
            ),
        ])

    private static let mark = CommandDeclaration(
        .mark, "take what steps would do as done, as things are, without running them",
        operands: .atLeastOne("STEP"), options: [.wait],
        details: [
            "Their inputs and outputs are remembered as they are now, so that --smart-execution",
            "skips them until one changes. Refused where a declared output is missing.",
        ],
        examples: [("stepvisor mark build", "build need not run: it was done by hand")])

    private static let forget = CommandDeclaration(
        .forget, "forget that steps succeeded, so that they run next time",
        operands: .atLeastOne("STEP"), options: [.wait],
        examples: [("stepvisor forget build docs", "both run with --smart-execution, too")])

    private static let clean = CommandDeclaration(
        .clean, "remove what was kept of earlier runs",
        options: OptionDeclaration.clean,
        details: [
            "The cache is `.stepvisor/cache`, or the directory that STEPVISOR_CACHE names. A run that",
            "uses it meanwhile goes on; only entries are removed, nothing else in the directory.",
        ],
        examples: [
            ("stepvisor clean --cache", "the whole cache"),
            ("stepvisor clean --cache --older 7d", "what was not used for a week"),
        ])

    private static let lock = CommandDeclaration(
        .lock, "run a command while holding a lock that steps use too",
        operands: .oneThenCommand("NAME"), options: OptionDeclaration.lock,
        details: [
            "NAME is a resource; capacity and scope are those of [resources] in the workflow.",
            "A step that holds NAME already (STEPVISOR_LOCKS) takes no second lock.",
            "Exits with the command's status, or 4 with --no-wait when the lock is taken.",
        ],
        examples: [
            ("stepvisor lock database -- psql -f schema.sql", "alone with the database"),
            ("stepvisor lock --no-wait api -- ./fetch", "only when nobody else has it"),
        ])

    private static let initialise = CommandDeclaration(
        .`init`, "write a small working example to start from",
        options: [OptionDeclaration.template],
        details: ["Nothing that exists is overwritten."],
        examples: [
            ("stepvisor init", "a steps/ directory with a workflow.toml beside it"),
            ("stepvisor init --template toml -C demo", "one workflow file, in demo/"),
        ])

    private static let help = CommandDeclaration(
        .help, "show this overview, or a command's own help", operands: .atMostOne("COMMAND"),
        examples: [("stepvisor help run", "all options of run")])
}
