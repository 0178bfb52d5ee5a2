import WorkflowModel

/// The mistakes found in one file: the first few in full, the rest as a number.
///
/// A reader stops at ``isHopeless``: a file with a million mistakes must not cost a million messages.
struct ProblemList {
    /// How many are shown before "and N more".
    static let limit = 20
    /// How many are counted; beyond, the rest of the file is not looked at.
    static let countLimit = 1_000

    private var kept: [Diagnostic] = []
    private var dropped = 0
    private var firstDropped: SourceRange?

    var isEmpty: Bool { kept.isEmpty }
    var isHopeless: Bool { dropped >= Self.countLimit }

    mutating func add(_ problem: Diagnostic, at range: SourceRange) {
        guard kept.count < Self.limit else {
            dropped += 1
            if firstDropped == nil { firstDropped = range }
            return
        }
        kept.append(problem)
    }

    /// Whether one of the mistakes that were kept begins within these offsets.
    func hasProblem(in offsets: ClosedRange<Int>) -> Bool {
        kept.contains { problem in
            guard let range = problem.range else { return false }
            return offsets.contains(Int(range.offset))
        }
    }

    /// All of them in the order of the text, the number of those left out at the end.
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
        let count = isHopeless || other.isHopeless ? "more than \(Self.countLimit)" : "\(left) more"
        let noun = left == 1 ? "error" : "errors"
        all.append(Diagnostic(.note, "and \(count) \(noun) in this file", at: place))
        return all
    }
}
