import Execution
import Foundation
import Testing
import TestSupport

@testable import Processes
@testable import Supervisor

/// Processes that outlive the leader of their step, seen from the built program.
@Suite("What outlives a step", .serialized, .timeLimit(.minutes(20)))
struct LeftoverFaultTests {
    /// Runs a workflow of one step, and reads its record.
    private func run(
        _ space: TestSpace, _ command: String, _ keys: String = "", code: Int32? = 0
    ) throws -> (result: CommandResult, record: RunRecord) {
        try space.workflow(
            """
            name = "one"
            [[steps]]
            id = "step"
            command = '''\(command)'''
            \(keys)
            """)
        let result = try space.run("run")
        #expect(result.code == code, "\(result)")
        let record = try JournalReader.read(Array(space.journal().utf8)).record
        return (result, record)
    }

    private func seconds(_ step: StepRecord) -> Double {
        Double(step.duration ?? .max) / 1_000_000_000
    }

    @Test(
        "fault 15: a child that the leader leaves behind, holding the output, is named and stopped",
        arguments: ["kill", "warn", "fail"])
    func left(policy: String) throws {
        let space = try TestSpace()
        let (result, record) = try run(
            space, "sleep 1000 & echo $! > pid; echo last", "leftovers = \"\(policy)\"",
            code: policy == "fail" ? 1 : 0)
        let step = record.steps[0]
        let pid = try #require(space.number("pid"))
        #expect(step.exit == .exited(0))
        #expect(step.leftovers.map(\.pid) == [pid])
        #expect(step.leftovers.first?.command.contains("sleep 1000") == true)
        #expect(!RunRemains.lives(pid))
        #expect(seconds(step) < 8)
        #expect(space.text(".stepvisor/latest/logs/step.log") == "last\n")
        #expect((step.reason == .leftProcesses(1)) == (policy == "fail"))
        // A child that has not become `sleep` yet has the name of the shell, which holds its words.
        let warning = result.error.split(separator: "\n").first {
            $0.contains("left a process running (")
        }
        #expect((warning?.contains("sleep 1000") == true) == (policy == "warn"), "\(result)")
    }

    @Test("fault 15: the exit code is the leader's, at once, whatever it has left")
    func code() throws {
        let space = try TestSpace()
        let (_, record) = try run(space, "sleep 60 & exit 7", code: 1)
        #expect(record.steps[0].reason == .exited(7))
        #expect(record.steps[0].leftovers.count == 1)
        #expect(seconds(record.steps[0]) < 8)
    }

    @Test(
        "fault 16: a child that keeps writing loses nothing of what its leader wrote",
        arguments: ["file", "pipe"])
    func writing(log: String) throws {
        let space = try TestSpace()
        let (_, record) = try run(
            space,
            """
            (trap '' TERM; while :; do echo more; done) &
            until grep -qs more "$STEPVISOR_LOG"; do sleep 0.01; done; echo last
            """, "log = \"\(log)\"\ngrace = \"300ms\"")
        let step = record.steps[0]
        #expect(step.status == .complete)
        #expect(step.leftovers.count == 1)
        #expect(seconds(step) >= 0.3 && seconds(step) < 10)
        let lines = space.lines(".stepvisor/latest/logs/step.log")
        #expect(lines.contains("last") && lines.contains("more"))
    }

    @Test("fault 17: what leaves session, group and parent is named with its step, and ended")
    func daemon() throws {
        let space = try TestSpace()
        let (_, record) = try run(
            space,
            """
            (setsid sh -c 'echo $$ > one; exec sleep 1000' &)
            env -i setsid sh -c 'echo $$ > two; exec sleep 1000' &
            until [ -s one ] && [ -s two ]; do sleep 0.01; done
            """)
        let (one, two) = (try #require(space.number("one")), try #require(space.number("two")))
        #expect(record.steps[0].status == .complete)
        #expect(record.steps[0].leftovers.contains { $0.pid == one })
        // Without an environment nobody knows whose it was.
        #expect(record.warnings.contains { $0.contains("process \(two)") })
        #expect(!RunRemains.lives(one) && !RunRemains.lives(two))
    }

    @Test(
        "what left the group fails a step that declares it so, and is ended before the next step",
        arguments: [
            "setsid sleep 1000 & echo $! > pid; sleep 0.2",
            "(setsid sh -c 'echo $$ > pid; exec sleep 1000' &); until [ -s pid ]; do sleep 0.01; done",
            "env -i setsid sh -c 'echo $$ > pid; exec sleep 1000' & until [ -s pid ]; do sleep 0.01; done",
            "nohup setsid sh -c 'sleep 1000 & echo $! > pid; wait' & until [ -s pid ]; do sleep 0.01; done",
        ])
    func escapedFails(command: String) throws {
        let space = try TestSpace()
        let (result, record) = try run(
            space, command,
            """
            leftovers = "fail"
            critical = false
            [[steps]]
            id = "after"
            command = "grep -qs '^State:.[^ZX]' /proc/$(cat pid)/status && touch lives; true"
            """, code: 1)
        #expect(record.steps[0].status == .failed, "\(result)")
        let pid = try #require(space.number("pid"))
        #expect(record.steps[0].leftovers.contains { $0.pid == pid }, "\(result)")
        #expect(!space.exists("lives") && !RunRemains.lives(pid))
    }

    @Test("what left the group is warned of when its step ends, and lives to the end of the run")
    func escapedWarns() throws {
        let space = try TestSpace()
        let (result, record) = try run(
            space, "setsid sleep 1000 & echo $! > pid; sleep 0.2",
            """
            leftovers = "warn"
            [[steps]]
            id = "after"
            command = "kill -0 $(cat pid) && touch lives"
            """)
        #expect(result.error.contains("outside its process group"), "\(result)")
        let pid = try #require(space.number("pid"))
        #expect(record.steps[0].leftovers.map(\.pid) == [pid])
        #expect(space.exists("lives") && !RunRemains.lives(pid))
    }

    @Test(
        "a child from before the run, and what it leaves behind, is nobody's to end",
        arguments: [
            "sleep 1000 > /dev/null 2>&1 & echo $! > pid; exec $STEPVISOR run",
            "(sh -c 'sleep 0.3; sleep 1000 & echo $! > pid' > /dev/null 2>&1) & exec $STEPVISOR run",
            "setsid sleep 1000 > /dev/null 2>&1 & echo $! > pid; exec $STEPVISOR run",
        ])
    func childrenFromBefore(line: String) throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "a"
            command = "until [ -s pid ]; do sleep 0.01; done; setsid sleep 1000 & echo $! > own"
            leftovers = "warn"
            """)
        let result = try space.shell(line)
        let pid = try #require(space.number("pid"))
        defer { kill(pid, SIGKILL) }
        #expect(result.code == 0 && RunRemains.lives(pid), "\(result)")
        #expect(!space.journal().contains("\"pid\":\(pid),"))
        // The step's own is found beside it.
        #expect(!RunRemains.lives(try #require(space.number("own"))))
    }

    @Test(
        "a /proc of another PID namespace is said and not used", .enabled(if: canUnshare))
    func otherNamespace() throws {
        let space = try TestSpace()
        try space.workflow(
            "[[steps]]\nid = \"a\"\ncommand = \"sleep 1000 & true\"\nleftovers = \"fail\"\n")
        let result = try space.shell("unshare -pf sh -c '$STEPVISOR run; echo code=$?'")
        #expect(result.output.contains("code=1"), "\(result)")
        let said = result.error.components(separatedBy: "PID namespace").count - 1
        #expect(said == 1, "\(result)")
    }

    @Test(
        "without /proc a run is refused at once, and says what to do",
        .enabled(if: Hardship.canMount, "file systems may not be mounted here"))
    func noProcessTable() throws {
        let space = try TestSpace()
        try space.workflow("[[steps]]\nid = \"a\"\ncommand = \"true\"\n")
        let result = try space.shellWithMounts("umount -l /proc && exec $STEPVISOR run")
        #expect(result.code == 5 && result.error.contains("mount -t proc"), "\(result)")
    }

    @Test("fault 17: a daemon that a run inside of a step has left belongs to that step")
    func nestedDaemon() throws {
        let space = try TestSpace()
        // The inner stepvisor is held until its guardian is dead, so that nobody else ends it: a guardian
        // that is only stopped is woken by the kernel when its parent dies.
        try space.file(
            "inner/workflow.toml",
            """
            name = "inner"
            [[steps]]
            id = "deep"
            command = '''
            setsid sh -c 'echo $$ > ../pid; exec sleep 1000' &
            until [ -s ../pid ]; do sleep 0.01; done
            kill -STOP $PPID
            for p in $(cat /proc/$PPID/task/$PPID/children); do
              [ $p = $$ ] || kill -9 $p
            done
            kill -9 $PPID
            sleep 1000
            '''
            """)
        let (_, record) = try run(space, "cd inner && $STEPVISOR run; [ $? = 137 ]")
        let pid = try #require(space.number("pid"))
        #expect(record.steps[0].leftovers.contains { $0.pid == pid })
        #expect(!RunRemains.lives(pid))
    }

    @Test("fault 18: a step ends when the last of its group has, though the leader went at TERM")
    func survivor() throws {
        let space = try TestSpace()
        let (_, record) = try run(
            space,
            """
            (trap '' TERM; echo deaf > deaf; sleep 1000; sleep 1000) & echo $! > pid
            until [ -s deaf ]; do sleep 0.01; done; wait
            """, "timeout = \"300ms\"\ngrace = \"400ms\"", code: 1)
        let step = record.steps[0]
        #expect(step.reason == .timedOut(.attempt, limitMilliseconds: 300))
        #expect(seconds(step) >= 0.7)
        #expect(space.journal().contains("\"killed\""))
        #expect(!RunRemains.lives(try #require(space.number("pid"))))
    }

    @Test("fault 19: a step that ignores TERM has TERM, the grace period, and KILL")
    func deaf() throws {
        let space = try TestSpace()
        let (result, record) = try run(
            space, "trap '' TERM; echo $$ > pid; while :; do sleep 1000; done",
            "timeout = \"300ms\"\ngrace = \"500ms\"", code: 1)
        let step = record.steps[0]
        #expect(step.exit == .signalled(SIGKILL, coreDumped: false))
        #expect(step.reason == .timedOut(.attempt, limitMilliseconds: 300))
        // Limit and grace together, and a second more at most.
        #expect(seconds(step) >= 0.8 && seconds(step) < 1.8, "\(result)")
        let journal = space.journal()
        let term = try #require(journal.range(of: "\"terminating\""))
        let killed = try #require(journal.range(of: "\"killed\""))
        #expect(term.lowerBound < killed.lowerBound)
        #expect(!RunRemains.lives(try #require(space.number("pid"))))
    }

    @Test("fault 22: beside thousands of short children stepvisor hears Ctrl-C, and leaves none")
    func storm() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            name = "storm"
            [[steps]]
            id = "storm"
            command = '''
            while :; do for n in 1 2 3 4 5 6 7 8 9 10; do (true & true &) ; done; echo >> rounds; done
            '''
            """)
        let command = try space.start(["run"])
        #expect(TestSpace.wait(seconds: 40) { space.text("rounds").utf8.count >= 250 })
        let remains = try #require(space.latestRun())
        defer { remains.clear() }
        command.signal(SIGINT)
        let result = command.wait(seconds: 20)
        #expect(result.end == .signal(SIGINT), "\(result)")
        #expect(remains.carriers.isEmpty)
        #expect(
            !ProcessTable.identifiers().contains {
                ProcessTable.facts(of: $0)?.parent == command.pid
            })
    }

    @Test("fault 23: orphans are collected as they end")
    func zombies() throws {
        let space = try TestSpace()
        // Each second of them ends as an orphan while the step goes on; none is a zombie for long.
        try space.workflow(
            """
            name = "orphans"
            [[steps]]
            id = "parent"
            command = '''
            for n in $(seq 50); do (sleep 0.$n & true &); done; echo >> begun
            until [ -e go ]; do sleep 0.01; done
            '''
            """)
        let command = try space.start(["run"])
        defer { command.signal(SIGTERM) }
        #expect(TestSpace.wait { space.exists("begun") })
        func zombies() -> Set<ProcessFacts.Identity> {
            Set(
                ProcessTable.identifiers().compactMap { ProcessTable.facts(of: $0) }
                    .filter { $0.parent == command.pid && $0.isZombie }.map(\.identity))
        }
        // The same one is never seen again a second later.
        for _ in 0..<3 {
            let seen = zombies()
            #expect(TestSpace.wait(seconds: 5) { zombies().isDisjoint(with: seen) })
        }
        // All have ended, and only the step and the guardian are stepvisor's.
        #expect(
            TestSpace.wait {
                ProcessTable.identifiers().filter {
                    ProcessTable.facts(of: $0)?.parent == command.pid
                }.count == 2
            })
        try space.file("go", "")
        #expect(command.wait().code == 0)
    }

    private static let canUnshare: Bool = {
        (try? TestSpace().shell("unshare -pf --mount-proc true").code == 0) ?? false
    }()

    @Test(
        "fault 38: as a container's first process stepvisor reaps, forwards and ends as elsewhere",
        .enabled(if: canUnshare))
    func first() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            name = "first"
            [[steps]]
            id = "orphans"
            command = '''
            [ $PPID = 1 ]
            for n in 1 2 3 4 5; do (true &); done
            (setsid sleep 1000 &)
            until [ "$(grep -l '^State:.Z' /proc/[0-9]*/status 2> /dev/null | wc -l)" = 0 ]
            do sleep 0.01; done
            '''
            [[steps]]
            id = "signal"
            command = "trap 'echo heard > heard; exit 0' TERM; kill -TERM 1; while :; do sleep 0.1; done"
            dependencies = ["orphans"]
            """)
        let result = try space.shell("exec unshare -pf --mount-proc $STEPVISOR run")
        // Its own signal cannot end the first process; the code says the same.
        #expect(result.code == 143, "\(result)")
        #expect(space.lines("heard") == ["heard"])
        let record = try JournalReader.read(Array(space.journal().utf8)).record
        #expect(record.steps[0].status == .complete, "\(result)")
        #expect(record.steps[1].status == .aborted)
        #expect(record.steps[0].leftovers.contains { $0.command.contains("sleep 1000") })
    }
}
