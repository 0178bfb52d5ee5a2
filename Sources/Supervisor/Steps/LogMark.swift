import Execution

/// What has to stand in a log that a step writes itself: the line that stepvisor began it with, and
/// the last bytes that a look saw.
///
/// A step only ever appends. So when one of them is gone, the log was cut, however long it has become
/// since: what opens `/dev/stderr` anew begins at its very first byte.
struct LogMark: Equatable {
    private var first: [UInt8]
    private var last: [UInt8] = []
    private var lastStart: Int64 = 0

    private static let length = 64

    /// Takes note of a log, and of the line that it begins with.
    init(first: [UInt8], in log: borrowing Descriptor) {
        self.first = first
        renew(in: log)
    }

    /// Whether all of it stands in the log; then takes what stands at its end for the next look.
    mutating func check(_ log: borrowing Descriptor) -> Bool {
        let stands =
            FileBytes.read(log.number, offset: 0, limit: first.count) == first
            && FileBytes.read(log.number, offset: lastStart, limit: last.count) == last
        renew(in: log)
        return stands
    }

    private mutating func renew(in log: borrowing Descriptor) {
        let end = log.size ?? 0
        lastStart = max(0, end - Int64(LogMark.length))
        last = FileBytes.read(log.number, offset: lastStart, limit: Int(end - lastStart))
    }
}

/// The lines of stepvisor's own in steps' logs.
enum LogSection {
    static let lineEnd = UInt8(ascii: "\n")

    /// The line before a further attempt, or before the `verify` command of one.
    static func line(_ order: LaunchOrder, at time: WallTime) -> String {
        let what = order.isCheck ? "verify" : "attempt \(order.attempt), \(order.method)"
        let execution = ExecutionID.text(Int32(clamping: order.execution))
        return "--- stepvisor: \(what) (\(execution)) \(Timestamp.text(time)) ---\n"
    }

    /// The first line of a log that a step writes itself, which shows that nothing has cut it; no
    /// other run has the same.
    static func firstLine(of step: String, in run: String) -> [UInt8] {
        Array("--- stepvisor: log of \(step) in run \(run) ---\n".utf8)
    }

    /// Where the step's own output begins in its log.
    static func start(of log: borrowing Descriptor, step: String, run: String) -> Int64 {
        let line = firstLine(of: step, in: run)
        return FileBytes.read(log.number, offset: 0, limit: line.count) == line
            ? Int64(line.count) : 0
    }
}
