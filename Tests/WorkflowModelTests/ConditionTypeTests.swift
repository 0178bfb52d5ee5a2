import Testing

@testable import WorkflowModel

@Suite("Types in conditions")
struct ConditionTypeTests {
    @Test(
        "what may be right for some result is accepted",
        arguments: [
            "steps.a.x", "not steps.a.x", "steps.a.x == steps.b.y", "steps.a.x == null",
            "null != steps.a.x", "steps.a.status == 'failed'", "steps.a.status != steps.b.status",
            "steps.a.x < 'b'", "(1 < 2) == true", "changed('a') == (steps.a.x > 1)",
            "steps.a.status == steps.b.word", "'skipped' != a_output.status", "null == null",
        ])
    func accepted(condition: String) {
        #expect(throws: Never.self) { _ = try ConditionExpression(condition) }
    }

    @Test(
        "what is wrong whatever the results are is refused, with its place",
        arguments: [
            ("12", "a condition is true or false, and `12` is a number", "12"),
            ("IF 'x'", "a condition is true or false, and `\"x\"` is a text", "'x'"),
            ("null", "a condition is true or false, and `null` is neither", "null"),
            (
                "steps.a.status", "a condition is true or false, and `steps.a.status` is a status",
                "steps.a.status"
            ),
            ("true and 1", "what `and` joins is true or false, and `1` is a number", "1"),
            ("'a' or true", "what `or` joins is true or false, and `\"a\"` is a text", "'a'"),
            ("not 0", "what `not` negates is true or false, and `0` is a number", "0"),
            (
                "1 == 'a'", "`1` is a number and `\"a\"` is a text, which cannot be compared",
                "1 == 'a'"
            ),
            (
                "true and '0.8' > 1",
                "`\"0.8\"` is a text and `1` is a number, which cannot be compared", "'0.8' > 1"
            ),
            (
                "(1 < 2) == 1",
                "`1 < 2` is true or false and `1` is a number, which cannot be compared",
                "(1 < 2) == 1"
            ),
            (
                "changed('a') < steps.a.x",
                "`<` needs an order, and `changed(\"a\")` is true or false",
                "changed('a') < steps.a.x"
            ),
            ("null >= steps.a.x", "`>=` needs an order, and `null` is `null`", "null >= steps.a.x"),
            (
                "null == 1", "`null` is `null` and `1` is a number, which cannot be compared",
                "null == 1"
            ),
            (
                "steps.a.status > 'complete'",
                "`>` needs an order, and `steps.a.status` is a status",
                "steps.a.status > 'complete'"
            ),
            ("steps.a.status == 'completed'", "`completed` is no status of a step", "'completed'"),
            (
                "'running' == a_output.status", "a step that is waited for is never `running`",
                "'running'"
            ),
            (
                "steps.a.status == 0", "a status is a word, and `0` is a number",
                "steps.a.status == 0"
            ),
            ("steps.a.status.code == 0", "a status has no fields", "steps.a.status.code"),
            ("steps.a.x == 'a\\qb'", "`\\q` is no escape", "\\q"),
        ])
    func refused(condition: String, message: String, at text: String) {
        #expect {
            _ = try ConditionExpression(condition)
        } throws: { error in
            guard let error = error as? ConditionError else { return false }
            #expect(error.message == message)
            #expect(String(decoding: Array(condition.utf8)[error.place], as: UTF8.self) == text)
            return true
        }
    }

    @Test(
        "a mistake in a word is answered with the right one",
        arguments: [
            ("steps.a.status == 'complet'", "did you mean `complete`?"),
            (
                "steps.a.status == 'ok'",
                "a status is one of `complete`, `failed`, `aborted`, `skipped`, `cached`"
            ),
            ("steps.a.x > 1 and '3' == 3", "write 3 without the quotes"),
            ("steps.a.status", "write `steps.a.status == \"complete\"`"),
        ])
    func help(condition: String, help: String) {
        #expect {
            _ = try ConditionExpression(condition)
        } throws: { error in
            (error as? ConditionError)?.help == help
        }
    }
}
