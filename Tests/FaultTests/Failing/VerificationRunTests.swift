import Execution
import Foundation
import Testing
import TestSupport

@Suite("A step has done its work only when what it says of it holds", .timeLimit(.minutes(20)))
struct VerificationRunTests {
    /// A step, what it says of its work, and what comes of it.
    struct Claim: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let line: String
        let settings: String
        var reason: StepReason?
    }

    static let claims = [
        Claim(
            testDescription: "an output is missing", line: "touch one",
            settings: "output_files = [\"one\", \"two\", \"more/*.txt\"]",
            reason: .outputsMissing(["two", "more/*.txt"])),
        Claim(
            testDescription: "an output is empty", line: "touch one",
            settings: "output_files = [\"one\"]"),
        Claim(
            testDescription: "its command passes", line: "echo good > one",
            settings: "verify = \"grep -q good one\""),
        Claim(
            testDescription: "its command fails", line: "echo bad > one",
            settings: "verify = \"grep -q good one || exit 7\"",
            reason: .verifyFailed(.exited(7))),
        Claim(
            testDescription: "a signal ends its command", line: "true",
            settings: "verify = \"kill -USR1 $$\"",
            reason: .verifyFailed(.signalled(SIGUSR1, coreDumped: false))),
        Claim(
            testDescription: "the log holds the pattern", line: "echo 12 tests passed",
            settings: "success_pattern = \"^[0-9]+ tests passed$\""),
        Claim(
            testDescription: "the log does not hold the pattern", line: "echo no tests passed",
            settings: "success_pattern = \"^[0-9]+ tests passed$\"",
            reason: .successPatternMissing("^[0-9]+ tests passed$")),
        Claim(
            testDescription: "the pattern is not looked for in what the command writes",
            line: "true", settings: "verify = \"echo done\"\nsuccess_pattern = \"done\"",
            reason: .successPatternMissing("done")),
        Claim(
            testDescription: "all three hold", line: "echo good | tee one",
            settings: """
                output_files = ["one"]
                success_pattern = "good"
                verify = "grep -q good one"
                """),
    ]

    @Test("and only then dependents start", arguments: claims)
    func holds(claim: Claim) throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step("a", claim.line, claim.settings)
                + TestSpace.step("next", "touch started", "dependencies = [\"a\"]"))
        let result = try space.run("run")
        #expect(result.code == (claim.reason == nil ? 0 : 1), "\(result)")
        let step = try LatestRun(in: space).step("a")
        #expect(step.reason == claim.reason)
        #expect(step.exit == .exited(0))
        #expect(space.exists("started") == (claim.reason == nil))
    }

    @Test("an output that is empty is noted, on the terminal and in the records")
    func emptyOutput() throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step("a", "touch one; echo x > two", "output_files = [\"one\", \"two\"]"))
        let result = try space.run("run")
        #expect(result.code == 0, "\(result)")
        #expect(result.error.contains("warning: `a`: output `one` is empty\n"), "\(result)")
        let empty = try LatestRun(in: space).events.compactMap { event -> [String]? in
            if case .outputsEmpty(_, let paths) = event.kind { paths } else { nil }
        }
        #expect(empty == [["one"]])
        #expect(space.text(".stepvisor/latest/progress.json").contains("output is empty: one"))
    }

    @Test("`verify` is given what the step was given, and writes into its log")
    func surroundings() throws {
        let space = try TestSpace()
        try space.directory("inner")
        let says = "echo \"$STEPVISOR_STEP $STEPVISOR_ATTEMPT $STEPVISOR_METHOD $MINE ${PWD##*/}\""
        try space.workflow(
            TestSpace.step(
                "a", says,
                """
                working_directory = "inner"
                environment = { MINE = "mine" }
                verify = '''\(says); [ $STEPVISOR_ATTEMPT = 2 ]'''
                backups = ['''\(says)''']
                """))
        let result = try space.run("run")
        #expect(result.code == 0, "\(result)")
        let (first, second) = ("a 1 primary mine inner", "a 2 backup[1] mine inner")
        #expect(
            try LatestRun(in: space).logParts("a") == [
                first, "verify", first, "attempt 2, backup[1]", second, "verify", second,
            ])
    }

    /// A `verify` that goes on, in two processes of which one has left the group.
    private static let lasting =
        "verify = '''setsid sleep 600 & sleep 600 & echo checks >> ran; wait'''\n"

    @Test("the attempt's limit goes on over `verify`, whose processes are ended with it")
    func timesOut() throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step("a", "true", Self.lasting + "timeout = \"1s\"")
                + TestSpace.step("next", "touch started", "dependencies = [\"a\"]"))
        let result = try space.run("run")
        #expect(result.code == 1, "\(result)")
        #expect(
            try LatestRun(in: space).step("a").reason
                == .timedOut(.attempt, limitMilliseconds: 1000))
        #expect(!space.exists("started"))
        #expect(space.living.isEmpty)
    }

    @Test("Ctrl-C while `verify` runs ends its processes, and `--resume` runs the step again")
    func interrupted() throws {
        let space = try TestSpace()
        try space.workflow(TestSpace.step("a", "echo a >> ran", Self.lasting))
        let command = try space.start(["run"])
        #expect(space.waitFor("ran", lines: 2))
        command.signal(SIGINT)
        let result = command.wait()
        #expect(result.end == .signal(SIGINT), "\(result)")
        #expect(try LatestRun(in: space).step("a").status == .aborted)
        #expect(space.living.isEmpty)
        try space.workflow(TestSpace.step("a", "echo a >> ran", "verify = \"echo checks >> ran\""))
        #expect(try space.run("run", "--resume").code == 0)
        #expect(space.lines("ran") == ["a", "checks", "a", "checks"])
    }

    @Test("killed while `verify` runs, stepvisor leaves none of it, and `--resume` runs the step")
    func killed() throws {
        let space = try TestSpace()
        let verify = "verify = \"echo checks >> ran; [ -e ok ] || { sleep 600 & wait; }\"\n"
        try space.workflow(
            TestSpace.step("a", "echo a >> ran", verify)
                + TestSpace.step("next", "echo next >> ran", "dependencies = [\"a\"]"))
        let command = try space.start(["run"])
        #expect(space.waitFor("ran", lines: 2))
        // It starts a moment after the first step.
        #expect(TestSpace.wait { space.latestRun()?.guardian != nil })
        command.signal(SIGKILL)
        #expect(command.wait().end == .signal(SIGKILL))
        #expect(TestSpace.wait { space.living.isEmpty })
        try space.file("ok", "")
        let result = try space.run("run", "--resume")
        #expect(result.code == 0, "\(result)")
        #expect(space.lines("ran") == ["a", "checks", "a", "checks", "next"])
    }

    @Test("killed with its guardian while `verify` runs, the next run ends what is left of it")
    func orphaned() throws {
        let space = try TestSpace()
        let verify = "verify = \"echo checks >> ran; [ -e ok ] || { sleep 600 & wait; }\"\n"
        try space.workflow(TestSpace.step("a", "echo a >> ran", verify))
        let command = try space.start(["run"])
        #expect(space.waitFor("ran", lines: 2))
        let remains = try #require(space.latestRun())
        defer { remains.clear() }
        #expect(TestSpace.wait { remains.guardian != nil })
        remains.orphan(command)
        #expect(command.wait().end == .signal(SIGKILL))
        #expect(!remains.carriers.isEmpty)
        try space.file("ok", "")
        let result = try space.run("run", "--resume")
        #expect(result.code == 0, "\(result)")
        #expect(remains.carriers.isEmpty)
        #expect(space.lines("ran") == ["a", "checks", "a", "checks"])
    }

    @Test("a failed check is a failed attempt: it is tried again, and looks only at its own part")
    func triedAgain() throws {
        let space = try TestSpace()
        try space.workflow(
            "[execution.retry]\ndelay = 0.02\n"
                + TestSpace.step(
                    "a",
                    """
                    case $STEPVISOR_ATTEMPT in
                        1) echo success; touch one; exit 9 ;;
                        2) echo nothing ;;
                        3) echo success; rm one ;;
                        4) echo success; touch one ;;
                    esac
                    """,
                    """
                    retries = 3
                    success_pattern = "success"
                    output_files = ["one"]
                    """))
        let result = try space.run("run")
        #expect(result.code == 0, "\(result)")
        let reasons = try LatestRun(in: space).events.compactMap { event -> StepReason? in
            if case .attemptFailed(_, let failure) = event.kind { failure.reason } else { nil }
        }
        #expect(
            reasons == [
                .exited(9), .successPatternMissing("success"), .outputsMissing(["one"]),
            ])
    }
}
