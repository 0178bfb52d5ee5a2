import Foundation
import SystemCalls
import Testing
import TestSupport

@testable import Supervisor

/// Locks whose holder is at work, has died, or cannot be known.
@Suite("Locks and those who hold them", .serialized, .timeLimit(.minutes(20)))
struct LockHolderTests {
    /// Two projects beside each other that share a lock of the host: one holds it, one wants it.
    private func share(_ space: TestSpace, holder: String) throws {
        func workflow(_ command: String) -> String {
            """
            name = "sharing"
            [resources]
            db = { scope = "host" }
            [[steps]]
            id = "use"
            command = '''\(command)'''
            resources_required = ["db"]
            """
        }
        try space.file("a/workflow.toml", workflow(holder))
        try space.file(
            "b/workflow.toml",
            workflow(
                """
                { read -r _ _ state _ < /proc/$(cat ../a/pid)/stat; } 2> /dev/null
                echo ${state:-gone} > seen
                """))
    }

    /// Starts the holder, and waits until it holds.
    private func hold(_ space: TestSpace) throws -> (RunningCommand, RunRemains) {
        try share(space, holder: "echo $$ > pid; trap '' TERM; while :; do sleep 1000; done")
        let holder = try space.start(["run"], in: "a")
        #expect(
            TestSpace.wait {
                space.number("a/pid") != nil && space.latestRun(in: "a")?.guardian != nil
            })
        return (holder, try #require(space.latestRun(in: "a")))
    }

    @Test(
        "fault 59: who waits is told the holder; a dead one's lock is free once nothing of it lives"
    )
    func ending() throws {
        let space = try TestSpace()
        let (holder, remains) = try hold(space)
        defer { remains.clear() }
        let waiting = try space.start(["run"], in: "b")
        #expect(TestSpace.wait { space.journal(in: "b").contains("\"waiting\"") })
        let note = "step `use` of run \(remains.run) (pid \(holder.pid)) since 20"
        #expect(TestSpace.wait { waiting.errorSoFar.contains(note) })

        // A guardian that is at work and slow: the lock's file is free, its processes are not.
        var guardian = remains.orphan(holder, guarding: space.path("a"))
        #expect(guardian != nil)
        #expect(TestSpace.wait { space.journal(in: "b").contains("\"ending\":true") })
        #expect(
            TestSpace.wait { waiting.errorSoFar.contains("its processes are being ended") })
        #expect(!space.exists("b/seen"))
        remains.clear()
        #expect(TestSpace.wait { remains.carriers.isEmpty })
        // It has not finished before it says so.
        #expect(!space.exists("b/seen"))
        try guardian?.close()
        guardian = nil
        #expect(waiting.wait().code == 0)
        #expect(["Z", "gone"].contains(space.lines("b/seen").first ?? ""))
    }

    @Test("fault 59: where the guardian was killed too, its run's last process still has the lock")
    func survivors() throws {
        let space = try TestSpace()
        let (holder, remains) = try hold(space)
        defer { remains.clear() }
        remains.orphan(holder)
        #expect(holder.wait().end == .signal(SIGKILL))
        let refused = try space.start(
            ["lock", "db", "--no-wait", "--", "true"], in: "b"
        ).wait()
        #expect(refused.code == 4)
        #expect(
            refused.error.contains("run \(remains.run)")
                && refused.error.contains("its processes are being ended"), "\(refused)")
        let waiting = try space.start(["run"], in: "b")
        #expect(TestSpace.wait { space.journal(in: "b").contains("\"ending\":true") })
        #expect(!space.exists("b/seen"))
        remains.clear()
        #expect(waiting.wait().code == 0)
        #expect(["Z", "gone"].contains(space.lines("b/seen").first ?? ""))
    }

    @Test("fault 59: a lock that was given back holds nobody up, though its run goes on")
    func released() throws {
        let space = try TestSpace()
        try share(space, holder: "true")
        let text = space.text("a/workflow.toml").replacingOccurrences(
            of: "resources_required = [\"db\"]",
            with: """
                resources_required = ["db"]
                [[steps]]
                id = "inside"
                command = "$STEPVISOR lock db -- touch locked"
                dependencies = ["use"]
                [[steps]]
                id = "later"
                command = "echo $$ > pid; exec sleep 1000"
                dependencies = ["inside"]
                """)
        try space.file("a/workflow.toml", text)
        let holder = try space.start(["run"], in: "a")
        #expect(TestSpace.wait { space.number("a/pid") != nil })
        #expect(space.exists("a/locked"))
        #expect(try space.start(["run"], in: "b").wait().code == 0)
        holder.signal(SIGTERM)
        #expect(holder.wait().end == .signal(SIGTERM))
    }

    @Test("fault 57: a second run exits with 4 or waits; nothing is to be unlocked after a kill -9")
    func project() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            name = "one"
            [[steps]]
            id = "a"
            command = "[ -e fast ] || { echo $$ > pid; exec sleep 1000; }"
            """)
        let first = try space.start(["run"])
        #expect(
            TestSpace.wait {
                space.number("pid") != nil && space.latestRun()?.guardian != nil
            })
        let remains = try #require(space.latestRun())
        defer { remains.clear() }
        let second = try space.run("run")
        #expect(second.code == 4)
        #expect(second.error.contains("pid \(first.pid), run \(remains.run), since 20"))
        #expect(second.error.contains("`--wait`"))
        try space.file("fast", "")
        let third = try space.start(["run", "--wait"])
        #expect(TestSpace.wait { third.errorSoFar.contains("waiting for another run") })

        let guardian = remains.orphan(first, guarding: space.root.path)
        #expect(guardian != nil)
        #expect(first.wait().end == .signal(SIGKILL))
        let fourth = try space.start(["run", "--wait"])
        #expect(TestSpace.wait { fourth.errorSoFar.contains("its processes are being ended") })
        #expect(RunRemains.lives(try #require(space.number("pid"))))
        try guardian?.close()
        #expect(third.wait().code == 0)
        #expect(fourth.wait().code == 0)
        #expect(try space.run("run").code == 0)
    }

    @Test("fault 57: a plain run right after a kill -9 waits for the guardian, and then goes on")
    func again() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            name = "one"
            [[steps]]
            id = "a"
            command = "[ -e fast ] || { echo $$ > pid; exec sleep 1000; }"
            """)
        let first = try space.start(["run"])
        #expect(TestSpace.wait { space.number("pid") != nil })
        let remains = try #require(space.latestRun())
        defer { remains.clear() }
        try space.file("fast", "")
        first.signal(SIGKILL)
        #expect(first.wait().end == .signal(SIGKILL))
        let second = try space.run("run")
        #expect(second.code == 0)
        #expect(second.error.contains("run \(remains.run) was interrupted"))
        #expect(remains.carriers.isEmpty)
    }
}
