import Execution
import Supervisor
import WorkflowFiles
import WorkflowModel

/// Finds out before a run what of it need not run.
struct SkipPlanner {
    private let project: Project
    private let options: RunOptions
    /// What a revision says of the steps; nil where it is not asked.
    private let since: SinceRequest?
    /// What steps of a run that goes on are doing, for who only looks.
    private let running: [String: String]
    /// Whether what an earlier run has done is taken over without a look.
    private let isFailedOnly: Bool

    init(
        _ project: Project, _ arguments: ParsedArguments, _ options: RunOptions,
        _ since: SinceRequest? = nil
    ) {
        self.project = project
        self.options = options
        self.since = since
        isFailedOnly = arguments.has(.failed)
        let isView = arguments.command != .run || arguments.has(.dryRun)
        running = isView ? RunningSteps.find(root: project.root) : [:]
    }

    /// Takes what need not run out of a plan, and what has to out of what an earlier run has done.
    ///
    /// - Returns: What is known of the steps, which the run goes on with.
    func adopt(
        into plan: inout RunPlan, _ resume: inout ResumePlan?, history: [StepID: Milliseconds]
    ) throws(PlanError) -> UpToDateChecker {
        let found = decide(about: plan)
        if !found.withdrawn.isEmpty {
            resume?.withdraw(found.withdrawn, graph: project.resolved.graph)
            plan = try RunPlan.make(
                resolved: project.resolved, options: options, history: history, resuming: resume)
        }
        plan.adopt(found.smart)
        return found.look
    }

    /// Finds out what of a plan need not run.
    ///
    /// - Parameter plan: The plan, in which steps may be done by an earlier run.
    /// - Returns: What need not run, what of those that were done is not up to date any more, and what
    ///   is known of the steps, which the run goes on with.
    private func decide(
        about plan: RunPlan
    ) -> (smart: SkipPlan, withdrawn: Set<Int>, look: UpToDateChecker) {
        var look = UpToDateChecker(
            plan: plan, state: try? StateDirectory(root: project.root, create: false),
            root: project.root, workflow: project.loaded.workflowFile ?? "",
            environment: ProcessEnvironment.environment, mask: SecretWarnings.mask,
            tell: Console.tell)
        look.running = running
        let trustsDone = isFailedOnly || options.isForced
        // What was taken over below a step that somebody decided about does not wait for it.
        let decided = plan.doneEarlier.isEmpty ? [:] : plan.policy.decisions
        let selected = plan.selected.indices.map {
            plan.selected[$0] && !(trustsDone && plan.done(before: $0) != nil)
                && decided[$0] != .skip && decided[$0] != .proceed
        }
        let compared = since?.look(at: plan, options)
        let graph = plan.resolved.graph
        var smart = SkipPlan.decide(
            options.smart, graph: graph, selected: selected,
            finalizers: plan.resolved.workflow.finalizers, usesCache: options.usesCache,
            isForced: options.isForced
        ) { step in
            let question = UpToDateQuestion(
                doneEarlier: plan.done(before: step), comparesWithRevision: compared != nil)
            switch question {
            case .done(let isKnownAtLeast):
                return look.checkBeforeRun(ofDone: step, isKnownAtLeast: isKnownAtLeast)
            case .remembered, .compared:
                return compared.map { look.checkBeforeRun(of: step, comparedWith: $0(step)) }
                    ?? look.checkBeforeRun(of: step)
            }
        }
        if compared != nil {
            smart.demandResults(
                graph: graph, selected: selected, asked: plan.resolved.resultsAsked
            ) { plan.doneEarlier[$0] == nil && look.lacksResult($0) }
        }
        let withdrawn = smart.takeOver(done: Set(plan.doneEarlier.keys)).union(
            plan.doneUnlessNeedsRun.keys.filter { step in
                // What a step that it needs comes to, and came to then, is asked when that one has ended.
                smart.due[step]?.contains {
                    $0.kind != .dependencyRuns && $0.kind != .dependencyUnknown
                } ?? false
            })
        look.forgetGlances()
        return (smart, withdrawn, look)
    }
}
