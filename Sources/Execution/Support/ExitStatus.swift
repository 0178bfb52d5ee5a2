/// How a process ended.
public enum ExitStatus: Hashable, Sendable {
    /// It called `exit`; 0 to 255.
    case exited(Int32)
    /// A signal ended it.
    case signalled(Int32, coreDumped: Bool)

    /// Whether this counts as success.
    public var isSuccess: Bool { self == .exited(0) }
}

/// The resource usage of a step's processes, as the kernel reports it for the leader and all it
/// waited for.
public struct ResourceUsage: Hashable, Sendable {
    /// CPU time in user mode, microseconds.
    public var userMicroseconds: Int64
    /// CPU time in the kernel, microseconds.
    public var systemMicroseconds: Int64
    /// Peak resident memory of the largest single process, KiB; nil when it was below stepvisor's
    /// own, with which the kernel's count begins (docs/design-notes.md, "Holding Foundation's
    /// socket").
    public var peakMemoryKiB: Int64?

    /// The resource usage of a process.
    public init(userMicroseconds: Int64, systemMicroseconds: Int64, peakMemoryKiB: Int64?) {
        self.userMicroseconds = userMicroseconds
        self.systemMicroseconds = systemMicroseconds
        self.peakMemoryKiB = peakMemoryKiB
    }
}

/// A process that outlived its step.
public struct Leftover: Hashable, Sendable {
    /// Its process id.
    public var pid: Int32
    /// Its command line, as read from the kernel; not neutralised.
    public var command: String
    /// Its age in milliseconds when it was found.
    public var ageMilliseconds: Int64

    /// Names a process that outlived its step.
    public init(pid: Int32, command: String, ageMilliseconds: Int64) {
        self.pid = pid
        self.command = command
        self.ageMilliseconds = ageMilliseconds
    }
}

extension [Leftover] {
    /// The number of processes, and the commands of the first three, as a clause for a message; not
    /// neutralised.
    var summary: String {
        let named = prefix(3).map { $0.command.isEmpty ? "process \($0.pid)" : $0.command }
        let names = named.map { $0.count > 40 ? $0.prefix(39) + "…" : $0 }
        let more = count > named.count ? ", …" : ""
        return (count == 1 ? "a process" : "\(count) processes") + " running ("
            + names.joined(separator: ", ") + more + ")"
    }
}

/// What holds back a step that could otherwise start: usually the holder of a unit of a resource.
public struct LockHolder: Hashable, Sendable {
    /// What keeps the two apart; the raw values appear in the journal.
    public enum Why: String, Hashable, Sendable, CaseIterable {
        /// Both take a resource with too few units.
        case resource
        /// Both write a file.
        case sharedOutput = "shared_output"
        /// The step that waits runs alone.
        case waiterRunsAlone = "runs_alone"
        /// The step that is waited for runs alone.
        case holderRunsAlone = "holder_runs_alone"
    }

    /// The resource, or the file that both write; empty for steps that run alone.
    public var resource: String
    /// What keeps the two apart.
    public var why: Why
    /// The holder's process id, if its note could be read.
    public var pid: Int32?
    /// The holder's run, if it is one.
    public var runID: String?
    /// The holder's step, if it is one.
    public var step: String?
    /// Since when, RFC 3339.
    public var since: String?
    /// Whether it has died and its processes are being ended.
    public var isEnding: Bool

    /// Whether it is a step of the waiting step's run; such a holder has no process and no run.
    public var isOfSameRun: Bool { step != nil && runID == nil && pid == nil }

    /// Names a holder.
    public init(
        resource: String, pid: Int32? = nil, runID: String? = nil, step: String? = nil,
        since: String? = nil, isEnding: Bool = false, why: Why = .resource
    ) {
        self.resource = resource
        self.pid = pid
        self.runID = runID
        self.step = step
        self.since = since
        self.isEnding = isEnding
        self.why = why
    }
}
