import Execution
import Supervisor
import WorkflowFiles
import WorkflowModel

/// Finds out before a run what of it need not run.
struct SmartRequest {
    private let project: Project
    private let options: RunOptions
    /// What a revision says of the steps; nil where it is not asked.
    private let since: SinceRequest?
    private let early: EarlyLook?

    init(
        _ project: Project, _ options: RunOptions, _ since: SinceRequest? = nil,
        early: EarlyLook? = nil
    ) {
        self.early = early
        self.project = project
        self.options = options
        self.since = since
    }

    /// Takes what need not run out of a plan.
    ///
    /// - Returns: What is known of the steps, which the run goes on with.
    func adopt(into plan: inout RunPlan) -> FreshnessLook {
        var look = FreshnessLook(
            plan: plan, state: try? StateDirectory(root: project.root, create: false),
            root: project.root, workflow: project.loaded.path ?? "",
            environment: Host.environment, mask: Secrecy.mask, early: early)
        let selected = plan.selected.indices.map {
            plan.selected[$0] && plan.doneEarlier[$0] == nil
        }
        let compared = since?.look(at: plan, options)
        plan.adopt(
            .decide(
                options.smart, graph: plan.resolved.graph, selected: selected,
                finalizers: plan.resolved.workflow.finalizers, usesCache: options.usesCache,
                isForced: options.isForced
            ) { compared?($0) ?? look.freshnessAhead(of: $0) })
        look.forgetGlances()
        return look
    }
}
