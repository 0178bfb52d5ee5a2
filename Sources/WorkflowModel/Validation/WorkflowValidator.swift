import DependencyGraph

/// Checks what was declared and draws the one graph from it.
///
/// Pure: patterns are compared with declared paths and patterns, never with what is on the disk.
public enum WorkflowValidator {
    /// Everything that is wrong, in one go, and the resolved workflow where nothing is.
    ///
    /// The workflow is nil exactly when one of the diagnostics is an error.
    ///
    /// - Parameters:
    ///   - workflow: What was declared.
    ///   - root: The project root, absolute: a path that begins with it is one of the project.
    ///   - source: The file or directory that it comes from, as messages show it.
    /// - Returns: The workflow, and what is to be said of it.
    public static func resolve(
        _ workflow: Workflow, root: String? = nil, source: String? = nil
    ) -> (workflow: ResolvedWorkflow?, diagnostics: [Diagnostic]) {
        var validation = Validation(workflow, root: root, source: source)
        validation.checkIDs()
        validation.checkGroups()
        validation.checkTasks()
        validation.checkResources()
        validation.checkParallelGroups()
        validation.checkPaths()
        validation.checkEnvironment()
        validation.checkSettingNames()
        validation.compilePatterns()
        validation.checkConditions()
        validation.addDeclaredEdges()
        validation.addInferredEdges()
        validation.addConditionEdges()
        validation.addStepOrder()
        validation.checkFinalizers()
        validation.addTaskEdges()
        guard let graph = validation.makeGraph() else { return (nil, validation.diagnostics) }
        let (conflicts, rewrites) = validation.findConflicts(in: graph)
        let looseReads = validation.findLooseReads(in: graph)
        guard !validation.hasErrors else { return (nil, validation.diagnostics) }
        let resolved = ResolvedWorkflow(
            workflow: workflow, graph: graph, inferredEdges: validation.undeclaredEdges(),
            conflicts: conflicts, rewrites: rewrites, looseReads: looseReads,
            conditions: validation.conditions)
        return (resolved, validation.diagnostics)
    }
}

/// What is known while a workflow is checked; each check is one method in a file of its own.
struct Validation {
    let workflow: Workflow
    var steps: [Step] { workflow.steps }
    var diagnostics: [Diagnostic] = []
    private(set) var hasErrors = false
    var index: StepIndex
    /// Only steps that can be nodes: each id once.
    var edges: [Edge] = []
    /// How many of ``edges``, from the front, are declared.
    var declaredEdgeCount = 0
    /// Of ``WorkflowModel/Workflow/groups``, by name.
    var groupIndex: [StepID: Int] = [:]
    var isOverGroupLimit = false
    var globs = GlobCache()
    /// What `output_files` name, once the inferred edges were looked for.
    var outputFiles: WrittenFiles?
    /// What the conditions that could be read say, by step, with full ids.
    var conditions: [Int: ConditionExpression] = [:]
    var conditionEdges: [Edge] = []
    /// Tasks in an order in which each comes after those it waits for; empty when there is none.
    var taskOrder: [Int] = []
    var taskDependencies: [[Int]] = []
    private var suggestionsLeft = 20

    /// The project root, where it is known.
    let root: String?
    /// Where the workflow comes from, as messages show it.
    let source: String?

    init(_ workflow: Workflow, root: String? = nil, source: String? = nil) {
        self.workflow = workflow
        self.root = root
        self.source = source
        index = StepIndex(capacity: workflow.steps.count)
    }

    mutating func report(_ diagnostic: Diagnostic) {
        if diagnostic.severity == .error { hasErrors = true }
        diagnostics.append(diagnostic)
    }

    /// "Did you mean" over all step ids; only for the first few, since each looks at every id.
    mutating func suggestion(for id: StepID, of step: StepID? = nil) -> String? {
        // Nobody meant the step that depends.
        suggestion(
            for: id.rawValue, among: steps.lazy.map(\.id).filter { $0 != step }.map(\.rawValue))
    }

    /// The same among other names.
    mutating func suggestion(for name: String, among names: some Sequence<String>) -> String? {
        guard suggestionsLeft > 0 else { return nil }
        suggestionsLeft -= 1
        return Suggestion.help(for: name, among: names)
    }
}

/// An edge while it is not known whether the graph is sound.
struct Edge {
    /// What it comes from, in a form that leads back to the places in the file.
    enum Reason {
        case declared(dependency: Int32)
        case inferred(input: Int32, output: Int32)
        case condition
        case taskOrder
        case stepOrder
    }

    var dependency: Int32
    var dependent: Int32
    var reason: Reason
}

/// Each pattern is compiled once, however many steps name it.
struct GlobCache {
    private var globs: [String: Result<Glob, GlobError>] = [:]

    mutating func glob(_ text: String) -> Result<Glob, GlobError> {
        if let known = globs[text] { return known }
        let result = Result { () throws(GlobError) in try Glob(text) }
        globs[text] = result
        return result
    }

    /// A pattern that is known to be valid.
    mutating func valid(_ text: String) -> Glob? {
        try? glob(text).get()
    }
}
