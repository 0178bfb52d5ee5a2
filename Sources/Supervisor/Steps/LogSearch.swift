import Execution
import Platform
import SystemCalls
import WorkflowModel

/// Searches a part of a log for patterns, line by line, with one piece of it in memory at a time.
struct LogSearch: Sendable {
    /// The pattern to search for; nil for none.
    var success: String?
    var busy: String?
    /// Where the part begins in the log.
    var start: Int64
    /// The size of the log, up to which it is searched.
    var end: Int64

    /// A part of at most this size is searched without a background job.
    static let smallSize: Int64 = 32_768
    /// Bytes per read.
    private static let chunk = 1 << 18
    /// A longer line is searched in overlapping parts of this size.
    private static let longestLine = 1 << 14
    private static let overlap = 1 << 10

    var isSmall: Bool { end - start <= LogSearch.smallSize }

    /// The result of a search.
    struct Finding: Sendable {
        var hasSuccess = false
        var isBusy = false
        /// Whether the part was searched completely, as far as was needed.
        var isComplete = true
    }

    /// A pattern that was not found yet.
    private final class Wanted {
        let pattern: LogPattern?
        var isFound = false

        init(_ text: String?) { pattern = text.flatMap { try? LogPattern($0) } }

        var isOpen: Bool { pattern != nil && !isFound }
    }

    /// Searches the part.
    ///
    /// - Parameters:
    ///   - log: the open log.
    ///   - mayGoOn: called once for every piece; false ends the search.
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
                search(in: $0, isStart: &isStart, isLast: isLast, for: [success, busy])
            }
            if isLast { break }
            rest.removeFirst(used)
        }
        finding.hasSuccess = success.isFound
        finding.isBusy = busy.isFound
        return finding
    }

    /// Searches the complete lines of a piece, and long ones in parts.
    ///
    /// - Returns: how many bytes need not be searched again.
    private func search(
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
