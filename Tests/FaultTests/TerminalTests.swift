import Execution
import Foundation
import Testing
import TestSupport

@Suite("Faults 11, 32, 34, 45, 51: on a terminal", .timeLimit(.minutes(20)))
struct TerminalTests {
    @Test(
        "fault 11: a step that wants the terminal fails within 2 s, with that reason",
        arguments: [
            ("read answer < /dev/tty; touch after", SIGTTIN),
            ("stty -echo < /dev/tty; touch after", SIGTTOU),
            ("sh -c 'cat < /dev/tty; :'; touch after", SIGTTIN),
            // The leader lives on, and another process of its group waits for ever.
            ("trap 'touch caught' TTIN; cat < /dev/tty; touch after", SIGTTIN),
        ])
    func wantsTerminal(line: String, signal: Int32) throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step("asks", line, "critical = false")
                + TestSpace.step("next", "echo fine"))
        let terminal = try space.startOnTerminal(["run"])
        let result = terminal.wait()
        #expect(result.end == .exit(1), "\(result)")
        let run = try LatestRun(in: space)
        let step = try run.step("asks")
        #expect(step.status == .failed)
        #expect(step.reason == .wantedTerminal(signal))
        #expect(!space.exists("after"))
        #expect(try run.step("next").status == .complete)
        let started = try #require(step.startedAt)
        let noticed = try run.time { if case .terminating = $0 { true } else { false } }
        // Two seconds, and what a busy machine adds.
        #expect(noticed - started < 8_000_000_000)
    }

    @Test("fault 11: a step that stops itself by STOP or TSTP is none that wants the terminal")
    func stopsItself() throws {
        let space = try TestSpace()
        try space.workflow(
            ["STOP", "TSTP"].map { TestSpace.step($0, "kill -\($0) $$", "timeout = \"3s\"") }
                .joined())
        let terminal = try space.startOnTerminal(["run", "--parallel", "-k"])
        #expect(terminal.wait().end == .exit(1))
        let run = try LatestRun(in: space)
        for id in ["STOP", "TSTP"] {
            #expect(try run.step(id).reason == .timedOut(.attempt, limitMilliseconds: 3000))
        }
    }

    @Test("fault 32: Ctrl-Z stops stepvisor and its steps, `fg` lets all go on, no limit counts")
    func suspended() throws {
        let space = try TestSpace()
        let line = "while [ ! -e finish ]; do echo tick >> ticks; sleep 0.02; done"
        try space.workflow(TestSpace.step("ticks", line, "timeout = \"3s\""))
        let jobs = try space.startJobs(
            """
            "$STEPVISOR" run; echo "stopped with $?"; read answer; fg > fg; echo "ended with $?"
            """)
        #expect(space.waitFor("ticks", lines: 5))
        jobs.type("\u{1A}")
        #expect(jobs.waitFor("stopped with 148"))
        let ticks = space.lines("ticks").count
        // Longer than the step may run.
        _ = TestSpace.wait(seconds: 3.5) { false }
        #expect(space.lines("ticks").count <= ticks + 1)
        let stopped = jobs.shown
        #expect(stopped.hasSuffix("stopped with 148\r\n"), "\(stopped)")
        jobs.type("\n")
        #expect(space.waitFor("ticks", lines: ticks + 5))
        try space.file("finish", "")
        let result = jobs.wait()
        #expect(result.output.contains("ended with 0"), "\(result)")
        let run = try LatestRun(in: space)
        #expect(try run.step("ticks").status == .complete)
        let began = try run.time { $0 == .suspended }
        let ended = try run.time { if case .resumed = $0 { true } else { false } }
        #expect(ended - began > 3_000_000_000)
        #expect(space.living.isEmpty)
    }

    @Test("fault 32: a step that had stopped itself is not let go on by `fg`")
    func stoppedBefore() throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step("stopped", "echo $$ > pid; kill -STOP $$; touch after")
                + TestSpace.step("waits", "until [ -e finish ]; do sleep 0.02; done"))
        let jobs = try space.startJobs(
            """
            "$STEPVISOR" run --parallel; echo "stopped with $?"; read answer; fg > fg
            echo "ended with $?"
            """)
        #expect(space.waitFor("pid"))
        let pid = try #require(Int32(space.lines("pid")[0]))
        #expect(TestSpace.wait(seconds: 30) { Self.state(of: pid) == "T" })
        jobs.type("\u{1A}")
        #expect(jobs.waitFor("stopped with 148"))
        jobs.type("\n")
        try space.file("finish", "")
        #expect(jobs.waitFor("ok      "))
        #expect(Self.state(of: pid) == "T")
        kill(-pid, SIGCONT)
        #expect(jobs.wait().output.contains("ended with 0"))
        #expect(space.exists("after"))
    }

    @Test("fault 32: in the background nothing is drawn over the shell, even with `stty tostop`")
    func background() throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step("a", "touch runs; until [ -e finish ]; do sleep 0.02; done")
                + TestSpace.step("b", "true"))
        let jobs = try space.startJobs(
            "stty tostop; \"$STEPVISOR\" run & wait $!; echo \"ended with $?\"")
        #expect(TestSpace.wait(seconds: 30) { space.exists("runs") })
        #expect(jobs.waitFor("a\r\n"))
        try space.file("finish", "")
        let result = jobs.wait()
        #expect(result.output.contains("ended with 0"), "\(result)")
        #expect(!result.output.contains("\u{1B}[1A"), "\(result)")
        #expect(!result.output.contains("1 running"), "\(result)")
    }

    @Test("fault 32: who starts stepvisor with TSTP ignored cannot stop it so")
    func ignored() throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step("a", "touch runs; until [ -e finish ]; do sleep 0.02; done"))
        let terminal = try space.startOnTerminal(
            program: "/bin/sh", ["-c", "trap '' TSTP; exec \"$STEPVISOR\" run"])
        #expect(TestSpace.wait(seconds: 30) { space.exists("runs") })
        terminal.type("\u{1A}")
        terminal.signal(SIGTSTP)
        try space.file("finish", "")
        #expect(terminal.wait().end == .exit(0))
        let run = try LatestRun(in: space)
        #expect(!run.events.contains { $0.kind == .suspended })
    }

    private static func state(of pid: Int32) -> String {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        return text.split(separator: ")").last?.split(separator: " ").first.map(String.init) ?? ""
    }
}
