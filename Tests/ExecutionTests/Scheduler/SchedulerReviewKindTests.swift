import Testing
import WorkflowModel

@testable import Execution

@Suite("Scheduler: what is asked about, and what was decided before")
struct SchedulerReviewKindTests {
    // MARK: - What it failed of

    private func builder(jobs: Int = 2) -> PlanBuilder {
        var builder = PlanBuilder(jobs: jobs)
        builder.workflow.execution.errorPropagation = .collaborativeReview
        builder.options.canAsk = true
        return builder
    }

    private func begin(_ builder: PlanBuilder) throws -> Scene {
        var scene = Scene(try builder.plan())
        scene.send(.begin, at: 0)
        return scene
    }

    @Test("a condition that cannot be told is asked about, and not retried, as nothing changes")
    func conditionError() throws {
        var builder = builder()
        builder.step("a") { $0.gating.condition = "steps.x.y" }
        builder.step("b", after: ["a"])
        var scene = Scene(try builder.plan())
        scene.conditions["a"] = .error("no y")
        scene.send(.begin, at: 0)
        #expect(
            scene.did().suffix(3) == [
                "a attempt failed condition error: no y", "a review wanted",
                "ask a skip,continue,halt",
            ])
        scene.send(.decided(step: 0, .proceed), at: 1)
        #expect(scene.did().last == "launch b 1 failed a")
    }

    @Test("a step behind an open breaker that fails fast is asked about before it has run")
    func breaker() throws {
        var builder = builder(jobs: 1)
        builder.workflow.execution.breaker = BreakerSettings()
        builder.workflow.execution.breaker?.failures = 1
        builder.workflow.execution.breaker?.coolDown = Milliseconds(100)
        builder.workflow.execution.breaker?.whenOpen = .fail
        builder.workflow.resources = [ResourceDeclaration("db")]
        builder.step("a") {
            $0.isCritical = false
            $0.resources = [ResourceUse("db")]
        }
        builder.step("b") { $0.resources = [ResourceUse("db")] }
        var scene = try begin(builder)
        scene.exit("a", 1, at: 1)
        #expect(
            scene.did().suffix(2) == ["b review wanted", "ask b retry,skip,continue,halt"])
        // The breaker is open still: the same question again.
        scene.send(.decided(step: 1, .retry), at: 2)
        #expect(
            scene.did() == [
                "b decided retry", "b review wanted", "ask b retry,skip,continue,halt",
            ])
        scene.send(.decided(step: 1, .retry), at: 200)
        scene.exit("b", at: 201)
        #expect(
            scene.did() == [
                "breaker db half_open -", "b decided retry", "acquire b", "launch b 2",
                "breaker db closed b", "b complete", "release b", "finish failed",
            ])
    }

    @Test("nothing else starts in the moment in which a step fails fast and is asked about")
    func breakerHoldsOthers() throws {
        var builder = builder(jobs: 2)
        builder.workflow.execution.breaker = BreakerSettings()
        builder.workflow.execution.breaker?.failures = 1
        builder.workflow.execution.breaker?.whenOpen = .fail
        builder.workflow.resources = [ResourceDeclaration("db")]
        builder.step("a") {
            $0.isCritical = false
            $0.resources = [ResourceUse("db")]
        }
        builder.step("b") { $0.resources = [ResourceUse("db")] }
        builder.step("c")
        builder.step("d")
        builder.step("e")
        var scene = try begin(builder)
        #expect(scene.did().suffix(2) == ["launch c 1", "launch a 2"])
        scene.exit("c", at: 1)
        scene.exit("a", 1, at: 2)
        #expect(scene.did().last == "ask b retry,skip,continue,halt")
        scene.exit("d", at: 3)
        #expect(scene.did() == ["d complete"])
    }

    @Test("what cannot be killed is not retried")
    func unkillable() throws {
        var builder = builder()
        builder.step("a") {
            $0.timeout = Milliseconds(10)
            $0.grace = Milliseconds(10)
        }
        var scene = try begin(builder)
        scene.pass(to: 10_000)
        #expect(scene.did().contains("ask a skip,continue,halt"))
    }

    // MARK: - The time of a phase

    /// Two phases; the first has 150 ms.
    private func phases(_ change: (inout PlanBuilder) -> Void = { _ in }) throws -> Scene {
        var builder = builder(jobs: 2)
        builder.workflow.execution.barriers = true
        builder.workflow.execution.phaseTimeout = Milliseconds(100)
        builder.step("a")
        builder.step("b")
        builder.step("c", after: ["b"])
        change(&builder)
        return try begin(builder)
    }

    @Test("no time of its phase passes while somebody thinks about a step")
    func phaseClock() throws {
        var scene = try phases()
        scene.exit("a", 1, at: 40)
        scene.pass(to: 5000)
        scene.send(.decided(step: 0, .retry), at: 5000)
        _ = scene.did()
        scene.pass(to: 6000)
        #expect(scene.didAt().prefix(2) == ["5110 limit phase 150", "5110 signal a 15"])
    }

    @Test("the time goes on when the last question about the phase is answered")
    func phaseClockOfTwo() throws {
        var scene = try phases()
        scene.exit("a", 1, at: 40)
        scene.exit("b", 1, at: 1000)
        scene.send(.decided(step: 0, .retry), at: 2000)
        scene.pass(to: 3000)
        scene.send(.decided(step: 1, .retry), at: 3000)
        _ = scene.did()
        scene.pass(to: 4000)
        #expect(scene.didAt().first == "3110 limit phase 150")
    }

    @Test("a phase begins when the last of the one before is decided")
    func phaseEnds() throws {
        for decision in [ReviewDecision.skip, .proceed] {
            var scene = try phases()
            scene.exit("b", at: 10)
            scene.exit("a", 1, at: 20)
            _ = scene.did()
            scene.send(.decided(step: 0, decision), at: 5000)
            #expect(scene.did().suffix(2) == ["barrier 0 1", "launch c 3"])
            scene.pass(to: 5149)
            #expect(scene.did() == [])
            scene.pass(to: 5150)
            #expect(scene.did().first == "limit phase 150")
        }
    }

    @Test("steps of a phase that is over are asked about, but not to be repeated")
    func overduePhase() throws {
        // One runs, one rests, one waits for a conflicting step, one for what it needs.
        var scene = try phases {
            $0.workflow.steps[0].recovery.retries = 1
            $0.workflow.execution.retry.delay = Milliseconds(1000)
            $0.step("d")
            $0.conflict(1, 3)
        }
        scene.exit("a", 1, at: 10)
        _ = scene.did()
        scene.pass(to: 150)
        #expect(
            scene.did() == [
                "limit phase 150", "signal b 15", "a review wanted", "ask a skip,continue,halt",
                "d review wanted",
            ])
        // Neither the time of its next attempt nor the end of the other makes them start.
        scene.pass(to: 5000)
        scene.exit("b", 1, at: 5001)
        #expect(
            scene.did() == ["b attempt failed timed out phase 150", "b review wanted"])
        scene.send(.decided(step: 0, .skip), at: 5002)
        scene.send(.decided(step: 3, .proceed), at: 5003)
        scene.send(.decided(step: 1, .proceed), at: 5004)
        #expect(
            scene.did() == [
                "a decided skip", "a skipped decided skip", "ask d skip,continue,halt",
                "d decided continue", "d failed timed out phase 150", "ask b skip,continue,halt",
                "b decided continue", "b failed timed out phase 150",
                "c skipped timed out phase 150", "finish failed",
            ])
    }

    @Test("what a step in review was waiting for may come, and changes nothing")
    func needsComeLate() throws {
        // In its phase `c` is held by nothing but `x` of the other task.
        var builder = builder(jobs: 4)
        builder.workflow.tasks = [WorkflowTask(id: "1"), WorkflowTask(id: "2")]
        builder.workflow.execution.barriers = true
        builder.workflow.execution.phaseTimeout = Milliseconds(100)
        builder.step("x") { $0.task = 1 }
        builder.step("a")
        builder.step("b", after: ["a"])
        builder.step("c", after: ["x"])
        var scene = try begin(builder)
        scene.exit("a", at: 10)
        scene.pass(to: 150)
        _ = scene.did()
        scene.pass(to: 160)
        #expect(
            scene.did() == [
                "limit phase 150", "signal b 15", "c review wanted", "ask c skip,continue,halt",
            ])
        scene.exit("x", at: 161)
        #expect(scene.did() == ["x attempt failed timed out phase 150", "x review wanted"])
    }

    // MARK: - Decided before the run

    /// What was decided about `a`, and what follows.
    private static let decisions: [(word: ReviewDecision, did: [String])] = [
        (.retry, ["a decided retry", "launch a 1", "launch b 2"]),
        (.skip, ["a decided skip", "a skipped decided skip", "launch b 1", "launch c 2"]),
        (
            .proceed,
            [
                "a decided continue", "a failed decided continue", "launch b 1",
                "warning c runs although `a` failed", "launch c 2 failed a",
            ]
        ),
        (
            .halt,
            [
                "a decided halt", "a failed decided halt", "c skipped needs a",
                "b skipped halted by a", "finalizing", "launch z 1",
            ]
        ),
    ]

    private func decided(
        _ decisions: [(String, ReviewDecision)], _ change: (inout PlanBuilder) -> Void = { _ in }
    ) throws -> Scene {
        try Scene {
            $0.step("a")
            $0.step("b")
            $0.step("c", after: ["a"])
            $0.step("z") { $0.gating.always = true }
            for (id, word) in decisions {
                $0.options.decisions.append(StepDecision(StepID(id), word))
            }
            change(&$0)
        }
    }

    @Test("a decision of before the run is taken at its beginning", arguments: decisions.indices)
    func ahead(number: Int) throws {
        let (word, did) = Self.decisions[number]
        var scene = try decided([("a", word)])
        #expect(scene.did() == did)
        for id in ["a", "b", "c", "z"] { scene.exit(id, at: 1) }
        #expect(
            scene.did().last
                == (word == .halt || word == .proceed ? "finish failed" : "finish complete"))
    }

    @Test("of several decisions each is taken, and one that halts starts nothing of the others")
    func several() throws {
        var scene = try decided([("b", .halt), ("a", .retry)])
        #expect(
            scene.did() == [
                "a decided retry", "b decided halt", "b failed decided halt",
                "a skipped halted by b", "c skipped halted by b", "finalizing", "launch z 1",
            ])
    }

    @Test("what a step needs orders its dependents still when it was decided to skip it")
    func isTransparent() throws {
        for word in [ReviewDecision.skip, .proceed] {
            var scene = try decided([("c", word)]) { $0.step("d", after: ["c"]) }
            _ = scene.did()
            scene.exit("b", at: 1)
            #expect(scene.did() == ["b complete"])
            scene.exit("a", at: 2)
            let launch = scene.did().last
            #expect(launch == (word == .skip ? "launch d 3" : "launch d 3 failed c"))
        }
    }

    @Test("a failure reaches beyond a step of which was decided before the run")
    func failsBehind() throws {
        for word in [ReviewDecision.skip, .proceed] {
            var scene = try decided([("c", word)]) {
                $0.workflow.steps[0].isCritical = false
                $0.step("d", after: ["c"])
            }
            _ = scene.did()
            scene.exit("a", 1, at: 1)
            #expect(scene.did() == ["a failed exited 1", "d skipped needs a"])
        }
    }

    @Test("decisions stand with barriers: their phase goes on without them")
    func withBarriers() throws {
        var scene = try decided([("a", .skip), ("b", .proceed)]) {
            $0.options.barriers = true
            $0.step("d", after: ["c"])
        }
        #expect(
            scene.did() == [
                "a decided skip", "a skipped decided skip", "b decided continue",
                "b failed decided continue", "barrier 0 1", "launch c 1",
            ])
        scene.exit("c", at: 1)
        scene.exit("d", at: 2)
        #expect(
            scene.did() == [
                "c complete", "barrier 0 2", "launch d 2", "d complete", "finalizing",
                "launch z 3",
            ])
    }

    @Test("a finalizer can be skipped before the run, and no more")
    func finalizer() throws {
        var scene = try decided([("z", .skip)])
        #expect(scene.did().prefix(2) == ["z decided skip", "z skipped decided skip"])
        for id in ["a", "b", "c"] { scene.exit(id, at: 1) }
        #expect(scene.did().last == "finish complete")
        var other = try decided([("z", .halt)])
        #expect(!other.did().contains { $0.hasPrefix("z ") })
    }
}
