import Testing
import TestSupport
import WorkflowModel

@testable import Execution

@Suite("Random conditions")
struct ConditionPropertyTests {
    @Test("evaluation is what a naive second evaluator says", arguments: 1...8)
    func naive(seed: Int) {
        var source = RandomCondition(random: SeededGenerator(seed: UInt64(seed)))
        var counts = [0, 0, 0]
        for number in 0..<2_500 {
            let root = number % 2 == 0 ? source.anyTerm(depth: 4) : source.truthTerm(depth: 4)
            let outcome = ConditionExpression(root: root).evaluate(RandomCondition.facts)
            let expected = try? NaiveCondition.truth(root)
            switch outcome {
            case .holds:
                counts[0] += 1
                #expect(expected == true, "\(root)")
            case .fails(let values):
                counts[1] += 1
                #expect(expected == false, "\(root) saw \(values)")
            case .error(let message):
                counts[2] += 1
                #expect(expected == nil, "\(root): \(message)")
                #expect(!message.isEmpty)
            }
        }
        // None of the three is so rare that nothing would be tried.
        #expect(counts.allSatisfy { $0 > 200 }, "\(counts)")
    }

    @Test("a condition that is written down and read again is the same", arguments: 1...8)
    func printing(seed: Int) {
        var source = RandomCondition(random: SeededGenerator(seed: UInt64(100 + seed)))
        for _ in 0..<1_000 {
            let expression = ConditionExpression(root: source.truthTerm(depth: 5))
            let again = Result { try ConditionExpression(expression.description) }
            #expect((try? again.get()) == expression, "\(expression): \(again)")
        }
    }

    @Test("any text is read or refused, and what is read can be written and read", arguments: 1...8)
    func anyText(seed: Int) {
        var random = SeededGenerator(seed: UInt64(200 + seed))
        let pieces = [
            "IF ", "steps", "steps.a.x", "b_output.y", ".", "[", "]", "'a'", "\"b\\", "\"", "'",
            "(", ")", " and ", " OR ", " not ", "1", "0.8", "-", "e9", "==", "<", "!", "changed",
            "('a*')", ",", "true", "null", " ", "\n", "é", "\u{0}", "\\n", "status", "😀",
        ]
        for _ in 0..<4_000 {
            let text = (0..<1 + random.below(9)).map { _ in pieces[random.below(pieces.count)] }
                .joined()
            do throws(ConditionError) {
                let expression = try ConditionExpression(text)
                #expect((try? ConditionExpression(expression.description)) == expression, "\(text)")
                _ = expression.evaluate(RandomCondition.facts)
            } catch {
                #expect(error.place.upperBound <= text.utf8.count, "\(text)")
                #expect(!error.message.isEmpty)
            }
        }
    }

    @Test(
        "the deepest condition that is read can be written, evaluated and renamed",
        arguments: [
            ("(", 64), ("not ", 64), ("not (", 32), ("(true and ", 64),
            ("true == (false or (steps.j.n == 2 and ", 32),
        ])
    func deepest(piece: String, most: Int) throws {
        func nested(_ count: Int) -> String {
            let brackets = count * piece.count { $0 == "(" }
            return String(repeating: piece, count: count) + "steps.j.y"
                + String(repeating: ")", count: brackets)
        }
        #expect(throws: ConditionError.self) { try ConditionExpression(nested(most + 1)) }
        let expression = try ConditionExpression(nested(most))
        #expect(try ConditionExpression(expression.description) == expression)
        #expect(expression.resolved(in: "1") { _ in false } == expression)
        #expect(expression.evaluate(RandomCondition.facts) == .holds)
    }

    @Test("a long condition is no deep one")
    func long() throws {
        let text = Array(repeating: "steps.j.y", count: 50_000).joined(separator: " and ")
        let expression = try ConditionExpression(text)
        #expect(expression.evaluate(RandomCondition.facts) == .holds)
        #expect(expression.references.count == 50_000)
    }

    @Test(
        "numbers are compared by their value, however they are written",
        arguments: [
            ("1", "1.0", 0), ("1e3", "1000", 0), ("0", "-0.0e5", 0), ("-1", "1", -1),
            ("0.1", "0.10000000000000000001", -1), ("1e-400", "0", 1), ("1e400", "1e401", -1),
            ("12", "9", 1), ("-12", "-9", -1), ("007", "7", 0), ("0.05", "0.5", -1),
            ("9007199254740993", "9007199254740992", 1), ("1e1000000", "1e-1000000", 1),
        ])
    func numbers(first: String, second: String, order: Int) throws {
        let a = try #require(ConditionNumber(first))
        let b = try #require(ConditionNumber(second))
        #expect((a == b) == (order == 0))
        #expect((a < b) == (order < 0))
        #expect((b < a) == (order > 0))
        #expect(order != 0 || a.hashValue == b.hashValue)
    }

    @Test(
        "what is no number is none",
        arguments: [
            "", "-", "+1", ".5", "1.", "1e", "1e+", "1 ", " 1", "0x1", "1_000", "nan", "inf", "--1",
            "1e1000001", "1e99999999999999999999", "1.2.3", "٣",
        ])
    func noNumber(text: String) {
        #expect(ConditionNumber(text) == nil)
    }
}
