import DependencyGraph
public import WorkflowModel

/// The declarations of steps, for comparison with those of another workflow.
public struct DeclaredSteps: Sendable {
    private let plan: RunPlan
    private let ingredients: StepIngredients

    /// The steps of a plan.
    public init(of plan: RunPlan) {
        self.plan = plan
        ingredients = StepIngredients(plan: plan, inherited: [:])
    }

    /// Every part of a step's declaration on which its result depends; nil for an unknown id.
    public func declaration(of id: StepID) -> [FingerprintPart]? {
        guard let index = plan.resolved.graph.index(of: id) else { return nil }
        return ingredients.command(of: index) + ingredients.settings(of: index)
            + plan.resolved.workflow.steps[index].inputs.map { FingerprintPart("inputs", $0.text) }
    }
}
