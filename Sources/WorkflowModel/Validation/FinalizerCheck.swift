extension Validation {
    func isFinalizer(_ step: Int32) -> Bool { workflow.steps[Int(step)].isFinalizer }

    /// Reports steps that depend on a finalizer without being one.
    mutating func checkFinalizers() {
        guard workflow.steps.indices.contains(where: { workflow.steps[$0].isFinalizer }) else {
            return
        }
        for edge in edges where isFinalizer(edge.dependency) && !isFinalizer(edge.dependent) {
            let step = workflow.steps[Int(edge.dependent)]
            let other = workflow.steps[Int(edge.dependency)]
            let subject: String
            let range: SourceRange?
            switch edge.reason {
            case .declared(let number):
                subject = "step `\(step.id)` depends on `\(other.id)`"
                range = step.dependencies[Int(number)].range
            case .condition:
                subject = "the condition of step `\(step.id)` names `\(other.id)`"
                range = step.gating.conditionRange
            case .inferred, .taskOrder, .stepOrder:
                continue
            }
            report(
                .error(
                    "\(subject), which runs at the end (`always = true`)", at: range,
                    help: "take `always` away from `\(other.id)`, or give it to `\(step.id)` too"))
        }
    }
}
