import DependencyGraph
import Testing

@testable import WorkflowModel

@Suite("Steps that conditions name")
struct ConditionStepTests {
    @Test(
        "names are found in each form, and not in strings",
        arguments: [
            ("steps.review.score < 0.8", ["steps.review.score"]),
            (
                "steps[\"api-docs\"].n > 1 and steps['x.y'].m",
                ["steps[\"api-docs\"].n", "steps[\"x.y\"].m"]
            ),
            ("IF step2_output.performance_score < 0.8", ["step2_output.performance_score"]),
            ("review_output['o k'] == 'steps.a.b'", ["review_output[\"o k\"]"]),
            ("\"steps.a.b\" == \"x\\\" steps.c.d\"", []),
            ("steps.foo_output.x", ["steps.foo_output.x"]),
            ("(steps . a.x) == (steps\n['b'].y.z)", ["steps.b.y.z"]),
            ("steps\n['a'].x == a_output .x", ["steps.a.x"]),
        ] as [(String, [String])])
    func names(condition: String, expected: [String]) {
        let found = (try? ConditionExpression(condition))?.references.map(\.description)
        // A gap beside a dot is an error, whose names nobody waits for.
        let isReadable = !condition.contains(" . ") && !condition.contains(" .x")
        #expect(found == (isReadable ? expected : nil))
    }

    @Test(
        "a step is found by its number in the task, by its name there, and by its id",
        arguments: [
            ("step2_output.x > 1", "1", ["1.2", "1.step2", "2", "step2"], "1.2"),
            ("step2_output.x > 1", "1", ["2", "step2"], "2"),
            ("step2_output.x > 1", "1", ["step2"], "step2"),
            ("step2_output.x > 1", "", ["step2", "other"], "step2"),
            ("review_output.x > 1", "1", ["review", "1.review"], "1.review"),
            ("review_output.x > 1", "1", ["review"], "review"),
            ("steps.review.x > 1", "1", ["review", "1.review"], "review"),
            ("steps.review.x > 1", "1", ["1.review"], "1.review"),
            ("steps['1.2'].x > 1", "1", ["1.2"], "1.2"),
            ("stepup_output.x > 1", "1", ["1.up", "stepup"], "stepup"),
        ] as [(String, String, [String], String)])
    func resolved(condition: String, task: String, ids: [String], expected: String) throws {
        let known = Set(ids.map { StepID($0) })
        let expression = try ConditionExpression(condition)
            .resolved(in: task) { known.contains($0) }
        #expect(expression.references.map(\.step) == [expected])
        #expect(expression.references.allSatisfy { !$0.isOutput })
    }

    @Test("a workflow's conditions have full ids, and wait for what they name")
    func workflowConditions() throws {
        let review = step("review")
        var first = step("1.1")
        var second = step("1.2", condition: "IF step1_output.score < 0.8 and review_output.ok")
        (first.task, second.task) = (1, 1)
        var flow = workflow([review, first, second])
        flow.tasks = [WorkflowTask(id: ""), WorkflowTask(id: "1")]
        let (resolved, diagnostics) = WorkflowValidator.resolve(flow)
        #expect(diagnostics.isEmpty)
        let found = try #require(resolved)
        #expect(found.conditions.keys.sorted() == [2])
        #expect(
            found.conditions[2]?.description == "steps[\"1.1\"].score < 0.8 and steps.review.ok")
        #expect(found.graph.dependencies(of: 2).sorted() == [0, 1])
        #expect(found.inferredEdges.filter { $0.origin == .condition }.count == 2)
    }

    @Test(
        "a step that cannot be waited for is an error",
        arguments: [
            (
                "reviw_output.x > 1",
                "the condition of step `b` names an unknown step `reviw`; did you mean `review`?"
            ),
            (
                "step9_output.x > 1",
                "the condition of step `b` names an unknown step `step9`; `step9_output` is the "
                    + "result of one of these: `9`, `step9`"
            ),
            (
                "steps.b.x > 1",
                "the condition of step `b` names the step itself; a condition is looked at before "
                    + "its step runs"
            ),
            (
                "steps.last.x > 1",
                "the condition of step `b` names `last`, which runs at the end of the run; remove "
                    + "`always` from `last`, or give it to `b` too"
            ),
            (
                "changed('a[')",
                "`a[` in the condition of step `b` has a `[` without its `]`; for a "
                    + "literal bracket write `\\[`"
            ),
            (
                "steps.review.status == 'done'",
                "the condition of step `b`: `done` is no status of a step; a status is one of "
                    + "`complete`, `failed`, `aborted`, `skipped`, `cached`"
            ),
        ])
    func unknown(condition: String, message: String) {
        var last = step("last")
        last.gating.always = true
        #expect(messages([step("review"), step("b", condition: condition), last]) == [message])
    }

    @Test("a finalizer's condition may name another finalizer")
    func finalizers() {
        var first = step("first")
        first.gating.always = true
        var second = step("second", condition: "steps.first.status == 'failed'")
        second.gating.always = true
        #expect(messages([step("work"), first, second]) == [])
    }
}
