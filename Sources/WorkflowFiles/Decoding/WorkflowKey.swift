/// One key that a workflow file may hold, as the reference documents it.
public struct WorkflowKey: Hashable, Sendable {
    /// The kind of table that holds a key.
    public enum Table: String, Hashable, Sendable, CaseIterable {
        case workflow = "the top of the file"
        case execution = "`[execution]`"
        case retry = "`[execution.retry]`"
        case throttle = "`[execution.throttle]`"
        case breaker = "`breaker`"
        case resource = "a resource"
        case group = "a group"
        case cache = "`[cache]`"
        case composition = "`[composition]`"
        case include = "an include"
        case errorPropagation = "`[error_propagation]`"
        case speclet = "a speclet"
        case task = "a task"
        case step = "a step"
        case backup = "a backup"

        /// Where the key is, in the words of a message.
        var place: String {
            self == .workflow ? "at \(rawValue)" : "in \(rawValue)"
        }
    }

    /// The table that holds it.
    public var table: Table
    /// The spelling that messages use.
    public var name: String
    /// Other spellings that mean the same.
    public var aliases: [String] = []
    /// The required kind of value, in the words of a message ("a duration").
    public var expects: String
    /// Text of the source documents that no run needs: read and ignored.
    public var isIgnored = false
    /// Names of other tools for the key; a message suggests the right one.
    public var habits: [String] = []

    /// All spellings.
    public var spellings: [String] { [name] + aliases }
}

/// Every key that the decoder knows; the reference is tested against it.
public enum WorkflowKeys {
    /// Table by table, in the order of the reference.
    public static let all: [WorkflowKey] =
        WorkflowTables.workflow.keys + WorkflowTables.execution.keys
        + WorkflowTables.retry.keys + WorkflowTables.throttle.keys + WorkflowTables.breaker.keys
        + WorkflowTables.resource.keys + WorkflowTables.parallelGroup.keys
        + WorkflowTables.cache.keys
        + WorkflowTables.composition.keys
        + WorkflowTables.include.keys
        + WorkflowTables.errorPropagation.keys + WorkflowTables.speclet.keys
        + WorkflowTables.task.keys
        + WorkflowTables.step.keys + WorkflowTables.backup.keys
}

/// The declarations of all tables, each beside what it sets.
enum WorkflowTables {}
