import Execution
import WorkflowModel

/// A workflow and the state of the process that runs it: a value that another process can be given.
struct Scenario: Codable, Sendable {
    /// One step; the words of the workflow file, as far as these tests need them.
    struct Step: Codable, Sendable {
        var id: String
        var shell: String?
        var arguments: [String]?
        var script: String?
        var dependencies: [String] = []
        var description = ""
        var expectedOutput: String?
        /// Milliseconds.
        var timeout: Int64?
        /// Milliseconds.
        var grace: Int64?
        var resources: [String: Int] = [:]
        var environment: [String: String] = [:]
        var directory: String?
        var leftovers = LeftoverPolicy.kill.rawValue
        var log: String?
        var isCritical = false
    }

    /// A resource and how many units it has.
    struct Resource: Codable, Sendable {
        var name: String
        var capacity: Int
        var scope = ResourceScope.project.rawValue
    }

    /// What the process that runs it was given by its parent.
    struct Surroundings: Codable, Sendable {
        var ignoredSignals: [Int32] = []
        var blockedSignals: [Int32] = []
        var closedDescriptors: [Int32] = []
        /// Files left open above 2.
        var strayDescriptors = 0
        var openFileLimit: UInt64?
        /// Largest file, in bytes; writing beyond is an error, as on a full disk.
        var fileSizeLimit: UInt64?
        var environment: [String: String] = [:]
        /// The summary goes into a pipe that nobody reads, and is more than it holds.
        var hasStalledReader = false
    }

    /// Before the names of the files in which the process reports.
    var name = "driver"
    var steps: [Step] = []
    var resources: [Resource] = []
    var jobs: Int? = 4
    /// Milliseconds; long, so that a test that relies on it by mistake runs into its limit.
    var grace: Int64 = 40_000
    var surroundings = Surroundings()

    /// Adds a step whose command is a line for the shell.
    mutating func shell(
        _ id: String, _ line: String, after dependencies: [String] = [],
        _ change: (inout Step) -> Void = { _ in }
    ) {
        var step = Step(id: id, shell: line, dependencies: dependencies)
        change(&step)
        steps.append(step)
    }

    /// Adds a step whose command is a list.
    mutating func direct(
        _ id: String, _ words: [String], after dependencies: [String] = [],
        _ change: (inout Step) -> Void = { _ in }
    ) {
        var step = Step(id: id, arguments: words, dependencies: dependencies)
        change(&step)
        steps.append(step)
    }

    /// Adds a step that is a file of the project.
    mutating func script(_ id: String, _ path: String) {
        steps.append(Step(id: id, script: path))
    }
}

/// Why a scenario cannot be run: the test is wrong.
struct InvalidScenario: Error {
    var message: String
}

extension Scenario {
    func plan() throws -> RunPlan {
        let (resolved, diagnostics) = WorkflowValidator.resolve(workflow)
        guard let resolved else {
            throw InvalidScenario(message: diagnostics.map(\.message).joined(separator: "\n"))
        }
        var options = RunOptions()
        options.jobs = jobs
        return try RunPlan.make(resolved: resolved, options: options)
    }

    private var workflow: Workflow {
        var workflow = Workflow(name: "scenario")
        workflow.tasks = [WorkflowTask(id: "")]
        workflow.execution.grace = Milliseconds(grace)
        workflow.resources = resources.map { resource in
            ResourceDeclaration(
                resource.name, capacity: resource.capacity,
                scope: ResourceScope(rawValue: resource.scope) ?? .project)
        }
        workflow.steps = steps.map(\.declared)
        return workflow
    }
}

extension Scenario.Step {
    fileprivate var declared: Step {
        var step = Step(id: StepID(id))
        step.command =
            shell.map { .shell($0) } ?? arguments.map { .arguments($0) }
            ?? script.map { .script($0) }
        step.description = description
        step.expectedOutput = expectedOutput
        step.dependencies = dependencies.map { Dependency(StepID($0)) }
        step.timeout = timeout.map { Milliseconds($0) }
        step.grace = grace.map { Milliseconds($0) }
        step.resources = resources.map { ResourceUse($0.key, units: $0.value) }
        step.environment = environment.sorted { $0.key < $1.key }.map {
            EnvironmentVariable($0.key, $0.value)
        }
        step.workingDirectory = directory
        step.leftovers = LeftoverPolicy(rawValue: leftovers) ?? .kill
        step.log = log.flatMap { LogMode(rawValue: $0) }
        step.isCritical = isCritical
        return step
    }
}
