import TestSupport
import Testing

@Suite("A step runs when its condition holds", .timeLimit(.minutes(20)))
struct ConditionRunTests {
    private func space(results: String, condition: String) throws -> TestSpace {
        try TestSpace().file("results", results).workflow(
            """
            [[steps]]
            id = "review"
            command = "cat results > \\"$STEPVISOR_OUTPUT\\""
            [[steps]]
            id = "improve"
            command = "echo improve >> ran"
            condition = '\(condition)'
            [[steps]]
            id = "end"
            command = "echo end >> ran"
            dependencies = ["improve"]
            """)
    }

    @Test(
        "by a result in either form",
        arguments: ["score=0.5\n", "{\"score\": 0.5}"])
    func holds(results: String) throws {
        let space = try space(results: results, condition: "steps.review.score < 0.8")
        let result = try space.run("run")
        #expect(result.code == 0, "\(result)")
        #expect(space.lines("ran") == ["improve", "end"])
    }

    @Test("else it is skipped with the values shown, and its dependents run")
    func skipped() throws {
        let space = try space(results: "score=0.9\n", condition: "steps.review.score < 0.8")
        let result = try space.run("run")
        #expect(result.code == 0, "\(result)")
        #expect(space.lines("ran") == ["end"])
        let status = try space.run("status").output
        #expect(status.contains("steps.review.score = 0.9"), "\(status)")
    }

    @Test("a result that is not there fails it, with the expression shown")
    func missing() throws {
        let space = try space(results: "note=1\n", condition: "steps.review.score < 0.8")
        let result = try space.run("run")
        #expect(result.code == 1, "\(result)")
        #expect(space.lines("ran").isEmpty)
        #expect(result.error.contains("steps.review.score < 0.8"), "\(result)")
    }

    @Test("what the command line leaves out gives no results, and the way out is said")
    func leftOut() throws {
        let space = try space(results: "score=0.5\n", condition: "steps.review.score < 0.8")
        let result = try space.run("run", "--only", "improve")
        #expect(result.code == 1, "\(result)")
        #expect(
            result.error.contains("step `review` has no results, since the command line left it"),
            "\(result)")
        #expect(result.error.contains("run it again: stepvisor run improve\n"), "\(result)")
        #expect(try space.run("run", "improve").code == 0)
        #expect(space.lines("ran") == ["improve"])
    }

    @Test("`changed` holds the first time and after an edit, not in between")
    func changed() throws {
        let space = try space(results: "x=1\n", condition: "changed(\"docs/**\")")
        try space.file("docs/a.md", "one")
        for (text, count) in [("one", 1), ("one", 1), ("two", 2), ("two", 2)] {
            try space.file("docs/a.md", text)
            let result = try space.run("run")
            #expect(result.code == 0, "\(result)")
            #expect(space.lines("ran").filter { $0 == "improve" }.count == count)
        }
    }
}
