import Execution
import Foundation
import Testing
import TestSupport

@Suite(
    "Faults 9, 21, 24, 37: signals from without, and steps that end at once",
    .timeLimit(.minutes(20)))
struct SignalStormTests {
    @Test(
        "fault 9: whatever signals stepvisor was started with, steps have all at their defaults",
        arguments: [
            "trap '' HUP INT QUIT TERM USR1 USR2 PIPE CHLD TSTP TTIN TTOU ALRM; exec \"$STEPVISOR\" run",
            "exec env --block-signal \"$STEPVISOR\" run", "exec nohup \"$STEPVISOR\" run",
            "\"$STEPVISOR\" run & wait $!",
        ])
    func inherited(line: String) throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step("signals", "exec sed -n '/^Sig[BI]/p' /proc/self/status")
                + TestSpace.step("dies", "kill -INT $$", "critical = false")
                + TestSpace.step("code", "exit 7", "critical = false"))
        let result = try space.shell(line)
        #expect(result.code == 1, "\(result)")
        let run = try LatestRun(in: space)
        let masks = run.log("signals").split(separator: "\n")
        #expect(masks.count == 2)
        // 32 and 33 are the C library's own, and nobody may change them.
        for mask in masks {
            let value = try #require(UInt64(mask.split(separator: "\t")[1], radix: 16))
            #expect(value & ~0x1_8000_0000 == 0, "\(mask)")
        }
        #expect(try run.step("dies").exit == .signalled(SIGINT, coreDumped: false))
        #expect(try run.step("code").exit == .exited(7))
    }

    @Test("fault 9: an ignored HUP or INT stays without effect on stepvisor")
    func ignored() throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step("a", "echo ready >> ready; until [ -e finish ]; do sleep 0.02; done"))
        let command = try space.start(
            program: "/bin/sh", ["-c", "trap '' HUP INT; exec \"$STEPVISOR\" run"])
        #expect(space.waitFor("ready"))
        command.signal(SIGHUP)
        command.signal(SIGINT)
        try space.file("finish", "")
        let result = command.wait()
        #expect(result.code == 0, "\(result)")
        #expect(try LatestRun(in: space).record.stopSignal == nil)
    }

    @Test("fault 21: a leader that somebody kills is said to be killed, and not by stepvisor")
    func killed() throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step("victim", "kill -KILL $$")
                + TestSpace.step("next", "true", "dependencies = [\"victim\"]"))
        let result = try space.run("run")
        #expect(result.code == 1, "\(result)")
        #expect(
            result.error.contains("killed by SIGKILL (not by stepvisor; out of memory?)"),
            "\(result)")
        let run = try LatestRun(in: space)
        #expect(try run.step("victim").exit == .signalled(SIGKILL, coreDumped: false))
        #expect(try run.step("victim").reason == .signalled(SIGKILL, coreDumped: false))
        #expect(try run.step("next").status == .skipped)
    }

    @Test("fault 24: 1,000 steps that end at once: every exit status is right, none is missed")
    func quick() throws {
        let space = try TestSpace()
        let count = 1000
        try space.workflow(
            (0..<count).map { number in
                let command = number % 10 == 9 ? "kill -TERM $$" : "exit \(number % 8)"
                return TestSpace.step("s\(number)", command, "critical = false")
            }.joined())
        let command = try space.start(["run", "--parallel", "-j", "32", "--output", "none"])
        let result = command.wait(seconds: 120)
        #expect(result.code == 1, "\(result.end)")
        let run = try LatestRun(in: space)
        for number in 0..<count {
            let expected: Execution.ExitStatus =
                number % 10 == 9
                ? .signalled(SIGTERM, coreDumped: false) : .exited(Int32(number % 8))
            #expect(try run.step("s\(number)").exit == expected)
        }
        let ends = run.events.count { if case .ended = $0.kind { true } else { false } }
        #expect(ends == count)
    }

    @Test(
        "fault 37: a storm of signals at any moment is one orderly stop", arguments: 0..<8)
    func storm(seed: Int) throws {
        let space = try TestSpace()
        // Short ones come and go all the time, so that signals fall on every boundary.
        try space.workflow(
            "[execution]\nmax_parallel_steps = 4\n"
                + (0..<3000).map { TestSpace.step("s\($0)", "exit 0") }.joined()
                + TestSpace.step("deaf", "trap '' INT TERM HUP; while :; do sleep 0.05; done"))
        let command = try space.start(["run", "--parallel", "--grace", "500ms"])
        var random = SeededGenerator(seed: UInt64(37 + seed))
        let harmless = [SIGCHLD, SIGWINCH, SIGUSR1, SIGCONT, SIGPIPE]
        let stopping = [SIGINT, SIGTERM, SIGHUP]
        #expect(
            TestSpace.wait(seconds: 30) {
                space.text(".stepvisor/latest/events.ndjson").contains("\"ended\"")
            })
        var sent: Set<Int32> = []
        for number in 0..<1000 {
            let kinds = number < 30 ? harmless : harmless + stopping
            guard let signal = kinds.randomElement(using: &random) else { continue }
            // A process that has ended is not waited for yet: its number is nobody else's.
            command.signal(signal)
            if stopping.contains(signal) { sent.insert(signal) }
            if number % 8 == 0 { poll(nil, 0, 1) }
        }
        let result = command.wait()
        let run = try LatestRun(in: space)
        let stops = run.events.compactMap { event -> Int32? in
            if case .stopping(let signal) = event.kind { signal } else { nil }
        }
        #expect(stops.count == 1)
        let first = try #require(stops.first)
        #expect(sent.contains(first))
        #expect(result.end == .signal(first), "\(result)")
        #expect(run.events.last?.kind == .runEnded(.aborted))
        #expect(run.events.count { $0.kind.isRunEnd } == 1)
        // What was started has one end, and nothing starts after the stop.
        for step in run.record.steps { #expect(step.status.isFinal) }
        let stop = try run.time { if case .stopping = $0 { true } else { false } }
        #expect(
            !run.events.contains {
                if case .launched = $0.kind { $0.time > stop } else { false }
            })
        #expect(space.living.isEmpty)
    }
}

extension RunEvent.Kind {
    fileprivate var isRunEnd: Bool { if case .runEnded = self { true } else { false } }
}
