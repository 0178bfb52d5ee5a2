import DependencyGraph
package import Execution
package import WorkflowModel

/// A plan before anything runs: one value, written as text or as JSON.
package struct PlanReport {
    let plan: RunPlan
    /// The indices of the selected steps by task and phase, without those that always run.
    let phases: [(task: Int, number: Int32, steps: [Int])]
    /// The selected steps that run at the end, whatever happened.
    let finalizers: [Int]
    /// The longest chain of selected steps, first to last.
    let criticalPath: [Int]
    /// The expected duration; nil when no step has been measured.
    ///
    /// For a plan with one step at a time, it is computed with as many slots as processors.
    let forecast: Forecast?

    /// Expected milliseconds of the run itself; for one step at a time, the sum.
    var expectedWall: Milliseconds? { plan.limit == 1 ? forecast?.sum : forecast?.wall }

    /// Why each step runs or is skipped, when skipping was asked for.
    package let skips: SkipReport?

    var terms: PlanTerms { PlanTerms(plan: plan) }
    var resolved: ResolvedWorkflow { plan.resolved }
    var workflow: Workflow { resolved.workflow }

    /// Simulates the run; costs about as much as scheduling it.
    ///
    /// - Parameters:
    ///   - plan: What would run.
    ///   - processors: The number of processors, for the forecast of a plan with one step at a
    ///     time.
    ///   - skips: Nil for a plan that skips nothing.
    package init(_ plan: RunPlan, processors: Int, skips: SkipReport?) {
        self.plan = plan
        self.skips = skips
        let resolved = plan.resolved
        phases = PlanReport.phases(of: plan, resolved.workflow)
        finalizers = plan.selected.indices.filter {
            plan.selected[$0] && plan.isFinalizer($0)
        }
        let forecast = plan.simulate(
            limit: plan.limit == 1 ? max(2, processors) : plan.limit)
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

    /// A table for a terminal; with `showsAll` no list is cut.
    package func text(style: Style, showsAll: Bool) -> [UInt8] {
        var text = PlanText(self, style: style)
        text.showsAll = showsAll
        return text.render()
    }

    /// A JSON document with a line feed at its end.
    package var json: [UInt8] { PlanJSON(self).bytes }

    /// The expected duration, in one line.
    package static func expectation(_ forecast: Forecast) -> String {
        PlanText.expectation(forecast)
    }

    /// Conflicts between two selected steps.
    var conflicts: [OutputConflict] {
        resolved.conflicts.filter {
            plan.selected[Int($0.first)] && plan.selected[Int($0.second)]
        }
    }

    /// The sentence of `check` and `plan` about a conflict; its path is not escaped.
    package static func sentence(_ conflict: OutputConflict, _ workflow: Workflow) -> String {
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
