import Execution
import Platform
import Processes
import StateStore
import SystemCalls
import WorkflowModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The attempts of steps, apart from their processes.
struct AttemptState {
    /// The launch orders of steps with a `verify` command, whose check gets the same variables.
    var orders: [Int: LaunchOrder] = [:]
    /// Where a step's attempt begins in its log; 0 if missing.
    fileprivate var logStarts: [Int: Int64] = [:]
    /// The last launch of each step for which the line in the log was written.
    fileprivate var announced: [Int: LaunchOrder] = [:]

    /// Where the last attempt of a step begins in its log.
    func logStart(of step: Int) -> Int64 { logStarts[step] ?? 0 }
}

/// Further attempts of a step with any method, and the checks after them.
extension Supervisor {
    /// Starts a step's `verify` command with the variables of the attempt.
    func launchCheck(of step: Int, execution: Int) {
        var order =
            attempts.orders[step]
            ?? LaunchOrder(step: step, attempt: 1, method: .primary, execution: execution)
        order.execution = execution
        order.isCheck = true
        start(order, basis: nil)
    }

    /// Prepares an attempt: removes old results and records its launch order.
    func prepare(_ order: LaunchOrder) {
        if context.plan.resolved.workflow.steps[order.step].gating.verify != nil {
            attempts.orders[order.step] = order
        }
        guard !order.isFirst else { return }
        // The results of an earlier attempt do not count for this one.
        if let problem = directory.removeOutput(of: header.steps[order.step].id) {
            record(.warning(step: order.step, problem.description))
        }
    }

    /// The last line of a step's last attempt; call this when its processes have ended and its log
    /// is complete.
    func lastLine(of step: Int) -> String? {
        let reader = LogReader(directory: directory, steps: header.steps, mask: context.secrets)
        return context.lastLine(
            reader.tail(step, Supervisor.lastLineReach, since: attempts.logStart(of: step)))
    }

    /// Bytes at the end of a log that are searched for the last line.
    private static let lastLineReach = 8192

    /// Writes the line that separates a further part of a step's log from the previous one, and the
    /// first line of a log that the step writes itself.
    ///
    /// - Returns: where the output of the launch begins in the log.
    func beginPart(
        of order: LaunchOrder, in log: borrowing Descriptor
    ) throws(SystemError) -> Int64 {
        let step = order.step
        let id = header.steps[step].id
        if order.isFirst {
            guard preparation.writesItsLog(step) else { return 0 }
            // A deferred launch has written its line already.
            if log.size == 0 {
                try FileBytes.write(
                    LogSection.firstLine(of: id, in: directory.id), to: log.number,
                    subject: "\(directory.path)/logs/\(id).log")
            }
            let begin = log.size ?? 0
            attempts.logStarts[step] = begin
            return begin
        }
        // A deferred launch has written its line already.
        if attempts.announced[step] != order {
            let before = log.size ?? 0
            let line = LogSection.line(order, at: clock.startedAt.advanced(to: clock.now()))
            let isLineOpen = directory.lastLogByte(of: id).map { $0 != LogSection.lineEnd } ?? false
            try FileBytes.write(
                Array(((isLineOpen ? "\n" : "") + line).utf8), to: log.number,
                subject: "\(directory.path)/logs/\(id).log")
            attempts.announced[step] = order
            let part = LogPart(
                execution: Int32(clamping: order.execution), isCheck: order.isCheck,
                previousEnd: before, start: log.size ?? before)
            record(.logPart(step: step, part))
        }
        let end = log.size ?? 0
        if !order.isCheck { attempts.logStarts[step] = end }
        return end
    }
}

extension RunDirectory {
    /// Removes a step's results file; returns the error, except when the file does not exist.
    func removeOutput(of step: String) -> SystemError? {
        let shown = "\(StateDirectory.runPath(id))/outputs/\(step)"
        guard
            let outputs = try? PrivateFile.directory(
                "outputs", in: descriptor, shown: "\(StateDirectory.runPath(id))/outputs",
                create: false)
        else { return nil }
        guard unlinkat(outputs.number, step, 0) != 0, errno != ENOENT else { return nil }
        return SystemError("empty", shown)
    }

    /// The last byte of a step's log; nil for an empty one.
    func lastLogByte(of step: String) -> UInt8? {
        guard let log = readLog(of: step), let size = log.size, size > 0 else { return nil }
        return FileBytes.read(log.number, offset: size - 1, limit: 1).first
    }
}
