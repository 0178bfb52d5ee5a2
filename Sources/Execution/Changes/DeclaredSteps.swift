import DependencyGraph
public import WorkflowModel

/// How steps are declared, to be compared with how another workflow declares them.
public struct DeclaredSteps: Sendable {
    private let plan: RunPlan
    private let ingredients: StepIngredients

    /// The steps of a plan.
    public init(of plan: RunPlan) {
        self.plan = plan
        ingredients = StepIngredients(plan: plan, inherited: [:])
    }

    /// Everything declared of a step that its result depends on; nil where there is none of this id.
    public func declaration(of id: StepID) -> [FingerprintPart]? {
        guard let index = plan.resolved.graph.index(of: id) else { return nil }
        return ingredients.command(of: index) + ingredients.settings(of: index)
            + plan.resolved.workflow.steps[index].inputs.map { FingerprintPart("inputs", $0.text) }
    }
}
