import SystemCalls

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What `/proc` shows of other processes.
enum ProcessView {
    /// The processes of this PID namespace, by the numbers that they have here.
    case own
    /// Those of another PID namespace: its numbers mean other processes here, or none.
    case otherNamespace
    /// Nothing: it is not mounted.
    case nothing

    /// As it was when this process first asked.
    static let current: ProcessView = {
        #if os(Linux)
            guard let number = SymbolicLink.target(of: "/proc/self") else { return .nothing }
            return number == "\(getpid())" ? .own : .otherNamespace
        #else
            return .nothing
        #endif
    }()

    /// Whether numbers in `/proc` may be taken for processes, and so for something to signal.
    static var isUsable: Bool { current == .own }

    /// What a run is told where other processes cannot be seen; nil where they can.
    static var concern: String? {
        guard current == .otherNamespace else { return nil }
        return "`/proc` is that of another PID namespace and is not used: what outlives a step is "
            + "ended only where it stays in the step's process group, and nothing ends the steps "
            + "should stepvisor be killed; mount it with `mount -t proc proc /proc` (`unshare` does "
            + "so with `--mount-proc`)"
    }

    /// Refuses a run where no process can be started: Foundation needs `/proc` for that.
    static func check() throws(SystemError) {
        #if os(Linux)
            guard current == .nothing else { return }
            throw SystemError(
                refusing: "/proc",
                because: "it is not mounted, and no step can be started without it",
                advice: "mount it: `mount -t proc proc /proc`")
        #endif
    }

    /// Tells this PID namespace from others; "" if unknown.
    static var namespace: String { SymbolicLink.target(of: "/proc/self/ns/pid") ?? "" }
}
