import Execution
import SystemCalls
import WorkflowModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What is known of attempts beyond their processes.
struct AttemptState {
    /// How steps with a `verify` command were launched, which their check is told too.
    var orders: [Int: LaunchOrder] = [:]
    /// Where in its log a step's attempt begins; its beginning where nothing is said.
    fileprivate var logStarts: [Int: Int64] = [:]
    /// The last launch of a step whose line in the log is written.
    fileprivate var announced: [Int: LaunchOrder] = [:]

    /// Where in its log the last attempt of a step begins.
    func logStart(of step: Int) -> Int64 { logStarts[step] ?? 0 }
}

/// Further attempts of a step, by whatever method, and the checks after them.
extension Supervisor {
    /// Starts a step's `verify` command, which is told what the attempt was told.
    func launchCheck(of step: Int, execution: Int) {
        var order =
            attempts.orders[step]
            ?? LaunchOrder(step: step, attempt: 1, method: .primary, execution: execution)
        order.execution = execution
        order.isCheck = true
        start(order, basis: nil)
    }

    /// Notes what an attempt is, and makes room for its results.
    func prepare(_ order: LaunchOrder) {
        if context.plan.resolved.workflow.steps[order.step].gating.verify != nil {
            attempts.orders[order.step] = order
        }
        guard !order.isFirst else { return }
        // What an earlier attempt wrote there is not this one's result.
        if let problem = directory.removeOutput(of: header.steps[order.step].id) {
            record(.warning(step: order.step, problem.description))
        }
    }

    /// What the last attempt of a step wrote last; its processes have ended, and its log is whole.
    func lastLine(of step: Int) -> String? {
        let reader = LogReader(directory: directory, steps: header.steps, mask: context.secrets)
        return context.lastLine(
            reader.tail(step, Supervisor.lastLineReach, since: attempts.logStart(of: step)))
    }

    /// Bytes at the end of a log in which the last line is looked for.
    private static let lastLineReach = 8192

    /// Writes the line that separates a further part of a step's log from the one before it, and the
    /// first line of a log that the step writes itself.
    ///
    /// - Returns: where in the log what is launched now begins.
    func beginPart(
        of order: LaunchOrder, in log: borrowing Descriptor
    ) throws(SystemError) -> Int64 {
        let step = order.step
        let id = header.steps[step].id
        if order.isFirst {
            guard preparation.writesItsLog(step) else { return 0 }
            // A launch that was put off has its line already.
            if log.size == 0 {
                try FileBytes.write(
                    LogSection.firstLine(of: id, in: directory.id), to: log.number,
                    subject: "\(directory.path)/logs/\(id).log")
            }
            let begin = log.size ?? 0
            attempts.logStarts[step] = begin
            return begin
        }
        // A launch that was put off has its line already.
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
    /// Removes a step's results file; says what stood in the way, but for there being none.
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

    /// The last byte of a step's log; nil of an empty one.
    func lastLogByte(of step: String) -> UInt8? {
        guard let log = readLog(of: step), let size = log.size, size > 0 else { return nil }
        return FileBytes.read(log.number, offset: size - 1, limit: 1).first
    }
}
