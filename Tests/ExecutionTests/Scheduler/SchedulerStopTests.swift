import Testing
import WorkflowModel

@testable import Execution

@Suite("Scheduler: limits, leftovers and signals")
struct SchedulerStopTests {
    private func scene(
        leftovers: LeftoverPolicy = .kill, _ change: (inout PlanBuilder) -> Void = { _ in }
    ) throws -> Scene {
        var scene = try Scene {
            $0.step("a") {
                $0.timeout = Milliseconds(100)
                $0.grace = Milliseconds(40)
                $0.leftovers = leftovers
            }
            $0.step("b", after: ["a"])
            change(&$0)
        }
        _ = scene.did()
        return scene
    }

    // MARK: - Limits

    @Test("at its limit a step gets TERM, after its grace KILL, and has failed whatever its code")
    func timeout() throws {
        var scene = try scene()
        scene.pass(to: 200)
        #expect(scene.didAt() == ["100 signal a 15", "140 signal a 9"])
        scene.exit("a", 0, at: 201)
        #expect(
            scene.did() == ["a failed timed out attempt 100", "b skipped needs a", "finish failed"])
    }

    @Test("an exit at the moment of the limit is one outcome, whichever comes first")
    func sameMoment() throws {
        var scene = try scene()
        scene.exit("a", 0, at: 100)
        #expect(scene.did() == ["a complete", "launch b 2"])

        scene = try self.scene()
        scene.pass(to: 100)
        scene.exit("a", 0, at: 100)
        #expect(
            scene.did() == [
                "signal a 15", "a failed timed out attempt 100", "b skipped needs a",
                "finish failed",
            ])
    }

    @Test("a step's own limit wins over --timeout, and that over [execution]; 0 lifts it")
    func whoseTimeout() throws {
        var builder = PlanBuilder()
        builder.workflow.execution.timeout = Milliseconds(1)
        builder.options.timeout = Milliseconds(2)
        builder.step("a") { $0.timeout = Milliseconds(3) }
        builder.step("b")
        builder.step("c") { $0.timeout = Milliseconds(0) }
        #expect(try (0..<3).map { try builder.plan().timeout(of: $0)?.value } == [3, 2, nil])
        builder.options.timeout = nil
        #expect(try builder.plan().timeout(of: 1) == Milliseconds(1))
    }

    // MARK: - Leftovers

    @Test("leftovers are stopped before the step ends; what they mean is the step's policy")
    func leftovers() throws {
        let table: [(policy: LeftoverPolicy, warning: [String], end: String)] = [
            (.kill, [], "a complete"),
            (
                .warn, ["warning a left 2 processes running (sleep, sleep): stopped now"],
                "a complete"
            ),
            (.fail, [], "a failed left 2"),
        ]
        for row in table {
            var scene = try scene(leftovers: row.policy)
            scene.exit("a", leaving: 2, at: 10)
            scene.pass(to: 60)
            #expect(
                scene.didAt()
                    == (["leftovers a 2"] + row.warning + ["signal a 15"]).map { "10 \($0)" }
                    + ["50 signal a 9"])
            scene.empty("a", at: 61)
            #expect(scene.did().first == row.end)
        }
    }

    @Test("a leader that failed has failed with its own code, leftovers or not")
    func leftoversOfAFailure() throws {
        var scene = try scene(leftovers: .fail)
        scene.exit("a", 3, leaving: 1, at: 10)
        scene.empty("a", at: 11)
        #expect(scene.did().contains("a failed exited 3"))
    }

    @Test("leftovers of a step that ran into its limit keep the limit's grace")
    func leftoversAfterTimeout() throws {
        var scene = try scene()
        scene.exit("a", leaving: 1, at: 120)
        scene.pass(to: 300)
        #expect(scene.didAt() == ["100 signal a 15", "120 leftovers a 1", "140 signal a 9"])
        scene.empty("a", at: 301)
        #expect(scene.did().first == "a failed timed out attempt 100")
    }

    // MARK: - Signals

    @Test("INT and HUP are passed on once, TERM follows at half the grace, KILL at its end")
    func interrupt() throws {
        for signal: Int32 in [1, 2] {
            var scene = try scene()
            scene.send(.signal(signal), at: 10)
            scene.pass(to: 200)
            #expect(
                scene.didAt() == ["10 signal a \(signal)", "30 signal a 15", "50 signal a 9"])
            scene.die("a", of: 9, at: 201)
            #expect(
                scene.did() == [
                    "a aborted interrupted \(signal)", "b skipped interrupted \(signal)",
                    "finish aborted",
                ])
        }
    }

    @Test("TERM follows at once when the leader is gone and others of its group are not")
    func interruptedLeaderGone() throws {
        var scene = try scene()
        scene.send(.signal(2), at: 10)
        scene.exit("a", 130, leaving: 1, at: 15)
        scene.pass(to: 200)
        #expect(
            scene.didAt() == [
                "10 signal a 2", "15 leftovers a 1", "15 signal a 15", "50 signal a 9",
            ])
        scene.empty("a", at: 201)
        #expect(scene.did().first == "a aborted interrupted 2")
    }

    @Test("TERM is passed on as it is")
    func terminate() throws {
        var scene = try scene()
        scene.send(.signal(15), at: 10)
        scene.pass(to: 200)
        #expect(scene.didAt() == ["10 signal a 15", "50 signal a 9"])
        scene.exit("a", 0, at: 201)
        #expect(scene.did().first == "a aborted interrupted 15")
    }

    @Test("a second signal leaves a second, and less where the grace is over before; a third none")
    func hurried() throws {
        var scene = try scene { $0.workflow.steps[0].grace = Milliseconds(60_000) }
        scene.send(.signal(2), at: 10)
        scene.send(.signal(2), at: 20)
        scene.pass(to: 5000)
        #expect(scene.didAt() == ["10 signal a 2", "20 signal a 15", "1020 signal a 9"])

        scene = try self.scene()
        scene.send(.signal(2), at: 10)
        scene.send(.signal(15), at: 20)
        scene.send(.signal(2), at: 30)
        scene.send(.signal(2), at: 31)
        scene.pass(to: 5000)
        #expect(scene.didAt() == ["10 signal a 2", "20 signal a 15", "30 signal a 9"])
        scene.die("a", of: 9, at: 5001)
        #expect(scene.did().first == "a aborted interrupted 2")
    }

    @Test("a process that appears after the stop began gets its signals at once")
    func startedAfterStop() throws {
        for (signals, expected): (Int, [String]) in [
            (1, ["0 signal a 2", "20 signal a 15", "40 signal a 9"]),
            (2, ["0 signal a 15", "40 signal a 9"]),
            (3, ["0 signal a 9"]),
        ] {
            var builder = PlanBuilder()
            builder.step("a") { $0.grace = Milliseconds(40) }
            var scene = Scene(try builder.plan())
            scene.startsAtOnce = false
            scene.send(.begin, at: 0)
            for _ in 0..<signals { scene.send(.signal(2), at: 0) }
            _ = scene.did()
            scene.send(.started(step: 0, pid: 1, startTicks: 1), at: 0)
            scene.pass(to: 100)
            #expect(scene.didAt() == expected)
        }
    }

    @Test("a signal while nothing runs ends the run; one before it begins keeps it from beginning")
    func signalAtTheEdges() throws {
        var builder = PlanBuilder()
        builder.step("a") { $0.resources = [ResourceUse("db")] }
        var scene = Scene(try builder.plan())
        scene.heldElsewhere = ["db": 1]
        scene.send(.begin, at: 0)
        scene.send(.signal(2), at: 1)
        #expect(
            scene.did() == [
                "acquire a", "waiting a db 1", "a skipped interrupted 2", "finish aborted",
            ])

        scene = Scene(try builder.plan())
        scene.send(.signal(2), at: 0)
        scene.send(.begin, at: 0)
        #expect(scene.did() == ["a skipped interrupted 2", "finish aborted"])
    }

    @Test("a halted step that outlives its grace is killed; a signal makes the run aborted")
    func haltThenSignal() throws {
        var scene = try Scene {
            $0.step("a")
            $0.step("b") { $0.grace = Milliseconds(40) }
        }
        scene.exit("a", 1, at: 10)
        scene.send(.signal(2), at: 20)
        scene.pass(to: 100)
        scene.die("b", of: 9, at: 101)
        #expect(
            scene.didAt().dropFirst(2) == [
                "10 a failed exited 1", "10 signal b 15", "50 signal b 9",
                "101 b aborted halted by a", "101 finish aborted",
            ])
    }

    @Test("a step that ran into its limit before a halt or a signal says so, and is aborted")
    func timeoutThenStop() throws {
        var scene = try Scene {
            $0.step("a")
            $0.step("b") { $0.timeout = Milliseconds(50) }
        }
        scene.pass(to: 50)
        scene.exit("a", 1, at: 60)
        scene.exit("b", 0, at: 70)
        #expect(scene.did().suffix(2) == ["b aborted timed out attempt 50", "finish failed"])

        scene = try self.scene()
        scene.pass(to: 100)
        scene.send(.signal(2), at: 110)
        scene.exit("a", 0, at: 120)
        #expect(scene.did().contains("a aborted timed out attempt 100"))
    }

    @Test("no grace is TERM and KILL in one")
    func noGrace() throws {
        var scene = try scene { $0.workflow.steps[0].grace = Milliseconds(0) }
        scene.send(.signal(15), at: 10)
        #expect(scene.didAt() == ["10 signal a 15", "10 signal a 9"])
    }
}
