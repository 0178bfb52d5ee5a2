import DependencyGraph
import Execution
import Reporting
import Supervisor
import WorkflowModel

/// `stepvisor why STEP`: why a step would run now and why it ran; or how its inputs differ between
/// two runs.
struct WhyCommand {
    private let arguments: ParsedArguments
    private let console: Console

    init(_ arguments: ParsedArguments, _ console: Console) {
        self.arguments = arguments
        self.console = console
    }

    func run() throws -> Int32 {
        let project = try Project.load(arguments, console)
        let request = try RunRequest(project, arguments)
        let steps = try NamedSteps(arguments, project).indices
        let answers = try arguments.pair(.between).map { pair in
            let names = steps.map { request.plan.resolved.graph.nodes[$0] }
            let comparison = try RunComparison(
                pair, about: names.first, of: project.loaded, console: console)
            return try names.map { try comparison.answer(about: $0) }
        }
        if let answers {
            try console.out(console.wantsJSON ? WhyReport.json(answers) : WhyReport.text(answers))
            return 0
        }
        let latest = try? RecordedRun.find(nil, of: project.loaded, console: console)
        let reasons = steps.map { step in
            CurrentReasons(
                of: step, request.plan, skips: SkipReport(request, asking: [step]),
                latest: latest?.record)
        }
        try console.out(console.wantsJSON ? WhyReport.json(reasons) : WhyReport.text(reasons))
        return 0
    }
}

/// The steps that a command line names; a `foreach` stands for all its instances.
struct NamedSteps {
    let indices: [Int]
    let plan: RunPlan

    /// - Throws: ``CommandFailure`` with exit 2 and a suggestion for an unknown step.
    init(_ arguments: ParsedArguments, _ project: Project) throws {
        var options = RunOptions()
        options.only = arguments.operands.map { StepID($0) }
        options.needsCommands = false
        do throws(PlanError) {
            // An unknown name is reported as it was given.
            var named = options
            (named.targets, named.only) = (options.only, [])
            _ = try RunPlan.make(resolved: project.resolved, options: named)
            // The named steps only, without their dependencies.
            let selected = try RunPlan.make(resolved: project.resolved, options: options).selected
            let finalizers = project.workflow.finalizers
            let names = Set(options.only)
            indices = selected.indices.filter {
                selected[$0]
                    && (!finalizers.contains($0)
                        || names.contains(project.resolved.graph.nodes[$0]))
            }
            options.only = []
            plan = try RunPlan.make(resolved: project.resolved, options: options)
        } catch {
            throw PlanFailure.failure(error, arguments, project)
        }
    }
}
