/// The type of a term, as far as it is known before a run.
enum ConditionKind: Hashable {
    case number, text, truth, null
    /// A step's status, one of a fixed set of words.
    case status
    /// A result, whose type is known only after the step has run.
    case unknown

    init(of term: ConditionTerm) {
        self =
            switch term {
            case .number: .number
            case .text: .text
            case .null: .null
            case .result(let reference): reference.isStatus ? .status : .unknown
            case .truth, .changed, .comparison, .not, .all, .any: .truth
            }
    }

    var name: String {
        switch self {
        case .number: "a number"
        case .text: "a text"
        case .truth: "true or false"
        case .null: "`null`"
        case .status: "a status"
        case .unknown: "a result"
        }
    }
}

/// A term and its place, during parsing.
struct PlacedTerm {
    var term: ConditionTerm
    var place: Range<Int>

    var kind: ConditionKind { ConditionKind(of: term) }

    /// The text for a message; a long text is cut.
    var shown: String { Validation.shown(term.description) }
}

/// Finds the type errors that do not depend on the results.
enum ConditionTypes {
    /// The statuses that a step can end with.
    static let statusWords = ["complete", "failed", "aborted", "skipped", "cached"]

    /// Requires true or false of the whole condition and of each operand of `and`, `or` and `not`.
    static func checkTruth(_ operand: PlacedTerm, of what: String) throws(ConditionError) {
        switch operand.kind {
        case .truth, .unknown: return
        case .status:
            throw ConditionError(
                message: "\(what) true or false, and `\(operand.shown)` is a status",
                place: operand.place, help: "write `\(operand.term) == \"complete\"`")
        case .number, .text, .null:
            throw ConditionError(
                message: "\(what) true or false, and `\(operand.shown)` is "
                    + (operand.kind == .null ? "neither" : operand.kind.name),
                place: operand.place,
                help: "compare it, as in `steps.review.score < 0.8`")
        }
    }

    /// Requires that two compared values have one type.
    static func check(
        _ left: PlacedTerm, _ comparison: ConditionComparison, _ right: PlacedTerm
    ) throws(ConditionError) {
        let place = left.place.lowerBound..<right.place.upperBound
        for operand in [left, right] where comparison.needsOrder {
            try checkOrder(operand, comparison, place)
        }
        let kinds: Set = [left.kind, right.kind]
        if kinds.contains(.status) {
            let other = left.kind == .status ? right : left
            try checkStatus(other, place)
        } else if kinds.count == 2, !kinds.contains(.unknown) {
            throw ConditionError(
                message: "`\(left.shown)` is \(left.kind.name) and `\(right.shown)` is "
                    + "\(right.kind.name), which cannot be compared", place: place,
                help: quotedNumberHelp(left, right))
        }
    }

    private static func checkOrder(
        _ operand: PlacedTerm, _ comparison: ConditionComparison, _ place: Range<Int>
    ) throws(ConditionError) {
        switch operand.kind {
        case .number, .text, .unknown: return
        case .truth, .null, .status:
            throw ConditionError(
                message: "`\(comparison.rawValue)` needs an order, and `\(operand.shown)` is "
                    + operand.kind.name, place: place,
                help: "compare it by `==` or `!=`")
        }
    }

    /// Checks the value that a status is compared with.
    private static func checkStatus(
        _ other: PlacedTerm, _ place: Range<Int>
    ) throws(ConditionError) {
        switch other.term {
        case .result: return
        case .text(let word):
            guard !statusWords.contains(word) else { return }
            let all = statusWords.map { "`\($0)`" }.joined(separator: ", ")
            let isEarlier = word == "pending" || word == "running"
            let reason =
                isEarlier
                ? "a step that is waited for is never `\(word)`"
                : "`\(Validation.shown(word))` is no status of a step"
            throw ConditionError(
                message: reason, place: other.place,
                help: Suggestion.help(for: word, among: statusWords)
                    ?? "a status is one of \(all)")
        default:
            throw ConditionError(
                message: "a status is a word, and `\(other.shown)` is \(other.kind.name)",
                place: place, help: "write for example `== \"complete\"`")
        }
    }

    private static func quotedNumberHelp(_ left: PlacedTerm, _ right: PlacedTerm) -> String? {
        for case .text(let text) in [left.term, right.term] where ConditionNumber(text) != nil {
            return "write \(text) without the quotes"
        }
        return nil
    }
}
