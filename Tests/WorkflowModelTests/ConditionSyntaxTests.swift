import Testing

@testable import WorkflowModel

@Suite("The language of conditions")
struct ConditionSyntaxTests {
    @Test(
        "what the language has is accepted",
        arguments: [
            "IF step2_output.performance_score < 0.8", "if review_output.ok", "true", "not false",
            "steps.review.score < 0.8 and changed(\"docs/**\")",
            "steps[\"api-docs\"].n >= 1e-3 or not (steps.a.x != 'y' AND 1 < -2)",
            "steps.2.lines == 0", "steps.a.error != null", "steps.a.b.c['d e'] == \"\\\"\"",
            "changed('a', \"b\")",
            "((((1)))) == 1", "not not NOT true", "steps [ 'a' ].x == 1",
            "1 < 2\n  and 2 < 3",
        ])
    func accepted(condition: String) {
        #expect(throws: Never.self) { _ = try ConditionExpression(condition) }
    }

    @Test(
        "a mistake is named, with its place",
        arguments: [
            ("", "a value is missing at its end", ""),
            ("IF", "a value is missing at its end", ""),
            ("steps.x.score >> 1 (((", "`>>` is no operator", ">>"),
            ("(1 < 2", "`(` is not closed", "("),
            ("1 < 2)", "`)` where the end of the expression belongs", ")"),
            ("(1 2)", "`2` where `)` or an operator belongs", "2"),
            ("1 < 2 < 3", "comparisons cannot be chained", "<"),
            ("1 <", "a value is missing at its end", ""),
            ("and 1", "a value is missing before `and`", "and"),
            ("1 or or 2", "a value is missing before `or`", "or"),
            ("1 && 2", "`&&` is no operator", "&&"),
            ("a == 1", "`a` is no value", "a"),
            ("1 = 1", "`=` is no operator", "="),
            ("TRUE", "`TRUE` is no value", "TRUE"),
            ("ready", "`ready` is no value", "ready"),
            ("_output.x", "`_output` is no value", "_output"),
            ("steps", "`steps` needs the name of a step", ""),
            ("steps.a", "the name of a result is missing", "steps.a"),
            ("a_output > 1", "the name of a result is missing", "a_output"),
            ("steps.a. b", "a space beside `.`", "."),
            ("steps.a.(", "a name is missing after `.`", "("),
            ("steps.api-docs.n", "`-` is no operator", "-"),
            ("steps[1].x", "`[` needs a name between quotes", "1"),
            ("steps['a'.x", "`.` where `]` or an operator belongs", "."),
            ("steps['a", "the string is not closed", "'a"),
            ("\"a\\\"", "the string is not closed", "\"a\\\""),
            ("changed", "`(` is missing after `changed`", ""),
            ("changed()", "`changed` needs a pattern between quotes", ")"),
            ("changed('a',)", "`changed` needs a pattern between quotes", ")"),
            ("changed('a'", "`(` is not closed", "("),
            ("1.", "`1.` is no number", "1."), ("1.2.3", "`1.2.3` is no number", "1.2.3"),
            ("0x10", "`0x10` is no number", "0x10"), ("80%", "`%` is no operator", "%"),
            ("5s", "`5s` is no number", "5s"), ("é == 1", "`é` is no operator", "é"),
            ("$(rm x)", "`$` is no operator", "$"),
        ])
    func refused(condition: String, message: String, at text: String) {
        #expect {
            _ = try ConditionExpression(condition)
        } throws: { error in
            guard let error = error as? ConditionError else { return false }
            let bytes = Array(condition.utf8)
            #expect(error.message == message)
            #expect(error.place.upperBound <= bytes.count)
            #expect(String(decoding: bytes[error.place], as: UTF8.self) == text)
            return true
        }
    }

    @Test(
        "nesting without end is refused, not followed",
        arguments: ["(", "not ", "(not "])
    func depth(piece: String) {
        #expect(throws: ConditionError.self) {
            _ = try ConditionExpression(String(repeating: piece, count: 100_000) + "1")
        }
    }
}
