import Execution
import Platform
import Processes
import StateStore

/// Watches steps' logs.
extension Supervisor {
    /// Warns when a log was truncated or removed.
    func lookAtLogs(only: Int? = nil) {
        for step in only.map({ [$0] }) ?? children.keys.sorted() {
            if let pipe = output.pipe(of: step) { logWatch.note(step, end: pipe.end) }
        }
        let losses = logWatch.losses(at: clock.now(), only: only) { step, known, mark in
            let id = header.steps[step].id
            let size = directory.logSize(of: id)
            guard mark != nil, size != nil, size != known, let log = directory.readLog(of: id)
            else { return LogWatch.Look(size: size) }
            return LogWatch.Look(size: size, stands: mark?.check(log) ?? true)
        }
        for (step, loss) in losses {
            recorder.warn(words(for: loss, of: step), about: step)
        }
    }

    /// Stops the run when the disk has no space left for a log that the step writes itself.
    ///
    /// Only the step was told that its write failed, and it may have succeeded all the same.
    func stopIfLogIsFull(of step: Int) {
        guard context.plan.writesItsLog(step),
            let problem = directory.refusalOfRoom(inLogOf: header.steps[step].id)
        else { return }
        recorder.warn(problem.description, about: step)
        recorder.stop(because: problem)
    }

    private func words(for loss: LogWatch.Loss, of step: Int) -> String {
        let advice =
            context.plan.writesItsLog(step)
            ? ": something opened it anew, as `> /dev/stderr` does; with `log = \"auto\"` that "
                + "loses nothing" : ": what stood there is lost"
        return switch loss {
        case .removed:
            "somebody removed its log: what it writes goes to the removed file and is lost"
        case .cut(let before, let after):
            "its log was cut from \(before) to \(after) bytes\(advice)"
        case .overwritten: "its log was cut, and has grown again\(advice)"
        }
    }
}
