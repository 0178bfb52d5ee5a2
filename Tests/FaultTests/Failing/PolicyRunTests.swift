import Execution
import Foundation
import Testing
import TestSupport

@Suite("What a failure does to the rest of a run", .timeLimit(.minutes(20)))
struct PolicyRunTests {
    private static func execution(_ lines: String) -> String { "[execution]\n\(lines)\n" }

    /// Fails as soon as there are so many lines in `ready`.
    private static func fails(after lines: Int) -> String {
        "until [ \"$(wc -l < ready)\" -ge \(lines) ]; do sleep 0.02; done; exit 3"
    }

    @Test("pessimistic: what runs is stopped at once, and each step is recorded as what it came to")
    func pessimistic() throws {
        let space = try TestSpace()
        try space.file("ready", "")
        let goesOn = "echo x >> ready; sleep 600 & wait; wait"
        try space.workflow(
            TestSpace.step("done", "echo done >> ready")
                + TestSpace.step("bad", Self.fails(after: 3))
                + TestSpace.step("long", "trap 'echo TERM > got; exit 0' TERM; \(goesOn)")
                + TestSpace.step("deaf", "trap '' TERM; \(goesOn)", "grace = 0.2")
                + TestSpace.step("queued", "touch started")
                + TestSpace.step("after", "touch started", "dependencies = [\"bad\"]"))
        // A place for each of the four, and none for the fifth once they run.
        let result = try space.run("run", "--parallel", "-j", "4")
        #expect(result.code == 1, "\(result)")
        let run = try LatestRun(in: space)
        #expect(
            run.statuses.filter { $0.key != "queued" } == [
                "done": .complete, "bad": .failed, "long": .aborted, "deaf": .aborted,
                "after": .skipped,
            ])
        #expect(space.text("got") == "TERM\n")
        #expect(try run.signals("deaf") == [SIGTERM, SIGKILL])
        for id in ["long", "deaf"] {
            guard case .halted = try run.step(id).reason else {
                Issue.record("\(id): \(String(describing: try run.step(id).reason))")
                continue
            }
        }
        #expect(run.record.status == .failed)
        #expect(space.living.isEmpty)
    }

    @Test("optimistic: what runs goes on, nothing more starts, all failures are reported together")
    func optimistic() throws {
        let space = try TestSpace()
        try space.file("ready", "")
        let halted = "grep -q '\"halting\"' .stepvisor/latest/events.ndjson"
        let waits = "echo x >> ready; until \(halted); do sleep 0.02; done"
        try space.workflow(
            Self.execution("failure_strategy = \"optimistic\"")
                + TestSpace.step("bad", Self.fails(after: 2))
                + TestSpace.step("worse", "\(waits); echo it went wrong; exit 4")
                + TestSpace.step("good", "\(waits); echo good > good")
                + TestSpace.step("after", "touch started", "dependencies = [\"good\"]"))
        let result = try space.run("run", "--parallel", "-j", "3")
        #expect(result.code == 1, "\(result)")
        #expect(
            try LatestRun(in: space).statuses == [
                "bad": .failed, "worse": .failed, "good": .complete, "after": .skipped,
            ])
        #expect(space.exists("good"))
        #expect(!space.exists("started"))
        let end = result.error.components(separatedBy: "\n\n").dropFirst().joined(separator: "\n\n")
        for text in ["FAILED bad", "FAILED worse", "| it went wrong", "exit code 3", "exit code 4"]
        {
            #expect(end.contains(text), "\(text) in \(result)")
        }
    }

    @Test("a group fails on its own: its processes are stopped, those of others are not")
    func groupFails() throws {
        let space = try TestSpace()
        let halted = "grep -q '\"group_halting\"' .stepvisor/latest/events.ndjson"
        let waits = "echo x >> ready; until \(halted); do sleep 0.02; done"
        let ofGroup = "parallel_group = \"g\""
        try space.file("ready", "")
        try space.workflow(
            "[groups.g]\nfailure_strategy = \"pessimistic\"\n"
                + TestSpace.step("bad", Self.fails(after: 2), ofGroup)
                + TestSpace.step("long", "echo x >> ready; sleep 600 & wait; wait", ofGroup)
                + TestSpace.step("other", "\(waits); echo other >> ran")
                + TestSpace.step("after", "echo after >> ran", "dependencies = [\"other\"]")
                + TestSpace.step("below", "echo below >> ran", "dependencies = [\"long\"]"))
        let result = try space.run("run", "--parallel", "-j", "3")
        #expect(result.code == 1, "\(result)")
        #expect(space.lines("ran") == ["other", "after"])
        let run = try LatestRun(in: space)
        #expect(try run.step("long").status == .aborted)
        #expect(try run.step("long").reason == .groupHalted("g", by: 0))
        #expect(try run.step("below").reason == .dependencyFailed(1))
        #expect(space.living.isEmpty)
        // Of the group what did not end well runs again.
        try space.workflow(
            "[groups.g]\nfailure_strategy = \"pessimistic\"\n"
                + TestSpace.step("bad", "echo bad >> ran", ofGroup)
                + TestSpace.step("long", "echo long >> ran", ofGroup)
                + TestSpace.step("other", "\(waits); echo other >> ran")
                + TestSpace.step("after", "echo after >> ran", "dependencies = [\"other\"]")
                + TestSpace.step("below", "echo below >> ran", "dependencies = [\"long\"]"))
        let second = try space.run("run", "--resume")
        #expect(second.code == 0, "\(second)")
        #expect(space.lines("ran").sorted() == ["after", "bad", "below", "long", "other"])
    }

    @Test("continue_and_log: dependents run, are told of which, with a warning, and it is exit 1")
    func continueAndLog() throws {
        let space = try TestSpace()
        let says = "echo \"$STEPVISOR_STEP: ${STEPVISOR_FAILED_DEPENDENCIES-none}\" >> ran"
        try space.workflow(
            Self.execution("error_propagation = \"continue_and_log\"")
                + TestSpace.step("bad", "exit 3")
                + TestSpace.step("worse", "exit 4", "critical = false")
                + TestSpace.step("good", says)
                + TestSpace.step("both", says, "dependencies = [\"bad\", \"worse\", \"good\"]")
                + TestSpace.step("last", says, "dependencies = [\"both\"]"))
        let result = try space.run("run")
        #expect(result.code == 1, "\(result)")
        #expect(space.lines("ran") == ["good: none", "both: bad,worse", "last: none"])
        let run = try LatestRun(in: space)
        #expect(run.warnings.count == 1 && run.warnings[0].contains("`bad`"), "\(run.warnings)")
        #expect(result.error.contains("warning: `both`"), "\(result)")
        #expect(run.record.status == .failed)
    }

    @Test("an allowed failure is none; one of a step that is not critical skips its dependents")
    func allowed() throws {
        let space = try TestSpace()
        let says = "echo \"$STEPVISOR_STEP: ${STEPVISOR_FAILED_DEPENDENCIES-none}\" >> ran"
        try space.workflow(
            TestSpace.step("may", "exit 3", "allow_failure = true")
                + TestSpace.step("next", says, "dependencies = [\"may\"]"))
        let result = try space.run("run")
        #expect(result.code == 0, "\(result)")
        #expect(space.lines("ran") == ["next: none"])
        #expect(try LatestRun(in: space).step("may").status == .failed)

        try space.workflow(
            TestSpace.step("minor", "exit 3", "critical = false")
                + TestSpace.step("next", says, "dependencies = [\"minor\"]")
                + TestSpace.step("other", says))
        let second = try space.run("run")
        #expect(second.code == 1, "\(second)")
        #expect(space.lines("ran").dropFirst() == ["other: none"])
        #expect(try LatestRun(in: space).step("next").status == .skipped)
    }

    /// How four steps in a row end, and whether that is too much for a threshold of three.
    static let rows: [(ends: [String], ran: Int)] = [
        (["false", "false", "false", "true"], 3),
        (["false", "false", "true", "false", "false", "true"], 6),
        (["false", "true", "false", "false", "false", "true"], 5),
    ]

    @Test("so many failures in a row halt, a success begins the count anew", arguments: rows)
    func threshold(ends: [String], ran: Int) throws {
        let space = try TestSpace()
        try space.workflow(
            Self.execution("failure_threshold = 3")
                + ends.enumerated().map {
                    TestSpace.step("s\($0)", "echo x >> ran; \($1)", "critical = false")
                }.joined())
        let result = try space.run("run")
        #expect(result.code == 1, "\(result)")
        #expect(space.lines("ran").count == ran)
        let run = try LatestRun(in: space)
        let isReached = ran < ends.count
        #expect(
            run.events.contains { event in
                if case .thresholdReached(_, 3) = event.kind { true } else { false }
            } == isReached)
        if isReached {
            #expect(try run.step("s\(ends.count - 1)").reason == .failuresInARow(3))
            #expect(result.error.contains("] 3 failures in a row, the last one `s"), "\(result)")
        }
    }

    @Test("`-k` heeds neither threshold nor critical failures, and asks nobody")
    func keepGoing() throws {
        let space = try TestSpace()
        try space.workflow(
            Self.execution(
                "failure_threshold = 1\nerror_propagation = \"collaborative_review\"")
                + TestSpace.step("a", "exit 3") + TestSpace.step("b", "exit 4")
                + TestSpace.step("c", "touch ran"))
        let result = try space.run("run", "-k")
        #expect(result.code == 1, "\(result)")
        #expect(space.exists("ran"))
        #expect(try LatestRun(in: space).statuses == ["a": .failed, "b": .failed, "c": .complete])
    }

    @Test("dynamic: silent until the threshold, then a review, which terminal and record say")
    func dynamic() throws {
        let space = try TestSpace()
        try space.workflow(
            Self.execution("default_mode = \"dynamic\"\nfailure_threshold = 2")
                + TestSpace.step("a", "exit 3", "critical = false")
                + TestSpace.step("b", "exit 4", "critical = false")
                + TestSpace.step("c", "touch never"))
        let result = try space.run("run")
        #expect(result.code == 3, "\(result)")
        #expect(!space.exists("never"))
        let run = try LatestRun(in: space)
        #expect(run.record.status == .review)
        #expect(run.events.contains { $0.kind == .modeChanged(.collaborative) })
        #expect(run.events.contains { $0.kind == .reviewWanted(step: 1) })
        #expect(try run.step("c").reason == .awaitsReview(of: 1))
        #expect(result.error.contains("] 2 failures in a row, the last one `b`"), "\(result)")
        #expect(try ProgressFile(in: space).text("status") == "review")
    }
}
