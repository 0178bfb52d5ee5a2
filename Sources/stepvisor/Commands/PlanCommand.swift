import DependencyGraph
import Execution
import Supervisor
import WorkflowModel

/// `stepvisor plan`: what the graph says, before anything runs.
struct PlanCommand {
    private let arguments: ParsedArguments
    private let console: Console

    init(_ arguments: ParsedArguments, _ console: Console) {
        self.arguments = arguments
        self.console = console
    }

    func run() throws -> Int32 {
        let project = try Project.load(arguments, console)
        let request = try RunRequest(project, arguments)
        for note in request.plan.warnings + request.notes { console.note(note) }
        let facts = PlanFacts(request)
        if console.wantsJSON {
            try console.out(PlanJSON(facts).bytes)
        } else {
            var text = PlanText(facts, style: console.outputStyle)
            text.showsEverything = console.verbosity == .verbose
            try console.out(text.render())
        }
        return arguments.has(.exitCode) && facts.smart?.isDue ?? false ? PlanCommand.due : 0
    }

    /// The exit code of `--exit-code` where there is work.
    private static let due: Int32 = 3
}

/// What both forms of a plan show.
struct PlanFacts {
    let request: RunRequest
    /// By task and number; indices of the selected steps in each, but for those that always run.
    let phases: [(task: Int, number: Int32, steps: [Int])]
    /// The selected steps that run at the end, whatever happened.
    let finalizers: [Int]
    /// The longest chain of selected steps, first to last.
    let criticalPath: [Int]
    /// What a run would take, for a plan that runs one at a time with a slot a processor; nil when
    /// no step has been measured.
    let forecast: Forecast?

    /// Expected milliseconds of the run itself; one at a time, that is the sum.
    var expectedWall: Milliseconds? { plan.limit == 1 ? forecast?.sum : forecast?.wall }

    var plan: RunPlan { request.plan }
    var terms: PlanTerms { PlanTerms(plan: plan) }
    /// Why steps run, or need not, where that was asked.
    let smart: SkipReport?
    var workflow: Workflow { request.project.workflow }
    var resolved: ResolvedWorkflow { request.project.resolved }

    init(_ request: RunRequest) {
        self.request = request
        smart = SkipReport(request)
        let plan = request.plan
        let resolved = request.project.resolved
        phases = PlanFacts.phases(of: plan, resolved.workflow)
        finalizers = plan.selected.indices.filter {
            plan.selected[$0] && plan.isFinalizer($0)
        }
        let forecast = plan.simulate(
            limit: plan.limit == 1 ? max(2, request.options.processors) : plan.limit)
        self.forecast = forecast
        if let forecast {
            criticalPath = forecast.criticalPath
        } else {
            let weights = plan.selected.map { $0 ? 1.0 : 0 }
            criticalPath = resolved.graph.criticalPath(durations: weights).path.filter {
                plan.selected[$0]
            }
        }
    }

    /// Conflicts between steps that are both to run.
    var conflicts: [OutputConflict] {
        resolved.conflicts.filter {
            plan.selected[Int($0.first)] && plan.selected[Int($0.second)]
        }
    }

    /// The sentence that check and plan say of a conflict.
    static func sentence(_ conflict: OutputConflict, _ workflow: Workflow) -> String {
        let first = workflow.steps[Int(conflict.first)].id
        let second = workflow.steps[Int(conflict.second)].id
        return
            "Steps \(first) and \(second) cannot run in parallel (shared output: \(conflict.path))"
    }

    private static func phases(
        of plan: RunPlan, _ workflow: Workflow
    ) -> [(task: Int, number: Int32, steps: [Int])] {
        var phases: [(task: Int, number: Int32, steps: [Int])] = []
        var places: [Int64: Int] = [:]
        for step in plan.selected.indices
        where plan.selected[step] && !plan.isFinalizer(step) {
            let task = workflow.steps[step].task
            let key = Int64(task) << 32 | Int64(plan.phases[step])
            if let place = places[key] {
                phases[place].steps.append(step)
            } else {
                places[key] = phases.count
                phases.append((task, plan.phases[step], [step]))
            }
        }
        return phases.sorted { ($0.task, $0.number) < ($1.task, $1.number) }
    }
}
