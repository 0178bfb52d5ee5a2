import Platform
import Processes
import StateStore

/// The steps of outer runs around this process, and the commands that started it.
///
/// Waiting for a lock that one of them holds would be a deadlock.
struct LockSurroundings {
    /// The step of each enclosing run, by the run's id.
    private var steps: [String: String] = [:]

    init(environment: [String: String]) {
        func list(_ name: String) -> [Substring] {
            environment[name]?.split(separator: ":", omittingEmptySubsequences: false) ?? []
        }
        // An outer run of an older version has no entry in the list of steps: match the innermost
        // ones.
        for (run, step) in zip(
            list(RunMarker.variable).reversed(),
            list(StepPreparation.enclosingSteps).reversed())
        {
            steps[String(run)] = String(step)
        }
    }

    /// Whether the holder of a lock is a step around this process, or an ancestor command.
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
