import Testing
import WorkflowModel

@testable import Execution

@Suite("Scheduler: reviews")
struct SchedulerReviewTests {
    /// `a` beside `b`; `c` after `a`, `d` after `b`; somebody is there to be asked.
    private func scene(
        jobs: Int = 2, _ change: (inout PlanBuilder) -> Void = { _ in }
    ) throws -> Scene {
        try Scene(jobs: jobs) {
            $0.workflow.execution.errorPropagation = .collaborativeReview
            $0.options.canAsk = true
            $0.step("a")
            $0.step("b")
            $0.step("c", after: ["a"])
            $0.step("d", after: ["b"])
            change(&$0)
        }
    }

    private func question(_ id: String, _ code: Int = 7) -> [String] {
        ["\(id) attempt failed exited \(code)", "\(id) review wanted", ask(id)]
    }

    private func ask(_ id: String) -> String { "ask \(id) retry,skip,continue,halt" }

    /// Each answer, what follows at once, and what when all else goes well.
    private static let answers: [(answer: ReviewDecision, at: [String], then: [String])] = [
        (
            .retry, ["a decided retry", "launch a 4 attempt 3"],
            ["a complete", "launch c 5", "b complete", "launch d 6"]
        ),
        (
            .useBackup, ["a decided backup", "launch a 4 attempt 3 backup[1]"],
            ["a complete", "launch c 5", "b complete", "launch d 6"]
        ),
        (
            .skip, ["a decided skip", "a skipped decided skip", "launch c 4"],
            ["b complete", "launch d 5"]
        ),
        (
            .proceed,
            [
                "a decided continue", "a failed exited 7", "warning c runs although `a` failed",
                "launch c 4 failed a",
            ], ["b complete", "launch d 5"]
        ),
        (
            .halt, ["a decided halt", "a failed exited 7", "c skipped needs a", "signal b 15"],
            ["b aborted halted by a", "d skipped halted by a"]
        ),
    ]

    @Test("each answer, and what follows from it", arguments: answers.indices)
    func answer(number: Int) throws {
        let (answer, at, then) = Self.answers[number]
        var scene = try scene {
            $0.workflow.steps[0].recovery.backups = [BackupMethod(command: .arguments(["x"]))]
        }
        scene.exit("a", 7, at: 1)
        scene.exit("a", 7, at: 2)
        #expect(
            scene.did() == [
                "mode collaborative", "launch a 1", "launch b 2", "a attempt failed exited 7",
                "a retry 2 backup[1] in 0", "launch a 3 attempt 2 backup[1]",
                "a attempt failed exited 7", "a review wanted",
                "ask a retry,backup,skip,continue,halt",
            ])
        scene.send(.decided(step: 0, answer), at: 3)
        #expect(scene.did() == at)
        for (time, id) in ["a", "b"].enumerated() { scene.exit(id, at: Int64(4 + time)) }
        let isOver = scene.scheduler.isFinished
        #expect(isOver == (answer == .halt))
        scene.exit("c", at: 6)
        scene.exit("d", at: 7)
        let ends = isOver ? [] : ["c complete", "d complete"]
        let status = answer == .halt || answer == .proceed ? "failed" : "complete"
        #expect(scene.did() == then + ends + ["finish \(status)"])
    }

    @Test("an optimistic halt by a person lets what runs end as it does")
    func optimisticHalt() throws {
        var scene = try scene { $0.workflow.execution.failureStrategy = .optimistic }
        scene.exit("a", 7, at: 1)
        scene.send(.decided(step: 0, .halt), at: 2)
        scene.exit("b", at: 3)
        #expect(
            scene.did().suffix(6) == [
                "a decided halt", "a failed exited 7", "c skipped needs a", "b complete",
                "d skipped halted by a", "finish failed",
            ])
    }

    @Test("while a question is open nothing starts, and what runs goes on to its end")
    func nothingStarts() throws {
        var scene = try scene {
            $0.step("e")
            $0.workflow.steps[1].gating.verify = "check"
        }
        _ = scene.did()
        scene.exit("a", 7, at: 1)
        #expect(scene.did() == question("a"))
        scene.exit("b", at: 2)
        #expect(scene.did() == ["launch check b 2"])
        scene.exit("b", at: 3)
        scene.pass(to: 100_000)
        #expect(scene.did() == ["b complete"])
        #expect(scene.scheduler.activeCount == 0)
        scene.send(.decided(step: 0, .skip), at: 100_001)
        #expect(
            scene.did() == [
                "a decided skip", "a skipped decided skip", "launch c 3", "launch d 4",
            ])
    }

    @Test("steps that were getting their locks, resting or being put off wait for the answer")
    func onTheirWay() throws {
        var scene = try Scene(jobs: 4) {
            $0.workflow.execution.errorPropagation = .collaborativeReview
            $0.options.canAsk = true
            $0.workflow.resources = [ResourceDeclaration("db")]
            $0.step("a")
            $0.step("b") {
                $0.resources = [ResourceUse("db")]
            }
            $0.step("c") { $0.recovery.retries = 1 }
        }
        // The step that has the lock gives it back while the question is open.
        scene.exit("b", at: 1)
        scene.exit("c", 1, at: 1)
        scene.exit("a", 7, at: 2)
        _ = scene.did()
        scene.pass(to: 60_000)
        #expect(scene.did() == [])
        scene.send(.decided(step: 0, .skip), at: 60_001)
        #expect(
            scene.did() == [
                "a decided skip", "a skipped decided skip", "launch c 4 attempt 2",
            ])
    }

    @Test("locks that come while a question is open are given back, and taken again afterwards")
    func locks() throws {
        var builder = PlanBuilder(jobs: 2)
        builder.workflow.execution.errorPropagation = .collaborativeReview
        builder.options.canAsk = true
        builder.workflow.resources = [ResourceDeclaration("db")]
        builder.step("a")
        builder.step("b") { $0.resources = [ResourceUse("db")] }
        var scheduler = Scheduler(plan: try builder.plan())
        var actions: [SchedulerAction] = []
        func send(_ input: SchedulerInput) -> [SchedulerAction] {
            actions = []
            scheduler.handle(input, at: .zero, into: &actions)
            return actions.filter { if case .record = $0 { false } else { true } }
        }
        _ = send(.begin)
        _ = send(.started(step: 0, pid: 1, startTicks: 1))
        _ = send(.leaderExited(step: 0, exit: .exited(1), usage: nil, leftovers: []))
        #expect(send(.locksAcquired(step: 1)) == [.releaseLocks(step: 1)])
        #expect(
            send(.decided(step: 0, .skip)) == [.acquireLocks(step: 1)])
    }

    @Test("questions are asked one at a time, in the order of the failures")
    func queue() throws {
        var scene = try scene(jobs: 3) { $0.step("e") }
        _ = scene.did()
        scene.exit("b", 7, at: 1)
        scene.exit("e", 7, at: 2)
        scene.exit("a", 7, at: 3)
        #expect(
            scene.did() == question("b") + question("e").prefix(2) + question("a").prefix(2))
        // An answer to what was not asked is none.
        scene.send(.decided(step: 0, .halt), at: 4)
        #expect(scene.did() == [])
        scene.send(.decided(step: 1, .proceed), at: 5)
        #expect(scene.did() == ["b decided continue", "b failed exited 7", ask("e")])
        scene.send(.decided(step: 4, .retry), at: 6)
        #expect(scene.did() == ["e decided retry", ask("a")])
        scene.send(.decided(step: 0, .skip), at: 7)
        #expect(
            scene.did() == [
                "a decided skip", "a skipped decided skip", "launch c 4",
                "warning d runs although `b` failed", "launch d 5 failed b",
                "launch e 6 attempt 2",
            ])
    }

    @Test("a halt answers the questions that queue too")
    func haltOfQueue() throws {
        var scene = try scene()
        scene.exit("a", 7, at: 1)
        scene.exit("b", 8, at: 2)
        _ = scene.did()
        scene.send(.decided(step: 0, .halt), at: 3)
        #expect(
            scene.did() == [
                "a decided halt", "a failed exited 7", "c skipped needs a", "b failed exited 8",
                "d skipped needs b", "finish failed",
            ])
    }

    @Test("an answer that was not among the choices is none")
    func noChoice() throws {
        var scene = try scene()
        scene.exit("a", 7, at: 1)
        _ = scene.did()
        scene.send(.decided(step: 0, .useBackup), at: 2)
        #expect(scene.did() == [])
    }

    @Test("what was retried and fails again comes back, as often as it fails")
    func comesBack() throws {
        var scene = try scene()
        for attempt in 1...3 {
            scene.exit("a", 7, at: Int64(2 * attempt))
            #expect(scene.did().suffix(3) == question("a")[...])
            scene.send(.decided(step: 0, .retry), at: Int64(2 * attempt + 1))
            #expect(
                scene.did() == [
                    "a decided retry", "launch a \(attempt + 2) attempt \(attempt + 1)",
                ])
        }
    }

    @Test("a retry has all its attempts again, backups too")
    func wholeSeries() throws {
        var scene = try scene {
            $0.workflow.steps[0].recovery.backups = [BackupMethod(command: .arguments(["x"]))]
        }
        scene.exit("a", 7, at: 1)
        scene.exit("a", 7, at: 2)
        scene.send(.decided(step: 0, .retry), at: 3)
        _ = scene.did()
        scene.exit("a", 7, at: 4)
        scene.exit("a", 7, at: 5)
        #expect(
            scene.did() == [
                "a attempt failed exited 7", "a retry 4 backup[1] in 0",
                "launch a 5 attempt 4 backup[1]", "a attempt failed exited 7", "a review wanted",
                "ask a retry,backup,skip,continue,halt",
            ])
    }

    // MARK: - Stops

    private static let stops:
        [(name: String, does: @Sendable (inout Scene) -> Void, reason: String, status: String)] = [
            ("a signal", { $0.send(.signal(15), at: 20) }, "interrupted 15", "aborted"),
            ("the run's limit", { $0.pass(to: 100) }, "timed out run 100", "failed"),
        ]

    @Test("a stop withdraws the question, and what was asked about has failed", arguments: [0, 1])
    func withdrawn(number: Int) throws {
        let (_, does, reason, status) = Self.stops[number]
        var scene = try scene(jobs: 3) {
            $0.workflow.execution.runTimeout = Milliseconds(100)
            $0.step("e")
        }
        _ = scene.did()
        scene.exit("a", 7, at: 1)
        scene.exit("e", 8, at: 2)
        _ = scene.did()
        does(&scene)
        let stopped = scene.did()
        #expect(
            stopped.filter { !$0.hasPrefix("limit") } == [
                "withdraw a", "a failed exited 7", "c skipped needs a", "e failed exited 8",
                "signal b 15",
            ])
        // A late answer is none.
        scene.send(.decided(step: 0, .retry), at: 101)
        scene.exit("b", at: 102)
        #expect(
            scene.did() == ["b aborted \(reason)", "d skipped \(reason)", "finish \(status)"])
    }

    // MARK: - Nobody to be asked

    @Test("where nobody can be asked what runs ends as it does, and the rest waits for a decision")
    func unasked() throws {
        var scene = try scene(jobs: 4) {
            $0.options.canAsk = false
            $0.step("e") { $0.isCritical = false }
            $0.step("f", after: ["e"])
            $0.step("g") { $0.recovery.retries = 1 }
            $0.step("z") { $0.gating.always = true }
        }
        _ = scene.did()
        scene.exit("g", 1, at: 1)
        scene.exit("a", 7, at: 2)
        _ = scene.did()
        scene.exit("e", 8, at: 3)
        #expect(scene.did() == ["e failed exited 8", "f skipped needs e"])
        scene.pass(to: 60_000)
        #expect(scene.did() == [])
        scene.exit("b", 9, at: 60_001)
        #expect(
            scene.did() == [
                "b failed exited 9", "b review wanted", "c skipped awaits review of a",
                "d skipped awaits review of a", "g aborted awaits review of a",
                "z skipped awaits review of a", "finish review",
            ])
    }

    @Test("a signal after a failure that awaits review makes it an ordinary stop")
    func unaskedThenStopped() throws {
        var scene = try scene {
            $0.options.canAsk = false
            $0.step("z") { $0.gating.always = true }
        }
        scene.exit("a", 7, at: 1)
        scene.send(.signal(15), at: 2)
        _ = scene.did()
        scene.exit("b", at: 3)
        #expect(
            scene.did() == [
                "b aborted interrupted 15", "c skipped interrupted 15",
                "d skipped interrupted 15", "finalizing", "launch z 3",
            ])
        scene.exit("z", at: 4)
        #expect(scene.did() == ["z complete", "finish aborted"])
    }
}
