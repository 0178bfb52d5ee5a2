import Testing
import WorkflowFiles
import WorkflowModel

/// A key in the smallest file that holds it, and what it sets.
struct KeyCase: Sendable, CustomTestStringConvertible {
    var table: WorkflowKey.Table
    var line: String
    var isSet: @Sendable (Workflow) -> Bool

    var testDescription: String { "\(table): \(line)" }

    /// The key's spelling.
    var spelling: String {
        let name = line.prefix { $0 != "=" && $0 != " " && $0 != "." && $0 != "]" }
        return String(name.drop { $0 == "[" })
    }

    var text: String {
        let step = "[[steps]]\nid = \"a\"\n"
        return switch table {
        case .workflow: line + "\n"
        case .execution: "[execution]\n\(line)\n" + step
        case .retry: "[execution.retry]\n\(line)\n" + step
        case .throttle: "[execution.throttle]\n\(line)\n" + step
        case .breaker: "[execution.breaker]\n\(line)\n" + step
        case .resource: "[resources.api]\n\(line)\n" + step
        case .group: "[groups.api]\n\(line)\n" + step + "parallel_group = \"api\"\n"
        case .cache: "[cache]\n\(line)\n" + step
        case .composition: "[composition]\n\(line)\n" + step
        case .include where spelling == "file": "[[composition.includes]]\n\(line)\n" + step
        case .include: "[[composition.includes]]\nfile = \"x\"\n\(line)\n" + step
        case .errorPropagation: "[error_propagation]\n\(line)\n" + step
        case .speclet: specletText
        case .task where spelling == "steps": "[[tasks]]\nid = 1\n\(line)\n"
        case .task where spelling == "id": "[[tasks]]\n\(line)\n[[tasks.steps]]\nid = 1\n"
        case .task:
            "[[tasks]]\nid = 0\n[[tasks]]\nid = 1\n\(line)\n[[tasks.steps]]\nid = 1\n"
        case .step where spelling == "id": "[[steps]]\n\(line)\n"
        case .step: "[[steps]]\nid = \"b\"\n" + step + line + "\n"
        case .backup: step + "[[steps.backups]]\n\(line)\n"
        }
    }

    /// The line in the second of three speclets, for which the third waits.
    private var specletText: String {
        var text = "tasks = [\n"
        for id in 0..<3 { text += "{ id = \(id), steps = [{ id = 1 }] },\n" }
        text += "]\n[[speclets]]\nid = \"first\"\ntasks = [0]\n[[speclets]]\n\(line)\n"
        if spelling != "id" { text += "id = \"second\"\n" }
        if spelling != "tasks" { text += "tasks = [1]\n" }
        let name = spelling == "name" ? "Two" : "second"
        return text + "[[speclets]]\nid = \"third\"\ntasks = [2]\ndependencies = [\"\(name)\"]\n"
    }
}

private func speclet(
    _ line: String, _ isSet: @escaping @Sendable ([[String]?]) -> Bool
) -> KeyCase {
    KeyCase(table: .speclet, line: line) { workflow in
        isSet(workflow.tasks.map { $0.dependencies?.map(\.id.rawValue) })
    }
}

private func step(_ line: String, _ isSet: @escaping @Sendable (Step) -> Bool) -> KeyCase {
    KeyCase(table: .step, line: line) { workflow in workflow.steps.last.map(isSet) ?? false }
}

private func execution(
    _ line: String, _ isSet: @escaping @Sendable (ExecutionSettings) -> Bool
) -> KeyCase {
    KeyCase(table: .execution, line: line) { isSet($0.execution) }
}

private func task(_ line: String, _ isSet: @escaping @Sendable (WorkflowTask) -> Bool) -> KeyCase {
    KeyCase(table: .task, line: line) { workflow in workflow.tasks.last.map(isSet) ?? false }
}

private func backup(
    _ line: String, _ isSet: @escaping @Sendable (BackupMethod) -> Bool
) -> KeyCase {
    KeyCase(table: .backup, line: line) { $0.steps[0].recovery.backups.first.map(isSet) ?? false }
}

private let stepCases: [KeyCase] = [
    step("id = \"a\"") { $0.id == StepID("a") },
    step("id = 7") { $0.id == StepID("7") },
    step("description = \"d\"") { $0.description == "d" },
    step("dependencies = [\"b\", 3]") { $0.dependencies.map(\.id.rawValue) == ["b", "3"] },
    step("depends_on = [\"b\"]") { $0.dependencies.map(\.id.rawValue) == ["b"] },
    step("parallel_safe = false") { !$0.isParallelSafe },
    step("parallel_enabled = false") { !$0.isParallelSafe },
    step("parallel_group = \"g\"") { $0.parallelGroup == "g" },
    step("critical = false") { !$0.isCritical },
    step("critical_flag = false") { !$0.isCritical },
    step("command = \"make all\"") { $0.command == .shell("make all") },
    step("command = [\"make\", \"all\"]") { $0.command == .arguments(["make", "all"]) },
    step("environment = { A = \"x\", B = 2, C = true }") {
        $0.environment.map(\.name) == ["A", "B", "C"]
            && $0.environment.map(\.value) == ["x", "2", "true"]
    },
    step("working_directory = \"docs\"") { $0.workingDirectory == "docs" },
    step("timeout = \"1h30m\"") { $0.timeout == Milliseconds(5_400_000) },
    step("idle_timeout = 1.5") { $0.idleTimeout == Milliseconds(1500) },
    step("grace = 0") { $0.grace == Milliseconds(0) },
    step("leftovers = \"fail\"") { $0.leftovers == .fail },
    step("log = \"pipe\"") { $0.log == .pipe },
    step("resources_required = [\"api\"]") {
        $0.resources.map(\.name) == ["api"] && $0.resources.map(\.units) == [1]
    },
    step("resources_required = { api = 2 }") {
        $0.resources.map(\.name) == ["api"] && $0.resources.map(\.units) == [2]
    },
    step("inputs = [\"x\", \"!y\"]") { $0.inputs.map(\.text) == ["x", "!y"] },
    step("output_files = [\"x\"]") { $0.outputFiles.map(\.text) == ["x"] },
    step("modifies = [\"x\"]") { $0.modifies.map(\.text) == ["x"] },
    step("conflict_zones = [\"x\"]") { $0.modifies.map(\.text) == ["x"] },
    step("expected_output = \"e\"") { $0.expectedOutput == "e" },
    step("retries = 2") { $0.recovery.retries == 2 },
    step("max_retries = 2") { $0.recovery.retries == 2 },
    step("retry_on = [75, \"SIGTERM\", \"KILL\", \"timeout\"]") {
        $0.recovery.retryOn == [.exitCode(75), .signal(15), .signal(9), .timeout]
    },
    step("backups = [\"./b.sh\", [\"b\", \"c\"], { description = \"by hand\" }]") {
        $0.recovery.backups.map(\.command) == [.shell("./b.sh"), .arguments(["b", "c"]), nil]
    },
    step("mode = \"silent\"") { $0.recovery.mode == "silent" },
    step("allow_failure = true") { $0.allowsFailure },
    step("always = true") { $0.gating.always },
    step("condition = \"steps.b.score > 1\"") { $0.gating.condition == "steps.b.score > 1" },
    step("verify = \"test -s x\"") { $0.gating.verify == "test -s x" },
    step("success_pattern = \"ok\"") { $0.gating.successPattern == "ok" },
    KeyCase(table: .step, line: "foreach = [\"x\", \"y\"]") {
        $0.groups.map(\.members) == [1..<3]
    },
    step("env_inputs = [\"CI\"]") { $0.gating.environmentInputs == ["CI"] },
    step("tools = [\"cc --version\"]") { $0.gating.tools == ["cc --version"] },
]

private let executionCases: [KeyCase] = [
    execution("parallel_enabled = false") { !$0.isParallelEnabled },
    execution("max_parallel_steps = 3") { $0.maxParallelSteps == 3 },
    execution("error_propagation = \"continue_and_log\"") {
        $0.errorPropagation == .continueAndLog
    },
    execution("failure_strategy = \"optimistic\"") { $0.failureStrategy == .optimistic },
    execution("failure_threshold = 4") { $0.failureThreshold == 4 },
    execution("barriers = true") { $0.barriers },
    execution("timeout = \"30m\"") { $0.timeout == .seconds(1800) },
    execution("idle_timeout = \"2m\"") { $0.idleTimeout == .seconds(120) },
    execution("phase_timeout = \"3m\"") { $0.phaseTimeout == .seconds(180) },
    execution("run_timeout = \"1d\"") { $0.runTimeout == .seconds(86_400) },
    execution("grace = \"250ms\"") { $0.grace == Milliseconds(250) },
    execution("shell = [\"/bin/bash\", \"-ec\"]") { $0.shell == ["/bin/bash", "-ec"] },
    execution("runner = \"agent\"") { $0.runner == .shell("agent") },
    execution("runner = [\"agent\", \"-p\"]") { $0.runner == .arguments(["agent", "-p"]) },
    execution("default_mode = \"silent\"") { $0.defaultMode == "silent" },
    execution("mode = \"education\"") { $0.defaultMode == "education" },
    execution("pass_environment = [\"HOME\"]") { $0.passEnvironment == ["HOME"] },
    execution("secrets = [\"TOKEN\"]") { $0.secrets == ["TOKEN"] },
    execution("log = \"file\"") { $0.log == .file },
    execution("throttle = { delay = \"1s\" }") { $0.throttle?.delay == .seconds(1) },
    execution("breaker = { failures = 2 }") { $0.breaker?.failures == 2 },
    execution("retry = { delay = \"2s\" }") { $0.retry.delay == .seconds(2) },
    KeyCase(table: .retry, line: "delay = \"3s\"") { $0.execution.retry.delay == .seconds(3) },
    KeyCase(table: .retry, line: "max_delay = \"5m\"") {
        $0.execution.retry.maxDelay == .seconds(300)
    },
    KeyCase(table: .retry, line: "budget = 20") { $0.execution.retry.budget == 20 },
    KeyCase(table: .throttle, line: "exit_codes = [75, 29]") {
        $0.execution.throttle?.exitCodes == [75, 29]
    },
    KeyCase(table: .throttle, line: "pattern = \"429\"") {
        $0.execution.throttle?.pattern == "429"
    },
    KeyCase(table: .throttle, line: "delay = 5") { $0.execution.throttle?.delay == .seconds(5) },
    KeyCase(table: .throttle, line: "recover_after = \"5m\"") {
        $0.execution.throttle?.recoverAfter == .seconds(300)
    },
    KeyCase(table: .breaker, line: "failures = 3") { $0.execution.breaker?.failures == 3 },
    KeyCase(table: .breaker, line: "cool_down = \"1m\"") {
        $0.execution.breaker?.coolDown == .seconds(60)
    },
    KeyCase(table: .breaker, line: "when_open = \"fail\"") {
        $0.execution.breaker?.whenOpen == .fail
    },
    KeyCase(table: .errorPropagation, line: "propagation_strategy = \"continue_and_log\"") {
        $0.execution.errorPropagation == .continueAndLog
    },
    KeyCase(table: .errorPropagation, line: "strategy = \"collaborative_review\"") {
        $0.execution.errorPropagation == .collaborativeReview
    },
    KeyCase(table: .errorPropagation, line: "failure_threshold = 3") {
        $0.execution.failureThreshold == 3
    },
]

private let otherCases: [KeyCase] = [
    KeyCase(table: .workflow, line: "name = \"n\"\n[[steps]]\nid = \"a\"") { $0.name == "n" },
    KeyCase(table: .workflow, line: "execution.barriers = true\nsteps = [{ id = \"a\" }]") {
        $0.execution.barriers
    },
    KeyCase(table: .workflow, line: "environment.LANG = \"C\"\nsteps = [{ id = \"a\" }]") {
        $0.environment.map(\.name) == ["LANG"] && $0.environment.map(\.value) == ["C"]
    },
    KeyCase(
        table: .workflow,
        line: "groups = { g = {} }\nsteps = [{ id = \"a\", parallel_group = \"g\" }]"
    ) { $0.parallelGroups.map(\.name) == ["g"] && $0.parallelGroups[0].failureStrategy == nil },
    KeyCase(table: .workflow, line: "resources.api = 5\nsteps = [{ id = \"a\" }]") {
        $0.resources.map(\.name) == ["api"] && $0.resources.map(\.capacity) == [5]
    },
    KeyCase(table: .workflow, line: "composition.includes = [\"x\"]\nsteps = [{ id = \"a\" }]") {
        $0.includes.map(\.file) == ["x"]
    },
    KeyCase(table: .workflow, line: "changes.docs = [\"*.md\"]\nsteps = [{ id = \"a\" }]") {
        $0.changeClasses.map(\.name) == ["docs"] && $0.changeClasses[0].patterns == ["*.md"]
    },
    KeyCase(table: .workflow, line: "cache.max_size = 7\nsteps = [{ id = \"a\" }]") {
        $0.cache.maxSize == 7
    },
    KeyCase(table: .cache, line: "max_size = \"2GiB\"") { $0.cache.maxSize == 2 << 30 },
    KeyCase(table: .cache, line: "max_age = \"7d\"") { $0.cache.maxAge == .seconds(7 * 86_400) },
    KeyCase(
        table: .workflow,
        line: "error_propagation.strategy = \"continue_and_log\"\nsteps = [{ id = \"a\" }]"
    ) { $0.execution.errorPropagation == .continueAndLog },
    KeyCase(table: .workflow, line: "steps = [{ id = \"a\" }]") {
        $0.steps.map(\.id.rawValue) == ["a"]
    },
    KeyCase(table: .workflow, line: "tasks = [{ id = 2, steps = [{ id = 1 }] }]") {
        $0.steps.map(\.id.rawValue) == ["2.1"]
    },
    KeyCase(table: .resource, line: "capacity = 4") { $0.resources[0].capacity == 4 },
    KeyCase(table: .resource, line: "scope = \"host\"") { $0.resources[0].scope == .host },
    KeyCase(table: .resource, line: "breaker = { failures = 9 }") {
        $0.resources[0].breaker?.failures == 9
    },
    KeyCase(table: .group, line: "failure_strategy = \"pessimistic\"") {
        $0.parallelGroups[0].failureStrategy == .pessimistic
    },
    KeyCase(table: .group, line: "max_parallel_steps = 2") {
        $0.parallelGroups[0].maxParallelSteps == 2
    },
    KeyCase(table: .composition, line: "includes = [\"a.toml\", \"b.toml\"]") {
        $0.includes.map(\.file) == ["a.toml", "b.toml"]
    },
    KeyCase(table: .include, line: "file = \"a.toml\"") { $0.includes.map(\.file) == ["a.toml"] },
    KeyCase(table: .include, line: "prefix = \"a\"") { $0.includes.map(\.prefix) == ["a"] },
    KeyCase(table: .include, line: "dependencies = [\"a\"]") {
        $0.includes.first?.dependencies?.map(\.id.rawValue) == ["a"]
    },
    KeyCase(table: .include, line: "depends_on = [\"*\", 1]") {
        $0.includes.first?.dependencies?.map(\.id.rawValue) == ["*", "1"]
    },
    KeyCase(
        table: .workflow,
        line: "speclets = [{ id = \"s\", tasks = [2] }]\ntasks = [{ id = 2, steps = [{ id = 1 }] }]"
    ) { $0.tasks.map(\.dependencies) == [[]] },
    speclet("id = \"second\"") { $0 == [[], [], ["1"]] },
    speclet("name = \"Two\"") { $0 == [[], [], ["1"]] },
    speclet("tasks = [1]") { $0 == [[], [], ["1"]] },
    speclet("dependencies = [\"first\"]") { $0 == [[], ["0"], ["1"]] },
    speclet("depends_on = [\"first\"]") { $0 == [[], ["0"], ["1"]] },
    speclet("parallel_allowed = false") { $0 == [[], ["0"], ["1"]] },
    KeyCase(table: .workflow, line: "descriptor = \"d\"\nsteps = [{ id = \"a\" }]") {
        $0.name == "d"
    },
    KeyCase(table: .errorPropagation, line: "enabled = true\nfailure_threshold = 4") {
        $0.execution.failureThreshold == 4
    },
    KeyCase(table: .errorPropagation, line: "propagation_enabled = true\nfailure_threshold = 4") {
        $0.execution.failureThreshold == 4
    },
    KeyCase(table: .errorPropagation, line: "halt_on_critical = false") {
        $0.execution.errorPropagation == .continueAndLog
    },
    step("primary_method = \"p\"") { $0.recovery.primaryMethod == "p" },
    step("backup_methods = [\"p\"]") { $0.recovery.backups.map(\.description) == ["p"] },
    step("backup_1 = \"p\"") { $0.recovery.backups.map(\.description) == ["p"] },
    step("backup_2 = \"p\"") { $0.recovery.backups.map(\.description) == ["p"] },
    step("backup_3 = \"p\"") { $0.recovery.backups.map(\.description) == ["p"] },
    step("backup_4 = \"p\"") { $0.recovery.backups.map(\.description) == ["p"] },
    step("backup_5 = \"p\"") { $0.recovery.backups.map(\.description) == ["p"] },
    task("mode_specific = \"A\"") { $0.modeSpecific == "A" },
    task("id = \"build\"") { $0.id == "build" },
    task("description = \"d\"") { $0.description == "d" },
    task("parallel_enabled = false") { !$0.isParallelEnabled },
    task("parallel_safe = false") { !$0.isParallelEnabled },
    task("dependencies = [0]") { $0.dependencies?.map(\.id.rawValue) == ["0"] },
    task("depends_on = [\"0\"]") { $0.dependencies?.map(\.id.rawValue) == ["0"] },
    KeyCase(table: .task, line: "steps = [{ id = 1 }]") { $0.steps.count == 1 },
    backup("command = \"b\"") { $0.command == .shell("b") },
    backup("description = \"d\"") { $0.description == "d" },
    backup("trigger_condition = \"primary_failure\"") {
        $0.triggerCondition == "primary_failure"
    },
    backup("tool_path = \"b.sh\"") { $0.command == .arguments(["b.sh"]) },
    backup("tool_args = [\"-v\"]\ntool_path = \"b.sh\"") {
        $0.command == .arguments(["b.sh", "-v"])
    },
    backup("tool_args = \"-v $X\"\ntool_path = \"it's b.sh\"") {
        $0.command == .shell("'it'\\''s b.sh' -v $X")
    },
]

@Suite("Decoding: every key")
struct DecodingKeyTests {
    static let cases = stepCases + executionCases + otherCases

    @Test("a key sets what it says, and nothing is wrong with it", arguments: cases)
    func keySetsItsField(testCase: KeyCase) {
        let loaded = LoadedText(testCase.text)
        #expect(testCase.isSet(loaded.workflow))
        let messages = loaded.messages.filter {
            // The smallest file has no such step and no such capacity, and gives nothing to do.
            !$0.contains("unknown step `3`") && !$0.contains("takes 2 units of `api`")
                && !$0.contains("has no effect")
        }
        #expect(messages == [])
    }

    @Test("every spelling of every key has its case")
    func allKeysAreTested() {
        let tested = Set(Self.cases.map { "\($0.table) \($0.spelling)" })
        let missing = WorkflowKeys.all.filter { !$0.isIgnored }.flatMap { key in
            key.spellings.map { "\(key.table) \($0)" }
        }.filter { !tested.contains($0) }
        #expect(missing == [])
    }

    @Test("each key is left alone where the source documents have it as prose")
    func ignoredKeys() {
        let ignored = WorkflowKeys.all.filter(\.isIgnored)
        #expect(ignored.count > 10)
        for key in ignored {
            let value = key.table == .workflow ? "{ any = [1, 2] }" : "\"anything\""
            let line = "\(key.name) = \(value)"
            let steps = key.table == .workflow ? "\nsteps = [{ id = \"a\" }]" : ""
            let testCase = KeyCase(table: key.table, line: line + steps) { _ in true }
            #expect(LoadedText(testCase.text).messages == [], "\(line) in \(key.table)")
        }
    }

    @Test("a file that says nothing has the defaults of the reference")
    func defaults() throws {
        let loaded = LoadedText("[[steps]]\nid = \"a\"\n")
        let resolved = try #require(loaded.resolved)
        let execution = resolved.workflow.execution
        #expect(execution == ExecutionSettings())
        #expect(execution.isParallelEnabled)
        #expect(execution.maxParallelSteps == nil)
        #expect(execution.errorPropagation == nil)
        #expect(execution.failureStrategy == .pessimistic)
        #expect(!execution.barriers)
        #expect(execution.shell == ["/bin/sh", "-c"])
        #expect(execution.log == .auto)
        #expect(ExecutionSettings.defaultGrace == .seconds(10))
        #expect(
            [execution.timeout, execution.idleTimeout, execution.phaseTimeout] == [nil, nil, nil])
        let step = resolved.workflow.steps[0]
        #expect(step.isCritical && step.isParallelSafe && !step.allowsFailure)
        #expect(step.leftovers == .kill)
        #expect(step.recovery.retries == 0)
        #expect(step.timeout == nil && step.grace == nil && step.log == nil)
        #expect(resolved.workflow.name == "project")
        #expect(resolved.workflow.tasks == [WorkflowTask(id: "")])
        #expect(ResourceDeclaration("x").scope == .project)
    }

    @Test(
        "a duration is read in each of its forms",
        arguments: [
            ("\"90s\"", 90_000), ("\"5m\"", 300_000), ("\"1h30m\"", 5_400_000),
            ("\"1.5s\"", 1500), ("\"250ms\"", 250), ("90", 90_000), ("0.25", 250),
            ("\"1d\"", 86_400_000), ("\"1m30s500ms\"", 90_500), ("\"0.1ms\"", 1),
        ] as [(String, Int64)])
    func durations(text: String, milliseconds: Int64) {
        let loaded = LoadedText("steps = [{ id = \"a\", timeout = \(text) }]")
        #expect(loaded.messages == [])
        #expect(loaded.workflow.steps.first?.timeout == Milliseconds(milliseconds))
    }
}
