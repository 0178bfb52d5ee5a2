import Execution
import Foundation
import Testing
import TestSupport

@Suite("Finalizers run once at the end, whatever the end is", .timeLimit(.minutes(20)))
struct FinalizerRunTests {
    private static func workflow(_ work: String, _ settings: String = "") -> String {
        let says = "echo $STEPVISOR_STEP ${STEPVISOR_FAILED_DEPENDENCIES-none} >> ran"
        return "[execution]\n\(settings)\n"
            // Declared first, and still last.
            + TestSpace.step("stop", says, "always = true\ndependencies = [\"work\"]")
            + TestSpace.step("last", says, "always = true\ndependencies = [\"stop\"]")
            + TestSpace.step("begin", "echo begin >> ran")
            + TestSpace.step("work", work, "dependencies = [\"begin\"]")
            + TestSpace.step("after", "echo after >> ran", "dependencies = [\"work\"]")
    }

    /// What the work does, and how the run ends.
    struct Ending: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let work: String
        var settings = ""
        var signal: Int32?
        let end: CommandResult.End
        let ran: [String]
    }

    private static let failed = ["begin", "stop work", "last none"]

    static let endings = [
        Ending(
            testDescription: "a success", work: "true", end: .exit(0),
            ran: ["begin", "after", "stop none", "last none"]),
        Ending(
            testDescription: "a critical failure", work: "exit 3", end: .exit(1), ran: failed),
        Ending(
            testDescription: "the limit of the run", work: "sleep 600 & wait",
            settings: "run_timeout = \"1s\"", end: .exit(124), ran: failed),
        Ending(
            testDescription: "Ctrl-C", work: "touch runs; sleep 600 & wait", signal: SIGINT,
            end: .signal(SIGINT), ran: failed),
        Ending(
            testDescription: "TERM", work: "touch runs; sleep 600 & wait", signal: SIGTERM,
            end: .signal(SIGTERM), ran: failed),
    ]

    @Test("after", arguments: endings)
    func after(ending: Ending) throws {
        let space = try TestSpace()
        try space.workflow(Self.workflow(ending.work, ending.settings))
        let command = try space.start(["run"])
        if let signal = ending.signal {
            #expect(TestSpace.wait(seconds: 30) { space.exists("runs") })
            command.signal(signal)
        }
        let result = command.wait()
        #expect(result.end == ending.end, "\(result)")
        #expect(space.lines("ran") == ending.ran)
        let run = try LatestRun(in: space)
        #expect(run.events.count { $0.kind == .finalizing } == 1)
        for id in ["stop", "last"] { #expect(try run.step(id).status == .complete) }
        #expect(space.living.isEmpty)
    }

    @Test("`--resume` runs them again, and what had ended well not")
    func resumed() throws {
        let space = try TestSpace()
        try space.workflow(Self.workflow("[ -e mended ]"))
        #expect(try space.run("run").code == 1)
        try space.file("mended", "")
        let result = try space.run("run", "--resume")
        #expect(result.code == 0, "\(result)")
        #expect(space.lines("ran") == Self.failed + ["after", "stop none", "last none"])
    }

    @Test("killed while one runs, stepvisor leaves nothing, and `--resume` runs them again")
    func killed() throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step("work", "echo work >> ran")
                + TestSpace.step(
                    "stop", "echo stop >> ran; [ -e ok ] || { sleep 600 & wait; }", "always = true")
        )
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
        #expect(space.lines("ran") == ["work", "stop", "stop"])
    }

    @Test("a signal while they run stops them, and no further one starts")
    func stopped() throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step("work", "echo work >> ran; sleep 600 & wait")
                + TestSpace.step("stop", "echo stop >> ran; sleep 600 & wait", "always = true")
                + TestSpace.step(
                    "last", "echo last >> ran", "always = true\ndependencies = [\"stop\"]"))
        let command = try space.start(["run"])
        for count in 1...2 {
            #expect(space.waitFor("ran", lines: count))
            command.signal(SIGINT)
        }
        let result = command.wait()
        #expect(result.end == .signal(SIGINT), "\(result)")
        #expect(space.lines("ran") == ["work", "stop"])
        let run = try LatestRun(in: space)
        #expect(try run.step("stop").status == .aborted)
        #expect(try run.step("last").status == .skipped)
        #expect(space.living.isEmpty)
    }

    @Test("one that fails makes the run fail and keeps no other from running")
    func failing() throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step("work", "echo work >> ran")
                + TestSpace.step("stop", "echo stop >> ran; exit 3", "always = true")
                + TestSpace.step(
                    "last", "echo last $STEPVISOR_FAILED_DEPENDENCIES >> ran",
                    "always = true\ndependencies = [\"stop\"]")
                + TestSpace.step("other", "echo other >> ran", "always = true"))
        let result = try space.run("run")
        #expect(result.code == 1, "\(result)")
        #expect(space.lines("ran").sorted() == ["last stop", "other", "stop", "work"])
        #expect(try LatestRun(in: space).record.status == .failed)
    }

    @Test("with a part of the steps they come with what they depend on")
    func selected() throws {
        let space = try TestSpace()
        try space.workflow(Self.workflow("echo work >> ran"))
        #expect(try space.run("run", "--only", "begin").code == 0)
        #expect(space.lines("ran") == ["begin"])
        #expect(try space.run("run", "work").code == 0)
        #expect(space.lines("ran").dropFirst() == ["begin", "work", "stop none", "last none"])
    }
}
