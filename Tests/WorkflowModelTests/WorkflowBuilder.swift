import WorkflowModel

/// A step in one line.
func step(
    _ id: String, after dependencies: [String] = [], reads inputs: [String] = [],
    writes outputs: [String] = [], modifies: [String] = [], condition: String? = nil
) -> Step {
    var step = Step(id: StepID(id))
    step.dependencies = dependencies.map { Dependency(StepID($0)) }
    step.inputs = inputs.map { FilePattern($0) }
    step.outputFiles = outputs.map { FilePattern($0) }
    step.modifies = modifies.map { FilePattern($0) }
    step.gating.condition = condition
    return step
}

/// A workflow of these steps.
func workflow(_ steps: [Step]) -> Workflow {
    var workflow = Workflow(name: "test")
    workflow.steps = steps
    workflow.tasks = [WorkflowTask(id: "")]
    return workflow
}

/// What is said of a workflow, each as `message; help`.
func messages(_ steps: [Step]) -> [String] {
    WorkflowValidator.resolve(workflow(steps)).diagnostics.map { diagnostic in
        diagnostic.message + (diagnostic.help.map { "; \($0)" } ?? "")
    }
}
