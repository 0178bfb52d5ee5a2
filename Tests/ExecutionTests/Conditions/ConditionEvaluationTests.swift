import Testing
import WorkflowModel

@testable import Execution

@Suite("Conditions that are evaluated")
struct ConditionEvaluationTests {
    private let facts = SampleFacts(
        statuses: [
            "json": .complete, "lines": .complete, "none": .complete, "gone": .skipped,
            "bad": .failed,
        ],
        files: [
            "json": """
            {"score": 0.9, "kilo": 1e3, "ok": true, "word": "0.9", "nothing": null, "list": [1],
             "deep": {"er": {"x y": -2}}, "big": 9007199254740993, "name": "a\\n\\"b\\""}
            """,
            "lines": "score=0.70\nok=true\nname = b c \nempty=\nversion=1.10\nno=false\na.b=3\n",
            "broken": "score=1\nwhatever\n",
        ], changed: ["docs/**"])

    private func outcome(_ condition: String) -> ConditionOutcome {
        do {
            return try ConditionExpression(condition).evaluate(facts)
        } catch {
            return .error("unreadable: \(error)")
        }
    }

    @Test(
        "what holds",
        arguments: [
            "steps.json.score > 0.8", "IF json_output.score >= 0.90", "steps.json.kilo == 1000",
            "steps.json.big == 9007199254740993", "steps.json.big != 9007199254740992",
            "steps.json.ok", "steps.json.ok == true", "not (steps.json.ok != true)",
            "steps.json.word == '0.9'", "steps.json.nothing == null", "steps.json.score != null",
            "steps.json.deep.er['x y'] == -2.0", "steps.json.deep.er[\"x y\"] < 0",
            "steps.lines.score == 0.7", "steps.lines.score == '0.70'", "steps.lines.ok",
            "steps.lines.ok == true", "steps.lines.ok == 'true'", "not steps.lines.no",
            "steps.lines.name == 'b c'", "steps.lines.empty == ''", "steps.lines.a.b > 2",
            "steps.lines.version == 1.1", "steps.lines.version < steps.lines.a.b",
            "steps.lines.name > 'b'", "'Z' < steps.lines.name", "steps.json.list != null",
            "steps.lines.score < steps.json.score", "steps.lines.ok == steps.json.ok",
            "steps.json.status == 'complete' AND steps.gone.status == \"skipped\"",
            "steps.bad.status != 'complete' OR steps.bad.x > 1",
            "steps.gone.status == 'complete' and steps.gone.x > 1 or true",
            "changed('docs/**')", "changed('src', 'docs/**') and NOT changed('src')",
            "1e3 == 1000", "0.1 < 0.2", "-0 == 0", "1.50e-1 == 0.15", "-2 < -1.5",
            "100000000000000000000000000000001 > 100000000000000000000000000000000",
        ])
    func holds(condition: String) {
        #expect(outcome(condition) == .holds)
    }

    @Test(
        "what does not hold is told with the values that were seen",
        arguments: [
            ("steps.json.score < 0.8", "steps.json.score = 0.9"),
            ("IF lines_output.score > 0.8", "lines_output.score = 0.70"),
            (
                "steps.lines.no or steps.json.status != 'complete'",
                "steps.lines.no = false, steps.json.status = \"complete\""
            ),
            ("steps.lines.no and steps.json.score > 1", "steps.lines.no = false"),
            (
                "steps.json.score > 1 or steps.json.score > 2 or changed('src')",
                "steps.json.score = 0.9, changed(\"src\") = false"
            ),
            ("steps.json.name == 'a'", "steps.json.name = \"a\\n\\\"b\\\"\""),
            ("steps.json.list == null", "steps.json.list = a list"),
            ("null == steps.json.deep", "steps.json.deep = an object"),
            ("false", ""),
        ])
    func fails(condition: String, values: String) {
        #expect(outcome(condition) == .fails(values: values))
    }

    @Test(
        "what cannot be told is an error that says why",
        arguments: [
            (
                "steps.json.scor > 1",
                "`steps.json.scor` is not there: step `json` gave no result `scor` (did you mean "
                    + "`score`?)"
            ),
            (
                "steps.lines.scores > 1",
                "`steps.lines.scores` is not there: step `lines` gave no result `scores` (did you "
                    + "mean `score`?)"
            ),
            (
                "steps.json.score.x > 1",
                "`steps.json.score.x` is not there: step `json` gave a result `score` that is no "
                    + "object, and has no field `x`"
            ),
            (
                "steps.none.x",
                "step `none` wrote no results to the file that `STEPVISOR_OUTPUT` "
                    + "names"
            ),
            (
                "steps.gone.x",
                "step `gone` has no results, since it is `skipped`; to allow for that write "
                    + "`steps.gone.status == \"complete\" and …`"
            ),
            ("steps.unheard.status == 'failed'", "it is not known how step `unheard` ended"),
            (
                "steps.broken.score > 0",
                "the results of step `broken` cannot be read: line 2 is neither `key=value` nor "
                    + "part of a JSON object"
            ),
            (
                "steps.json.word > 0.5",
                "`steps.json.word`, which is \"0.9\", cannot be compared with `0.5`"
            ),
            (
                "steps.lines.name < 1",
                "`steps.lines.name`, which is \"b c\", cannot be compared with `1`"
            ),
            (
                "steps.json.ok == 'true'",
                "`steps.json.ok`, which is true, cannot be compared with `\"true\"`"
            ),
            (
                "steps.json.list == 1",
                "`steps.json.list`, which is a list, cannot be compared with `1`"
            ),
            ("steps.json.score", "`steps.json.score`, which is 0.9, is neither true nor false"),
            (
                "not steps.json.nothing",
                "`steps.json.nothing`, which is null, is neither true nor false"
            ),
            (
                "steps.json.nothing < 1",
                "`steps.json.nothing`, which is null, has no order, which `<` needs"
            ),
            (
                "steps.json.ok >= steps.lines.ok",
                "`>=` needs an order, and `steps.json.ok`, which is true, has none"
            ),
        ])
    func error(condition: String, message: String) {
        #expect(outcome(condition) == .error(message))
    }

    @Test("of a step that the command line left out it is said how to run it too")
    func leftOut() throws {
        var facts = facts
        facts.leftOut = ["gone"]
        #expect(
            try ConditionExpression("steps.gone.x").evaluate(facts)
                == .error(
                    "step `gone` has no results, since the command line left it out; a run of the "
                        + "step by its name (`stepvisor run STEP`, without `--only`) runs what its "
                        + "condition names too"))
    }

    @Test("a condition with many different values costs no more than its length")
    func manyValues() throws {
        var facts = SampleFacts()
        facts.files["a"] = (0..<20_000).map { "k\($0)=1\n" }.joined()
        let many = (0..<20_000).map { "steps.a.k\($0) == 2" }.joined(separator: " or ")
        let expression = try ConditionExpression(many)
        let clock = ContinuousClock()
        var outcome = ConditionOutcome.holds
        let time = clock.measure { outcome = expression.evaluate(facts) }
        guard case .fails(let values) = outcome else {
            Issue.record("it holds")
            return
        }
        #expect(values.hasSuffix(", and 19980 more"))
        // Each with each would take a minute.
        #expect(time < .seconds(20))
    }

    @Test("files that cannot be compared make the condition an error")
    func unreadableFiles() throws {
        var facts = facts
        facts.failure = "src: permission denied"
        #expect(
            try ConditionExpression("changed('src')").evaluate(facts)
                == .error("`changed(\"src\")` cannot be evaluated: src: permission denied"))
    }

    @Test("a long text is shown by its length, and many values by their number")
    func length() throws {
        var facts = SampleFacts()
        facts.files["a"] = "x=" + String(repeating: "y", count: 201)
        #expect(
            try ConditionExpression("steps.a.x == ''").evaluate(facts)
                == .fails(values: "steps.a.x = a text of 201 bytes"))
        facts.files["a"] = (0..<25).map { "k\($0)=\($0)\n" }.joined()
        let many = (0..<25).map { "steps.a.k\($0) < 0" }.joined(separator: " or ")
        guard case .fails(let values) = try ConditionExpression(many).evaluate(facts) else {
            Issue.record("it does not hold")
            return
        }
        #expect(values.hasSuffix("steps.a.k19 = 19, and 5 more"))
        #expect(!values.contains("\n"))
    }

    @Test("a secret that a condition saw is found by the mask")
    func secrets() throws {
        let secret = "s3cret\n\"quoted\" \\ value"
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("token", secret)
        writer.endObject()
        var facts = SampleFacts()
        facts.files["a"] = String(decoding: writer.bytes, as: UTF8.self)
        let mask = SecretMask(values: [Array(secret.utf8)])
        let outcome = try ConditionExpression("steps.a.token == ''").evaluate(facts)
        guard case .fails(let values) = outcome else {
            Issue.record("it does not hold")
            return
        }
        #expect(mask.masked(values) == "steps.a.token = \"***\"")
    }

    @Test("the statuses that conditions know are those in which a step can end")
    func statusWords() {
        let final = StepStatus.allCases.filter(\.isFinal).map(\.rawValue)
        #expect(
            final.allSatisfy { word in
                (try? ConditionExpression("steps.a.status == '\(word)'")) != nil
            })
        #expect(
            StepStatus.allCases.filter { !$0.isFinal }.allSatisfy { status in
                (try? ConditionExpression("steps.a.status == '\(status.rawValue)'")) == nil
            })
    }
}
