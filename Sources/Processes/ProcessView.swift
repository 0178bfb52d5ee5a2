package import Platform
import SystemCalls

/// Which processes `/proc` shows.
package enum ProcessView {
    /// The processes of this PID namespace, by their ids here.
    case own
    /// Those of another PID namespace: their ids mean other processes here, or none.
    case otherNamespace
    /// None: it is not mounted.
    case nothing

    /// The state when this process first checked.
    package static let current: ProcessView = {
        #if os(Linux)
            guard let number = SymbolicLink.target(of: "/proc/self") else { return .nothing }
            return number == "\(getpid())" ? .own : .otherNamespace
        #else
            return .nothing
        #endif
    }()

    /// Whether ids in `/proc` identify processes here, and so may be signalled.
    package static var isUsable: Bool { current == .own }

    /// The warning for a run when other processes cannot be seen; nil when they can.
    package static var concern: String? {
        guard current == .otherNamespace else { return nil }
        return "`/proc` is that of another PID namespace and is not used: what outlives a step is "
            + "ended only where it stays in the step's process group, and nothing ends the steps "
            + "should stepvisor be killed; mount it with `mount -t proc proc /proc` (`unshare` does "
            + "so with `--mount-proc`)"
    }

    /// Throws when no process can be started: Foundation needs `/proc` for that.
    package static func check() throws(SystemError) {
        #if os(Linux)
            guard current == .nothing else { return }
            throw SystemError(
                refusing: "/proc",
                because: "it is not mounted, and no step can be started without it",
                advice: "mount it: `mount -t proc proc /proc`")
        #endif
    }

    /// Identifies this PID namespace; "" if unknown.
    static var namespace: String { SymbolicLink.target(of: "/proc/self/ns/pid") ?? "" }
}
