internal import WorkflowModel

/// A value of a comparison, with its term.
struct ConditionOperand: CustomStringConvertible {
    var term: ConditionTerm
    var value: ResultValue

    /// True or false, or nil for a value that is neither.
    var truth: Bool? {
        switch value {
        case .truth(let truth): truth
        case .word("true"): true
        case .word("false"): false
        default: nil
        }
    }

    private var number: ConditionNumber? {
        switch value {
        case .number(let number): number
        case .word(let word): ConditionNumber(word)
        default: nil
        }
    }

    private var text: String? {
        switch value {
        case .text(let text), .word(let text): text
        default: nil
        }
    }

    /// Whether a comparison of this with another value holds.
    ///
    /// A word of a `key=value` line is converted to the type of the other value if possible; two
    /// words are compared as numbers if both look like numbers, and as texts otherwise.
    func isTrue(
        _ comparison: ConditionComparison, _ other: ConditionOperand
    ) throws(ConditionFault) -> Bool {
        if value == .null || other.value == .null {
            guard !comparison.needsOrder else {
                throw ConditionFault(
                    "\(value == .null ? self : other) has no order, which "
                        + "`\(comparison.rawValue)` needs")
            }
            return comparison.holds(value == other.value ? 0 : nil)
        }
        if let number, let second = other.number {
            return comparison.holds(number == second ? 0 : number < second ? -1 : 1)
        }
        if let text, let second = other.text {
            return comparison.holds(Self.order(text, second))
        }
        if let truth, let second = other.truth {
            guard !comparison.needsOrder else {
                throw ConditionFault(
                    "`\(comparison.rawValue)` needs an order, and \(self) has none")
            }
            return comparison.holds(truth == second ? 0 : nil)
        }
        throw ConditionFault("\(self) cannot be compared with \(other)")
    }

    /// Orders by bytes, which is the same on every machine.
    private static func order(_ a: String, _ b: String) -> Int {
        if a.utf8.elementsEqual(b.utf8) { return 0 }
        return a.utf8.lexicographicallyPrecedes(b.utf8) ? -1 : 1
    }

    // MARK: Messages

    /// The operand in a message: "`steps.review.score` (0.9)", or the value alone for a literal.
    var description: String {
        switch term {
        case .number, .text, .truth, .null: "`\(term)`"
        default: "`\(term)`, which is \(Self.shown(value)),"
        }
    }

    /// Bytes of the longest text that is shown.
    private static let shownLength = 200

    /// A value on one line, never cut: the mask would not recognise a secret with a missing part.
    static func shown(_ value: ResultValue) -> String {
        switch value {
        case .number(let number) where number.description.utf8.count <= shownLength:
            return number.description
        case .number: return "a number of many digits"
        case .truth(let truth): return truth ? "true" : "false"
        case .null: return "null"
        case .list: return "a list"
        case .object: return "an object"
        case .word("true"): return "true"
        case .word("false"): return "false"
        case .text(let text), .word(let text):
            guard text.utf8.count <= shownLength else {
                return "a text of \(text.utf8.count) bytes"
            }
            if case .word = value, ConditionNumber(text) != nil { return text }
            var writer = JSONWriter(capacity: text.utf8.count + 8)
            writer.string(text)
            return String(decoding: writer.bytes, as: UTF8.self)
        }
    }
}

extension ConditionComparison {
    /// Whether the comparison holds for a first value before (-1), equal to (0) or after (1) the
    /// second; nil for unequal values without an order.
    fileprivate func holds(_ order: Int?) -> Bool {
        switch self {
        case .equal: order == 0
        case .unequal: order != 0
        case .less: order == -1
        case .lessOrEqual: order == -1 || order == 0
        case .greater: order == 1
        case .greaterOrEqual: order == 1 || order == 0
        }
    }
}
