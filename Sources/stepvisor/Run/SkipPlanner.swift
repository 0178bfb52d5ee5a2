import Execution
import Platform
import StateStore
import Supervisor
import WorkflowFiles
import WorkflowModel

/// Determines before a run which steps it can skip.
struct SkipPlanner {
    private let project: Project
    private let options: RunOptions
    /// The steps changed since a revision; nil without `--since`.
    private let since: SinceRequest?
    /// The running steps of an active run, for commands that only read.
    private let running: [String: String]
    /// Whether the results of an earlier run are taken over unchecked.
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

    /// Removes the steps that need not run from a plan, and the steps that are out of date from
    /// what an earlier run has done.
    ///
    /// - Returns: The state of the steps, for the run.
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

    /// Determines which steps of a plan need not run.
    ///
    /// - Parameter plan: The plan, in which an earlier run may have done some steps.
    /// - Returns: The steps that need not run, the done steps that are out of date, and the state
    ///   of the steps for the run.
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
        // A step taken over below a step with a decision does not wait for the decision.
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
                // The result of a dependency, now and then, is compared when that dependency has
                // ended.
                smart.due[step]?.contains {
                    $0.kind != .dependencyRuns && $0.kind != .dependencyUnknown
                } ?? false
            })
        look.endCheckBeforeRun()
        return (smart, withdrawn, look)
    }
}
