#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What surrounds this process: steps of outer runs, and commands that it was started by.
///
/// To wait for a lock of theirs would be to wait for oneself.
struct LockSurroundings {
    /// The step of each enclosing run, by the run's id.
    private var steps: [String: String] = [:]

    init(environment: [String: String]) {
        func list(_ name: String) -> [Substring] {
            environment[name]?.split(separator: ":", omittingEmptySubsequences: false) ?? []
        }
        // An outer run of an older version has no entry among the steps: the innermost ones fit.
        for (run, step) in zip(
            list(RunMarker.variable).reversed(),
            list(StepPreparation.enclosingSteps).reversed())
        {
            steps[String(run)] = String(step)
        }
    }

    /// Whether the holder of a lock is a step around this process, or a command above it.
    func hold(_ note: LockNote) -> Bool {
        if let step = note.step { return note.run.flatMap { steps[$0] } == step }
        // `stepvisor lock`: its process has become the command.
        return note.pid.map(LockSurroundings.isAbove) ?? false
    }

    private static func isAbove(_ pid: Int32) -> Bool {
        var next = getpid()
        for _ in 0..<1000 where next > 1 {
            if next == pid { return true }
            guard let facts = ProcessTable.facts(of: next) else { return false }
            next = facts.parent
        }
        return next == pid
    }
}
