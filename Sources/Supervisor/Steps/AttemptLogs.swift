import Execution
import Platform
import Processes
import StateStore
import SystemCalls
import WorkflowModel

/// Where the attempts of steps begin in their logs, the lines that separate them there, and the last
/// line of a failure.
final class AttemptLogs {
    let header: RunHeader
    let directory: RunDirectory
    let clock: RunClock
    private let plan: RunPlan
    private let secrets: SecretMask
    private let lineOfTail: @Sendable ([UInt8]) -> String?
    /// Where a step's attempt begins in its log; 0 if missing.
    private var starts: [Int: Int64] = [:]
    /// The last launch of each step for which the line in the log was written.
    private var announced: [Int: LaunchOrder] = [:]

    /// For the logs of a run.
    init(_ context: RunContext, header: RunHeader, in directory: RunDirectory, clock: RunClock) {
        self.header = header
        self.directory = directory
        self.clock = clock
        plan = context.plan
        secrets = context.secrets
        lineOfTail = context.lastLine
    }

    /// Reads the logs of the run.
    var reader: LogReader { LogReader(directory: directory, steps: header.steps, mask: secrets) }

    /// Where the last attempt of a step begins in its log.
    func start(of step: Int) -> Int64 { starts[step] ?? 0 }

    /// The last line of a step's last attempt; call this when its processes have ended and its log
    /// is complete.
    func lastLine(of step: Int) -> String? {
        lineOfTail(reader.tail(step, AttemptLogs.lastLineReach, since: start(of: step)))
    }

    /// Bytes at the end of a log that are searched for the last line.
    private static let lastLineReach = 8192

    /// Writes the line that separates a further part of a step's log from the previous one, and the
    /// first line of a log that the step writes itself.
    ///
    /// - Returns: where the output of the launch begins in the log, and the part to be recorded where
    ///   a line was written.
    func beginPart(
        of order: LaunchOrder, in log: borrowing Descriptor
    ) throws(SystemError) -> (begin: Int64, part: LogPart?) {
        let step = order.step
        let id = header.steps[step].id
        if order.isFirst {
            guard plan.writesItsLog(step) else { return (0, nil) }
            // A deferred launch has written its line already.
            if log.size == 0 {
                try FileBytes.write(
                    LogSection.firstLine(of: id, in: directory.id), to: log.number,
                    subject: "\(directory.path)/logs/\(id).log")
            }
            let begin = log.size ?? 0
            starts[step] = begin
            return (begin, nil)
        }
        var part: LogPart?
        // A deferred launch has written its line already.
        if announced[step] != order {
            let before = log.size ?? 0
            let line = LogSection.line(order, at: clock.startedAt.advanced(to: clock.now()))
            let isLineOpen = directory.lastLogByte(of: id).map { $0 != LogSection.lineEnd } ?? false
            try FileBytes.write(
                Array(((isLineOpen ? "\n" : "") + line).utf8), to: log.number,
                subject: "\(directory.path)/logs/\(id).log")
            announced[step] = order
            part = LogPart(
                execution: Int32(clamping: order.execution), isCheck: order.isCheck,
                previousEnd: before, start: log.size ?? before)
        }
        let end = log.size ?? 0
        if !order.isCheck { starts[step] = end }
        return (end, part)
    }
}

extension RunPlan {
    /// Whether a step writes its log itself, not through a pipe.
    func writesItsLog(_ step: Int) -> Bool {
        let workflow = resolved.workflow
        return (workflow.steps[step].log ?? workflow.execution.log) == .file
    }
}

extension RunDirectory {
    /// The last byte of a step's log; nil for an empty one.
    func lastLogByte(of step: String) -> UInt8? {
        guard let log = readLog(of: step), let size = log.size, size > 0 else { return nil }
        return FileBytes.read(log.number, offset: size - 1, limit: 1).first
    }
}
