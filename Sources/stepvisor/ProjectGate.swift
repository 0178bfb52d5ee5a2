import Execution
import Supervisor

/// Takes the project for a run, or says who has it.
struct ProjectGate {
    private let console: Console

    init(_ console: Console) { self.console = console }

    /// Takes the project's lock.
    ///
    /// - Throws: ``CommandFailure`` with exit 4 when another run has it and this one is not to wait.
    func take(_ state: StateDirectory, waits: Bool) throws -> ProjectLock {
        var hasSaid = false
        while true {
            let since = Timestamp.text(RunClock.wallTime())
            switch try ProjectLock.tryAcquire(state, since: since) {
            case .success(let lock): return lock
            case .failure(let busy):
                let who = describe(busy.holder)
                guard waits else {
                    throw CommandFailure(
                        .busy, "another run holds this project: \(who)",
                        help: "wait for it with `--wait`, or look at it with `stepvisor status`")
                }
                if !hasSaid { console.note("waiting for another run of this project: \(who)") }
                hasSaid = true
                Host.pause(milliseconds: 50)
            }
        }
    }

    private func describe(_ holder: LockHolder) -> String {
        guard let pid = holder.pid else { return "it has just begun" }
        return "pid \(pid)" + (holder.since.map { ", since \($0)" } ?? "")
    }
}
