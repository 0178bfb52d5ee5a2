import Execution
import Foundation
import Testing
import TestSupport

@testable import Processes
@testable import Supervisor

/// What the next start does when stepvisor and its guardian were both killed.
@Suite("Recovery at the next start", .serialized, .timeLimit(.minutes(20)))
struct RecoveryTests {
    /// Runs one step that stays, and kills stepvisor and its guardian.
    private func interrupted(_ space: TestSpace, step: String) throws -> RunRemains {
        try space.workflow(
            """
            name = "long"
            [[steps]]
            id = "done"
            command = "true"
            [[steps]]
            id = "stays"
            command = "\(step)"
            dependencies = ["done"]
            """)
        let command = try space.start(["run"])
        // The step may be known to its own file before the journal has it.
        #expect(
            TestSpace.wait {
                space.number("pid") != nil && space.latestRun()?.guardian != nil
                    && space.journal().contains("\"started\",\"step\":\"stays\"")
            })
        let remains = try #require(space.latestRun())
        remains.orphan(command)
        #expect(command.wait().end == .signal(SIGKILL))
        return remains
    }

    /// The workflow of the next start: whether a process still lives is asked by its step.
    private func ask(_ space: TestSpace) throws -> CommandResult {
        try space.workflow(
            """
            name = "next"
            [[steps]]
            id = "look"
            command = '''
            { read -r _ _ state _ < /proc/$(cat pid)/stat; } 2> /dev/null
            echo ${state:-gone} > seen
            '''
            """)
        return try space.run("run")
    }

    @Test("a run whose lock's file was removed still holds the project")
    func removedLock() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "stays"
            command = "touch begun; until test -e go; do sleep 0.01; done"
            """)
        let first = try space.start(["run"])
        #expect(TestSpace.wait { space.exists("begun") })
        try FileManager.default.removeItem(atPath: space.path(".stepvisor/run.lock"))
        let second = try space.run("run")
        #expect(second.end == .exit(4))
        #expect(second.error.contains("another run holds this project: pid \(first.pid), run "))
        try space.file("go", "")
        #expect(first.wait().end == .exit(0))
        #expect(try space.run("run").end == .exit(0))
    }

    /// Changes the interrupted run's journal, which is as whole afterwards as before.
    private func edit(
        _ space: TestSpace, _ change: (inout RunHeader, inout [RunEvent]) -> Void
    ) throws {
        let journal = try JournalReader.read(Array(space.journal().utf8))
        #expect(journal.problems.isEmpty)
        var (header, events) = (journal.header, Array(journal.events.dropFirst()))
        change(&header, &events)
        var encoder = JournalEncoder(header: header)
        var bytes: [UInt8] = []
        for event in [RunEvent(.runStarted(header), at: .zero)] + events {
            encoder.append(event, to: &bytes)
        }
        try space.file(".stepvisor/latest/events.ndjson", Data(bytes), mode: 0o600)
    }

    @Test("fault 35: the next start says what was interrupted, and ends it before its first step")
    func orphans() throws {
        let space = try TestSpace()
        let remains = try interrupted(
            space, step: "setsid sleep 1000 & echo $$ > pid; trap '' TERM; exec sleep 1000")
        defer { remains.clear() }
        let step = try #require(space.number("pid"))
        #expect(RunRemains.lives(step))
        let result = try ask(space)
        #expect(result.code == 0)
        #expect(
            result.error.contains(
                "run \(remains.run) was interrupted: stepvisor died while 1 step was running "
                    + "(`stays`); go on with `stepvisor run --resume`"), "\(result)")
        #expect(result.error.contains("ended what it had left: 2 processes"), "\(result)")
        #expect(["Z", "gone"].contains(space.lines("seen").first ?? ""))
        #expect(remains.carriers.isEmpty)
        // Said once.
        #expect(try !ask(space).error.contains("interrupted"))
    }

    @Test("a step without an environment is found by its group, number and start time")
    func bareGroup() throws {
        let space = try TestSpace()
        let remains = try interrupted(
            space, step: "echo $$ > pid; exec env -i sh -c 'sleep 1000; :'")
        let step = try #require(space.number("pid"))
        // `env` has the step's environment until it executes what it was told to.
        #expect(TestSpace.wait { remains.carriers.isEmpty })
        #expect(RunRemains.lives(step))
        #expect(try ask(space).error.contains("ended what it had left"))
        #expect(!RunRemains.lives(step))
    }

    @Test("a group whose leader is gone is known by a member that is older than stepvisor's death")
    func leaderlessGroup() throws {
        let space = try TestSpace()
        let remains = try interrupted(
            space,
            step: "echo $$ > pid; env -i sleep 1000 & echo $! > member; exec env -i sleep 1000")
        let leader = try #require(space.number("pid"))
        let member = try #require(space.number("member"))
        #expect(RunRemains.lives(leader) && RunRemains.lives(member))
        kill(leader, SIGKILL)
        defer { kill(member, SIGKILL) }
        // A run's last event is at least as late as what it has started, or nearly so: one is made
        // that certainly is.
        try edit(space) { _, events in
            events.append(
                RunEvent(.warning(step: nil, "late"), at: RunTime(nanoseconds: 60_000_000_000)))
        }
        #expect(TestSpace.wait { remains.carriers.isEmpty })
        _ = try ask(space)
        #expect(!RunRemains.lives(member))
    }

    @Test(
        "fault 68: a stranger who has got a recorded number is not signalled",
        arguments: ["leader", "group"])
    func stranger(kind: String) throws {
        let space = try TestSpace()
        let remains = try interrupted(space, step: "echo $$ > pid; exec sleep 1000")
        let step = try #require(space.number("pid"))
        remains.clear()
        #expect(TestSpace.wait { !RunRemains.lives(step) })
        // Its own group, as every command of a test has; the member outlives its leader.
        let stranger = try space.start(
            program: "/bin/sh",
            ["-c", "sleep 1000 & echo $! > member; [ \(kind) = group ] || wait"])
        #expect(TestSpace.wait { space.number("member") != nil })
        let member = try #require(space.number("member"))
        defer { kill(member, SIGKILL) }
        if kind == "group" { #expect(stranger.wait().code == 0) }
        #expect(ProcessTable.facts(of: member)?.group == stranger.pid)
        try edit(space) { _, events in
            events = events.map { event in
                guard case .started(let index, step, let ticks, let basis) = event.kind else {
                    return event
                }
                let kind = RunEvent.Kind.started(
                    step: index, pid: stranger.pid, startTicks: ticks, basis: basis)
                return RunEvent(kind, at: event.time)
            }
        }
        #expect(space.journal().contains("\"pid\":\(stranger.pid),\"start\""))
        let result = try ask(space)
        #expect(result.error.contains("was interrupted") && !result.error.contains("ended what"))
        #expect(RunRemains.lives(member))
        if kind == "leader" { #expect(RunRemains.lives(stranger.pid)) }
        stranger.signal(SIGKILL)
    }

    @Test("fault 68: after a restart of the machine nobody is signalled")
    func otherBoot() throws {
        let space = try TestSpace()
        let remains = try interrupted(space, step: "echo $$ > pid; exec sleep 1000")
        defer { remains.clear() }
        let boot = ProcessTable.bootIdentifier()
        try #require(!boot.isEmpty)
        try edit(space) { header, _ in header.bootID = String(boot.reversed()) }
        let result = try ask(space)
        #expect(result.error.contains("was interrupted") && !result.error.contains("ended what"))
        #expect(RunRemains.lives(try #require(space.number("pid"))))
    }

    @Test("fault 35: another project's run is not touched")
    func otherProject() throws {
        let (space, other) = (try TestSpace(), try TestSpace())
        let remains = try interrupted(space, step: "echo $$ > pid; exec sleep 1000")
        defer { remains.clear() }
        try other.workflow("name = \"other\"\n[[steps]]\nid = \"a\"\ncommand = \"true\"\n")
        #expect(try other.run("run").code == 0)
        #expect(RunRemains.lives(try #require(space.number("pid"))))
    }

    @Test("fault 36: a step whose end is not in the journal was running, whatever it had done")
    func unwrittenEnd() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            name = "two"
            [[steps]]
            id = "known"
            command = "true"
            [[steps]]
            id = "unknown"
            command = "true"
            dependencies = ["known"]
            """)
        #expect(try space.run("run").code == 0)
        let run = try #require(space.latestRun()).run
        // As it is when stepvisor dies between the exit and the line about it.
        try edit(space) { _, events in
            let end = events.firstIndex { event in
                if case .ended(step: 1, _) = event.kind { true } else { false }
            }
            #expect(end != nil)
            events.removeSubrange((end ?? 0)...)
        }
        let status = try space.run("status")
        #expect(status.output.contains("interrupted"), "\(status)")
        let result = try space.run("run")
        #expect(result.error.contains("run \(run) was interrupted"))
        #expect(result.error.contains("1 step was running (`unknown`)"))
    }

    @Test("a run that failed, was stopped or has no end line but a torn one is told apart")
    func ends() throws {
        let space = try TestSpace()
        try space.workflow("name = \"bad\"\n[[steps]]\nid = \"a\"\ncommand = \"exit 3\"\n")
        #expect(try space.run("run").code == 1)
        #expect(try !space.run("run").error.contains("was interrupted"))
        try space.workflow(
            "name = \"self\"\n[[steps]]\nid = \"a\"\ncommand = \"kill -TERM $PPID; sleep 60\"\n")
        #expect(try space.run("run").end == .signal(SIGTERM))
        #expect(try !space.run("run").error.contains("was interrupted"))
        let journal = ".stepvisor/latest/events.ndjson"
        try space.file(journal, String(space.text(journal).dropLast(4)), mode: 0o600)
        #expect(try space.run("run").error.contains("was interrupted: stepvisor died;"))
    }
}
