import WorkflowModel

/// The mistakes found in one file: the first few in full, the rest as a number.
///
/// A reader stops at ``isHopeless``, because a file with a million mistakes must not cost a million
/// messages.
struct ProblemList {
    /// How many are shown before "and N more".
    static let limit = 20
    /// How many are counted; the rest of the file is not read.
    static let countLimit = 1_000

    private var kept: [Diagnostic] = []
    private var dropped = 0
    private var firstDropped: SourceRange?

    var isHopeless: Bool { dropped >= Self.countLimit }

    mutating func add(_ problem: Diagnostic, at range: SourceRange) {
        guard kept.count < Self.limit else {
            dropped += 1
            if firstDropped == nil { firstDropped = range }
            return
        }
        kept.append(problem)
    }

    /// The offsets of the lines that hold the recorded mistakes.
    func lines(in bytes: UnsafeBufferPointer<UInt8>) -> [ClosedRange<Int>] {
        var lines: [ClosedRange<Int>] = []
        for offset in kept.compactMap({ $0.range.map { Int($0.offset) } }) {
            if let last = lines.last, last.contains(offset) { continue }
            var start = offset
            while start > 0, bytes[start - 1] != ASCII.newline { start -= 1 }
            var end = offset
            while end < bytes.count, bytes[end] != ASCII.newline { end += 1 }
            lines.append(start...end)
        }
        return lines
    }

    /// All mistakes in text order, with the number of omitted ones at the end.
    func inTextOrder(with other: ProblemList = ProblemList()) -> [Diagnostic] {
        var all = (kept + other.kept).sorted {
            ($0.range?.offset ?? 0) < ($1.range?.offset ?? 0)
        }
        var left = dropped + other.dropped
        var place = firstDropped ?? other.firstDropped
        if all.count > Self.limit {
            left += all.count - Self.limit
            place = all[Self.limit].range
            all.removeSubrange(Self.limit...)
        }
        guard left > 0 else { return all }
        let isUncounted = isHopeless || other.isHopeless
        let count = isUncounted ? "more than \(Self.countLimit)" : "\(left)"
        let noun = left == 1 ? "error" : "errors"
        // An error like those that it stands for, so that a run, which shows no notes, shows it
        // too.
        all.append(.error("and \(count) more \(noun) in this file", at: place))
        return all
    }
}
