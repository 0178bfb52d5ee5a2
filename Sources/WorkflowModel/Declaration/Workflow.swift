/// What the user declared, from one or several files.
public struct Workflow: Sendable {
    /// For people; the project directory's name where the file says none.
    public var name: String
    /// The steps in declaration order: task by task.
    public var steps: [Step]
    /// The ordered sections; one unnamed task where the file has none.
    public var tasks: [WorkflowTask]
    /// The `[execution]` table.
    public var execution: ExecutionSettings
    /// The `[environment]` table, in the order written.
    public var environment: [EnvironmentVariable]
    /// The `[resources]` table; a resource that is only used counts 1.
    public var resources: [ResourceDeclaration]
    /// The files that the main file's `[composition]` names.
    public var includes: [WorkflowInclude]
    /// Steps that were declared once for a list of items (`foreach`), in the order of ``steps``.
    public var groups: [StepGroup]
    /// The `[groups]` table: settings of steps that name the same `parallel_group`.
    public var parallelGroups: [ParallelGroup]
    /// The `[changes]` table: class name and its patterns.
    public var changeClasses: [(name: String, patterns: [String])]
    /// The `[cache]` table.
    public var cache: CacheSettings

    /// Indices of the steps that run at the end, whatever happened.
    public var finalizers: Set<Int> { Set(steps.indices.filter { steps[$0].isFinalizer }) }

    /// An empty workflow.
    public init(name: String) {
        self.name = name
        steps = []
        tasks = []
        execution = ExecutionSettings()
        environment = []
        resources = []
        includes = []
        groups = []
        parallelGroups = []
        changeClasses = []
        cache = CacheSettings()
    }
}

/// A file, or a directory of step files, whose steps belong to the workflow too.
public struct WorkflowInclude: Hashable, Sendable {
    /// As written: relative to the file that names it.
    public var file: String
    /// What its ids begin with, without the `.` that follows; nil for nothing.
    public var prefix: String?
    /// What its tasks and steps come after, in the names of the file that includes it; nil: its tasks
    /// after those before it.
    public var dependencies: [Dependency]?
    /// Where it was written.
    public var range: SourceRange?

    /// Names a file.
    public init(_ file: String, prefix: String? = nil, at range: SourceRange? = nil) {
        self.file = file
        self.prefix = prefix
        self.range = range
    }
}

/// The instances of a step that was declared once for a list of items.
public struct StepGroup: Hashable, Sendable {
    /// The id as declared, which no step has: it stands for all instances.
    public var name: StepID
    /// Indices into ``Workflow/steps``; never empty.
    public var members: Range<Int>
    /// Where the id was written.
    public var range: SourceRange?

    /// A group of steps that stand one after another.
    public init(_ name: StepID, members: Range<Int>, at range: SourceRange? = nil) {
        self.name = name
        self.members = members
        self.range = range
    }
}

/// Settings of its own of a parallel group: of all steps that name it, wherever they stand.
public struct ParallelGroup: Hashable, Sendable {
    /// What its steps have as their `parallel_group`.
    public var name: String
    /// What a critical failure of one of its steps does to its other steps, and to those alone;
    /// nil: what it does in the run.
    public var failureStrategy: FailureStrategy?
    /// Most of its steps at once; nil: as many as the run allows.
    public var maxParallelSteps: Int?
    /// Where its name was written.
    public var range: SourceRange?

    /// A group that sets nothing.
    public init(_ name: String, at range: SourceRange? = nil) {
        self.name = name
        self.range = range
    }
}

/// An ordered section of a workflow.
public struct WorkflowTask: Hashable, Sendable {
    /// As declared (`1`, `build`); empty for the one task of a workflow without tasks.
    public var id: String
    /// Words for people.
    public var description = ""
    /// False: its steps run one by one.
    public var isParallelEnabled = true
    /// Nothing in it says what its steps wait for, or what may run beside what: they run one after
    /// another, in the order in which they are declared.
    public var isSequence = false
    /// Nil: after the task declared before it; else after these tasks only.
    public var dependencies: [Dependency]?
    /// The mode of work that it is meant for, in words for a runner.
    public var modeSpecific: String?
    /// Where it was written.
    public var range: SourceRange?

    /// A task with defaults for all but its id.
    public init(id: String, range: SourceRange? = nil) {
        self.id = id
        self.range = range
    }
}

/// Where a resource is shared.
public enum ResourceScope: String, Hashable, Sendable, CaseIterable {
    /// Among the runs of one project.
    case project
    /// Among all projects of a user on this machine.
    case host
}

/// A named, counted thing that steps share.
public struct ResourceDeclaration: Hashable, Sendable {
    /// The name: the form of ``StepID/pattern``.
    public var name: String
    /// Units there are, at least 1.
    public var capacity: Int
    /// Where it is shared.
    public var scope: ResourceScope
    /// The breaker of this resource, where it has one of its own.
    public var breaker: BreakerSettings?
    /// Where it was written.
    public var range: SourceRange?

    /// A resource.
    public init(
        _ name: String, capacity: Int = 1, scope: ResourceScope = .project,
        breaker: BreakerSettings? = nil, at range: SourceRange? = nil
    ) {
        self.name = name
        self.capacity = capacity
        self.scope = scope
        self.breaker = breaker
        self.range = range
    }
}
