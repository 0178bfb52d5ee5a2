/// What starts a step.
public enum Command: Hashable, Sendable {
    /// A program and its arguments, started directly; never empty.
    case arguments([String])
    /// A line for the workflow's shell.
    case shell(String)
    /// A step file, started directly: its path relative to the project root.
    case script(String)
}

/// One dependency as written, with its place.
public struct Dependency: Hashable, Sendable {
    /// The step that must have succeeded first.
    public var id: StepID
    /// Where it was written; nil when no file states it.
    public var range: SourceRange?

    /// Names a dependency.
    public init(_ id: StepID, at range: SourceRange? = nil) {
        self.id = id
        self.range = range
    }
}

/// A glob pattern as written, relative to the project root, with its place.
public struct FilePattern: Hashable, Sendable {
    /// The text, with `*`, `?`, `[…]`, `**`, `{a,b}` and a leading `!` for an exclusion.
    public var text: String
    /// Where it was written.
    public var range: SourceRange?

    /// A pattern.
    public init(_ text: String, at range: SourceRange? = nil) {
        self.text = text
        self.range = range
    }
}

/// How many units of a resource a step takes while it runs.
public struct ResourceUse: Hashable, Sendable {
    /// The resource's name: the form of ``StepID/pattern``.
    public var name: String
    /// Units taken, at least 1.
    public var units: Int
    /// Where it was written.
    public var range: SourceRange?

    /// Units of a resource.
    public init(_ name: String, units: Int = 1, at range: SourceRange? = nil) {
        self.name = name
        self.units = units
        self.range = range
    }
}

/// Another way to do a step, tried after the primary method has failed.
public struct BackupMethod: Hashable, Sendable {
    /// What starts it; nil when it is only described in words.
    public var command: Command?
    /// Description for people.
    public var description: String?
    /// When it is tried, as written (`primary_failure`).
    public var triggerCondition: String?
    /// Where it was written.
    public var range: SourceRange?

    /// A backup method.
    public init(
        command: Command?, description: String? = nil, triggerCondition: String? = nil,
        at range: SourceRange? = nil
    ) {
        self.command = command
        self.description = description
        self.triggerCondition = triggerCondition
        self.range = range
    }
}

/// Which failures cause another attempt.
public enum RetryTrigger: Hashable, Sendable {
    case exitCode(Int32)
    case signal(Int32)
    case timeout
}

/// What happens to processes that outlive their step.
public enum LeftoverPolicy: String, Hashable, Sendable, CaseIterable {
    /// Stopped and recorded.
    case kill
    /// Stopped, recorded, and reported as a warning.
    case warn
    /// Stopped, recorded, and the step fails.
    case fail
}

/// How a step's output reaches its log file.
public enum LogMode: String, Hashable, Sendable, CaseIterable {
    /// Through a pipe.
    case auto
    /// The step writes into the file itself; a program that opens `/dev/stderr` anew truncates it.
    case file
    /// The same as `auto`.
    case pipe
}

/// One step as the user declared it.
///
/// Defaults that depend on the run (limits, timeouts of `[execution]`) are applied when the run is
/// planned, so nil means "not set here".
public struct Step: Hashable, Sendable {
    /// The step's id; unique in the workflow.
    public var id: StepID
    /// Where the id was written (or the file's start).
    public var range: SourceRange?
    /// Description for people; empty when not given.
    public var description = ""
    /// Index into ``Workflow/tasks``.
    public var task = 0
    /// What starts it; nil when neither the step nor a runner declares a command.
    public var command: Command?
    /// Where ``command`` was written.
    public var commandRange: SourceRange?
    /// Steps that must have succeeded before.
    public var dependencies: [Dependency] = []
    /// False: runs alone.
    public var isParallelSafe = true
    /// The named set inside a phase to which it belongs.
    public var parallelGroup: String?
    /// Whether its failure halts the run.
    public var isCritical = true
    /// What it reads.
    public var inputs: [FilePattern] = []
    /// What it writes.
    public var outputFiles: [FilePattern] = []
    /// Files that it changes besides its outputs (`modifies` and `conflict_zones`).
    public var modifies: [FilePattern] = []
    /// What a person or an agent should get; shown, and passed to the step.
    public var expectedOutput: String?
    /// Resources that it takes while it runs.
    public var resources: [ResourceUse] = []
    /// True: its failure affects neither the exit code nor its dependents.
    public var allowsFailure = false
    /// What happens to processes that outlive it.
    public var leftovers = LeftoverPolicy.kill
    /// How its output reaches its log.
    public var log: LogMode?
    /// Keys that the file states although their values may be the defaults.
    public var declares: DeclaredKeys = []
    /// What happens when an attempt fails.
    @Boxed public var recovery = Recovery()
    /// What decides whether it runs and whether it succeeded.
    @Boxed public var gating = Gating()
    @Boxed private var limits = Limits()
    @Boxed private var surroundings = Surroundings()

    /// A step with defaults for everything but its id.
    public init(id: StepID, range: SourceRange? = nil) {
        self.id = id
        self.range = range
    }

    /// Whether it declares what it reads, even if that is nothing.
    public var declaresInputs: Bool { !inputs.isEmpty || declares.contains(.inputs) }

    /// Whether it declares what it writes, even if that is nothing.
    public var declaresOutputs: Bool { !outputFiles.isEmpty || declares.contains(.outputFiles) }

    /// Whether it declares ``gating``; does not unpack the value.
    public var hasGating: Bool { _gating.isSet }

    /// Whether it declares ``recovery``; does not unpack the value.
    public var hasRecovery: Bool { _recovery.isSet }

    /// Runs once at the end, also after a failure.
    public var isFinalizer: Bool { _gating.isSet && gating.always }

    /// Time limit of an attempt.
    public var timeout: Milliseconds? {
        get { limits.timeout }
        set { limits.timeout = newValue }
    }

    /// Time limit without output.
    public var idleTimeout: Milliseconds? {
        get { limits.idleTimeout }
        set { limits.idleTimeout = newValue }
    }

    /// Time between TERM and KILL.
    public var grace: Milliseconds? {
        get { limits.grace }
        set { limits.grace = newValue }
    }

    /// Variables added to its environment, in the order written.
    public var environment: [EnvironmentVariable] {
        get { surroundings.environment }
        set { surroundings.environment = newValue }
    }

    /// Relative to the project root; nil for the root.
    public var workingDirectory: String? {
        get { surroundings.workingDirectory }
        set { surroundings.workingDirectory = newValue }
    }

    /// The runner of its own file; starts it when neither the step nor the command line names a
    /// command.
    public var runner: Command? {
        get { surroundings.runner }
        set { surroundings.runner = newValue }
    }

    /// Where ``workingDirectory`` was written.
    public var workingDirectoryRange: SourceRange? {
        get { surroundings.workingDirectoryRange }
        set { surroundings.workingDirectoryRange = newValue }
    }

    private struct Limits: Hashable, Sendable, Defaulted {
        var timeout: Milliseconds?
        var idleTimeout: Milliseconds?
        var grace: Milliseconds?
    }

    private struct Surroundings: Hashable, Sendable, Defaulted {
        var environment: [EnvironmentVariable] = []
        var workingDirectory: String?
        var workingDirectoryRange: SourceRange?
        var runner: Command?
    }

    /// What happens when an attempt fails.
    public struct Recovery: Hashable, Sendable, Defaulted {
        /// Further attempts after the first.
        public var retries = 0
        /// Failures that cause another attempt; empty for all.
        public var retryOn: [RetryTrigger] = []
        /// Other methods, tried in order.
        public var backups: [BackupMethod] = []
        /// How the step is done at first: text for a runner (`primary_method`).
        public var primaryMethod: String?
        /// The `mode` of a step in the source documents, as written.
        public var mode: String?

        /// No retries and no backups.
        public init() {}
    }

    /// What decides whether a step runs, and whether it succeeded.
    public struct Gating: Hashable, Sendable, Defaulted {
        /// The expression as written.
        public var condition: String?
        /// Where ``condition`` was written.
        public var conditionRange: SourceRange?
        /// Runs once at the end, also after a failure.
        public var always = false
        /// A command that must succeed after the step.
        public var verify: String?
        /// Text or regular expression that the log must contain.
        public var successPattern: String?
        /// Environment variables that count as inputs.
        public var environmentInputs: [String] = []
        /// Commands whose output counts as an input.
        public var tools: [String] = []

        /// No condition and no check.
        public init() {}
    }
}

/// One variable of an environment.
public struct EnvironmentVariable: Hashable, Sendable {
    /// The name; neither empty nor containing `=` or NUL.
    public var name: String
    /// The value; without NUL.
    public var value: String

    /// A variable.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
