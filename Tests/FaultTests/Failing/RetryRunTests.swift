import Execution
import Foundation
import Testing
import TestSupport

@Suite("A step that fails is tried again as it says", .timeLimit(.minutes(20)))
struct RetryRunTests {
    private static let quick = "[execution.retry]\ndelay = 0.05\n"

    @Test("three attempts, the third of which succeeds, are one success with three log sections")
    func third() throws {
        let space = try TestSpace()
        try space.workflow(
            Self.quick
                + TestSpace.step(
                    "a",
                    """
                    echo "attempt $STEPVISOR_ATTEMPT $STEPVISOR_METHOD $STEPVISOR_EXECUTION_ID" >> ran
                    [ -e "$STEPVISOR_OUTPUT" ] && echo "left over" >> ran
                    echo "try=$STEPVISOR_ATTEMPT" >> "$STEPVISOR_OUTPUT"
                    printf "wrote $STEPVISOR_ATTEMPT"
                    [ $STEPVISOR_ATTEMPT = 3 ]
                    """, "retries = 2")
                + TestSpace.step(
                    "b", "cat \"$STEPVISOR_OUTPUTS/a\" >> ran", "dependencies = [\"a\"]"))
        let result = try space.run("run")
        #expect(result.code == 0, "\(result)")
        #expect(
            space.lines("ran") == [
                "attempt 1 primary exec_001", "attempt 2 primary exec_002",
                "attempt 3 primary exec_003", "try=3",
            ])

        let progress = try ProgressFile(in: space)
        let step = try progress.step("a")
        #expect(step["attempts"] as? Int == 3)
        #expect(step["method_used"] as? String == "primary")
        #expect(step["status"] as? String == "complete")
        let failed = ["launched", "started", "primary_method_started", "primary_method_failed"]
        #expect(
            try progress.events("a") == failed + ["retry_scheduled"] + failed
                + ["retry_scheduled"] + failed.dropLast() + ["primary_method_complete", "complete"])
        #expect(try progress.error("a", of: "primary_method_failed") == "wrote 1")

        #expect(
            try LatestRun(in: space).logParts("a") == [
                "wrote 1", "attempt 2, primary", "wrote 2", "attempt 3, primary", "wrote 3",
            ])
    }

    /// A first attempt that fails in some way, and whether that is worth a second one.
    struct Failure: Sendable, CustomTestStringConvertible {
        var testDescription: String { "\(line) with \(retryOn)" }
        let line: String
        let retryOn: String
        let isRetried: Bool
        let reason: StepReason
    }

    static let failures = [
        Failure(line: "exit 75", retryOn: "[75]", isRetried: true, reason: .exited(75)),
        Failure(line: "exit 75", retryOn: "[]", isRetried: true, reason: .exited(75)),
        Failure(line: "exit 76", retryOn: "[75, 77]", isRetried: false, reason: .exited(76)),
        Failure(
            line: "kill -USR1 $$", retryOn: "[\"SIGUSR1\"]", isRetried: true,
            reason: .signalled(SIGUSR1, coreDumped: false)),
        Failure(
            line: "kill -USR1 $$", retryOn: "[\"SIGUSR2\", 138]", isRetried: false,
            reason: .signalled(SIGUSR1, coreDumped: false)),
        Failure(
            line: "exec sleep 60", retryOn: "[\"timeout\"]", isRetried: true,
            reason: .timedOut(.attempt, limitMilliseconds: 1000)),
        Failure(
            line: "exec sleep 60", retryOn: "[1, \"SIGTERM\"]", isRetried: false,
            reason: .timedOut(.attempt, limitMilliseconds: 1000)),
    ]

    @Test("`retry_on` says which failures are worth it", arguments: failures)
    func retryOn(failure: Failure) throws {
        let space = try TestSpace()
        try space.workflow(
            Self.quick
                + TestSpace.step(
                    "a",
                    "echo $STEPVISOR_ATTEMPT >> ran; [ -e ok ] || { touch ok; \(failure.line); }",
                    "retries = 1\nretry_on = \(failure.retryOn)\ntimeout = \"1s\""))
        let result = try space.run("run")
        #expect(result.code == (failure.isRetried ? 0 : 1), "\(result)")
        #expect(space.lines("ran") == (failure.isRetried ? ["1", "2"] : ["1"]))
        let run = try LatestRun(in: space)
        let reasons = run.events.compactMap { event -> StepReason? in
            switch event.kind {
            case .attemptFailed(_, let attempt): attempt.reason
            case .ended(_, let end): end.reason
            default: nil
            }
        }
        #expect(reasons == [failure.reason])
    }

    @Test("while it rests another step takes its only slot and its lock")
    func restsWithoutHolding() throws {
        let space = try TestSpace()
        let lock = "resources_required = [\"db\"]\n"
        try space.workflow(
            Self.quick
                + TestSpace.step(
                    "a", "echo a$STEPVISOR_ATTEMPT >> ran; [ $STEPVISOR_ATTEMPT = 2 ]",
                    lock + "retries = 1")
                // It outlasts the rest of the other one.
                + TestSpace.step("b", "echo begin >> ran; sleep 0.3; echo end >> ran", lock))
        let result = try space.run("run")
        #expect(result.code == 0, "\(result)")
        #expect(space.lines("ran") == ["a1", "begin", "end", "a2"])
    }

    @Test("Ctrl-C ends a rest of an hour at once, and `--resume` begins the step anew")
    func interrupted() throws {
        let space = try TestSpace()
        try space.workflow(
            "[execution.retry]\ndelay = \"1h\"\nmax_delay = \"2h\"\n"
                + TestSpace.step("before", "echo before >> ran")
                + TestSpace.step(
                    "a", "echo a$STEPVISOR_ATTEMPT >> ran; [ -e mended ]",
                    "retries = 5\ndependencies = [\"before\"]")
                + TestSpace.step("next", "echo next >> ran", "dependencies = [\"a\"]"))
        let command = try space.start(["run"])
        #expect(TestSpace.wait(seconds: 30) { space.journal().contains("retry_scheduled") })
        command.signal(SIGINT)
        let result = command.wait()
        #expect(result.end == .signal(SIGINT), "\(result)")
        let run = try LatestRun(in: space)
        #expect(try run.step("a").status == .aborted)
        #expect(try run.step("a").reason == .interrupted(SIGINT))
        #expect(try run.step("next").status == .skipped)
        #expect(run.record.status == .aborted)
        #expect(space.living.isEmpty)

        try space.file("mended", "")
        #expect(try space.run("run", "--resume").code == 0)
        #expect(space.lines("ran") == ["before", "a1", "a1", "next"])
    }

    @Test("killed while a step rests, stepvisor leaves nothing, and `--resume` begins it anew")
    func killed() throws {
        let space = try TestSpace()
        try space.workflow(
            "[execution.retry]\ndelay = \"1h\"\n"
                + TestSpace.step("before", "echo before >> ran")
                + TestSpace.step(
                    "a", "echo a$STEPVISOR_ATTEMPT >> ran; [ -e mended ]",
                    "retries = 5\ndependencies = [\"before\"]"))
        let command = try space.start(["run"])
        #expect(TestSpace.wait(seconds: 30) { space.journal().contains("retry_scheduled") })
        command.signal(SIGKILL)
        #expect(command.wait().end == .signal(SIGKILL))
        #expect(TestSpace.wait { space.living.isEmpty })
        let status = try space.run("status")
        #expect(status.output.contains("interrupted"), "\(status)")
        try space.file("mended", "")
        let result = try space.run("run", "--resume")
        #expect(result.code == 0, "\(result)")
        #expect(space.lines("ran") == ["before", "a1", "a1"])
    }

    @Test("a budget bounds the retries of all steps together, which one warning says")
    func budget() throws {
        let space = try TestSpace()
        let line = "echo $STEPVISOR_STEP.$STEPVISOR_METHOD >> ran; false"
        try space.workflow(
            "[execution.retry]\ndelay = 0.02\nbudget = 3\n"
                + ["a", "b", "c"].map {
                    TestSpace.step(
                        $0, line,
                        "retries = 2\nbackups = ['echo $STEPVISOR_STEP.backup >> ran']")
                }.joined())
        let result = try space.run("run", "--parallel", "-j3")
        #expect(result.code == 0, "\(result)")
        #expect(space.lines("ran").count { $0.hasSuffix(".primary") } == 6)
        #expect(space.lines("ran").count { $0.hasSuffix(".backup") } == 3)
        #expect(try LatestRun(in: space).warnings.count == 1)
        #expect(result.error.contains("budget"), "\(result)")
    }
}
