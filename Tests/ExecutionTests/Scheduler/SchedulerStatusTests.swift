import Testing
import WorkflowModel

@testable import Execution

@Suite("Scheduler: how a run ends")
struct SchedulerStatusTests {
    /// What happens to `a` and `b`, beside which `z` runs at the end, and how the run ends.
    struct Case: Sendable, CustomStringConvertible {
        var description: String
        var status: RunStatus
        var change: @Sendable (inout PlanBuilder) -> Void = { _ in }
        var plays: @Sendable (inout Scene) -> Void
    }

    private static let review: @Sendable (inout PlanBuilder) -> Void = {
        $0.workflow.execution.errorPropagation = .collaborativeReview
    }

    private static let asked: @Sendable (inout PlanBuilder) -> Void = {
        review(&$0)
        $0.options.canAsk = true
    }

    private static func ends(_ a: Int32, _ b: Int32, z: Int32 = 0)
        -> @Sendable (inout Scene) -> Void
    {
        { scene in
            scene.exit("a", a, at: 1)
            scene.exit("b", b, at: 2)
            scene.exit("z", z, at: 3)
        }
    }

    private static func answer(_ decision: ReviewDecision) -> @Sendable (inout Scene) -> Void {
        { scene in
            scene.exit("a", 1, at: 1)
            scene.send(.decided(step: 0, decision), at: 2)
            scene.exit("a", at: 3)
            scene.exit("b", at: 4)
            scene.exit("z", at: 5)
        }
    }

    private static func ahead(_ decision: ReviewDecision) -> @Sendable (inout PlanBuilder) -> Void {
        { $0.options.decisions = [StepDecision(StepID("a"), decision)] }
    }

    private static let ordinary: [Case] = [
        Case(description: "all well", status: .complete, plays: ends(0, 0)),
        Case(description: "a failure", status: .failed, plays: ends(1, 0)),
        Case(
            description: "a failure that is not critical", status: .failed,
            change: { $0.workflow.steps[0].isCritical = false }, plays: ends(1, 0)),
        Case(
            description: "an allowed failure", status: .complete,
            change: { $0.workflow.steps[0].allowsFailure = true }, plays: ends(1, 0)),
        Case(
            description: "an allowed failure beside another", status: .failed,
            change: { $0.workflow.steps[0].allowsFailure = true }, plays: ends(1, 1)),
        Case(
            description: "-k", status: .failed, change: { $0.options.keepGoing = true },
            plays: ends(1, 0)),
        Case(
            description: "continue_and_log", status: .failed,
            change: { $0.workflow.execution.errorPropagation = .continueAndLog },
            plays: ends(1, 0)),
        Case(description: "a finalizer that fails", status: .failed, plays: ends(0, 0, z: 1)),
        Case(
            description: "a finalizer that is allowed to fail", status: .complete,
            change: { $0.workflow.steps[2].allowsFailure = true }, plays: ends(0, 0, z: 1)),
        Case(
            description: "a success after a failed attempt", status: .complete,
            change: { $0.workflow.steps[0].recovery.retries = 1 },
            plays: {
                $0.exit("a", 1, at: 1)
                $0.pass(to: 5000)
                $0.exit("a", at: 5001)
                $0.exit("b", at: 5002)
                $0.exit("z", at: 5003)
            }),
        Case(
            description: "a condition that is false", status: .complete,
            change: { $0.workflow.steps[0].gating.condition = "x" },
            plays: {
                $0.send(.conditionEvaluated(step: 0, .fails(values: "")), at: 1)
                ends(0, 0)(&$0)
            }),
        Case(
            description: "a condition that cannot be told", status: .failed,
            change: { $0.workflow.steps[0].gating.condition = "x" },
            plays: {
                $0.send(.conditionEvaluated(step: 0, .error("")), at: 1)
                ends(0, 0)(&$0)
            }),
    ]

    private static let reviewed: [Case] = [
        Case(description: "nobody to ask", status: .review, change: review, plays: ends(1, 0)),
        Case(
            description: "nobody to ask, and another failure", status: .review, change: review,
            plays: ends(1, 1)),
        Case(
            description: "nobody to ask about what is not critical", status: .failed,
            change: {
                review(&$0)
                $0.workflow.steps[0].isCritical = false
            }, plays: ends(1, 0)),
        Case(
            description: "nobody to ask, then a signal", status: .aborted, change: review,
            plays: {
                $0.exit("a", 1, at: 1)
                $0.send(.signal(2), at: 2)
                $0.exit("b", at: 3)
                $0.exit("z", at: 4)
            }),
        Case(
            description: "nobody to ask, then the run's limit", status: .failed,
            change: {
                review(&$0)
                $0.workflow.execution.runTimeout = Milliseconds(100)
            },
            plays: {
                $0.exit("a", 1, at: 1)
                $0.pass(to: 100)
                $0.exit("b", at: 101)
                $0.exit("z", at: 102)
            }),
        Case(
            description: "answered retry", status: .complete, change: asked, plays: answer(.retry)),
        Case(
            description: "answered skip", status: .complete, change: asked, plays: answer(.skip)),
        Case(
            description: "answered continue", status: .failed, change: asked,
            plays: answer(.proceed)),
        Case(description: "answered halt", status: .failed, change: asked, plays: answer(.halt)),
        Case(
            description: "asked when a signal comes", status: .aborted, change: asked,
            plays: {
                $0.exit("a", 1, at: 1)
                $0.send(.signal(2), at: 2)
                $0.exit("b", at: 3)
                $0.exit("z", at: 4)
            }),
        Case(
            description: "decided retry", status: .complete, change: ahead(.retry),
            plays: ends(0, 0)),
        Case(
            description: "decided skip", status: .complete, change: ahead(.skip),
            plays: ends(0, 0)),
        Case(
            description: "decided continue", status: .failed, change: ahead(.proceed),
            plays: ends(0, 0)),
        Case(
            description: "decided halt", status: .failed, change: ahead(.halt),
            plays: ends(0, 0)),
    ]

    private static let stopped: [Case] = [
        Case(
            description: "a signal, and all has ended well before", status: .aborted,
            plays: {
                $0.exit("a", at: 1)
                $0.exit("b", at: 1)
                $0.send(.signal(15), at: 2)
                $0.exit("z", at: 3)
            }),
        Case(
            description: "a signal, and the finalizer goes well", status: .aborted,
            plays: {
                $0.send(.signal(15), at: 1)
                ends(0, 0)(&$0)
            }),
        Case(
            description: "a halt, then a signal", status: .aborted,
            plays: {
                $0.exit("a", 1, at: 1)
                $0.send(.signal(15), at: 1)
                $0.exit("b", at: 2)
                $0.exit("z", at: 3)
            }),
        Case(
            description: "three signals", status: .aborted,
            plays: {
                for time in 1...3 { $0.send(.signal(2), at: Int64(time)) }
                $0.die("a", of: 9, at: 4)
                $0.die("b", of: 9, at: 4)
            }),
        Case(
            description: "the run's limit", status: .failed,
            change: { $0.workflow.execution.runTimeout = Milliseconds(100) },
            plays: {
                $0.pass(to: 100)
                $0.exit("a", at: 101)
                $0.exit("b", at: 101)
                $0.exit("z", at: 102)
            }),
        Case(
            description: "the run's limit while finalizers run", status: .failed,
            change: { $0.workflow.execution.runTimeout = Milliseconds(100) },
            plays: {
                $0.exit("a", at: 1)
                $0.exit("b", at: 1)
                $0.pass(to: 100)
                $0.exit("z", at: 101)
            }),
        Case(
            description: "what cannot be killed, though it may fail", status: .failed,
            change: {
                $0.workflow.steps[0].timeout = Milliseconds(10)
                $0.workflow.steps[0].allowsFailure = true
            },
            plays: {
                $0.exit("b", at: 1)
                $0.pass(to: 60_000)
                $0.exit("z", at: 60_001)
            }),
    ]

    @Test("a run's status follows from the ends of its steps", arguments: ordinary)
    func ofEnds(one: Case) throws { try expect(one) }

    @Test("a run's status follows from what people decide, or do not", arguments: reviewed)
    func ofReviews(one: Case) throws { try expect(one) }

    @Test("a run's status follows from what stopped it", arguments: stopped)
    func ofStops(one: Case) throws { try expect(one) }

    private func expect(_ one: Case) throws {
        var scene = try Scene {
            $0.step("a")
            $0.step("b")
            $0.step("z") { $0.gating.always = true }
            one.change(&$0)
        }
        one.plays(&scene)
        #expect(scene.scheduler.isFinished)
        #expect(scene.did().last == "finish \(one.status)")
    }
}
