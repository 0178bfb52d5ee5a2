import DependencyGraph
import Execution
import Foundation
import StateStore
import Supervisor
import SupervisorTestSupport
import TestSupport
import WorkflowModel

/// Runs worlds with the library: planned and supervised in this process.
struct LibraryRunner: ModelRunner {
    let crash = "exit 1"
    let forgetsAtCrash = false

    private static func environment(_ world: ModelWorld) -> [String: String] {
        var environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C"]
        environment["E"] = world.inherited
        return environment
    }

    private static let workflowName = "workflow.toml"

    func run(_ world: ModelWorld, in root: String) throws {
        let state = try StateDirectory(root: root, create: true)
        var (plan, look) = try prepare(world, state)
        plan.adopt(
            .decide(
                .remembered, graph: plan.resolved.graph, selected: plan.selected,
                usesCache: world.usesCache
            ) { look.checkBeforeRun(of: $0) })
        look.endCheckBeforeRun()
        let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { close(null) }
        var context = RunContext(
            plan: plan, state: state, environment: Self.environment(world), view: MuteView(),
            viewDescriptor: null, isTerminal: false, warnings: [])
        context.freshness = look
        context.workflow = Self.workflowName
        let result = try Supervisor(context).run()
        if let problem = result.problem { throw ModelSequence.Failure(description: problem) }
    }

    func mark(_ id: String, of world: ModelWorld, in root: String) throws -> Bool {
        let state = try StateDirectory(root: root, create: true)
        let (plan, look) = try prepare(world, state)
        guard let index = plan.resolved.graph.index(of: StepID(id)), chdir(root) == 0 else {
            throw ModelSequence.Failure(description: "\(id) cannot be marked")
        }
        var edit = StepStateEdit(look, in: state)
        do throws(StepStateEdit.Problem) {
            try edit.mark(index, as: "mark")
            return true
        } catch {
            return false
        }
    }

    func forget(_ id: String, of world: ModelWorld, in root: String) throws {
        let state = try StateDirectory(root: root, create: true)
        let (plan, look) = try prepare(world, state)
        var edit = StepStateEdit(look, in: state)
        if let index = plan.resolved.graph.index(of: StepID(id)) { _ = try edit.forget(index) }
    }

    private func prepare(
        _ world: ModelWorld, _ state: StateDirectory
    ) throws -> (RunPlan, UpToDateChecker) {
        let (resolved, diagnostics) = WorkflowValidator.resolve(world.workflow)
        guard let resolved else {
            throw ModelSequence.Failure(
                description: diagnostics.map(\.message).joined(separator: "\n"))
        }
        var options = RunOptions()
        options.jobs = world.steps.count % 3 + 1
        options.keepGoing = true
        options.smart = .remembered
        options.usesCache = world.usesCache
        let plan = try RunPlan.make(resolved: resolved, options: options)
        let look = UpToDateChecker(
            plan: plan, state: state, root: state.root, workflow: Self.workflowName,
            environment: Self.environment(world))
        return (plan, look)
    }
}

/// Runs worlds with the built program, which is killed where a step is to die.
struct ProgramRunner: ModelRunner {
    let space: TestSpace
    let crash = "kill -9 $PPID; exit 0"
    let forgetsAtCrash = true

    func run(_ world: ModelWorld, in root: String) throws {
        try prepare(world)
        // `--cache` says `--smart-execution`, too.
        let result = try space.run("run", world.usesCache ? "--cache" : "--smart-execution", "-k")
        let isKilled = result.end == .signal(SIGKILL)
        guard result.code == 0 || isKilled else {
            throw ModelSequence.Failure(description: "\(result)")
        }
        guard isKilled else { return }
        // What is left is ended by the guardian, which lives on for a moment.
        _ = try space.run("status")
    }

    func mark(_ id: String, of world: ModelWorld, in root: String) throws -> Bool {
        try prepare(world)
        return try space.run("mark", id).code == 0
    }

    func forget(_ id: String, of world: ModelWorld, in root: String) throws {
        try prepare(world)
        _ = try space.run("forget", id)
    }

    private func prepare(_ world: ModelWorld) throws {
        try space.workflow(world.text)
        space.environment["E"] = .some(world.inherited)
    }
}

extension ModelWorld {
    /// The steps as they stand in the workflow.
    private var declared: [Step] { steps.sorted { ($0.rank, $0.name) < ($1.rank, $1.name) } }

    private func needs(of step: Step) -> [String] {
        step.dependencies.compactMap { self.step(named: $0)?.id }
    }

    /// The workflow as a value.
    var workflow: Workflow {
        var workflow = Workflow(name: "model")
        workflow.tasks = [WorkflowTask(id: "")]
        workflow.steps = declared.map { step in
            var declared = WorkflowModel.Step(id: StepID(step.id))
            declared.command = .shell(command(of: step))
            declared.dependencies = needs(of: step).map { Dependency(StepID($0)) }
            declared.inputs = patterns(of: step).map { FilePattern($0) }
            declared.outputFiles = step.outputs.map { FilePattern($0) }
            declared.environment = [EnvironmentVariable("V", "\(step.variable)")]
            if step.inherits { declared.gating.environmentInputs = ["E"] }
            declared.isCritical = false
            return declared
        }
        return workflow
    }

    /// The same as a workflow file.
    var text: String {
        declared.map { step in
            """
            [[steps]]
            id = "\(step.id)"
            command = '''\(command(of: step))'''
            dependencies = \(needs(of: step))
            \(patterns(of: step).isEmpty ? "" : "inputs = \(patterns(of: step))")
            \(step.outputs.isEmpty ? "" : "output_files = \(step.outputs)")
            environment = { V = "\(step.variable)" }
            env_inputs = \(step.inherits ? ["E"] : [])
            critical = false

            """
        }.joined()
    }

    private func patterns(of step: Step) -> [String] {
        let own = step.namesOwn && !step.inputs.isEmpty ? step.outputs : []
        return step.inputs + own + (step.excluded.map { ["!" + $0] } ?? [])
    }
}

/// A view that says nothing.
private struct MuteView: RunView {
    var frameInterval: Int64? { nil }

    mutating func handle(_ event: RunEvent, record: RunRecord) -> String { "" }

    mutating func frame(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String { "" }

    mutating func finish(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String { "" }
}
