import Execution
import SystemCalls
import WorkflowModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Looks through a part of a log for patterns, line by line, holding one piece of it at a time.
struct LogSearch: Sendable {
    /// What is looked for; nil for nothing.
    var success: String?
    var busy: String?
    /// Where in the log the part begins.
    var start: Int64
    /// The log's size, behind which nothing is looked at.
    var end: Int64

    /// A part of this size is looked through in passing.
    static let smallSize: Int64 = 32_768
    /// Bytes read at a time.
    private static let chunk = 1 << 18
    /// A longer line is looked through in parts of this size, which overlap.
    private static let longestLine = 1 << 14
    private static let overlap = 1 << 10

    var isSmall: Bool { end - start <= LogSearch.smallSize }

    /// What was found.
    struct Finding: Sendable {
        var hasSuccess = false
        var isBusy = false
        /// Whether all of the part was looked through, as far as was needed.
        var isComplete = true
    }

    /// A pattern that is still to be found.
    private final class Wanted {
        let pattern: LogPattern?
        var isFound = false

        init(_ text: String?) { pattern = text.flatMap { try? LogPattern($0) } }

        var isOpen: Bool { pattern != nil && !isFound }
    }

    /// Looks through the part.
    ///
    /// - Parameters:
    ///   - log: the open log.
    ///   - mayGoOn: asked once for every piece that is read.
    /// - Returns: what was found until then.
    func run(in log: Int32, mayGoOn: () -> Bool = { true }) -> Finding {
        let (success, busy) = (Wanted(success), Wanted(busy))
        var finding = Finding()
        var offset = start
        // The beginning of a line whose end is not read yet.
        var rest: [UInt8] = []
        var isStart = true
        while success.isOpen || busy.isOpen {
            guard mayGoOn() else {
                finding.isComplete = false
                break
            }
            let limit = Int(min(Int64(LogSearch.chunk), max(0, end - offset)))
            let bytes = FileBytes.read(log, offset: offset, limit: limit)
            offset += Int64(bytes.count)
            let isLast = bytes.isEmpty || offset >= end
            rest += bytes
            let used = rest.withUnsafeBytes {
                look(in: $0, isStart: &isStart, isLast: isLast, for: [success, busy])
            }
            if isLast { break }
            rest.removeFirst(used)
        }
        finding.hasSuccess = success.isFound
        finding.isBusy = busy.isFound
        return finding
    }

    /// Looks through the whole lines of a piece, and through long ones in parts.
    ///
    /// - Returns: how many bytes need not be looked at again.
    private func look(
        in piece: UnsafeRawBufferPointer, isStart: inout Bool, isLast: Bool, for wanted: [Wanted]
    ) -> Int {
        var begin = 0
        while begin < piece.count {
            let tail = UnsafeRawBufferPointer(rebasing: piece[begin...])
            let window = min(tail.count, LogSearch.longestLine)
            let lineEnd = tail.baseAddress.flatMap { memchr($0, 0x0A, window) }
            let length = lineEnd.map {
                UnsafeRawPointer($0) - (tail.baseAddress ?? UnsafeRawPointer($0))
            }
            let isWhole = length != nil || (isLast && tail.count <= LogSearch.longestLine)
            if !isWhole, tail.count < LogSearch.longestLine { break }
            let part = UnsafeRawBufferPointer(rebasing: tail[..<(length ?? window)])
            for one in wanted where one.isOpen {
                one.isFound =
                    one.pattern?.isFound(in: part, isStart: isStart, isEnd: isWhole) ?? false
            }
            if !wanted.contains(where: \.isOpen) { return piece.count }
            isStart = isWhole
            begin += isWhole ? part.count + 1 : part.count - LogSearch.overlap
        }
        return min(begin, piece.count)
    }
}
