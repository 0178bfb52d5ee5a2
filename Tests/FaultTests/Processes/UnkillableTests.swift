import Execution
import Foundation
import Testing
import TestSupport

@testable import Processes
@testable import Supervisor
@testable import SupervisorTestSupport

@Suite("Fault 20: steps that are stopped, or cannot be killed", .timeLimit(.minutes(20)))
struct UnkillableTests {
    /// Root without the right to signal others' processes has steps that it cannot kill, as an
    /// ordinary user has those that call `sudo`.
    private static let canBeHelpless =
        geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv")

    private static let asNobody = "setpriv --reuid=65534 --clear-groups sleep 3600"

    @Test(
        "fault 20: 5 s after KILL a step is given up, and the run ends without it",
        .enabled(if: canBeHelpless), arguments: ["exec \(asNobody)", "\(asNobody) & wait"])
    func unkillable(line: String) throws {
        let space = try TestSpace()
        defer {
            for process in Processes.carrying("HOME=\(space.root.path)") {
                kill(process.pid, SIGKILL)
            }
        }
        try space.workflow(
            TestSpace.step(
                "stays", "echo ready >> ready; " + line,
                "timeout = \"1s\"\ngrace = \"300ms\"\nresources_required = [\"port\"]")
                + TestSpace.step("needs", "touch needed", "resources_required = [\"port\"]")
                + TestSpace.step("other", "until [ -e ready ]; do sleep 0.02; done; touch other"))
        let command = try space.start(
            program: "/usr/bin/env",
            [
                "setpriv", "--bounding-set=-kill", "--inh-caps=-all", BuiltProgram.path, "run",
                "--parallel", "-k",
            ])
        let began = ContinuousClock.now
        let result = command.wait(seconds: 60)
        #expect(result.code == 1, "\(result)")
        // Limit, grace, 5 s, and what a busy machine adds; the process would sleep for an hour.
        #expect(ContinuousClock.now - began < .seconds(40))
        let run = try LatestRun(in: space)
        let left = Processes.carrying("HOME=\(space.root.path)").filter { !$0.isZombie }
        #expect(left.count == 1, "\(left)")
        #expect(try run.step("stays").status == .failed)
        #expect(result.error.contains("cannot be killed"), "\(result)")
        if case .unkillable(let pids) = try run.step("stays").reason {
            #expect(pids.contains { pid in left.contains { $0.group == pid || $0.pid == pid } })
        } else {
            Issue.record("\(String(describing: try run.step("stays").reason))")
        }
        #expect(try run.signals("stays") == [SIGTERM, SIGKILL])
        // What it had taken stays taken, and nobody waits for it for ever.
        #expect(try run.step("needs").status == .skipped)
        #expect(!space.exists("needed"))
        #expect(try run.step("other").status == .complete)
        #expect(run.events.last?.kind == .runEnded(.failed))
    }

    @Test("fault 20: a stopped step is let go on with TERM, so that it can end", arguments: [0, 1])
    func stopped(signals: Int) throws {
        let space = try TestSpace()
        let line = "trap 'echo bye > bye; exit 0' TERM; kill -STOP $$; sleep 60 & wait"
        try space.workflow(
            TestSpace.step("stopped", line, signals == 0 ? "timeout = \"1s\"" : ""))
        let command = try space.start(["run", "--grace", "60s"])
        if signals > 0 {
            #expect(
                TestSpace.wait(seconds: 30) {
                    Processes.carrying("HOME=\(space.root.path)").contains {
                        $0.state == UInt8(ascii: "T")
                    }
                })
            command.signal(SIGTERM)
        }
        let result = command.wait()
        #expect(result.end == (signals == 0 ? .exit(1) : .signal(SIGTERM)), "\(result)")
        #expect(space.text("bye") == "bye\n")
        let run = try LatestRun(in: space)
        #expect(try run.signals("stopped") == [SIGTERM])
        #expect(try run.step("stopped").exit == .exited(0))
        #expect(space.living.isEmpty)
    }
}
