import Foundation
import Testing
import TestSupport

@Suite("The reason of a step that has to run is the true one", .timeLimit(.minutes(20)))
struct TrueCauseTests {
    @Test("a step that needs one that may fail says so, each time")
    func failedNeed() throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step("may", "exit 3", "inputs = [\"k\"]\nallow_failure = true")
                + TestSpace.step(
                    "report", "true", "inputs = [\"k\"]\ndependencies = [\"may\"]"))
        try space.file("k", "1\n")
        #expect(try space.run("run").code == 0)
        for _ in 0..<2 {
            let why = try space.run("why", "report").output
            #expect(
                why.hasPrefix(
                    "`report` has to run:\n  dependency may produced nothing that is known\n"),
                "\(why)")
            let may = try space.run("why", "may").output
            #expect(may.contains("\n  did not end well when it last ran\n"), "\(may)")
            let result = try space.run("run", "--smart-execution")
            #expect(
                result.error.contains(": dependency may produced nothing that is known\n"),
                "\(result)")
        }
    }

    @Test(
        "a step whose inputs could not be read, and one after it, say so",
        .enabled(if: Hardship.permissionsBind))
    func unreadable() throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step("read", "true", "inputs = [\"k\"]")
                + TestSpace.step("next", "true", "inputs = [\"j\"]\ndependencies = [\"read\"]"))
        try space.file("k", "1\n").file("j", "1\n")
        let result = try space.shellBoundByPermissions(
            "chmod 000 k; \"$STEPVISOR\" run; chmod 644 k")
        #expect(result.error.contains("2 complete"), "\(result)")
        let read = try space.run("why", "read").output
        #expect(
            read.contains("\n  what it read or wrote could not be read when it last ran\n"),
            "\(read)")
        let next = try space.run("why", "next").output
        #expect(
            next.contains("\n  dependency read produced nothing that is known\n"), "\(next)")
    }

    @Test("a step that is running now is told to be, until it has ended")
    func running() throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step("done", "exit 1", "inputs = [\"k\"]\nallow_failure = true")
                + TestSpace.step(
                    "long", "until [ -e go ]; do sleep 0.02; done",
                    "inputs = [\"k\"]\ndependencies = [\"done\"]"))
        try space.file("k", "1\n")
        let running = try space.start(["run"])
        var why = ""
        #expect(
            TestSpace.wait(seconds: 60) {
                why = (try? space.run("why", "long").output) ?? ""
                return why.contains("is running in run \(space.latestRunID)\n")
            }, "\(why)")
        let plan = try space.run("plan", "--smart-execution").output
        #expect(plan.contains("[runs: is running in run \(space.latestRunID)]"), "\(plan)")
        let done = try space.run("why", "done").output
        #expect(done.contains("\n  did not end well when it last ran\n"), "\(done)")
        running.signal(SIGKILL)
        _ = running.wait()
        let after = try space.run("why", "long").output
        #expect(after.contains("\n  did not end well when it last ran\n"), "\(after)")
        try space.file("go", "")
    }

    @Test("what its condition held back is no work, until what that asks for has changed")
    func conditionFalse() throws {
        let space = try TestSpace()
        func workflow(_ condition: String, _ more: String = "") throws {
            try space.workflow(
                TestSpace.step(
                    "score", "echo score=$(cat k) > $STEPVISOR_OUTPUT", "inputs = [\"k\"]")
                    + TestSpace.step(
                        "use", "cat j > used",
                        "inputs = [\"j\"]\noutput_files = [\"used\"]\ncondition = '\(condition)'")
                    + TestSpace.step(
                        "after", "cat used > last 2>&1; true",
                        "inputs = [\"used\"]\noutput_files = [\"last\"]") + more)
        }
        func code() throws -> Int32? { try space.run("plan", "--exit-code").code }
        try space.file("k", "1\n").file("j", "1\n")
        try workflow("steps.score.score > 5")
        #expect(try code() == 3)
        #expect(try space.run("run", "--smart-execution").code == 0)
        #expect(try code() == 0)
        #expect(try space.run("run", "--smart-execution").code == 0)
        #expect(try code() == 0)
        // What the step itself reads does not make its condition hold.
        try space.file("j", "2\n")
        #expect(try code() == 0)
        try workflow("steps.score.score > 0")
        #expect(try code() == 3)
        try workflow("steps.score.score > 5")
        try space.file("k", "9\n")
        #expect(try code() == 3)
        #expect(try space.run("run", "--smart-execution").code == 0)
        #expect(space.text("used") == "2\n")
        #expect(try code() == 0)
        try space.file("k", "1\n").file("j", "3\n")
        #expect(try space.run("run", "--smart-execution").code == 0)
        #expect(try code() == 0)
        #expect(try space.run("forget", "use").code == 0)
        #expect(try code() == 3)
        // Who asks for files asks for what nobody keeps.
        try workflow("steps.score.score > 5 and changed(\"j\")")
        #expect(try space.run("run", "--smart-execution").code == 0)
        #expect(try code() == 3)
    }
}
