import Foundation
import Testing
import TestSupport

@testable import StateStore
@testable import Supervisor

/// What is left of a run when stepvisor, its guardian, or both are killed.
@Suite("The guardian of a run", .serialized, .timeLimit(.minutes(20)))
struct GuardianTests {
    private static let steps = 100

    /// Steps that each stay in another way, and say so.
    private func stay(_ space: TestSpace) throws {
        let commands = [
            "touch up/$1; exec sleep 1000",
            // Leaves the group.
            "setsid sleep 1000 & touch up/$1; exec sleep 1000",
            "trap '' TERM INT HUP; touch up/$1; while :; do sleep 1000; done",
            // Leaves group and parent.
            "(setsid sh -c 'trap \"\" TERM; sleep 1000' & ); touch up/$1; exec sleep 1000",
            // Only the journal knows it: it has no environment.
            "echo $$ > bare.$1; touch up/$1; exec env -i sleep 1000",
        ]
        try space.directory("up")
        for (number, command) in commands.enumerated() {
            try space.script("stay\(number)", command)
        }
        let steps = (0..<Self.steps).map { number in
            "[[steps]]\nid = \"s\(number)\"\n"
                + "command = [\"./stay\(number % commands.count)\", \"\(number)\"]\n"
        }
        try space.workflow("name = \"stay\"\n" + steps.joined())
    }

    @Test("fault 35: half a second after a kill -9 of stepvisor nothing of 100 steps is left")
    func killed() throws {
        let space = try TestSpace()
        try stay(space)
        let command = try space.start(["run", "--parallel", "-j", "\(Self.steps)"])
        #expect(
            TestSpace.wait(seconds: 60) {
                (try? FileManager.default.contentsOfDirectory(atPath: space.path("up")))?.count
                    == Self.steps
            })
        let remains = try #require(space.latestRun())
        defer { remains.clear() }
        #expect(TestSpace.wait { remains.guardian != nil })
        let guardian = try #require(remains.guardian)
        let bare = try (0..<Self.steps).filter { $0 % 5 == 4 }.map {
            try #require(space.number("bare.\($0)"))
        }
        #expect(bare.allSatisfy(RunRemains.lives))
        #expect(remains.carriers.count >= Self.steps)

        command.signal(SIGKILL)
        // Generous, for a debug build beside other tests; docs/benchmarks.md has the figure.
        let isGone = TestSpace.wait(seconds: 5) {
            remains.carriers.isEmpty && !bare.contains(where: RunRemains.lives)
        }
        #expect(isGone, "left: \(remains.carriers)")
        #expect(TestSpace.wait { !RunRemains.lives(guardian) })
        #expect(!AliveFile.isHeld(at: space.path(".stepvisor/runs/\(remains.run)/alive")))
        #expect(command.wait().end == .signal(SIGKILL))
    }

    @Test("the shell that waits for a killed child does not go on to its next line")
    func frozen() throws {
        let space = try TestSpace()
        try space.script("work", "touch up; sleep 1000; touch went-on")
        let steps = (0..<20).map { "[[steps]]\nid = \"s\($0)\"\ncommand = \"./work\"\n" }
        try space.workflow("name = \"lines\"\n" + steps.joined())
        let command = try space.start(["run", "--parallel", "-j", "20"])
        #expect(TestSpace.wait { space.latestRun()?.carriers.count ?? 0 >= 40 })
        let remains = try #require(space.latestRun())
        defer { remains.clear() }
        #expect(TestSpace.wait { remains.guardian != nil })
        command.signal(SIGKILL)
        #expect(TestSpace.wait(seconds: 5) { remains.carriers.isEmpty })
        #expect(!space.exists("went-on"))
    }

    @Test(
        "what steps had written when stepvisor was killed is in their logs, after its guardian's end too",
        arguments: [false, true])
    func output(isGuardianKilled: Bool) throws {
        let space = try TestSpace()
        try space.script(
            "quiet",
            """
            test -e again && exit 0
            touch up.quiet; until [ -e go ]; do sleep 0.01; done
            setsid sh -c 'echo other session; touch written.other; exec sleep 1000' &
            until [ -e written.other ]; do sleep 0.01; done
            echo last line; touch written.quiet
            while sleep 0.01; do echo more; done
            """)
        try space.script(
            "full",
            """
            test -e again && exit 0
            touch up.full; until [ -e go ]; do sleep 0.01; done
            seq 1 5000; sleep 1000 &
            # Only the one behind has the pipe now.
            exec > elsewhere 2>&1; touch written.full; exec sleep 1000
            """)
        try space.workflow(
            "name = \"written\"\n[[steps]]\nid = \"quiet\"\ncommand = \"./quiet\"\n"
                + "[[steps]]\nid = \"full\"\ncommand = \"./full\"\n")
        let command = try space.start(["run", "--parallel", "-j", "2"])
        #expect(TestSpace.wait { space.exists("up.quiet") && space.exists("up.full") })
        let remains = try #require(space.latestRun())
        defer { remains.clear() }
        #expect(TestSpace.wait { remains.guardian != nil })
        // What is stopped reads nothing, so all that follows stays in the pipes.
        command.signal(SIGSTOP)
        try space.file("go", "")
        #expect(TestSpace.wait { space.exists("written.quiet") && space.exists("written.full") })
        if isGuardianKilled { kill(try #require(remains.guardian), SIGKILL) }
        command.signal(SIGKILL)
        _ = command.wait()
        try space.file("again", "")
        let next = try space.run()
        #expect(next.code == 0, "\(next)")
        let logs = ".stepvisor/runs/\(remains.run)/logs"
        let quiet = space.lines("\(logs)/quiet.log")
        #expect(quiet.starts(with: ["other session", "last line"]), "\(quiet)")
        #expect(quiet.dropFirst(2).allSatisfy { $0 == "more" }, "\(quiet)")
        #expect(space.lines("\(logs)/full.log") == (1...5000).map(String.init))
    }

    @Test("what forks again and again does not outrun the guardian")
    func forks() throws {
        let space = try TestSpace()
        // Each of them lives for a moment only, in a session of its own.
        try space.script("hop", "echo >> hops\nsetsid \"$0\" &\nexit 0")
        try space.workflow(
            """
            name = "hops"
            [[steps]]
            id = "hopper"
            command = "for n in 1 2 3 4 5 6; do ./hop & done; exec sleep 1000"
            """)
        let command = try space.start(["run"])
        #expect(TestSpace.wait { space.text("hops").utf8.count > 100 })
        let remains = try #require(space.latestRun())
        defer { remains.clear() }
        #expect(TestSpace.wait { remains.guardian != nil })
        command.signal(SIGKILL)
        #expect(TestSpace.wait { remains.guardian == nil })
        // Nobody hops any more.
        let hops = space.text("hops").count
        #expect(remains.carriers.isEmpty)
        #expect(space.text("hops").count == hops)
    }

    @Test("a guardian that is killed is replaced, and the run goes on; signals do not move it")
    func replaced() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            name = "long"
            [[steps]]
            id = "first"
            command = "touch up; until [ -e go ]; do sleep 0.01; done"
            [[steps]]
            id = "second"
            command = "echo $$ > pid; exec sleep 1000"
            dependencies = ["first"]
            """)
        let command = try space.start(["run"])
        #expect(TestSpace.wait { space.latestRun()?.guardian != nil && space.exists("up") })
        let remains = try #require(space.latestRun())
        defer { remains.clear() }
        let first = try #require(remains.guardian)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGUSR1, SIGPIPE, SIGALRM] {
            kill(first, signal)
        }
        kill(first, SIGCONT)
        #expect(remains.guardian == first)

        kill(first, SIGKILL)
        #expect(TestSpace.wait { remains.guardian.map { $0 != first } ?? false })
        let second = try #require(remains.guardian)
        #expect(space.journal().contains("the guardian is gone"))
        try space.file("go", "")
        #expect(TestSpace.wait { space.number("pid") != nil })
        let step = try #require(space.number("pid"))
        command.signal(SIGKILL)
        #expect(TestSpace.wait(seconds: 5) { !RunRemains.lives(step) })
        #expect(TestSpace.wait { !RunRemains.lives(second) })
    }

    @Test("where no guardian lasts, the run says so, and starts another one all the same")
    func givenUp() throws {
        let space = try TestSpace()
        try space.workflow(
            "name = \"long\"\n[[steps]]\nid = \"a\"\n"
                + "command = \"until [ -e go ]; do sleep 0.01; done\"\n")
        let command = try space.start(["run"])
        var killed: Set<Int32> = []
        let isSaid = TestSpace.wait(seconds: 60) {
            if let guardian = space.latestRun()?.guardian {
                kill(guardian, SIGKILL)
                killed.insert(guardian)
            }
            return space.journal().contains("no guardian lasts")
        }
        #expect(isSaid)
        #expect(killed.count >= 5)
        // There is a further one all the same.
        #expect(
            TestSpace.wait(seconds: 60) {
                space.latestRun()?.guardian.map { !killed.contains($0) } ?? false
            })
        try space.file("go", "")
        #expect(command.wait().code == 0)
    }

    @Test("a run that ends takes its guardian along, and leaves nothing to settle")
    func dismissed() throws {
        let space = try TestSpace()
        try space.workflow("name = \"short\"\n[[steps]]\nid = \"a\"\ncommand = \"true\"\n")
        for _ in 0..<10 {
            let result = try space.run("run")
            #expect(result.code == 0)
            #expect(!result.error.contains("guardian") && !result.error.contains("interrupted"))
            #expect(try #require(space.latestRun()).guardian == nil)
        }
        #expect(space.text(".stepvisor/run.lock").isEmpty)
    }

    @Test("the guardian's word is no command for people")
    func refused() throws {
        let space = try TestSpace()
        for line in [
            "exec $STEPVISOR guardian-of 20260101-000000-0000",
            "true | $STEPVISOR guardian-of 20260101-000000-0000 > file",
            "true | $STEPVISOR guardian-of ../.. > file",
        ] {
            let result = try space.shell(line)
            #expect(result.code == 2, "\(line)")
            #expect(result.error.contains("started beside each run"), "\(line)")
        }
    }

    @Test("an outer run that is killed takes the inner run and all its steps along")
    func nested() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            name = "outer"
            [[steps]]
            id = "nest"
            command = "cd inner && exec $STEPVISOR run --parallel -j 3"
            """)
        try space.file(
            "inner/workflow.toml",
            """
            name = "inner"
            [[steps]]
            id = "plain"
            command = "echo $$ > plain; exec sleep 1000"
            [[steps]]
            id = "away"
            command = "setsid sh -c 'echo $$ > away; exec sleep 1000'"
            [[steps]]
            id = "bare"
            command = "echo $$ > bare; exec env -i sleep 1000"
            """)
        let command = try space.start(["run"])
        let names = ["plain", "away", "bare"].map { "inner/\($0)" }
        #expect(TestSpace.wait { names.allSatisfy { space.number($0) != nil } })
        let outer = try #require(space.latestRun())
        let inner = try #require(space.latestRun(in: "inner"))
        defer { outer.clear() }
        #expect(TestSpace.wait { outer.guardian != nil && inner.guardian != nil })
        let steps = try names.map { try #require(space.number($0)) }
        command.signal(SIGKILL)
        #expect(
            TestSpace.wait(seconds: 15) {
                outer.carriers.isEmpty && !steps.contains(where: RunRemains.lives)
            })
        #expect(TestSpace.wait { outer.guardian == nil && inner.guardian == nil })
    }
}
