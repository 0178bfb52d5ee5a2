import DependencyGraph
import Testing
import TestSupport
import WorkflowModel

@testable import Execution

@Suite("ReplayOrder: a recorded run once more, one step after another")
struct ReplayOrderTests {
    private static func header(_ ids: [String]) -> RunHeader {
        RunRecordSample.header(steps: ids.map { StepHeader(id: $0) })
    }

    private static func order(_ ids: [String], _ kinds: [RunEvent.Kind]) -> ReplayOrder {
        ReplayOrder(
            Journal(
                header: header(ids), events: kinds.map { RunEvent($0, at: .zero) }, problems: []))
    }

    @Test("it is the order of the first starts, whatever came of them")
    func firstStarts() {
        let order = Self.order(
            ["a", "b", "c", "d", "e"],
            [
                .skipped(step: 4, .notSelected),
                .launched(step: 0, attempt: 1, method: .primary, execution: 1),
                .started(step: 2, pid: 1, startTicks: 1), .started(step: 0, pid: 2, startTicks: 1),
                .attemptFailed(step: 2, AttemptFailure(reason: .exited(1))),
                .started(step: 2, pid: 3, startTicks: 1),
                .skipped(step: 1, .dependencyFailed(0)), .started(step: 99, pid: 3, startTicks: 1),
                .ended(step: 3, StepEnd(status: .failed, reason: .notStarted("no program"))),
            ])
        #expect(order.started == ["c", "a"].map { StepID($0) })
        #expect(order.neverStarted == ["b", "d"].map { StepID($0) })
        #expect(order.run == "run-1")
    }

    @Test("any parallel run can be replayed, exactly in its order", arguments: 0..<400)
    func anyRun(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let resolved = try RandomPlan.make(&random).resolved
        var options = RunOptions()
        options.jobs = 1 + seed % 5
        options.keepGoing = seed % 2 == 0
        let first = try RunPlan.make(resolved: resolved, options: options)
        let recorded = try #require(OrderWorld.play(first, seed: UInt64(seed)))
        let order = ReplayOrder(recorded.journal)
        #expect(order.started == recorded.started.map { resolved.graph.nodes[$0] })

        var again = RunOptions()
        again.startOrder = .replay(run: order.run, steps: order.started)
        // What is asked of a run by its limit does not matter to a replay.
        again.jobs = 4
        let plan = try RunPlan.make(resolved: resolved, options: again)
        #expect(plan.mode == .sequential)
        let replayed = try #require(OrderWorld.play(plan, seed: 1, failures: 0))
        #expect(replayed.started == recorded.started)
        #expect(replayed.peak <= 1)
        #expect(plan.startSequence == recorded.started)
        let header = plan.header(
            runID: "r2", startedAt: WallTime(microseconds: 0), pid: 1, bootID: "")
        #expect(header.replays == "r1")
    }

    @Test("a step that waits keeps its turn: none behind it starts before")
    func strict() throws {
        var builder = PlanBuilder(jobs: nil)
        builder.step("locked") { $0.resources = [ResourceUse("db")] }
        builder.step("free")
        builder.options.startOrder = .replay(
            run: "r1", steps: [StepID("locked"), StepID("free")])
        var scene = Scene(try builder.plan())
        scene.heldElsewhere = ["db": 7]
        scene.send(.begin, at: 0)
        scene.pass(to: 300)
        #expect(!scene.did().contains { $0.contains("launch") })
        scene.heldElsewhere = [:]
        scene.pass(to: 10_000)
        scene.exit("locked", at: 10_001)
        scene.exit("free", at: 10_002)
        #expect(
            scene.did().filter { $0.hasPrefix("launch ") }.map { $0.split(separator: " ")[1] }
                == ["locked", "free"])
        #expect(scene.scheduler.isFinished)
    }

    struct Refused: CustomTestStringConvertible {
        let why: String
        let steps: [String]
        let change: @Sendable (inout PlanBuilder) -> Void
        let message: String
        var testDescription: String { why }
    }

    static let refused = [
        Refused(
            why: "a step that is gone", steps: ["a", "gone"], change: { _ in },
            message: "run r1 cannot be replayed: the workflow has no step `gone` any more"),
        Refused(
            why: "nothing", steps: [], change: { _ in },
            message: "run r1 cannot be replayed: no step of it was started"),
        Refused(
            why: "a new edge", steps: ["c", "a"], change: { _ in },
            message: "run r1 cannot be replayed: `c` started before `a` there, "
                + "and now depends on it"),
        Refused(
            why: "a new edge through a step left out", steps: ["d", "a"], change: { _ in },
            message: "run r1 cannot be replayed: `d` started before `a` there, "
                + "and now depends on it"),
        Refused(
            why: "a new finalizer", steps: ["last", "a"], change: { _ in },
            message: "run r1 cannot be replayed: `last` started before `a` there, "
                + "and now runs after all others (always)"),
        Refused(
            why: "new barriers", steps: ["a", "c", "b"],
            change: { $0.workflow.execution.barriers = true },
            message: "run r1 cannot be replayed: `c` started before `b` there, "
                + "and now a barrier stands between their phases"),
    ]

    @Test("an order that cannot be kept is refused, and says why", arguments: refused)
    func refusal(of refused: Refused) throws {
        var builder = PlanBuilder(jobs: nil)
        builder.step("a")
        builder.step("b")
        builder.step("c", after: ["a"])
        builder.step("d", after: ["c"])
        builder.step("last") { $0.gating.always = true }
        refused.change(&builder)
        builder.options.startOrder = .replay(
            run: "r1", steps: refused.steps.map { StepID($0) })
        let error = try #require(throws: PlanError.self) { try builder.plan() }
        #expect(error.diagnostics.map(\.message) == [refused.message])
        #expect(error.diagnostics.allSatisfy { $0.help != nil })
    }
}
