import TestSupport
import WorkflowModel

@testable import Execution

/// Random conditions over the results that ``facts`` has.
struct RandomCondition {
    var random: SeededGenerator

    /// Each value in a file of either form; `x` is in none of them.
    static let facts = SampleFacts(
        statuses: ["j": .complete, "l": .skipped],
        files: [
            "j": "{\"n\": 2, \"m\": -1.5, \"t\": \"b\", \"d\": \"2\", \"y\": true, \"z\": null, "
                + "\"o\": {\"n\": 3}, \"e\": []}",
            "l": "n=2\nm=-1.5\nt=b\ny=true\nw=false\n",
        ], changed: ["c"])

    private static let numbers = ["0", "2", "2.0", "-1.5", "20e-1", "3"]
    private static let texts = ["", "b", "2", "true", "a\"\n\\'", "é"]
    private static let names = ["n", "m", "t", "d", "y", "w", "z", "o", "e", "x"]

    /// Any tree, whatever its types.
    mutating func anyTerm(depth: Int) -> ConditionTerm {
        guard depth > 0, random.chance(75) else { return leaf() }
        switch random.below(5) {
        case 0: return .not(anyTerm(depth: depth - 1))
        case 1: return .all(anyTerms(depth: depth - 1))
        case 2: return .any(anyTerms(depth: depth - 1))
        default:
            return .comparison(
                anyTerm(depth: depth - 2), comparison(), anyTerm(depth: depth - 2))
        }
    }

    private mutating func anyTerms(depth: Int) -> [ConditionTerm] {
        (0..<2 + random.below(2)).map { _ in anyTerm(depth: depth) }
    }

    /// A tree that has nothing wrong with its types.
    mutating func truthTerm(depth: Int) -> ConditionTerm {
        guard depth > 0 else {
            switch random.below(3) {
            case 0: return .truth(random.chance(50))
            case 1: return changed()
            default: return .result(reference())
            }
        }
        switch random.below(6) {
        case 0: return .not(truthTerm(depth: depth - 1))
        case 1: return .all((0..<2 + random.below(3)).map { _ in truthTerm(depth: depth - 1) })
        case 2: return .any((0..<2 + random.below(3)).map { _ in truthTerm(depth: depth - 1) })
        case 3:
            return .comparison(
                truthTerm(depth: depth - 1), random.chance(50) ? .equal : .unequal,
                truthTerm(depth: depth - 1))
        case 4:
            let status = ConditionReference(step: "j", path: ["status"])
            return .comparison(.result(status), .unequal, .text("skipped"))
        default:
            let literal: ConditionTerm = random.chance(50) ? number() : text()
            return random.chance(50)
                ? .comparison(literal, comparison(), .result(reference()))
                : .comparison(.result(reference()), comparison(), literal)
        }
    }

    private mutating func leaf() -> ConditionTerm {
        switch random.below(10) {
        case 0: number()
        case 1: text()
        case 2: .truth(random.chance(50))
        case 3: .null
        case 4: changed()
        default: .result(reference())
        }
    }

    private mutating func number() -> ConditionTerm {
        ConditionNumber(Self.numbers[random.below(Self.numbers.count)]).map { .number($0) } ?? .null
    }

    private mutating func text() -> ConditionTerm {
        .text(Self.texts[random.below(Self.texts.count)])
    }

    private mutating func changed() -> ConditionTerm {
        .changed((0...random.below(2)).map { _ in random.chance(30) ? "c" : "d \"e\"" })
    }

    private mutating func reference() -> ConditionReference {
        let name = Self.names[random.below(Self.names.count)]
        let step = random.chance(50) ? "j" : "l"
        return ConditionReference(
            step: step, isOutput: random.chance(20),
            path: random.chance(10) ? [name, "n"] : [name])
    }

    private mutating func comparison() -> ConditionComparison {
        let all = ConditionComparison.allCases
        return all[random.below(all.count)]
    }
}

/// The rules of the language once more, over Swift's own values and without any care for speed.
struct NaiveCondition {
    enum Value: Equatable {
        case number(Double), text(String), word(String), truth(Bool), null, other
    }

    struct Wrong: Error {}

    static let files: [String: [String: Value]] = [
        "j": [
            "n": .number(2), "m": .number(-1.5), "t": .text("b"), "d": .text("2"),
            "y": .truth(true), "z": .null, "o": .other, "o.n": .number(3), "e": .other,
            "status": .text("complete"),
        ],
        "l": [
            "n": .word("2"), "m": .word("-1.5"), "t": .word("b"), "y": .word("true"),
            "w": .word("false"), "status": .text("skipped"),
        ],
    ]

    static func truth(_ term: ConditionTerm) throws -> Bool {
        switch try value(term) {
        case .truth(let truth): return truth
        case .word("true"): return true
        case .word("false"): return false
        default: throw Wrong()
        }
    }

    private static func value(_ term: ConditionTerm) throws -> Value {
        switch term {
        case .number(let number): return .number(Double(number.description) ?? .nan)
        case .text(let text): return .text(text)
        case .truth(let truth): return .truth(truth)
        case .null: return .null
        case .result(let reference):
            guard let value = files[reference.step]?[reference.path.joined(separator: ".")]
            else { throw Wrong() }
            return value
        case .changed(let patterns): return .truth(patterns.contains("c"))
        case .not(let term): return .truth(try !truth(term))
        case .all(let terms):
            guard let first = terms.first else { return .truth(true) }
            return .truth(try truth(first) && truth(.all(Array(terms.dropFirst()))))
        case .any(let terms):
            guard let first = terms.first else { return .truth(false) }
            return .truth(try truth(first) || truth(.any(Array(terms.dropFirst()))))
        case .comparison(let left, let comparison, let right):
            return .truth(try compare(value(left), comparison, value(right)))
        }
    }

    private static func compare(
        _ a: Value, _ comparison: ConditionComparison, _ b: Value
    ) throws -> Bool {
        switch (a, b) {
        case (.null, _), (_, .null): return try equality(comparison, a == b)
        case (.number(let x), .number(let y)): return order(comparison, x, y)
        case (.text(let x), .text(let y)): return order(comparison, x, y)
        case (.truth(let x), .truth(let y)): return try equality(comparison, x == y)
        case (.word(let x), .word(let y)):
            guard let first = Double(x), let second = Double(y) else {
                return order(comparison, x, y)
            }
            return order(comparison, first, second)
        case (.word(let x), .number):
            guard let x = Double(x) else { throw Wrong() }
            return try compare(.number(x), comparison, b)
        case (.number, .word(let y)):
            guard let y = Double(y) else { throw Wrong() }
            return try compare(a, comparison, .number(y))
        case (.word(let x), .text), (.text(let x), .word):
            let isFirst = if case .word = a { true } else { false }
            return try isFirst
                ? compare(.text(x), comparison, b) : compare(a, comparison, asText(b))
        case (.word("true"), .truth): return try compare(.truth(true), comparison, b)
        case (.word("false"), .truth): return try compare(.truth(false), comparison, b)
        case (.truth, .word("true")): return try compare(a, comparison, .truth(true))
        case (.truth, .word("false")): return try compare(a, comparison, .truth(false))
        default: throw Wrong()
        }
    }

    private static func asText(_ value: Value) -> Value {
        if case .word(let word) = value { .text(word) } else { value }
    }

    private static func equality(
        _ comparison: ConditionComparison, _ isEqual: Bool
    ) throws -> Bool {
        switch comparison {
        case .equal: isEqual
        case .unequal: !isEqual
        default: throw Wrong()
        }
    }

    private static func order<Ordered: Comparable>(
        _ comparison: ConditionComparison, _ a: Ordered, _ b: Ordered
    ) -> Bool {
        switch comparison {
        case .equal: a == b
        case .unequal: a != b
        case .less: a < b
        case .lessOrEqual: a <= b
        case .greater: a > b
        case .greaterOrEqual: a >= b
        }
    }
}
