import Execution
import Platform
import Processes
import SystemCalls
import WorkflowModel

/// Turns a step's declaration into a launch request: program, arguments, environment, directory.
struct StepPreparation {
    let plan: RunPlan
    let root: String
    let runID: String
    let runPath: String
    /// The environment that every step inherits: that of this process and the workflow's.
    let environment: [String: String]
    private let outerSteps: String
    private var commands: StepCommands

    init(plan: RunPlan, root: String, runID: String, runPath: String, inherited: [String: String]) {
        self.plan = plan
        commands = StepCommands(of: plan.resolved.workflow, root: root)
        self.root = root
        self.runID = runID
        self.runPath = runPath
        let declared = plan.resolved.workflow.execution.passEnvironment
        var environment = EnvironmentFilter(declared).filtered(inherited)
        // An outer run's variables about its own step do not apply to this run; its marker is kept.
        for name in inherited.keys where name.hasPrefix("STEPVISOR_") {
            environment[name] = StepPreparation.kept.contains(name) ? inherited[name] : nil
        }
        if declared != nil, environment["PATH"] == nil {
            environment["PATH"] = SearchPlace.defaultPath
        }
        outerSteps = inherited[StepPreparation.enclosingSteps].map { $0 + ":" } ?? ""
        let outer = inherited[RunMarker.variable].map { $0 + ":" } ?? ""
        environment[RunMarker.variable] = outer + runID
        environment["STEPVISOR_RUN_ID"] = runID
        environment["STEPVISOR_RUN_DIR"] = runPath
        environment["STEPVISOR_OUTPUTS"] = "\(runPath)/outputs"
        for variable in plan.resolved.workflow.environment {
            environment[variable.name] = variable.value
        }
        self.environment = environment
    }

    /// The variable with the steps in which a process runs, one for each run in ``RunMarker``'s
    /// variable.
    static let enclosingSteps = "STEPVISOR_STEPS"

    private static let kept: Set<String> = [
        RunMarker.variable, "STEPVISOR_LOCKS", "STEPVISOR_CACHE",
    ]

    /// The launch request of a step.
    ///
    /// - Parameters:
    ///   - order: the step and its attempt.
    ///   - output: descriptor that becomes standard output and error.
    /// - Returns: a request whose program has been checked.
    /// - Throws: what keeps it from starting.
    mutating func request(
        for order: LaunchOrder, output: Int32
    ) throws(ProgramProblem) -> LaunchRequest {
        let index = order.step
        let step = plan.resolved.workflow.steps[index]
        let directory = try commands.directory(of: index)
        var environment = self.environment
        environment["PWD"] = directory
        environment["STEPVISOR_STEP"] = step.id.rawValue
        environment[StepPreparation.enclosingSteps] = outerSteps + step.id.rawValue
        environment["STEPVISOR_DESCRIPTION"] =
            backup(order.method, of: index)?.description ?? step.description
        // The text of a backup says how it is done, and so does that of the primary method.
        environment["STEPVISOR_PRIMARY_METHOD"] = step.recovery.primaryMethod
        let tasks = plan.resolved.workflow.tasks
        environment["STEPVISOR_MODE_SPECIFIC"] =
            tasks.indices.contains(step.task) ? tasks[step.task].modeSpecific : nil
        environment["STEPVISOR_EXPECTED_OUTPUT"] = step.expectedOutput ?? ""
        environment["STEPVISOR_EXECUTION_ID"] = ExecutionID.text(Int32(clamping: order.execution))
        environment["STEPVISOR_ATTEMPT"] = String(order.attempt)
        environment["STEPVISOR_METHOD"] = order.method.description
        environment["STEPVISOR_LOG"] = "\(runPath)/logs/\(step.id.rawValue).log"
        environment["STEPVISOR_OUTPUT"] = "\(runPath)/outputs/\(step.id.rawValue)"
        if !order.failed.isEmpty {
            environment["STEPVISOR_FAILED_DEPENDENCIES"] = order.failed.map {
                plan.resolved.workflow.steps[$0].id.rawValue
            }.joined(separator: ",")
        }
        let held = plan.claims(of: index).compactMap { claim -> String? in
            let resource = plan.resources[Int(claim.resource)]
            return resource.isLockable ? resource.name : nil
        }
        if !held.isEmpty {
            let outer = environment["STEPVISOR_LOCKS"].map { $0 + "," } ?? ""
            environment["STEPVISOR_LOCKS"] = outer + held.joined(separator: ",")
        }
        for variable in step.environment { environment[variable.name] = variable.value }
        let (program, arguments) = try commands.invocation(
            of: command(of: order), path: environment["PATH"], directory: directory)
        return LaunchRequest(
            program: program, arguments: arguments, environment: environment,
            directory: directory == root ? nil : directory, output: output)
    }

    /// The command of a launch order.
    private func command(of order: LaunchOrder) -> Command? {
        if order.isCheck {
            return plan.resolved.workflow.steps[order.step].gating.verify.map { .shell($0) }
        }
        return plan.command(of: order.step, by: order.method)
    }

    private func backup(_ method: StepMethod, of index: Int) -> BackupMethod? {
        guard case .backup(let number) = method else { return nil }
        let backups = plan.resolved.workflow.steps[index].recovery.backups
        return backups.indices.contains(number - 1) ? backups[number - 1] : nil
    }
}
