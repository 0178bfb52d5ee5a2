import Testing
import WorkflowModel

@testable import Execution

@Suite("Scheduler: silence, the run's limit, the terminal and standing still")
struct SchedulerLimitTests {
    /// One step, 100 ms of silence allowed, 40 ms of grace, with another after it.
    private func silentScene(_ change: (inout Step) -> Void = { _ in }) throws -> Scene {
        try Scene { plan in
            plan.step("a") {
                $0.idleTimeout = Milliseconds(100)
                $0.grace = Milliseconds(40)
                change(&$0)
            }
            plan.step("b", after: ["a"])
        }
    }

    // MARK: - Silence

    @Test("a silent step is asked for its output when its limit may have come, and then fails")
    func idle() throws {
        var scene = try silentScene()
        scene.outputs["a"] = 0
        scene.pass(to: 1000)
        #expect(
            scene.didAt() == [
                "0 launch a 1", "100 check output a", "100 signal a 15", "140 signal a 9",
            ])
        scene.die("a", of: 9, at: 1001)
        #expect(
            scene.did() == ["a failed timed out idle 100", "b skipped needs a", "finish failed"])
    }

    @Test("output moves the limit, however late the answer comes")
    func output() throws {
        var scene = try silentScene()
        scene.outputs["a"] = 70
        scene.pass(to: 169)
        #expect(scene.didAt() == ["0 launch a 1", "100 check output a"])
        scene.outputs["a"] = 170
        scene.pass(to: 269)
        #expect(scene.didAt() == ["170 check output a"])
        scene.outputs["a"] = nil
        scene.pass(to: 400)
        #expect(scene.didAt() == ["270 check output a"])
        scene.send(.output(step: 0, at: RunTime(milliseconds: 350)), at: 440)
        scene.pass(to: 449)
        #expect(scene.didAt() == [])
        scene.outputs["a"] = 350
        scene.pass(to: 450)
        #expect(scene.didAt() == ["450 check output a", "450 signal a 15"])
        scene.send(.output(step: 0, at: RunTime(milliseconds: 451)), at: 451)
        scene.exit("a", at: 452)
        #expect(scene.did().first == "a failed timed out idle 100")
    }

    @Test("an answer that nobody asked for changes nothing")
    func unaskedOutput() throws {
        var scene = try silentScene()
        scene.send(.output(step: 0, at: .zero), at: 99)
        scene.send(.output(step: 1, at: .zero), at: 99)
        scene.send(.output(step: -1, at: .zero), at: 99)
        #expect(scene.did() == ["launch a 1"])
    }

    @Test(
        "a step without a limit for silence is never asked; 0 is none; [execution] gives one to all"
    )
    func idleSources() throws {
        var builder = PlanBuilder()
        builder.workflow.execution.idleTimeout = Milliseconds(7)
        builder.step("a")
        builder.step("b") { $0.idleTimeout = Milliseconds(0) }
        builder.step("c") { $0.idleTimeout = Milliseconds(9) }
        let plan = try builder.plan()
        #expect((0..<3).map { plan.idleTimeout(of: $0)?.value } == [7, nil, 9])
        var scene = try Scene { $0.step("a") }
        scene.pass(to: 1_000_000)
        #expect(scene.did() == ["launch a 1"])
    }

    // MARK: - The run

    @Test("at the run's limit what runs is stopped, and what waits never starts")
    func runLimit() throws {
        var scene = try Scene(jobs: 1) { plan in
            plan.workflow.execution.runTimeout = Milliseconds(100)
            plan.step("a") { $0.grace = Milliseconds(40) }
            plan.step("b")
        }
        scene.pass(to: 139)
        #expect(scene.didAt() == ["0 launch a 1", "100 limit run 100", "100 signal a 15"])
        scene.exit("a", at: 139)
        #expect(
            scene.did() == [
                "a aborted timed out run 100", "b skipped timed out run 100", "finish failed",
            ])
    }

    @Test("the run's limit says nothing of a run that ends at that very moment")
    func runLimitAtTheEnd() throws {
        var scene = try Scene { plan in
            plan.workflow.execution.runTimeout = Milliseconds(100)
            plan.step("a")
        }
        scene.exit("a", at: 100)
        #expect(scene.did() == ["launch a 1", "a complete", "finish complete"])
    }

    @Test("the run's limit stops what a halt had left running; the first reason stays")
    func runLimitAfterHalt() throws {
        var scene = try Scene(jobs: 2) { plan in
            plan.workflow.execution.runTimeout = Milliseconds(100)
            plan.workflow.execution.failureStrategy = .optimistic
            plan.step("a")
            plan.step("b")
            plan.step("c")
        }
        scene.exit("a", 1, at: 10)
        scene.pass(to: 100)
        scene.exit("b", at: 110)
        #expect(
            scene.did() == [
                "launch a 1", "launch b 2", "a failed exited 1", "limit run 100", "signal b 15",
                "b aborted timed out run 100", "c skipped halted by a", "finish failed",
            ])
    }

    @Test("a signal after the run's limit makes the run aborted; before it, the limit says nothing")
    func runLimitAndSignal() throws {
        for signalAt: Int64 in [90, 110] {
            var scene = try Scene(jobs: 1) { plan in
                plan.workflow.execution.runTimeout = Milliseconds(100)
                plan.step("a")
                plan.step("b")
            }
            scene.send(.signal(15), at: signalAt)
            scene.pass(to: 200)
            scene.die("a", of: 15, at: 200)
            let reason = signalAt < 100 ? "interrupted 15" : "timed out run 100"
            #expect(
                scene.did().suffix(3) == [
                    "a aborted \(reason)", "b skipped \(reason)", "finish aborted",
                ])
        }
    }

    // MARK: - The terminal

    @Test("a step that is stopped for the terminal is ended, and fails with that reason")
    func terminal() throws {
        for signal: Int32 in [21, 22] {
            var scene = try silentScene()
            scene.send(.wantsTerminal(step: 0, signal: signal), at: 10)
            scene.send(.wantsTerminal(step: 0, signal: signal), at: 11)
            scene.pass(to: 60)
            #expect(scene.didAt() == ["0 launch a 1", "10 signal a 15", "50 signal a 9"])
            scene.die("a", of: 9, at: 60)
            #expect(scene.did().first == "a failed wanted the terminal \(signal)")
        }
    }

    @Test("who is being stopped already, or is no step, may want the terminal in vain")
    func terminalTooLate() throws {
        var scene = try silentScene()
        scene.send(.signal(15), at: 5)
        scene.send(.wantsTerminal(step: 0, signal: 21), at: 10)
        scene.send(.wantsTerminal(step: 9, signal: 21), at: 10)
        scene.exit("a", at: 11)
        #expect(scene.did()[2] == "a aborted interrupted 15")
    }

    // MARK: - Standing still

    @Test("time that stood still counts against no limit")
    func standstill() throws {
        var scene = try Scene(jobs: 2) { plan in
            plan.workflow.execution.runTimeout = Milliseconds(300)
            plan.options.keepGoing = true
            plan.step("a") { $0.timeout = Milliseconds(100) }
            plan.step("b") { $0.idleTimeout = Milliseconds(100) }
        }
        scene.outputs["b"] = 0
        _ = scene.did()
        // From 50 to 1050 nothing moved.
        scene.resume(after: 1000, at: 1050)
        scene.pass(to: 1099)
        #expect(scene.didAt() == [])
        scene.pass(to: 1299)
        #expect(
            scene.didAt().sorted() == [
                "1100 check output b", "1100 signal a 15", "1100 signal b 15",
            ])
        scene.exit("a", at: 1299)
        scene.pass(to: 1300)
        #expect(
            scene.didAt().suffix(2) == [
                "1299 a failed timed out attempt 100", "1300 limit run 300",
            ])
    }

    @Test("a standstill after the last output counts in no silence; one before it does nothing")
    func standstillAndSilence() throws {
        var scene = try silentScene()
        scene.outputs["a"] = 20
        scene.resume(after: 1000, at: 1050)
        scene.pass(to: 1119)
        #expect(scene.didAt() == ["0 launch a 1", "1100 check output a"])
        // 20 to 50 and 1050 to 1120: a hundred.
        scene.pass(to: 1120)
        #expect(scene.didAt() == ["1120 check output a", "1120 signal a 15"])
        var other = try silentScene()
        other.resume(after: 30, at: 50)
        other.outputs["a"] = 60
        other.pass(to: 159)
        #expect(other.didAt() == ["0 launch a 1", "130 check output a"])
        other.pass(to: 160)
        #expect(other.didAt() == ["160 check output a", "160 signal a 15"])
    }

    @Test("a standstill moves the stages of stopping")
    func standstillOfStages() throws {
        var scene = try silentScene()
        scene.send(.signal(2), at: 10)
        scene.resume(after: 500, at: 515)
        scene.pass(to: 600)
        #expect(
            scene.didAt() == ["0 launch a 1", "10 signal a 2", "530 signal a 15", "550 signal a 9"])
    }
}
