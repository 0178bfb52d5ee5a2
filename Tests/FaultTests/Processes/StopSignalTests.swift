import Execution
import Foundation
import Testing
import TestSupport

@Suite("Faults 27 to 33: signals that stop a run", .timeLimit(.minutes(20)))
struct StopSignalTests {
    private static let deaf = """
        for name in INT TERM HUP; do trap "echo $name >> $STEPVISOR_STEP.got" $name; done
        echo ready >> ready
        while :; do sleep 0.02; done
        """

    @Test("fault 27: a single Ctrl-C reaches each step exactly once, and nothing more starts")
    func once() throws {
        let space = try TestSpace()
        try space.noting()
        let terminal = try space.startOnTerminal(["run", "--parallel", "--grace", "60s"])
        #expect(space.waitFor("ready", lines: 2))
        terminal.type("\u{03}")
        for id in ["a", "b"] { #expect(space.waitFor("\(id).got")) }
        try space.file("finish", "")
        let result = terminal.wait()
        #expect(result.end == .signal(SIGINT), "\(result)")
        #expect(result.output.contains("stopping on SIGINT: no further step starts"), "\(result)")
        #expect(result.output.contains("aborted by SIGINT"), "\(result)")
        let run = try LatestRun(in: space)
        for id in ["a", "b"] {
            #expect(space.lines("\(id).got") == ["INT"])
            #expect(try run.signals(id) == [SIGINT])
            #expect(try run.step(id).status == .aborted)
        }
        for id in ["later", "queued"] { #expect(try run.step(id).status == .skipped) }
        #expect(!space.exists("started"))
        #expect(run.record.status == .aborted)
        #expect(space.living.isEmpty)
    }

    @Test("fault 28: a second Ctrl-C hurries, a third kills, and none is lost", arguments: [2, 3])
    func again(times: Int) throws {
        let space = try TestSpace()
        try space.noting(Self.deaf)
        let terminal = try space.startOnTerminal(["run", "--parallel", "--grace", "60s"])
        #expect(space.waitFor("ready", lines: 2))
        let began = ContinuousClock.now
        for number in 1...times {
            terminal.type("\u{03}")
            // Signals of one kind that come together are one. After the second there is a second left
            // before KILL, in which a step of a busy machine may note nothing more.
            for id in ["a", "b"] where number == 1 { #expect(space.waitFor("\(id).got")) }
            if number == 2 {
                let isHeard = TestSpace.wait(seconds: 30) {
                    let run = try? LatestRun(in: space)
                    return ["a", "b"].allSatisfy {
                        (try? run?.signals($0).contains(SIGTERM)) ?? false
                    }
                }
                #expect(isHeard)
            }
        }
        let result = terminal.wait()
        #expect(result.end == .signal(SIGINT), "\(result)")
        let run = try LatestRun(in: space)
        for id in ["a", "b"] {
            #expect(["INT", "TERM"].starts(with: space.lines("\(id).got")))
            #expect(try run.signals(id) == [SIGINT, SIGTERM, SIGKILL])
        }
        // The grace period was not waited for.
        #expect(ContinuousClock.now - began < .seconds(25))
        #expect(space.living.isEmpty)
    }

    @Test("fault 29: TERM to stepvisor alone stops all of it, grandchildren too, with exit 143")
    func terminate() throws {
        let space = try TestSpace()
        let line = "(trap '' TERM; while :; do sleep 60; done) & echo ready >> ready; wait"
        try space.noting(line)
        // The shell says what it sees of its child's end.
        let shell = try space.start(
            program: "/bin/sh",
            ["-c", "$STEPVISOR run --parallel --grace 300ms & echo $! > pid; wait $!; echo $?"])
        #expect(space.waitFor("ready", lines: 2) && space.waitFor("pid"))
        kill(try #require(Int32(space.lines("pid")[0])), SIGTERM)
        let result = shell.wait()
        #expect(result.output == "143\n", "\(result)")
        let run = try LatestRun(in: space)
        for id in ["a", "b"] {
            #expect(try run.signals(id) == [SIGTERM, SIGKILL])
            #expect(try run.step(id).status == .aborted)
        }
        #expect(space.living.isEmpty)
    }

    @Test("fault 30: when the terminal is closed, steps get HUP and the run ends in order, idly")
    func hangUp() throws {
        let space = try TestSpace()
        try space.noting()
        let terminal = try space.startOnTerminal(["run", "--parallel", "--grace", "60s"])
        #expect(space.waitFor("ready", lines: 2))
        terminal.hangUp()
        for id in ["a", "b"] { #expect(space.waitFor("\(id).got")) }
        let before = Self.processorTime(of: terminal.pid)
        // Frames that cannot be shown any more come and go meanwhile.
        _ = TestSpace.wait(seconds: 1) { false }
        let spent = Self.processorTime(of: terminal.pid) - before
        #expect(spent < 40, "\(spent) of about 100 ticks: it spins")
        try space.file("finish", "")
        let result = terminal.wait()
        #expect(result.end == .signal(SIGHUP), "\(result)")
        let run = try LatestRun(in: space)
        for id in ["a", "b"] {
            #expect(space.lines("\(id).got") == ["HUP"])
            #expect(try run.step(id).status == .aborted)
        }
        #expect(run.record.status == .aborted)
        #expect(space.living.isEmpty)
    }

    @Test("fault 30: under nohup the run outlives its terminal, and its exit code is the steps'")
    func nohup() throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step("a", "echo ready > ready; until [ -e finish ]; do sleep 0.02; done")
                + TestSpace.step("b", "exit 7", "dependencies = [\"a\"]"))
        let terminal = try space.startOnTerminal(
            program: "/bin/sh", ["-c", "trap '' HUP; exec \"$STEPVISOR\" run"])
        #expect(space.waitFor("ready"))
        terminal.hangUp()
        try space.file("finish", "")
        let result = terminal.wait()
        #expect(result.end == .exit(1), "\(result)")
        let run = try LatestRun(in: space)
        #expect(try run.step("a").status == .complete)
        #expect(try run.step("b").exit == .exited(7))
    }

    @Test("fault 31: USR1 says what runs, and the run goes on")
    func status() throws {
        let space = try TestSpace()
        try space.workflow(
            "[execution]\nmax_parallel_steps = 2\n[resources]\nport = 1\n"
                + TestSpace.step(
                    "builds",
                    "echo half done; echo a >> ready; until [ -e go ]; do sleep 0.02; done",
                    "resources_required = [\"port\"]")
                + TestSpace.step("waits", "true", "resources_required = [\"port\"]")
                + TestSpace.step("after", "true", "dependencies = [\"builds\"]"))
        let command = try space.start(["run", "--parallel"])
        #expect(space.waitFor("ready"))
        command.signal(SIGUSR1)
        #expect(TestSpace.wait(seconds: 30) { command.errorSoFar.contains("now, after ") })
        try space.file("go", "")
        let result = command.wait()
        #expect(result.code == 0, "\(result)")
        #expect(result.error.contains("1 running, 2 pending\n"), "\(result)")
        #expect(result.error.contains("  running builds"), "\(result)")
        #expect(result.error.contains("s  half done\n"), "\(result)")
        #expect(result.error.contains("  waits   waits   `port` is held by step `builds`"))
    }

    @Test("fault 31: beside data on standard output, what runs is said on standard error")
    func statusBesideData() throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step("a", "echo a >> ready; until [ -e go ]; do sleep 0.02; done"))
        let command = try space.start(["run", "--json"])
        #expect(space.waitFor("ready"))
        command.signal(SIGUSR1)
        #expect(TestSpace.wait(seconds: 30) { command.errorSoFar.contains("  running a") })
        try space.file("go", "")
        let result = command.wait()
        #expect(result.code == 0, "\(result)")
        #expect(result.output.split(separator: "\n").allSatisfy { $0.hasPrefix("{") }, "\(result)")
    }

    @Test("fault 31: QUIT says what runs and stops the run; stepvisor ends by it, without a core")
    func quit() throws {
        let space = try TestSpace()
        try space.noting("echo ready >> ready; echo at work; exec sleep 60")
        let shell = try space.start(
            program: "/bin/sh",
            [
                "-c",
                "ulimit -c unlimited; sh -c 'echo $$ > pid; exec $STEPVISOR run --parallel'; echo $?",
            ])
        #expect(space.waitFor("ready", lines: 2) && space.waitFor("pid"))
        kill(try #require(Int32(space.lines("pid")[0])), SIGQUIT)
        let result = shell.wait()
        #expect(result.output == "131\n", "\(result)")
        let dump = try #require(result.error.range(of: "now, after "), "\(result)")
        let stop = try #require(result.error.range(of: "stopping on SIGQUIT"), "\(result)")
        #expect(dump.lowerBound < stop.lowerBound)
        #expect(result.error.contains("  running a"), "\(result)")
        #expect(!result.error.contains("ore dumped"), "\(result)")
        #expect(!space.tree().keys.contains { $0.hasPrefix("core") })
        let run = try LatestRun(in: space)
        for id in ["a", "b"] { #expect(try run.signals(id) == [SIGTERM]) }
        #expect(space.living.isEmpty)
    }

    @Test("fault 33: a reader that has seen enough ends no step, and the exit code is the steps'")
    func closedPipe() throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step("loud", "seq 1 20000")
                + TestSpace.step("default", "kill -PIPE $$", "critical = false")
                + TestSpace.step("last", "echo done > last"))
        for options in ["--output stream 2>&1", "--json"] {
            let result = try space.start(
                program: "/usr/bin/env",
                ["bash", "-c", "$STEPVISOR run \(options) | head -n 1; echo ${PIPESTATUS[0]}"]
            ).wait()
            #expect(result.output.hasSuffix("\n1\n"), "\(options): \(result)")
            let run = try LatestRun(in: space)
            #expect(run.log("loud").hasSuffix("\n20000\n"))
            #expect(try run.step("loud").status == .complete)
            #expect(try run.step("default").exit == .signalled(SIGPIPE, coreDumped: false))
            #expect(space.text("last") == "done\n")
        }
    }

    /// Clock ticks that a process has spent.
    private static func processorTime(of pid: Int32) -> Int {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        // proc(5): user time is field 14, system time 15; the state is 3.
        guard fields.count > 13 else { return 0 }
        return (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0)
    }
}
