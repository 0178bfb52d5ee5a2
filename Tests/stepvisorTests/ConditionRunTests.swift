import Foundation
import Testing
import TestSupport

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

    @Test("Ctrl-C ends looking at many files before a step, and what was not seen has changed")
    func interruptedBefore() throws {
        let space = try space(results: "x=1\n", condition: "changed(\"big\")")
        #expect(try space.shell("truncate -s 500G big").code == 0)
        let command = try space.start(["run"])
        let journal = ".stepvisor/latest/events.ndjson"
        #expect(TestSpace.wait(seconds: 30) { space.text(journal).contains("\"ended\"") })
        command.signal(SIGINT)
        #expect(command.wait().end == .signal(SIGINT))
        #expect(space.lines("ran").isEmpty)
        try space.file("big", "small")
        #expect(try space.run("run").code == 0)
        #expect(space.lines("ran") == ["improve", "end"])
    }

    @Test(
        "Ctrl-C ends looking at many files after the last step, and what was not seen has changed")
    func interruptedAfter() throws {
        let space = try TestSpace().file("big", "small").workflow(
            """
            [[steps]]
            id = "grow"
            command = "echo grow >> ran; [ -e done ] || truncate -s 500G big"
            condition = 'changed("big")'
            modifies = ["big"]
            """)
        let command = try space.start(["run"])
        let journal = ".stepvisor/latest/events.ndjson"
        #expect(TestSpace.wait(seconds: 30) { space.text(journal).contains("\"ended\"") })
        command.signal(SIGINT)
        let result = command.wait()
        // All was done by then.
        #expect(result.code == 0, "\(result)")
        try space.file("big", "small").file("done", "")
        #expect(try space.run("run").code == 0)
        #expect(try space.run("run").code == 0)
        #expect(space.lines("ran") == ["grow", "grow"])
    }
}
