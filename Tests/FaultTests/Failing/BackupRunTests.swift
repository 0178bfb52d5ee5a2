import Execution
import Foundation
import Testing
import TestSupport

@Suite("Backups are tried in order after the command has failed", .timeLimit(.minutes(20)))
struct BackupRunTests {
    private static let quick = "[execution.retry]\ndelay = 0.05\n"

    @Test("the first that succeeds is the method used, with events and log sections of each")
    func order() throws {
        let space = try TestSpace()
        let says = "echo \"$STEPVISOR_ATTEMPT $STEPVISOR_METHOD\" | tee -a ran"
        try space.workflow(
            Self.quick
                + TestSpace.step(
                    "a", "\(says); exit 3",
                    """
                    retries = 1
                    backups = ['\(says); exit 4', ["sh", "-c", '\(says)'], 'echo never >> ran']
                    """)
                + TestSpace.step("b", "echo b >> ran", "dependencies = [\"a\"]"))
        let result = try space.run("run")
        #expect(result.code == 0, "\(result)")
        let attempts = ["1 primary", "2 primary", "3 backup[1]", "4 backup[2]"]
        #expect(space.lines("ran") == attempts + ["b"])
        let progress = try ProgressFile(in: space)
        #expect(try progress.step("a")["method_used"] as? String == "backup[2]")
        #expect(try progress.step("a")["attempts"] as? Int == 4)
        let events = try progress.events("a").filter { !["launched", "started"].contains($0) }
        #expect(
            events == [
                "primary_method_started", "primary_method_failed", "retry_scheduled",
                "primary_method_started", "primary_method_failed", "retry_scheduled",
                "backup[1]_started", "backup[1]_failed", "retry_scheduled",
                "backup[2]_started", "backup[2]_complete", "complete",
            ])
        #expect(try progress.error("a", of: "primary_method_failed") == "1 primary")
        #expect(try progress.error("a", of: "backup[1]_failed") == "3 backup[1]")
        #expect(
            try LatestRun(in: space).logParts("a") == [
                attempts[0], "attempt 2, primary", attempts[1], "attempt 3, backup[1]",
                attempts[2], "attempt 4, backup[2]", attempts[3],
            ])
    }

    @Test("when all have failed, the step has, by the reason of the last")
    func allFail() throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step("a", "exit 3", "backups = ['exit 4', 'exit 5']")
                + TestSpace.step("b", "touch never", "dependencies = [\"a\"]"))
        let result = try space.run("run")
        #expect(result.code == 1, "\(result)")
        #expect(!space.exists("never"))
        #expect(try LatestRun(in: space).step("a").reason == .exited(5))
        #expect(try ProgressFile(in: space).step("a")["method_used"] as? String == "backup[2]")
    }

    @Test("a program that is not there is not tried again, but its backup is")
    func notThere() throws {
        let space = try TestSpace()
        try space.workflow(
            "[execution.retry]\ndelay = \"1h\"\n"
                + "[[steps]]\nid = \"a\"\ncommand = [\"no-such-program-anywhere\"]\nretries = 3\n"
                + "backups = ['echo $STEPVISOR_ATTEMPT $STEPVISOR_METHOD >> ran']\n")
        let result = try space.run("run")
        #expect(result.code == 0, "\(result)")
        #expect(space.lines("ran") == ["2 backup[1]"])
    }

    private static let words = """
        [[steps]]
        id = "a"
        command = "exit 3"
        description = "as declared"
        backups = [
            { description = "Write it by hand", trigger_condition = "primary_failure" },
            "echo second >> ran",
        ]
        """

    @Test("a backup that is only words is for the runner, which is told them")
    func runner() throws {
        let space = try TestSpace()
        try space.file("runner.sh", "echo \"$STEPVISOR_METHOD: $STEPVISOR_DESCRIPTION\" >> ran\n")
        try space.workflow("[execution]\nrunner = 'sh runner.sh'\n" + Self.words)
        let result = try space.run("run")
        #expect(result.code == 0, "\(result)")
        #expect(space.lines("ran") == ["backup[1]: Write it by hand"])
        #expect(try ProgressFile(in: space).step("a")["method_used"] as? String == "backup[1]")
    }

    @Test("without a runner it is passed over with a warning")
    func noRunner() throws {
        let space = try TestSpace()
        try space.workflow(Self.words)
        let result = try space.run("run")
        #expect(result.code == 0, "\(result)")
        #expect(space.lines("ran") == ["second"])
        #expect(try ProgressFile(in: space).step("a")["method_used"] as? String == "backup[2]")
        #expect(result.error.contains("warning"), "\(result)")
        #expect(result.error.contains("--runner"), "\(result)")
    }

    @Test("killed in the middle of a backup, stepvisor leaves nothing, and `--resume` begins anew")
    func killed() throws {
        let space = try TestSpace()
        let says = "echo $STEPVISOR_ATTEMPT $STEPVISOR_METHOD >> ran"
        try space.workflow(
            TestSpace.step(
                "a", "\(says); [ -e mended ]", "backups = ['\(says); sleep 600 & wait']"))
        let command = try space.start(["run"])
        #expect(space.waitFor("ran", lines: 2))
        // It starts a moment after the first step.
        #expect(TestSpace.wait { space.latestRun()?.guardian != nil })
        command.signal(SIGKILL)
        #expect(command.wait().end == .signal(SIGKILL))
        #expect(TestSpace.wait { space.living.isEmpty })
        try space.file("mended", "")
        let result = try space.run("run", "--resume")
        #expect(result.code == 0, "\(result)")
        #expect(space.lines("ran") == ["1 primary", "2 backup[1]", "1 primary"])
    }
}
