public import WorkflowModel

/// Makes a workflow of the trees that readers produced, from one or several files.
///
/// Every key is looked at, whatever else is wrong; what could not be understood is reported and
/// left at its default.
public struct WorkflowDecoder {
    private var draft: WorkflowDraft
    private var reader = ValueReader()
    /// Steps outside of tasks: those of step files, then those of `[[steps]]`.
    private var looseSteps = StepList()
    /// Steps of `[[tasks]]`, with the index of their task among those.
    private var taskSteps = StepList()
    /// Whether the file that is being added could be read whole.
    private var isWhole = true
    /// Whether a step was left out because the line with its `id` could not be read.
    public private(set) var hasLostSteps = false

    /// Starts an empty workflow, named so where no file says otherwise.
    public init(defaultName: String) {
        draft = WorkflowDraft(workflow: Workflow(name: defaultName))
    }

    /// The workflow of one file, and all that is wrong with it.
    public static func decode(
        _ document: DocumentTable, defaultName: String
    ) -> (workflow: Workflow, diagnostics: [Diagnostic]) {
        var decoder = WorkflowDecoder(defaultName: defaultName)
        decoder.add(document)
        return decoder.finish()
    }

    /// Adds a workflow file: settings, tasks and steps.
    /// - Parameters:
    ///   - document: The file's keys.
    ///   - isWhole: False where the reader had to leave something out: a key that is missing then
    ///     is not reported, since it may be what was left out.
    public mutating func add(_ document: DocumentTable, isWhole: Bool = true) {
        self.isWhole = isWhole
        WorkflowTables.workflow.decode(document, into: &draft, with: &reader)
        addErrorPropagation()
        addSteps()
        addTasks()
    }

    /// Adds a step file by what its header holds.
    /// - Parameters:
    ///   - header: The header's keys.
    ///   - id: The id where the header says none.
    ///   - script: The file's path relative to the project root.
    ///   - range: The place that stands for the file where the header has no `id`.
    public mutating func addStepFile(
        header: DocumentTable, id: String, script: String, range: SourceRange?
    ) {
        var step = StepDraft(isFile: true)
        step.step = Step(id: StepID(id), range: range)
        step.step.command = .script(script)
        WorkflowTables.step.decode(header, into: &step, with: &reader)
        looseSteps.append(step, with: &reader)
    }

    /// Puts the steps together: those outside of tasks, then task by task.
    public consuming func finish() -> (workflow: Workflow, diagnostics: [Diagnostic]) {
        var workflow = draft.workflow
        // Swapped, not assigned: an array that two names hold would be copied when it grows.
        if looseSteps.isEmpty && !workflow.tasks.isEmpty {
            swap(&workflow.steps, &taskSteps.steps)
            workflow.groups = taskSteps.groups
            return (workflow, reader.diagnostics)
        }
        // Steps outside of tasks are a section of their own, which waits for no task.
        var section = WorkflowTask(id: "")
        section.dependencies = workflow.tasks.isEmpty ? nil : []
        workflow.tasks.insert(section, at: 0)
        swap(&workflow.steps, &looseSteps.steps)
        workflow.groups = looseSteps.groups + taskSteps.groups(from: workflow.steps.count)
        for index in taskSteps.steps.indices { taskSteps.steps[index].task += 1 }
        if !taskSteps.isEmpty { workflow.steps += taskSteps.steps }
        return (workflow, reader.diagnostics)
    }

    /// The source documents' table sets what `[execution]` sets, unless both do.
    private mutating func addErrorPropagation() {
        guard let entry = draft.errorPropagation, let table = reader.table(entry) else { return }
        WorkflowTables.errorPropagation.decode(
            table, into: &draft.workflow.execution, with: &reader)
        let pairs = [
            ("propagation_strategy", "error_propagation"), ("strategy", "error_propagation"),
            ("failure_threshold", "failure_threshold"),
        ]
        for (key, other) in pairs {
            guard let first = draft.executionTable?.entries.first(where: { $0.key == other }),
                let second = table.entries.first(where: { $0.key == key })
            else { continue }
            reader.report(
                .error(
                    "`\(key)` of `[error_propagation]` is `\(other)` of `[execution]`",
                    at: second.keyRange, help: "keep one of them",
                    related: [.init("the other one is here", at: first.keyRange)]))
        }
    }

    private mutating func addSteps() {
        guard let entry = draft.steps, let values = reader.list(entry, of: "tables") else { return }
        looseSteps.steps.reserveCapacity(looseSteps.steps.count + values.count)
        for value in values {
            guard let step = decodeStep(value, of: entry, in: nil) else { continue }
            looseSteps.append(step, with: &reader)
        }
    }

    private mutating func addTasks() {
        guard let entry = draft.tasks else { return }
        // `[[tasks.steps]]` without `[[tasks]]` is one task, as the source documents have it.
        if case .table = entry.value.content {
            addTask(entry.value, of: entry)
            return
        }
        for value in reader.list(entry, of: "tables") ?? [] { addTask(value, of: entry) }
    }

    private mutating func addTask(_ value: DocumentValue, of entry: DocumentTable.Entry) {
        guard case .table(let table) = value.content else {
            reader.mismatch(entry.key, "a list of tables", value)
            return
        }
        let index = draft.workflow.tasks.count
        var task = TaskDraft(task: WorkflowTask(id: String(index + 1), range: value.range))
        WorkflowTables.task.decode(table, into: &task, with: &reader)
        draft.workflow.tasks.append(task.task)
        guard let steps = task.steps else { return }
        for value in reader.list(steps, of: "tables") ?? [] {
            guard var step = decodeStep(value, of: steps, in: task.task.id) else { continue }
            step.step.task = index
            taskSteps.append(step, with: &reader)
        }
    }

    private mutating func decodeStep(
        _ value: DocumentValue, of entry: DocumentTable.Entry, in task: String?
    ) -> StepDraft? {
        guard case .table(let table) = value.content else {
            reader.mismatch(entry.key, "a list of tables", value)
            return nil
        }
        var step = StepDraft(task: task)
        WorkflowTables.step.decode(table, into: &step, with: &reader)
        if step.step.range == nil {
            guard isWhole else {
                hasLostSteps = true
                return nil
            }
            reader.report(
                .error("a step has no `id`", at: value.range, help: "add `id = \"…\"`"))
            return nil
        }
        return step
    }
}

/// Steps in the order in which they were read, those of a `foreach` one after another.
struct StepList {
    var steps: [Step] = []
    private(set) var groups: [StepGroup] = []

    var isEmpty: Bool { steps.isEmpty }

    /// The groups where other steps stand before these.
    func groups(from start: Int) -> [StepGroup] {
        groups.map {
            StepGroup(
                $0.name, members: $0.members.lowerBound + start..<$0.members.upperBound + start,
                at: $0.range)
        }
    }

    /// Adds a step, or the instances that it stands for.
    mutating func append(_ draft: StepDraft, with reader: inout ValueReader) {
        guard let items = draft.items else {
            steps.append(draft.step)
            if let entry = draft.successPattern {
                steps[steps.count - 1].gating.successPattern = reader.regularExpression(entry)
            }
            return
        }
        guard steps.count + items.count <= StepInstances.limit else {
            reader.report(
                .error(
                    "`foreach` makes more than \(StepInstances.limit) steps", at: draft.step.range,
                    help: "give one step several items to do"))
            return
        }
        let start = steps.count
        var instances = StepInstances(
            draft.step, items: items, successPattern: draft.successPattern)
        steps += instances.make(reportingTo: &reader)
        guard steps.count > start else { return }
        groups.append(
            StepGroup(draft.step.id, members: start..<steps.count, at: draft.step.range))
    }
}
