import DependencyGraph
import Execution
import Foundation
import Supervisor
import SupervisorTestSupport
import TestSupport
import WorkflowModel

/// Runs worlds with the library: planned and supervised in this process.
struct LibraryRunner: ModelRunner {
    let crash = "exit 1"
    let forgetsAtCrash = false

    private static let environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C"]
    private static let workflowName = "workflow.toml"

    func run(_ world: ModelWorld, in root: String) throws {
        let state = try StateDirectory(root: root, create: true)
        var (plan, look) = try prepare(world, state)
        plan.adopt(
            .decide(.remembered, graph: plan.resolved.graph, selected: plan.selected) {
                look.freshnessAhead(of: $0)
            })
        look.forgetGlances()
        let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { close(null) }
        var context = RunContext(
            plan: plan, state: state, environment: Self.environment, view: MuteView(),
            viewDescriptor: null, isTerminal: false, warnings: [])
        context.freshness = look
        context.workflow = Self.workflowName
        let result = try Supervisor(context).run()
        if let problem = result.problem { throw ModelSequence.Failure(description: problem) }
    }

    func forget(_ id: String, of world: ModelWorld, in root: String) throws {
        let state = try StateDirectory(root: root, create: true)
        let (plan, look) = try prepare(world, state)
        var edit = KnownStepsEdit(look, in: state)
        if let index = plan.resolved.graph.index(of: StepID(id)) { _ = try edit.forget(index) }
    }

    private func prepare(
        _ world: ModelWorld, _ state: StateDirectory
    ) throws -> (RunPlan, FreshnessLook) {
        let (resolved, diagnostics) = WorkflowValidator.resolve(world.workflow)
        guard let resolved else {
            throw ModelSequence.Failure(
                description: diagnostics.map(\.message).joined(separator: "\n"))
        }
        var options = RunOptions()
        options.jobs = world.steps.count % 3 + 1
        options.keepGoing = true
        options.smart = .remembered
        let plan = try RunPlan.make(resolved: resolved, options: options)
        let look = FreshnessLook(
            plan: plan, state: state, root: state.root, workflow: Self.workflowName,
            environment: Self.environment,
            // As in a large workflow, whose files are looked at while it is read.
            early: world.steps.count % 2 == 0
                ? EarlyLook(
                    root: state.root, workflow: Self.workflowName, processors: 2, least: 0) : nil)
        return (plan, look)
    }
}

/// Runs worlds with the built program, which is killed where a step is to die.
struct ProgramRunner: ModelRunner {
    let space: TestSpace
    let crash = "kill -9 $PPID; exit 0"
    let forgetsAtCrash = true

    func run(_ world: ModelWorld, in root: String) throws {
        try space.workflow(world.text)
        let result = try space.run("run", "--smart-execution", "-k")
        let isKilled = result.end == .signal(SIGKILL)
        guard result.code == 0 || isKilled else {
            throw ModelSequence.Failure(description: "\(result)")
        }
        guard isKilled else { return }
        // What is left is ended by the guardian, which lives on for a moment.
        _ = try space.run("status")
    }

    func forget(_ id: String, of world: ModelWorld, in root: String) throws {
        try space.workflow(world.text)
        _ = try space.run("forget", id)
    }
}

extension ModelWorld {
    /// The workflow as a value.
    var workflow: Workflow {
        var workflow = Workflow(name: "model")
        workflow.tasks = [WorkflowTask(id: "")]
        workflow.steps = steps.map { step in
            var declared = WorkflowModel.Step(id: StepID(step.id))
            declared.command = .shell(command(of: step))
            declared.dependencies = step.dependencies.map { Dependency(StepID(steps[$0].id)) }
            declared.inputs = patterns(of: step).map { FilePattern($0) }
            declared.outputFiles = outputs(of: step).map { FilePattern($0) }
            declared.environment = [EnvironmentVariable("V", "\(step.variable)")]
            declared.isCritical = false
            return declared
        }
        return workflow
    }

    /// The same as a workflow file.
    var text: String {
        steps.map { step in
            """
            [[steps]]
            id = "\(step.id)"
            command = '''\(command(of: step))'''
            dependencies = \(step.dependencies.map { steps[$0].id })
            inputs = \(patterns(of: step))
            output_files = \(outputs(of: step))
            environment = { V = "\(step.variable)" }
            critical = false

            """
        }.joined()
    }

    private func patterns(of step: Step) -> [String] {
        step.inputs + (step.excluded.map { ["!" + $0] } ?? [])
    }

    private func outputs(of step: Step) -> [String] {
        switch step.output {
        case .file: ["out/\(step.id)"]
        case .pattern: ["out/\(step.id).*"]
        case .undeclared: []
        }
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
