/// What the user declared, from one or several files.
public struct Workflow: Sendable {
    /// Name for people; the project directory's name when the file gives none.
    public var name: String
    /// The steps in declaration order: task by task.
    public var steps: [Step]
    /// The ordered sections; one unnamed task when the file declares none.
    public var tasks: [WorkflowTask]
    /// The `[execution]` table.
    public var execution: ExecutionSettings
    /// The `[environment]` table, in the order written.
    public var environment: [EnvironmentVariable]
    /// The `[resources]` table; an undeclared resource has capacity 1.
    public var resources: [ResourceDeclaration]
    /// The files that `[composition]` of the main file names.
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
    /// What its ids begin with, without the `.` that follows; nil for no prefix.
    public var prefix: String?
    /// The tasks and steps before it, named as in the including file; nil: its tasks come after
    /// those declared before it.
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
    /// The declared id, which stands for all instances; no step has it.
    public var name: StepID
    /// Indices into ``Workflow/steps``; never empty.
    public var members: Range<Int>
    /// Where the id was written.
    public var range: SourceRange?

    /// A group of consecutive steps.
    public init(_ name: StepID, members: Range<Int>, at range: SourceRange? = nil) {
        self.name = name
        self.members = members
        self.range = range
    }
}

/// The settings of a parallel group; they apply to all steps that name it.
public struct ParallelGroup: Hashable, Sendable {
    /// The value of `parallel_group` in its steps.
    public var name: String
    /// What a critical failure of one member does to the other members, and only to them; nil: the
    /// strategy of the run.
    public var failureStrategy: FailureStrategy?
    /// Largest number of its steps at once; nil: the limit of the run.
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
    /// Description for people.
    public var description = ""
    /// False: its steps run one by one.
    public var isParallelEnabled = true
    /// The task states neither dependencies nor parallel steps: its steps run one after another in
    /// declaration order.
    public var isSequence = false
    /// Tasks that it comes after; nil: the task declared before it.
    public var dependencies: [Dependency]?
    /// The mode of work that it is meant for: text for a runner.
    public var modeSpecific: String?
    /// Where it was written.
    public var range: SourceRange?

    /// A task with defaults for everything but its id.
    public init(id: String, range: SourceRange? = nil) {
        self.id = id
        self.range = range
    }
}

/// Which runs share a resource.
public enum ResourceScope: String, Hashable, Sendable, CaseIterable {
    /// The runs of one project.
    case project
    /// All projects of a user on this machine.
    case host
}

/// A named, counted thing that steps share.
public struct ResourceDeclaration: Hashable, Sendable {
    /// The name: the form of ``StepID/pattern``.
    public var name: String
    /// Units in total, at least 1.
    public var capacity: Int
    /// Which runs share it.
    public var scope: ResourceScope
    /// The breaker of this resource, when it declares one.
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
