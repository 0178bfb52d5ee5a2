import DependencyGraph

/// Checks what was declared and builds the graph from it.
///
/// Pure: patterns are compared with declared paths and patterns, never with files on disk.
public enum WorkflowValidator {
    /// Finds all errors in one pass; returns the resolved workflow when there is none.
    ///
    /// The workflow is nil exactly when one of the diagnostics is an error.
    ///
    /// - Parameters:
    ///   - workflow: What was declared.
    ///   - root: The project root, absolute; paths that begin with it lie in the project.
    ///   - source: The file or directory of the workflow, as messages show it.
    /// - Returns: The workflow, and the diagnostics.
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

/// The state of a validation; each check is one method in a file of its own.
struct Validation {
    let workflow: Workflow
    var steps: [Step] { workflow.steps }
    var diagnostics: [Diagnostic] = []
    private(set) var hasErrors = false
    var index: StepIndex
    /// Edges between valid nodes only: each id once.
    var edges: [Edge] = []
    /// How many of ``edges``, from the beginning, are declared.
    var declaredEdgeCount = 0
    /// Indices into ``WorkflowModel/Workflow/groups``, by name.
    var groupIndex: [StepID: Int] = [:]
    var isOverGroupLimit = false
    var globs = GlobCache()
    /// What `output_files` name; set once the inferred edges were computed.
    var outputFiles: WrittenFiles?
    /// The valid conditions by step, with full ids.
    var conditions: [Int: ConditionExpression] = [:]
    var conditionEdges: [Edge] = []
    /// Tasks in topological order; empty when there is none.
    var taskOrder: [Int] = []
    var taskDependencies: [[Int]] = []
    private var suggestionsLeft = 20

    /// The project root, if known.
    let root: String?
    /// The origin of the workflow, as messages show it.
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

    /// "Did you mean" over all step ids; only for the first few, since each compares with every id.
    mutating func suggestion(for id: StepID, of step: StepID? = nil) -> String? {
        // Leave out the dependent itself, which cannot be what was meant.
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

/// An edge before the graph is known to be valid.
struct Edge {
    /// The origin of an edge, in a form that leads to its places in the file.
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

/// Compiles each pattern once, however many steps name it.
struct GlobCache {
    private var globs: [String: Result<Glob, GlobError>] = [:]

    mutating func glob(_ text: String) -> Result<Glob, GlobError> {
        if let known = globs[text] { return known }
        let result = Result { () throws(GlobError) in try Glob(text) }
        globs[text] = result
        return result
    }

    /// The compiled pattern of a text that is known to be valid.
    mutating func valid(_ text: String) -> Glob? {
        try? glob(text).get()
    }
}
