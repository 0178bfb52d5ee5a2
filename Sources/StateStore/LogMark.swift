import Execution
package import Platform

/// What must be in a log that a step writes itself: stepvisor's first line, and the last bytes seen
/// by the previous check.
///
/// A step only ever appends. When one of the two is missing, the log was truncated, however long it
/// has become since: a program that opens `/dev/stderr` anew begins at the very first byte.
package struct LogMark: Equatable {
    private var first: [UInt8]
    private var last: [UInt8] = []
    private var lastStart: Int64 = 0

    private static let length = 64

    /// Records the current end of a log, and its first line.
    package init(first: [UInt8], in log: borrowing Descriptor) {
        self.first = first
        renew(in: log)
    }

    /// Whether the log contains both; if so, records its new end for the next check.
    package mutating func check(_ log: borrowing Descriptor) -> Bool {
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

/// The lines that stepvisor writes into steps' logs.
package enum LogSection {
    package static let lineEnd = UInt8(ascii: "\n")

    /// The first line of a log that a step writes itself, which shows that the log was not
    /// truncated; unique to the run.
    package static func firstLine(of step: String, in run: String) -> [UInt8] {
        Array("--- stepvisor: log of \(step) in run \(run) ---\n".utf8)
    }

    /// Where the step's own output begins in its log.
    package static func start(of log: borrowing Descriptor, step: String, run: String) -> Int64 {
        let line = firstLine(of: step, in: run)
        return FileBytes.read(log.number, offset: 0, limit: line.count) == line
            ? Int64(line.count) : 0
    }
}
