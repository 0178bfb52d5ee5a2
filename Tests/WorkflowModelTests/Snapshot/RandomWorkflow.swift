import DependencyGraph
import TestSupport
import WorkflowModel

/// Workflows of random parts, each with everything that can be declared; not all of them make sense.
struct RandomWorkflow {
    private var random: SeededGenerator

    private static let texts = [
        "", "a", "src/**/*.c", "a text that is longer than fits into fifteen bytes", "ä→𝄞",
        "line\nline", "e\u{301}", "\u{0}",
    ]

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func make() -> ResolvedWorkflow {
        let count = Int.random(in: 1...12, using: &random)
        var workflow = Workflow(name: text())
        workflow.tasks = list(1...3) { $0.task() }
        workflow.steps = (0..<count).map { step($0, tasks: workflow.tasks.count) }
        workflow.execution = execution()
        workflow.environment = list { $0.variable() }
        workflow.resources = list { random in
            ResourceDeclaration(
                random.text(), capacity: random.number(), scope: random.choice(),
                breaker: random.maybe { $0.breaker() }, at: random.range())
        }
        workflow.includes = list { random in
            var include = WorkflowInclude(
                random.text(), prefix: random.maybe { $0.text() }, at: random.range())
            include.dependencies = random.maybe { $0.list { $0.dependency() } }
            return include
        }
        workflow.groups = list { random in
            let start = random.below(count)
            let end = start + 1 + random.below(count - start)
            return StepGroup(random.id(), members: start..<end, at: random.range())
        }
        workflow.parallelGroups = list { random in
            var group = ParallelGroup(random.text(), at: random.range())
            group.failureStrategy = random.maybe { $0.choice() }
            group.maxParallelSteps = random.maybe { $0.number() }
            return group
        }
        workflow.changeClasses = list { ($0.text(), $0.list { $0.text() }) }
        workflow.cache.maxSize = Int64(number())
        workflow.cache.maxAge = length()
        return resolved(workflow)
    }

    private mutating func resolved(_ workflow: Workflow) -> ResolvedWorkflow {
        let count = workflow.steps.count
        let edges = list(0...20) { ($0.below(count), $0.below(count)) }
            .filter { $0.0 < $0.1 }.map { (dependency: $0.0, dependent: $0.1) }
        let graph = try? Graph(nodes: workflow.steps.map(\.id), edges: edges)
        let inferred = list { random in
            WorkflowEdge(
                dependency: random.below(count), dependent: random.below(count),
                origin: random.origin())
        }
        func pairs(_ random: inout RandomWorkflow) -> [OutputConflict] {
            random.list { random in
                OutputConflict(
                    first: random.below(count), second: random.below(count), path: random.text())
            }
        }
        let lists = [pairs(&self), pairs(&self), pairs(&self)]
        let conditions = list { ($0.below(count), ConditionExpression(root: $0.term(4))) }
        guard let graph else { preconditionFailure("edges lead from the first to the second") }
        return ResolvedWorkflow(
            workflow: workflow, graph: graph, inferredEdges: inferred, conflicts: lists[0],
            rewrites: lists[1], looseReads: lists[2],
            conditions: Dictionary(conditions, uniquingKeysWith: { first, _ in first }))
    }

    // MARK: Parts

    private mutating func step(_ index: Int, tasks: Int) -> Step {
        var step = Step(id: StepID("s\(index)" + text()), range: range())
        step.description = text()
        step.task = below(tasks)
        step.command = maybe { $0.command() }
        step.commandRange = range()
        step.dependencies = list { $0.dependency() }
        step.isParallelSafe = flag()
        step.parallelGroup = maybe { $0.text() }
        step.isCritical = flag()
        step.inputs = list { $0.pattern() }
        step.outputFiles = list { $0.pattern() }
        step.modifies = list { $0.pattern() }
        step.expectedOutput = maybe { $0.text() }
        step.resources = list { ResourceUse($0.text(), units: $0.number(), at: $0.range()) }
        step.allowsFailure = flag()
        step.leftovers = choice()
        step.log = maybe { $0.choice() }
        step.declares = DeclaredKeys(rawValue: UInt8.random(in: 0...255, using: &random))
        step.timeout = maybe { $0.length() }
        step.idleTimeout = maybe { $0.length() }
        step.grace = maybe { $0.length() }
        step.environment = list { $0.variable() }
        step.workingDirectory = maybe { $0.text() }
        step.workingDirectoryRange = range()
        step.runner = maybe { $0.command() }
        if flag() { step.recovery = recovery() }
        if flag() { step.gating = gating() }
        return step
    }

    private mutating func recovery() -> Step.Recovery {
        var recovery = Step.Recovery()
        recovery.retries = number()
        recovery.retryOn = list { random in
            switch random.below(3) {
            case 0: .exitCode(Int32(random.below(256)))
            case 1: .signal(Int32(random.below(32)))
            default: .timeout
            }
        }
        recovery.backups = list { random in
            BackupMethod(
                command: random.maybe { $0.command() }, description: random.maybe { $0.text() },
                triggerCondition: random.maybe { $0.text() }, at: random.range())
        }
        recovery.primaryMethod = maybe { $0.text() }
        recovery.mode = maybe { $0.text() }
        return recovery
    }

    private mutating func gating() -> Step.Gating {
        var gating = Step.Gating()
        gating.condition = maybe { $0.text() }
        gating.conditionRange = range()
        gating.always = flag()
        gating.verify = maybe { $0.text() }
        gating.successPattern = maybe { $0.text() }
        gating.environmentInputs = list { $0.text() }
        gating.tools = list { $0.text() }
        return gating
    }

    private mutating func task() -> WorkflowTask {
        var task = WorkflowTask(id: text(), range: range())
        task.description = text()
        task.isParallelEnabled = flag()
        task.isSequence = flag()
        task.dependencies = maybe { $0.list { $0.dependency() } }
        task.modeSpecific = maybe { $0.text() }
        return task
    }

    private mutating func execution() -> ExecutionSettings {
        var settings = ExecutionSettings()
        settings.isParallelEnabled = flag()
        settings.maxParallelSteps = maybe { $0.number() }
        settings.errorPropagation = maybe { $0.choice() }
        settings.failureStrategy = choice()
        settings.failureThreshold = maybe { $0.number() }
        settings.barriers = flag()
        settings.timeout = maybe { $0.length() }
        settings.idleTimeout = maybe { $0.length() }
        settings.phaseTimeout = maybe { $0.length() }
        settings.runTimeout = maybe { $0.length() }
        settings.grace = maybe { $0.length() }
        settings.shell = list(1...3) { $0.text() }
        settings.runner = maybe { $0.command() }
        settings.defaultMode = maybe { $0.text() }
        settings.passEnvironment = maybe { $0.list { $0.text() } }
        settings.secrets = list { $0.text() }
        settings.log = choice()
        settings.retry.delay = maybe { $0.length() }
        settings.retry.maxDelay = maybe { $0.length() }
        settings.retry.budget = maybe { $0.number() }
        settings.throttle = maybe { random in
            var throttle = ThrottleSettings()
            throttle.exitCodes = random.list { Int32($0.number() % 1000) }
            throttle.pattern = random.maybe { $0.text() }
            throttle.delay = random.maybe { $0.length() }
            throttle.recoverAfter = random.maybe { $0.length() }
            return throttle
        }
        settings.breaker = maybe { $0.breaker() }
        return settings
    }

    private mutating func breaker() -> BreakerSettings {
        var breaker = BreakerSettings()
        breaker.failures = maybe { $0.number() }
        breaker.coolDown = maybe { $0.length() }
        breaker.whenOpen = maybe { $0.choice() }
        return breaker
    }

    private mutating func command() -> Command {
        switch below(3) {
        case 0: .arguments(list(1...3) { $0.text() })
        case 1: .shell(text())
        default: .script(text())
        }
    }

    private mutating func term(_ depth: Int) -> ConditionTerm {
        switch below(depth > 0 ? 10 : 6) {
        case 0:
            .number(
                ConditionNumber("\(flag() ? "-" : "")1\(below(100)).\(below(1000))e\(below(5))")
                    ?? zero)
        case 1: .text(text())
        case 2: .truth(flag())
        case 3: .null
        case 4:
            .result(
                ConditionReference(step: text(), isOutput: flag(), path: list(1...3) { $0.text() }))
        case 5: .changed(list { $0.text() })
        case 6: .comparison(term(depth - 1), choice(), term(depth - 1))
        case 7: .not(term(depth - 1))
        case 8: .all(list(2...3) { $0.term(depth - 1) })
        default: .any(list(2...3) { $0.term(depth - 1) })
        }
    }

    private var zero: ConditionNumber {
        guard let zero = ConditionNumber("0") else { preconditionFailure("0 is a number") }
        return zero
    }

    private mutating func origin() -> EdgeOrigin {
        [.declared, .inferred(path: text()), .condition, .taskOrder, .stepOrder][below(5)]
    }

    private mutating func dependency() -> Dependency { Dependency(id(), at: range()) }
    private mutating func pattern() -> FilePattern { FilePattern(text(), at: range()) }
    private mutating func variable() -> EnvironmentVariable { EnvironmentVariable(text(), text()) }
    private mutating func id() -> StepID { StepID(text()) }

    // MARK: Values

    private mutating func text() -> String { Self.texts[below(Self.texts.count)] }
    private mutating func flag() -> Bool { below(2) == 0 }
    private mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }

    private mutating func number() -> Int {
        [0, 1, 127, 128, 70_000, Int.max, -1][below(7)]
    }

    private mutating func length() -> Milliseconds { Milliseconds(Int64(number())) }

    private mutating func range() -> SourceRange? {
        maybe {
            SourceRange(file: $0.below(70_000), offset: $0.below(1 << 32), length: $0.below(70_000))
        }
    }

    private mutating func choice<Value: CaseIterable>() -> Value {
        let all = Array(Value.allCases)
        return all[below(all.count)]
    }

    private mutating func maybe<Value>(_ make: (inout RandomWorkflow) -> Value) -> Value? {
        flag() ? make(&self) : nil
    }

    private mutating func list<Value>(
        _ counts: ClosedRange<Int> = 0...2, _ make: (inout RandomWorkflow) -> Value
    ) -> [Value] {
        (0..<Int.random(in: counts, using: &random)).map { _ in make(&self) }
    }
}
