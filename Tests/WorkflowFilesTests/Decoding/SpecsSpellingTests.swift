import Testing
import WorkflowFiles
import WorkflowModel

@Suite("The spellings of SPECS files")
struct SpecsSpellingTests {
    /// A line as real files have it, the table that it stands in, and what it comes to.
    struct Spelling: CustomTestStringConvertible, Sendable {
        enum Place { case top, execution, propagation, task, step, backup, speclet }

        let place: Place
        let line: String
        let holds: @Sendable (Workflow) -> Bool

        var testDescription: String { "\(place): \(line)" }

        init(
            _ place: Place, _ line: String,
            _ holds: @escaping @Sendable (Workflow) -> Bool = { _ in true }
        ) {
            self.place = place
            self.line = line
            self.holds = holds
        }

        /// A whole file around the line: two tasks of one speclet, a step with a backup.
        var text: String {
            func line(_ here: Place) -> String { place == here ? self.line + "\n" : "" }
            let tail = place == .backup ? "description = \"b\"\n" : ""
            return line(.top) + "[execution]\n" + line(.execution) + "[error_propagation]\n"
                + line(.propagation)
                + "[[speclets]]\nid = \"first\"\ntasks = [1, 2]\n" + line(.speclet)
                + "[[speclets]]\nid = \"second\"\ntasks = [3]\n"
                + "[[tasks]]\nid = 1\n[[tasks.steps]]\nid = 1\n"
                + "[[tasks]]\nid = 2\n" + line(.task)
                + "[[tasks.steps]]\nid = 1\n[[tasks.steps]]\nid = 2\n" + line(.step)
                + "[[tasks.steps.backups]]\n" + tail + line(.backup)
                + "[[tasks]]\nid = 3\n[[tasks.steps]]\nid = 1\n"
        }
    }

    private static let prose: [Spelling] =
        [
            "meta = { file_role = \"p\", created_by = \"c\", goal_descriptor = \"g\", "
                + "related_files = [\"f\"], log_output = \"l\", created_date = \"d\", "
                + "version = \"1\" }",
            "logging = { level = 1 }", "verification = { checks = [] }",
            "progress_tracking = { file = \"p\" }", "constraints = { a = [[1]] }",
            "components = [{ id = 1 }]", "completion_criteria = { all = true }",
            "software_stack = { languages = [\"Swift\"] }", "mcp_tools = { x = 1 }",
            "knowledge_capture = { on = true }",
        ].map { Spelling(.top, $0) }

    private static let execution: [Spelling] = [
        Spelling(.execution, "default_mode = \"dynamic\"") {
            $0.execution.defaultMode == "dynamic"
        },
        Spelling(.execution, "default_mode = \"silent\"") { $0.execution.defaultMode == "silent" },
        Spelling(.execution, "default_mode = \"collaborative\"") {
            $0.execution.defaultMode == "collaborative"
        },
        Spelling(.execution, "default_mode = \"education\"") {
            $0.execution.defaultMode == "education"
        },
        Spelling(.execution, "mode = \"silent\"") { $0.execution.defaultMode == "silent" },
        Spelling(.execution, "parallel_enabled = false") { !$0.execution.isParallelEnabled },
        Spelling(.execution, "max_parallel_steps = 3") { $0.execution.maxParallelSteps == 3 },
        Spelling(.propagation, "enabled = true"),
        Spelling(.propagation, "read_prior_steps = true"),
        Spelling(.propagation, "dependency_tracking = true"),
        Spelling(.propagation, "propagation_strategy = \"continue_and_log\"") {
            $0.execution.errorPropagation == .continueAndLog
        },
        Spelling(.propagation, "strategy = \"collaborative_review\"") {
            $0.execution.errorPropagation == .collaborativeReview
        },
        Spelling(.propagation, "strategy = \"halt_on_critical\"") {
            $0.execution.errorPropagation == .haltOnCritical
        },
        Spelling(.propagation, "failure_threshold = 3") { $0.execution.failureThreshold == 3 },
        Spelling(.propagation, "propagation_enabled = true\nfailure_threshold = 3") {
            $0.execution.failureThreshold == 3
        },
        Spelling(.propagation, "halt_on_critical = true") {
            $0.execution.errorPropagation == .haltOnCritical
        },
        Spelling(.propagation, "halt_on_critical = false") {
            $0.execution.errorPropagation == .continueAndLog
        },
        Spelling(.propagation, "strategy = \"collaborative_review\"\nhalt_on_critical = true") {
            $0.execution.errorPropagation == .collaborativeReview
        },
    ]

    private static let tasks: [Spelling] = [
        Spelling(.task, "description = \"d\"") { $0.tasks[1].description == "d" },
        Spelling(.task, "research_enabled = true"),
        Spelling(.task, "mode_specific = \"A\"") { $0.tasks[1].modeSpecific == "A" },
        Spelling(.top, "descriptor = \"site\"") { $0.name == "site" },
        Spelling(.top, "name = \"own\"\ndescriptor = \"site\"") { $0.name == "own" },
        Spelling(.speclet, "description = \"d\""),
        Spelling(.speclet, "depends_on = [\"second\"]") {
            $0.tasks[0].dependencies?.map(\.id.rawValue) == ["3"]
        },
        Spelling(.speclet, "dependencies = [\"second\"]") {
            $0.tasks[0].dependencies?.map(\.id.rawValue) == ["3"]
        },
        Spelling(.speclet, "parallel_allowed = false") {
            $0.tasks[2].dependencies?.map(\.id.rawValue) == ["2"]
        },
    ]

    private static func step(
        _ line: String, _ holds: @escaping @Sendable (Step) -> Bool
    ) -> Spelling {
        Spelling(.step, line) { holds($0.steps[2]) }
    }

    private static let steps: [Spelling] = [
        step("description = \"d\"") { $0.description == "d" },
        step("expected_output = \"e\"") { $0.expectedOutput == "e" },
        step("critical_flag = false") { !$0.isCritical },
        step("critical = false") { !$0.isCritical },
        step("primary_method = \"read\"") { $0.recovery.primaryMethod == "read" },
        step("mode = \"silent\"") { $0.recovery.mode == "silent" },
        step("max_retries = 2") { $0.recovery.retries == 2 },
        step("parallel_safe = false") { !$0.isParallelSafe },
        step("parallel_enabled = false") { !$0.isParallelSafe },
        step("parallel_group = \"g\"") { $0.parallelGroup == "g" },
        step("dependencies = [1]") { $0.dependencies.map(\.id.rawValue) == ["2.1"] },
        step("depends_on = [1]") { $0.dependencies.map(\.id.rawValue) == ["2.1"] },
        step("output_files = [\"o\"]") { $0.outputFiles.map(\.text) == ["o"] },
        step("resources_required = [\"file_system\", \"api_key\"]") {
            $0.resources.map(\.name) == ["file_system", "api_key"]
        },
        step("condition = \"IF step1_output.score < 0.8\"") { $0.gating.condition != nil },
    ]

    private static func backup(
        _ line: String, _ holds: @escaping @Sendable (BackupMethod) -> Bool = { _ in true }
    ) -> Spelling {
        Spelling(.backup, line) { holds($0.steps[2].recovery.backups[0]) }
    }

    private static let backups: [Spelling] = [
        backup("id = 1"), backup("trigger_condition = \"primary_failure\""),
        backup("execution_method = \"script\""),
        backup("execution_method = \"cognitive\"") { $0.command == nil && $0.description == "b" },
        backup("execution_method = \"tool\"\ntool_path = \"t.py\"\ntool_args = \"--flag x\"") {
            $0.command == .shell("t.py --flag x")
        },
        backup("tool_path = \"t.py\"\ntool_args = [\"--flag\", \"x y\"]") {
            $0.command == .arguments(["t.py", "--flag", "x y"])
        },
    ]

    @Test(
        "each is accepted, and means the same as the other one for it",
        arguments: prose + execution + tasks + steps + backups)
    func accepted(spelling: Spelling) {
        let loaded = LoadedText(spelling.text)
        #expect(loaded.messages == [])
        #expect(loaded.resolved != nil)
        #expect(spelling.holds(loaded.workflow))
    }

    @Test("a speclet with tasks of its own, and dependencies by its name, is accepted")
    func ownTasks() {
        let loaded = LoadedText(
            """
            [[speclets]]
            id = 1
            name = "platform"
            [[speclets.tasks]]
            id = 1
            [[speclets.tasks.steps]]
            id = 1
            [[speclets]]
            id = 2
            dependencies = ["platform"]
            [[speclets.tasks]]
            id = 1
            dependencies = []
            [[speclets.tasks.steps]]
            id = 1
            """)
        #expect(loaded.messages == [])
        #expect(loaded.workflow.steps.map(\.id.rawValue) == ["1.1.1", "2.1.1"])
        #expect(loaded.workflow.tasks[1].dependencies?.map(\.id.rawValue) == ["1.1"])
    }

    @Test("a form that cannot be run is refused by its name", arguments: refused)
    func refusal(text: String, message: String) {
        let loaded = LoadedText(text)
        #expect(loaded.messages == [message])
        #expect(loaded.diagnostics.allSatisfy { $0.severity == .error })
    }

    private static let step = "[[tasks.steps]]\nid = 1\n"

    static let refused: [(String, String)] = [
        (
            "[meta]\nversion = \"1\"\n",
            "a workflow without steps is invalid; declare one with `[[steps]]`, or run "
                + "`stepvisor init`"
        ),
        (
            "[[speclets]]\nid = \"s\"\n[[speclets]]\ntasks = [1]\n" + step,
            "2:6 speclet `s` has no tasks; name some: `tasks = [1]`, or remove it"
        ),
        (
            step + "[[tasks]]\nid = 2\n",
            "3:1 `tasks` is a table, not an array of tables; write `[[tasks]]` before the first "
                + "header that begins with `tasks.`"
        ),
        (
            "[speclets]\nid = \"s\"\n" + step,
            "1:1 `speclets` must be a list of tables, found a table; write `[[…]]` around its "
                + "name, for each of them"
        ),
        (
            step + "depends_on = [2]\n", "3:15 step `1.1` depends on an unknown step `1.2`"
        ),
        (
            step + "backups = [{ trigger_condition = \"timeout\" }]",
            "3:34 backup 1 is tried when the primary method has failed, not on `timeout`; write "
                + "`primary_failure`; which failures are tried again first says `retry_on`"
        ),
        (
            step + "backups = [{ trigger_condition = \"primary_failur\" }]",
            "3:34 backup 1 is tried when the primary method has failed, not on `primary_failur`; "
                + "did you mean `primary_failure`?"
        ),
        (
            step + "backups = [{ tool_path = \"\" }]",
            "3:26 `tool_path` must not be empty; name the program, or leave the key out"
        ),
        (
            step + "backups = [{ tool_path = \"a\", command = \"b\" }]",
            "3:14 a backup has either `command` or `tool_path`; keep one of them"
        ),
        (
            "[execution]\ndefault_mode = \"loud\"\n" + step,
            "2:16 `default_mode` must be \"dynamic\", \"silent\", \"collaborative\" or "
                + "\"education\", found `loud`"
        ),
        (
            "[error_propagation]\nstrategy = \"halt_on_critcal\"\n" + step,
            "2:12 `strategy` must be \"halt_on_critical\", \"continue_and_log\" or "
                + "\"collaborative_review\", found `halt_on_critcal`; did you mean "
                + "`halt_on_critical`?"
        ),
        (
            "[metta]\n" + step,
            "1:2 unknown key `metta` at the top of the file; did you mean `meta`?"
        ),
        (
            "[progres_tracking]\n" + step,
            "1:2 unknown key `progres_tracking` at the top of the file; did you mean "
                + "`progress_tracking`?"
        ),
        (
            "[[speclet]]\nid = \"s\"\n" + step,
            "1:3 unknown key `speclet` at the top of the file; did you mean `speclets`?"
        ),
        (
            step + "[[tasks.steps.backup]]\nid = 1\n",
            "3:15 unknown key `backup` in a step; did you mean `backups`?"
        ),
        (
            step + "backup_1 = \"a\"\nbackups = [\"b\"]",
            "3:12 the backups of a step stand in `backups`, `backup_methods` or `backup_1`; keep "
                + "one of them"
        ),
        (
            "[error_propagation]\nstrategy = \"continue_and_log\"\nhalt_on_critical = true\n"
                + step,
            "3:1 `halt_on_critical = true` and `strategy = \"continue_and_log\"` contradict each "
                + "other; keep one of them"
        ),
    ]

    @Test(
        "a trigger that says another order than the backups have is a warning",
        arguments: [
            ("primary_failure", "backup_2_failure", "4:33 backup 2 is tried when backup 1 has"),
            ("primary_failure", "primary_failure", "4:33 backup 2 is tried when backup 1 has"),
            ("backup_1_failure", "backup_1_failure", "3:34 backup 1 is tried when the primary"),
            ("primary_failure", "backup_1_failure", nil),
        ])
    func order(first: String, second: String, message: String?) {
        let loaded = LoadedText(
            """
            [[tasks.steps]]
            id = 1
            backups = [{ trigger_condition = "\(first)" },
                      { trigger_condition = "\(second)" }]
            """)
        #expect(
            loaded.messages.map { $0.prefix(message?.count ?? 0) }
                == (message.map { [$0[...]] } ?? []))
        #expect(loaded.diagnostics.allSatisfy { $0.severity == .warning })
        #expect(loaded.resolved != nil)
    }

    @Test(
        "backups in words keep their order, whatever key they stand in",
        arguments: [
            "backup_methods = [\"a\", \"b\"]", "backup_1 = \"a\"\nbackup_2 = \"b\"",
            "backup_2 = \"b\"\nbackup_1 = \"a\"",
        ])
    func wordedBackups(keys: String) {
        let loaded = LoadedText(Self.step + keys)
        #expect(loaded.messages == [])
        let backups = loaded.workflow.steps.first?.recovery.backups ?? []
        #expect(backups.map(\.description) == ["a", "b"])
        #expect(backups.allSatisfy { $0.command == nil })
    }

    @Test("a table that is turned off says so, and changes nothing")
    func turnedOff() {
        let loaded = LoadedText(
            "[error_propagation]\npropagation_enabled = false\nstrategy = \"continue_and_log\"\n"
                + Self.step)
        #expect(loaded.workflow.execution.errorPropagation == nil)
        #expect(loaded.diagnostics.map(\.severity) == [.warning])
    }

    @Test(
        "a key of the project's own is a warning in its parameters, and an error elsewhere",
        arguments: [
            ("parameters_x.toml", Diagnostic.Severity.warning), ("workflow.toml", .error),
            ("params.toml", .error),
        ])
    func ownKeys(name: String, severity: Diagnostic.Severity) throws {
        let project = try TemporaryProject()
        let own = "type = \"x\"\nshadcn_components_needed = [1]\n"
        try project.write(name, Self.step + own + "[[tasks.steps]]\nid = 2\n" + own)
        let loaded = WorkflowLoader.load(path: name, workingDirectory: project.path)
        #expect(loaded.diagnostics.allSatisfy { $0.severity == severity })
        #expect(loaded.diagnostics.count == (severity == .warning ? 2 : 4))
        try project.write(name, Self.step + "dependancies = []\n")
        let slip = WorkflowLoader.load(path: name, workingDirectory: project.path)
        #expect(slip.diagnostics.map(\.severity) == [.error])
    }
}
