public import Execution
import Platform
import Processes
public import StateStore

/// What a run came to.
public struct RunResult: Sendable {
    /// Where it ended.
    public var status: RunStatus
    /// Its id.
    public var runID: String
    /// The signal that stopped it, by which this process is to end.
    public var signal: Int32?
    /// What kept stepvisor itself from going on: exit 5.
    public var problem: String?
}

/// What a run needs beside its plan.
public struct RunContext {
    /// Decided before.
    public var plan: RunPlan
    /// Where logs and records go.
    public var state: StateDirectory
    /// What steps inherit.
    public var environment: [String: String]
    /// What draws.
    public var view: any RunView
    /// Where the view's text goes.
    public var viewDescriptor: Int32
    /// Whether that is a terminal.
    public var isTerminal: Bool
    /// What the user should know, put into the record at the start.
    public var warnings: [String]
    /// Absolute path of stepvisor itself, which is started once more to guard the run; nil for a
    /// run without a guardian.
    public var guardian: String?
    /// What is known of the steps, where it was asked before the run.
    public var freshness: UpToDateChecker?
    /// The name of the workflow's file or directory in the project root: its runs, and what is known of
    /// its steps, go by it.
    public var workflow = ""
    /// Takes secrets out of everything that is recorded or shown.
    public var secrets = SecretMask.none
    /// The last line of the end of a log, as it may be shown and on record; nil where there is none.
    public var lastLine: @Sendable ([UInt8]) -> String? = { _ in nil }
    /// Called before each file gets its name that comes from the cache, by tests.
    var beforePlacing: @Sendable (Int) -> Void = { _ in }

    /// Takes a line about what is waited for before the run begins.
    public var tell: @Sendable (String) -> Void = { _ in }

    /// What a run needs.
    public init(
        plan: RunPlan, state: StateDirectory, environment: [String: String], view: any RunView,
        viewDescriptor: Int32, isTerminal: Bool, warnings: [String], guardian: String? = nil
    ) {
        self.plan = plan
        self.state = state
        self.environment = environment
        self.view = view
        self.viewDescriptor = viewDescriptor
        self.isTerminal = isTerminal
        self.warnings = warnings
        self.guardian = guardian
    }

    /// What is known of the steps, as it is now.
    var ownFreshness: UpToDateChecker {
        UpToDateChecker(
            plan: plan, state: state, root: state.root, workflow: workflow,
            environment: environment, mask: secrets, tell: tell)
    }

    /// What the journal says first of a run of this process, without the values of secrets.
    func header(runID: String, startedAt: WallTime) -> RunHeader {
        var header = plan.header(
            runID: runID, startedAt: startedAt, pid: getpid(),
            bootID: ProcessTable.bootIdentifier())
        header.workflowFile = workflow.isEmpty ? nil : workflow
        header = header.masked(by: secrets)
        header.startTicks = ProcessTable.facts(of: getpid())?.startTicks ?? 0
        return header
    }
}
