import Execution
import Foundation
import Testing
import TestSupport

/// A workflow of which one step fails, by all its methods, until there is a file `mended`.
enum ReviewWorkflow {
    static func write(in space: TestSpace, settings: String = "") throws {
        let bad = "echo $STEPVISOR_ATTEMPT $STEPVISOR_METHOD >> ran; echo said it; [ -e mended ]"
        let says = "echo $STEPVISOR_STEP ${STEPVISOR_FAILED_DEPENDENCIES-none} >> ran"
        space.environment["NO_COLOR"] = "1"
        try space.workflow(
            "[execution]\nerror_propagation = \"collaborative_review\"\n\(settings)\n"
                + TestSpace.step("bad", bad, "backups = ['\(bad)']")
                + TestSpace.step("next", says, "dependencies = [\"bad\"]")
                + TestSpace.step("other", says)
                + TestSpace.step("clean", "echo clean >> ran", "always = true"))
    }

    static let tried = ["1 primary", "2 backup[1]"]
    static let question = "h  halt      leave it failed; nothing more starts, exit 1"
    static let prompt = "r, b, s, c or h? "
}

@Suite("On a terminal a person decides about a step that failed", .timeLimit(.minutes(20)))
struct ReviewRunTests {
    /// What is typed, what the step and the run come to, and what has run beyond the attempts.
    struct Answer: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var code: Int32 = 0
        var ran: [String]
        var status = StepStatus.complete
        var reason: StepReason?
        let consequence: String
    }

    static let answers = [
        Answer(
            testDescription: "retry", ran: ["3 primary", "next none", "other none", "clean"],
            consequence: "r  retry     run it again"),
        Answer(
            testDescription: "backup", ran: ["3 backup[1]", "next none", "other none", "clean"],
            consequence: "b  backup    run its first backup"),
        Answer(
            testDescription: "skip", ran: ["next none", "other none", "clean"], status: .skipped,
            reason: .decided(.skip), consequence: "s  skip      count it as skipped; `next` runs"),
        Answer(
            testDescription: "continue", code: 1, ran: ["next bad", "other none", "clean"],
            status: .failed, reason: .exited(1),
            consequence: "c  continue  leave it failed; `next` runs all the same, exit 1"),
        Answer(
            testDescription: "halt", code: 1, ran: ["clean"], status: .failed,
            reason: .exited(1), consequence: ReviewWorkflow.question),
    ]

    private func asked(
        _ words: [String] = ["run"], in space: TestSpace, columns: Int = 100
    ) throws -> TerminalCommand {
        let terminal = try space.startOnTerminal(words, columns: columns)
        #expect(terminal.waitFor(ReviewWorkflow.prompt), "\(terminal.shown)")
        return terminal
    }

    @Test("each answer has the consequence that is shown beside it", arguments: answers)
    func each(answer: Answer) throws {
        for typed in [answer.testDescription, String(answer.testDescription.prefix(1))] {
            let space = try TestSpace()
            try ReviewWorkflow.write(in: space)
            let terminal = try asked(in: space)
            #expect(terminal.shown.contains(answer.consequence), "\(terminal.shown)")
            #expect(terminal.shown.contains("| said it"), "\(terminal.shown)")
            #expect(space.lines("ran") == ReviewWorkflow.tried)
            try space.file("mended", "")
            terminal.type("\(typed)\n")
            let result = terminal.wait()
            #expect(result.end == .exit(answer.code), "\(result)")
            #expect(space.lines("ran") == ReviewWorkflow.tried + answer.ran)
            let step = try LatestRun(in: space).step("bad")
            #expect(step.status == answer.status)
            #expect(step.reason == answer.reason)
            #expect(try ProgressFile(in: space).events("bad").contains("decided"))
        }
    }

    @Test("what is no answer is asked again, however long, and what was typed before counts not")
    func wrong() throws {
        let space = try TestSpace()
        try ReviewWorkflow.write(in: space)
        let terminal = try space.startOnTerminal(["run"], columns: 40)
        // Before anything is asked.
        terminal.type("halt\n")
        #expect(terminal.waitFor(ReviewWorkflow.prompt))
        let lines = ["", "x", "halt it", "retry\u{1B}[A", String(repeating: "long ", count: 60)]
        for (number, line) in lines.enumerated() {
            terminal.type(line + "\n")
            #expect(
                TestSpace.wait(seconds: 30) {
                    terminal.shown.components(separatedBy: "is none of them").count == number + 2
                }, "\(line): \(terminal.shown)")
        }
        terminal.type("skip\n")
        let result = terminal.wait()
        #expect(result.end == .exit(0), "\(result)")
        #expect(try LatestRun(in: space).step("bad").reason == .decided(.skip))
    }

    @Test("after a retry that fails it is asked again")
    func again() throws {
        let space = try TestSpace()
        try ReviewWorkflow.write(in: space)
        let terminal = try asked(in: space)
        for count in 1...2 {
            terminal.type("r\n")
            #expect(
                TestSpace.wait(seconds: 30) {
                    terminal.shown.components(separatedBy: ReviewWorkflow.question).count
                        == count + 2
                }, "\(terminal.shown)")
        }
        terminal.type("h\n")
        #expect(terminal.wait().end == .exit(1))
        #expect(
            space.lines("ran") == ReviewWorkflow.tried
                + ["3 primary", "4 backup[1]", "5 primary", "6 backup[1]", "clean"])
    }

    @Test("while it is asked what runs goes on, nothing starts, and questions queue")
    func meanwhile() throws {
        let space = try TestSpace()
        space.environment["NO_COLOR"] = "1"
        try space.workflow(
            "[execution]\nerror_propagation = \"collaborative_review\"\n"
                + TestSpace.step("a", "echo a >> ready; exit 3")
                + TestSpace.step("b", "until [ -e fail ]; do sleep 0.02; done; exit 4")
                + TestSpace.step("c", "until [ -e go ]; do sleep 0.02; done; echo c >> ended")
                + TestSpace.step("d", "echo d >> ended"))
        let terminal = try space.startOnTerminal(["run", "--parallel", "-j", "3"])
        #expect(terminal.waitFor("r, s, c or h? "))
        #expect(terminal.shown.contains("decide: `a` failed: exit code 3"))
        #expect(terminal.shown.contains("meanwhile `b` and `c` go on; nothing else starts"))
        try space.file("go", "")
        #expect(terminal.waitFor("ok      c"))
        try space.file("fail", "")
        #expect(terminal.waitFor("exit code 4; decision wanted"))
        #expect(space.lines("ended") == ["c"])
        #expect(!terminal.shown.contains("decide: `b`"))
        terminal.type("s\n")
        #expect(terminal.waitFor("decide: `b` failed: exit code 4"))
        #expect(space.lines("ended") == ["c"])
        terminal.type("c\n")
        #expect(terminal.wait().end == .exit(1))
        #expect(space.lines("ended") == ["c", "d"])
        #expect(
            try LatestRun(in: space).statuses == [
                "a": .skipped, "b": .failed, "c": .complete, "d": .complete,
            ])
    }

    @Test("the end of the input is `halt`")
    func endOfInput() throws {
        let space = try TestSpace()
        try ReviewWorkflow.write(in: space)
        let terminal = try asked(in: space)
        terminal.type("\u{04}")
        let result = terminal.wait()
        #expect(result.end == .exit(1), "\(result)")
        #expect(space.lines("ran") == ReviewWorkflow.tried + ["clean"])
        #expect(result.output.contains("decided: halt"), "\(result)")
    }

    @Test("Ctrl-C at the question stops the run, and the step stays failed by its own reason")
    func interrupted() throws {
        let space = try TestSpace()
        try ReviewWorkflow.write(in: space)
        let terminal = try asked(in: space)
        terminal.type("hal\u{03}")
        let result = terminal.wait()
        #expect(result.end == .signal(SIGINT), "\(result)")
        #expect(space.lines("ran") == ReviewWorkflow.tried + ["clean"])
        let run = try LatestRun(in: space)
        #expect(try run.step("bad").status == .failed)
        #expect(try run.step("bad").reason == .exited(1))
        #expect(run.record.status == .aborted)
        #expect(space.living.isEmpty)
    }

    @Test("Ctrl-Z at the question gives the terminal back, and `fg` asks it anew")
    func suspended() throws {
        let space = try TestSpace()
        try ReviewWorkflow.write(in: space)
        let jobs = try space.startJobs(
            "\"$STEPVISOR\" run; echo \"stopped with $?\"; read answer; fg > fg; echo \"ended with $?\""
        )
        #expect(jobs.waitFor(ReviewWorkflow.prompt))
        jobs.type("\u{1A}")
        #expect(jobs.waitFor("stopped with 148"))
        // It is the shell's, not an answer.
        jobs.type("halt\n")
        #expect(
            TestSpace.wait(seconds: 30) {
                jobs.shown.components(separatedBy: ReviewWorkflow.question).count == 3
            }, "\(jobs.shown)")
        jobs.type("skip\n")
        let result = jobs.wait()
        #expect(result.output.contains("ended with 0"), "\(result)")
        #expect(space.lines("ran") == ReviewWorkflow.tried + ["next none", "other none", "clean"])
    }

    @Test("dynamic: nobody is asked about the first failure, somebody from the threshold on")
    func dynamic() throws {
        let space = try TestSpace()
        space.environment["NO_COLOR"] = "1"
        try space.workflow(
            "[execution]\ndefault_mode = \"dynamic\"\nfailure_threshold = 2\n"
                + TestSpace.step("a", "exit 3", "critical = false")
                + TestSpace.step("b", "exit 4", "critical = false")
                + TestSpace.step("c", "exit 5") + TestSpace.step("d", "echo d >> ran"))
        let terminal = try space.startOnTerminal(["run"])
        #expect(terminal.waitFor("decide: `b` failed: exit code 4"))
        #expect(terminal.shown.contains("2 failures in a row, the last one `b`"))
        terminal.type("s\n")
        #expect(terminal.waitFor("decide: `c` failed: exit code 5"))
        #expect(!terminal.shown.contains("decide: `a`"))
        terminal.type("c\n")
        let result = terminal.wait()
        #expect(result.end == .exit(1), "\(result)")
        #expect(space.lines("ran") == ["d"])
    }

    @Test("killed at the question, stepvisor leaves it open, and the next run can be told")
    func killed() throws {
        let space = try TestSpace()
        try ReviewWorkflow.write(in: space)
        let terminal = try asked(in: space)
        #expect(TestSpace.wait { space.latestRun()?.guardian != nil })
        terminal.signal(SIGKILL)
        #expect(terminal.wait().end == .signal(SIGKILL))
        #expect(TestSpace.wait { space.living.isEmpty })
        let result = try space.run("run", "--resume", "--decide", "bad=skip")
        #expect(result.code == 0, "\(result)")
        #expect(space.lines("ran") == ReviewWorkflow.tried + ["next none", "other none", "clean"])
    }
}

@Suite("Where nobody can be asked, a decision is given to the next run", .timeLimit(.minutes(20)))
struct DecideRunTests {
    private func stopped(_ words: [String] = ["run"], settings: String = "") throws -> TestSpace {
        let space = try TestSpace()
        try ReviewWorkflow.write(in: space, settings: settings)
        let result = try space.start(words).wait()
        #expect(result.code == 3, "\(result)")
        try expectStopped(space)
        return space
    }

    private func expectStopped(_ space: TestSpace) throws {
        // No finalizer: the work is not over.
        #expect(space.lines("ran") == ReviewWorkflow.tried)
        let run = try LatestRun(in: space)
        #expect(run.record.status == .review)
        #expect(try run.step("bad").status == .failed)
        for id in ["next", "other"] {
            #expect(try run.step(id).reason == .awaitsReview(of: 0))
        }
        #expect(try ProgressFile(in: space).text("status") == "review")
        #expect(try space.run("status").output.contains("review"))
    }

    @Test("also on a terminal that is not to be used", arguments: [["--quiet"], ["--json"]])
    func notToBeUsed(words: [String]) throws {
        let space = try TestSpace()
        try ReviewWorkflow.write(in: space)
        let result = try space.startOnTerminal(["run"] + words).wait()
        #expect(result.end == .exit(3), "\(result)")
        try expectStopped(space)
    }

    @Test("silence is kept on a terminal too")
    func silent() throws {
        let space = try TestSpace()
        try ReviewWorkflow.write(in: space, settings: "default_mode = \"silent\"")
        let result = try space.startOnTerminal(["run"]).wait()
        #expect(result.end == .exit(3), "\(result)")
        try expectStopped(space)
    }

    /// A word for the step, what has run then, what the run comes to.
    static let words: [(word: String, ran: [String], code: Int32, status: StepStatus)] = [
        ("retry", ["1 primary", "next none", "other none", "clean"], 0, .complete),
        ("skip", ["next none", "other none", "clean"], 0, .skipped),
        ("continue", ["next bad", "other none", "clean"], 1, .failed),
        ("halt", ["clean"], 1, .failed),
    ]

    @Test("each word does what it says", arguments: words)
    func each(word: String, ran: [String], code: Int32, status: StepStatus) throws {
        let space = try stopped()
        try space.file("mended", "")
        let result = try space.run("run", "--resume", "--decide", "bad=\(word)")
        #expect(result.code == code, "\(result)")
        #expect(space.lines("ran") == ReviewWorkflow.tried + ran)
        #expect(try LatestRun(in: space).step("bad").status == status)
    }

    @Test("a retry that fails wants a decision again; without one it simply runs again")
    func again() throws {
        let space = try stopped()
        for words in [["--decide", "bad=retry"], []] {
            let result = try space.start(["run", "--resume"] + words).wait()
            #expect(result.code == 3, "\(result)")
            #expect(try LatestRun(in: space).record.status == .review)
        }
        #expect(
            space.lines("ran")
                == ReviewWorkflow.tried + ReviewWorkflow.tried + ReviewWorkflow.tried)
        #expect(try space.run("run", "--resume", "--decide", "bad=skip").code == 0)
        #expect(space.lines("ran").suffix(3) == ["next none", "other none", "clean"])
    }

    @Test("what runs when the decision is wanted goes on to its end, and is not run again")
    func goesOn() throws {
        let space = try TestSpace()
        let wanted = "grep -q '\"review_wanted\"' .stepvisor/latest/events.ndjson"
        try space.workflow(
            "[execution]\nerror_propagation = \"collaborative_review\"\n"
                + TestSpace.step("bad", "exit 3")
                + TestSpace.step(
                    "long", "until \(wanted); do sleep 0.02; done; echo long >> ran")
                + TestSpace.step("next", "echo next >> ran", "dependencies = [\"long\"]"))
        let result = try space.run("run", "--parallel", "-j", "2")
        #expect(result.code == 3, "\(result)")
        #expect(space.lines("ran") == ["long"])
        #expect(try LatestRun(in: space).step("long").status == .complete)
        let second = try space.run("run", "--resume", "--decide", "bad=continue")
        #expect(second.code == 1, "\(second)")
        #expect(space.lines("ran") == ["long", "next"])
    }
}
