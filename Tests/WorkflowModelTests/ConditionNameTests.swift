import Testing

@testable import WorkflowModel

@Suite("Steps that conditions name")
struct ConditionNameTests {
    @Test(
        "names are found in each form, and not in strings",
        arguments: [
            ("steps.review.score < 0.8", ["review"]),
            ("steps[\"api-docs\"].n > 1 and steps['x.y'].m", ["api-docs", "x.y"]),
            ("IF step2_output.performance_score < 0.8", ["step2"]),
            ("review_output.ok == 'steps.a.b'", ["review"]),
            ("\"steps.a.b\" == \"x\\\" steps.c.d\"", []),
            ("steps.foo_output.x", ["foo_output"]),
            ("env.steps.x", []), ("steps", []), ("steps[1]", []), ("steps[\"open", []),
            ("_output.x", []), ("my_output == 1", []), ("steps . a", []),
            ("((steps.a.x)+(steps.b.y))", ["a", "b"]),
        ] as [(String, [String])])
    func names(condition: String, expected: [String]) {
        #expect(ConditionNames.scan(condition).map(\.text) == expected)
    }
}
