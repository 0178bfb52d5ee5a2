/// A part of a condition: a value, a comparison, or several terms joined.
///
/// A parsed term nests no deeper than a small multiple of the parser's limit, so recursion over it
/// is safe.
public indirect enum ConditionTerm: Hashable, Sendable {
    case number(ConditionNumber)
    case text(String)
    case truth(Bool)
    case null
    /// A step's result, or its status.
    case result(ConditionReference)
    /// Whether a file that matches one of these patterns has changed.
    case changed([String])
    case comparison(ConditionTerm, ConditionComparison, ConditionTerm)
    case not(ConditionTerm)
    /// Two or more terms joined by `and`.
    case all([ConditionTerm])
    /// Two or more terms joined by `or`.
    case any([ConditionTerm])
}

/// How two values are compared.
public enum ConditionComparison: String, Hashable, Sendable, CaseIterable {
    case equal = "=="
    case unequal = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="

    /// Whether the values must have an order; equality alone needs none.
    public var needsOrder: Bool { self != .equal && self != .unequal }
}

/// A result of a step, as a condition names it.
public struct ConditionReference: Hashable, Sendable, CustomStringConvertible {
    /// The step's name as written: `review` both in `steps.review.score` and `review_output.score`.
    public var step: String
    /// Whether it is written as in the source documents: `review_output.score`.
    public var isOutput: Bool
    /// The field names behind the step, the outermost first; never empty.
    public var path: [String]

    /// A result of a step.
    public init(step: String, isOutput: Bool = false, path: [String]) {
        self.step = step
        self.isOutput = isOutput
        self.path = path
    }

    /// Whether it names the step's status, which comes from the run and not from the step's
    /// results.
    public var isStatus: Bool { path.first == "status" }

    /// The text that a condition uses for it.
    public var description: String {
        var text = isOutput ? "\(step)_output" : "steps" + Self.field(step)
        for name in path { text += Self.field(name) }
        return text
    }

    /// The steps that it may mean in this task, in the order in which they are tried.
    public func candidates(in task: String) -> [StepID] {
        let local = task.isEmpty ? nil : "\(task)."
        var names = [step]
        // `step2_output` is the result of step 2.
        let number = isOutput && step.hasPrefix("step") ? step.dropFirst(4) : ""
        if !number.isEmpty, number.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            names.insert(String(number), at: 0)
        }
        let nested = local.map { local in names.map { local + $0 } } ?? []
        return (isOutput ? nested + names : names + nested).map { StepID($0) }
    }

    private static func field(_ name: String) -> String {
        let isWord =
            !name.isEmpty
            && name.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte)
                    || (0x61...0x7A).contains(byte | 0x20)
            }
        return isWord ? ".\(name)" : "[\(ConditionTerm.quoted(name))]"
    }
}

extension ConditionTerm: CustomStringConvertible {
    /// The text of the term, with as few parentheses as possible.
    public var description: String {
        switch self {
        case .number(let number): number.description
        case .text(let text): Self.quoted(text)
        case .truth(let truth): truth ? "true" : "false"
        case .null: "null"
        case .result(let reference): reference.description
        case .changed(let patterns):
            "changed(" + patterns.map(Self.quoted).joined(separator: ", ") + ")"
        case .comparison(let left, let comparison, let right):
            "\(left.text(above: 3)) \(comparison.rawValue) \(right.text(above: 3))"
        case .not(let term): "not " + term.text(above: 1)
        case .all(let terms): terms.map { $0.text(above: 1) }.joined(separator: " and ")
        case .any(let terms): terms.map { $0.text(above: 0) }.joined(separator: " or ")
        }
    }

    /// How tightly the term binds: a value 4, `or` 0.
    private var rank: Int {
        switch self {
        case .any: 0
        case .all: 1
        case .not: 2
        case .comparison: 3
        case .number, .text, .truth, .null, .result, .changed: 4
        }
    }

    private func text(above limit: Int) -> String {
        rank > limit ? description : "(\(description))"
    }

    /// A text in quotes, as the parser reads it.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
