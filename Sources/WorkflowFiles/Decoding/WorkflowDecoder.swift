public import WorkflowModel

/// Builds a workflow from the trees of the readers, from one or several files.
///
/// Every key is read, whatever else is wrong; an invalid value is reported and leaves the default.
public struct WorkflowDecoder {
    /// The workflow so far, without its steps.
    var workflow: Workflow
    var reader = ValueReader()
    /// Steps outside of tasks: those of step files, then those of `[[steps]]`.
    private var looseSteps = DecodedSteps()
    /// Steps of `[[tasks]]`, with the index of their task in that array.
    private var taskSteps = DecodedSteps()
    /// The scope of each task.
    private var taskScopes: [FileScope] = []
    /// The first task of each file.
    private var firstTasks: [Int] = []
    /// The speclets of each file, with the tasks that they must name.
    private var speclets: [SpecletFile] = []
    var merged = MergedSettings()
    /// Where the breaker of all resources was declared.
    var breakerPlace: SourceRange?
    /// Whether a step was left out because its name could not be read.
    public var hasLostSteps: Bool {
        hasNamelessSteps || looseSteps.hasLostSteps || taskSteps.hasLostSteps
    }
    private var hasNamelessSteps = false
    /// The last task that waits for all before it, and the first index for which it waits.
    private var allAwaited: (task: Int, from: Int)?
    /// The included parts, the innermost first.
    private var parts: [IncludedPart] = []
    /// Whether a file could not be read, so that names may be missing.
    var hasLostFiles = false

    /// Starts an empty workflow; the name applies when no file gives one.
    public init(defaultName: String) {
        workflow = Workflow(name: defaultName)
    }

    /// The workflow of one file, with all mistakes in it.
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
    ///   - isWhole: False when the reader had to leave something out; then a missing key is not
    ///     reported, because it may be what was left out.
    public mutating func add(_ document: DocumentTable, isWhole: Bool = true) {
        let file = begin(document, isWhole: isWhole, in: FileScope())
        addContents(of: file)
    }

    /// Reads a file's settings; its includes must be added before its own contents.
    mutating func begin(
        _ document: DocumentTable, isWhole: Bool, in scope: FileScope, isParameters: Bool = false
    ) -> OpenFile {
        var draft = WorkflowDraft(workflow: Workflow(name: ""))
        // The main file continues with the values set so far: the defaults, and the project's name.
        if !scope.isIncluded { swap(&draft.workflow, &workflow) }
        reader.ownKeys = isParameters ? [] : nil
        WorkflowTables.workflow.decode(document, into: &draft, with: &reader)
        if document.entry("name") == nil, let name = draft.descriptor { draft.workflow.name = name }
        reader.settleErrorPropagation(&draft)
        var file = OpenFile(includes: draft.workflow.includes, scope: scope, isWhole: isWhole)
        file.ownKeys = reader.ownKeys
        file.steps = draft.steps
        file.tasks = draft.tasks
        file.speclets = draft.speclets
        if scope.isIncluded {
            file.scope = merge(draft, into: scope)
        } else {
            merged = MergedSettings(of: draft)
            swap(&draft.workflow, &workflow)
            breakerPlace = draft.executionTable?.entry("breaker")?.keyRange
        }
        return file
    }

    /// Adds a file's own steps, tasks and speclets.
    mutating func addContents(of file: OpenFile) {
        reader.ownKeys = file.ownKeys
        defer { reader.ownKeys = nil }
        let start = looseSteps.steps.count
        addSteps(of: file)
        looseSteps.note(file.scope, from: start)
        firstTasks.append(workflow.tasks.count)
        addTasks(of: file)
        addSpeclets(of: file)
    }

    /// The indices of the next step outside of tasks and of the next task.
    var ends: (step: Int, task: Int) { (looseSteps.steps.count, workflow.tasks.count) }

    /// Records an included file or directory after its tasks and steps were added.
    mutating func note(_ part: IncludedPart) { parts.append(part) }

    /// The number of steps and tasks so far: what can be declared twice.
    var contentCount: Int {
        looseSteps.steps.count + taskSteps.steps.count + workflow.tasks.count
    }

    /// Adds a step file by the content of its header.
    /// - Parameters:
    ///   - header: The header's keys.
    ///   - id: The id when the header gives none.
    ///   - script: The file's path relative to the project root.
    ///   - range: The place that stands for the file when the header has no `id`.
    public mutating func addStepFile(
        header: DocumentTable, id: String, script: String, range: SourceRange?
    ) {
        addStepFile(header: header, id: id, script: script, range: range, in: FileScope())
    }

    /// Adds a step file of an included directory.
    mutating func addStepFile(
        header: DocumentTable, id: String, script: String, range: SourceRange?, in scope: FileScope
    ) {
        var step = StepDraft(isFile: true)
        step.step = Step(id: StepID(id), range: range)
        step.step.command = .script(script)
        WorkflowTables.step.decode(header, into: &step, with: &reader)
        step.settle(with: &reader)
        reader.reportIdleKeys(of: step.step, in: header)
        scope.place(&step)
        let start = looseSteps.steps.count
        looseSteps.awaitAll(&step, from: scope.firstStep, with: &reader)
        looseSteps.append(step, with: &reader)
        looseSteps.note(scope, from: start)
    }

    /// Joins the steps: those outside of tasks, then task by task.
    public consuming func finish() -> (workflow: Workflow, diagnostics: [Diagnostic]) {
        settleNames()
        reportIdleBreakers(takenBy: [looseSteps.steps, taskSteps.steps])
        // Moved, not copied: an array with two references would be copied when it grows.
        var workflow = Workflow(name: "")
        swap(&workflow, &self.workflow)
        let isWhole = !hasLostFiles && !hasLostSteps
        var loose = looseSteps
        var inTasks = taskSteps
        looseSteps = DecodedSteps()
        taskSteps = DecodedSteps()
        var includes = IncludeOrder()
        if parts.contains(where: { $0.include.dependencies != nil }) {
            includes.read(
                parts, loose, inTasks, workflow.tasks, isWhole: isWhole, reportingTo: &reader)
        }
        let order = TaskOrder(
            scopes: taskScopes, firstTasks: firstTasks, speclets: speclets, includes: includes)
        order.settle(&workflow.tasks, reportingTo: &reader)
        includes.settle(&loose, &inTasks, &workflow.tasks, reportingTo: &reader)
        if loose.isEmpty && !workflow.tasks.isEmpty {
            swap(&workflow.steps, &inTasks.steps)
            workflow.groups = inTasks.groups
            return (workflow, reader.diagnostics)
        }
        // Steps outside of tasks form a section of their own, which waits for no task.
        var section = WorkflowTask(id: "")
        section.dependencies = workflow.tasks.isEmpty ? nil : []
        workflow.tasks.insert(section, at: 0)
        swap(&workflow.steps, &loose.steps)
        workflow.groups = loose.groups + inTasks.groups(from: workflow.steps.count)
        for index in inTasks.steps.indices { inTasks.steps[index].task += 1 }
        if !inTasks.isEmpty { workflow.steps += inTasks.steps }
        return (workflow, reader.diagnostics)
    }

    /// Resolves names of included files in the scope of their file.
    private mutating func settleNames() {
        guard !looseSteps.spans.isEmpty || !taskSteps.spans.isEmpty else { return }
        var known: Set<String> = []
        for list in [looseSteps, taskSteps] {
            for step in list.steps { known.insert(step.id.rawValue) }
            for group in list.groups { known.insert(group.name.rawValue) }
        }
        let shell = workflow.execution.shell
        looseSteps.settle(shell: shell, known: { known.contains($0) }, tasks: [])
        taskSteps.settle(shell: shell, known: { known.contains($0) }, tasks: workflow.tasks)
    }

    private mutating func addSteps(of file: OpenFile) {
        guard let entry = file.steps, let values = reader.list(entry, of: "tables") else { return }
        looseSteps.steps.reserveCapacity(looseSteps.steps.count + values.count)
        for value in values {
            guard var step = decodeStep(value, of: entry, in: nil, file) else { continue }
            looseSteps.awaitAll(&step, from: file.scope.firstStep, with: &reader)
            looseSteps.append(step, with: &reader)
        }
    }

    private mutating func addTasks(of file: OpenFile) {
        guard let entry = file.tasks else { return }
        // `[[tasks.steps]]` without `[[tasks]]` means one task, as in the source documents.
        if case .table = entry.value.content {
            addTask(entry.value, of: entry, number: 1, in: file)
            return
        }
        for (number, value) in (reader.list(entry, of: "tables") ?? []).enumerated() {
            addTask(value, of: entry, number: number + 1, in: file)
        }
    }

    /// Adds a task with its steps; nil when the value is not a task.
    @discardableResult
    private mutating func addTask(
        _ value: DocumentValue, of entry: DocumentTable.Entry, number: Int, in file: OpenFile
    ) -> Int? {
        guard case .table(let table) = value.content else {
            reader.mismatch(entry.key, "a list of tables", value)
            return nil
        }
        let index = workflow.tasks.count
        var task = TaskDraft(task: WorkflowTask(id: String(number), range: value.range))
        WorkflowTables.task.decode(table, into: &task, with: &reader)
        let name = task.task.id
        task.task.id = file.scope.prefix + name
        if let place = task.task.dependencies?.firstIndex(where: { $0.id.rawValue == "*" }) {
            let range = task.task.dependencies?.remove(at: place).range
            // The last task with `*` waits for all before it, so waiting for that one is enough.
            let start = file.scope.firstTask
            var first = start
            if let last = allAwaited, last.from <= start { first = max(start, last.task) }
            for other in workflow.tasks[first...] {
                task.task.dependencies?.append(Dependency(StepID(other.id), at: range))
            }
            allAwaited = (index, start)
        }
        workflow.tasks.append(task.task)
        taskScopes.append(file.scope)
        guard let steps = task.steps else { return index }
        let start = taskSteps.steps.count
        for value in reader.list(steps, of: "tables") ?? [] {
            guard var step = decodeStep(value, of: steps, in: name, file) else { continue }
            step.step.task = index
            taskSteps.awaitAll(&step, from: start, with: &reader)
            taskSteps.append(step, with: &reader)
        }
        workflow.tasks[index].isSequence =
            table.entry("parallel_enabled") == nil && table.entry("parallel_safe") == nil
            && taskSteps.steps[start...].allSatisfy { step in
                step.inputs.isEmpty && step.declares.isDisjoint(with: [.dependencies, .parallel])
            }
        taskSteps.note(file.scope, from: start)
        return index
    }

    private mutating func addSpeclets(of file: OpenFile) {
        guard let entry = file.speclets, let values = reader.list(entry, of: "tables") else {
            return
        }
        let first = firstTasks.last ?? 0
        var found = SpecletFile(scope: file.scope, tasks: first..<first)
        for value in values {
            guard case .table(let table) = value.content else {
                reader.mismatch(entry.key, "a list of tables", value)
                continue
            }
            var draft = SpecletDraft(id: String(found.speclets.count + 1), range: value.range)
            WorkflowTables.speclet.decode(table, into: &draft, with: &reader)
            // Tasks inside a speclet are numbered from 1 in each speclet.
            var inner = file
            inner.scope = file.scope.nested(draft.id)
            inner.scope.firstTask = workflow.tasks.count
            for (number, task) in draft.ownTasks.enumerated() {
                guard let entry = draft.tasks,
                    let index = addTask(task, of: entry, number: number + 1, in: inner)
                else { continue }
                draft.members.append((index, task.range))
            }
            found.speclets.append(draft)
        }
        found.tasks = first..<workflow.tasks.count
        speclets.append(found)
    }

    private mutating func decodeStep(
        _ value: DocumentValue, of entry: DocumentTable.Entry, in task: String?, _ file: OpenFile
    ) -> StepDraft? {
        guard case .table(let table) = value.content else {
            reader.mismatch(entry.key, "a list of tables", value)
            return nil
        }
        var step = StepDraft(task: task)
        WorkflowTables.step.decode(table, into: &step, with: &reader)
        step.settle(with: &reader)
        if step.step.range == nil {
            guard file.isWhole else {
                hasNamelessSteps = true
                return nil
            }
            reader.report(
                .error("a step has no `id`", at: value.range, help: "add `id = \"…\"`"))
            return nil
        }
        reader.reportIdleKeys(of: step.step, in: table)
        file.scope.place(&step)
        return step
    }
}

/// A file whose settings were read and whose steps are not added yet.
struct OpenFile {
    var includes: [WorkflowInclude]
    var scope: FileScope
    /// False where the reader had to leave something out.
    var isWhole: Bool
    /// The unknown keys reported for it; nil in a file that may have none of the project's own.
    var ownKeys: Set<String>?
    var steps: DocumentTable.Entry?
    var tasks: DocumentTable.Entry?
    var speclets: DocumentTable.Entry?

    init(includes: [WorkflowInclude], scope: FileScope, isWhole: Bool) {
        self.includes = includes
        self.scope = scope
        self.isWhole = isWhole
    }
}
