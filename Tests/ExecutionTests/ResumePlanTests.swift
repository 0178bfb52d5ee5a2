import DependencyGraph
import Testing
import WorkflowModel

@testable import Execution

/// A workflow, what an earlier run left of it, and what its steps are made from now.
private struct ResumeScene {
    var builder = PlanBuilder()
    /// Events of the earlier run after its header; steps by the index they had there.
    var events: [RunEvent.Kind] = []
    /// Ids of the earlier run's steps, where they differ from the workflow's.
    var earlierIDs: [String]?
    var bases: [String: StepBasis] = [:]
    var unreadable: Set<String> = []
    /// Steps that the earlier run itself was to leave as they are unless what they need runs.
    var carried: [Int] = []
    var asked: [String] = []

    static let basis = StepBasis(command: 1, settings: 2, inputs: 3)

    init(_ steps: [(id: String, after: [String])]) {
        for step in steps { builder.step(step.id, after: step.after) }
    }

    /// A chain of three, `c` behind `b` behind `a`.
    static var chain: ResumeScene { ResumeScene([("a", []), ("b", ["a"]), ("c", ["b"])]) }

    mutating func complete(_ step: Int, basis: StepBasis? = ResumeScene.basis) {
        events += [
            .launched(step: step, attempt: 1, method: .primary, execution: 1),
            .started(step: step, pid: 1, startTicks: 1, basis: basis),
            .ended(step: step, StepEnd(status: .complete, exit: .exited(0))),
        ]
    }

    func earlier() throws -> EarlierRun {
        var header = try builder.plan().header(
            runID: "r1", startedAt: WallTime(microseconds: 0), pid: 1, bootID: "")
        if let earlierIDs { header.steps = earlierIDs.map { StepHeader(id: $0) } }
        for step in carried {
            header.steps[step].doneUnlessNeedsRun = DoneEarlier(run: "r0", basis: Self.basis)
        }
        let events =
            [RunEvent(.runStarted(header), at: .zero)]
            + self.events.map { RunEvent($0, at: .zero) }
        return EarlierRun(Journal(header: header, events: events, problems: []))
    }

    /// What each step does: `done in r1`, or the reason.
    mutating func resume(selected: [Bool]? = nil) throws -> [String: String] {
        let graph = try builder.resolved().graph
        let earlier = try earlier()
        let selected = selected ?? ResumePlan.selection(of: earlier, graph: graph)
        var asked: [String] = []
        let plan = ResumePlan.resume(earlier, graph: graph, selected: selected) { step in
            let id = graph.nodes[step].rawValue
            asked.append(id)
            return unreadable.contains(id) ? nil : bases[id] ?? ResumeScene.basis
        }
        self.asked = asked
        return describe(plan, graph)
    }

    /// The same with decisions about steps, and with what speaks against the outputs of some.
    func resume(
        decided: Set<Int> = [], lost: [Int: [DueCause]] = [:], isFailedOnly: Bool = false
    ) throws -> [String: String] {
        let graph = try builder.resolved().graph
        let selected = [Bool](repeating: true, count: graph.count)
        let earlier = try earlier()
        let outputs = { (step: Int, _: DoneEarlier) in lost[step] ?? [] }
        return describe(
            isFailedOnly
                ? .failed(earlier, graph: graph, selected: selected, outputs: outputs)
                : .resume(
                    earlier, graph: graph, selected: selected, decided: decided, outputs: outputs
                ) { _ in ResumeScene.basis }, graph)
    }

    func failed(selected: [Bool]? = nil) throws -> [String: String] {
        let graph = try builder.resolved().graph
        let earlier = try earlier()
        let selected = selected ?? ResumePlan.selection(of: earlier, graph: graph)
        return describe(.failed(earlier, graph: graph, selected: selected), graph)
    }

    private func describe(_ plan: ResumePlan, _ graph: Graph<StepID>) -> [String: String] {
        var result: [String: String] = [:]
        for (step, done) in plan.done {
            result[graph.nodes[step].rawValue] = "done in \(done.run)"
        }
        for (step, open) in plan.doneUnlessNeedsRun {
            result[graph.nodes[step].rawValue] =
                "done in \(open.done.run) unless \(graph.nodes[open.needed].rawValue) runs"
        }
        for (step, reason) in plan.reruns {
            let text =
                if case .dependency(let other) = reason {
                    "needs \(graph.nodes[other].rawValue)"
                } else {
                    "\(reason)"
                }
            result[graph.nodes[step].rawValue] = text
        }
        for id in plan.removed { result["-\(id)"] = "removed" }
        return result
    }
}

@Suite("A run that goes on with another takes over only what is proved unchanged")
struct ResumePlanTests {
    @Test("who looks at what is known takes over what was skipped, behind nothing that runs")
    func lookedAt() throws {
        for isLookedAt in [true, false] {
            var scene = ResumeScene([("a", []), ("b", ["a"]), ("c", []), ("d", ["c"])])
            scene.events = [
                .skipped(step: 0, .upToDate(run: "r0")), .skipped(step: 3, .upToDate(run: "r0")),
            ]
            scene.complete(1)
            let graph = try scene.builder.resolved().graph
            let plan = ResumePlan.resume(
                try scene.earlier(), graph: graph, selected: [true, true, true, true],
                isLookedAt: isLookedAt
            ) { _ in ResumeScene.basis }
            #expect(plan.done.keys.sorted() == (isLookedAt ? [0, 1] : []))
            #expect(plan.reruns.first { $0.step == 3 }?.reason == .dependency(2))
        }
    }

    @Test("what is known not to hold any more runs again, in its place among the others")
    func withdrawn() throws {
        var scene = ResumeScene([("a", []), ("b", ["a"]), ("c", [])])
        for step in 0..<2 { scene.complete(step) }
        let graph = try scene.builder.resolved().graph
        var plan = ResumePlan.resume(
            try scene.earlier(), graph: graph, selected: [true, true, true]
        ) { _ in ResumeScene.basis }
        #expect(plan.done.keys.sorted() == [0, 1])
        plan.withdraw([2], graph: graph)
        #expect(plan.reruns.map(\.step) == [2])
        plan.withdraw([0, 1], graph: graph)
        #expect(plan.done.isEmpty)
        let places = graph.topologicalOrder()
        #expect(plan.reruns.map(\.step) == places)
        #expect(plan.reruns.filter { $0.reason == .notUpToDate }.map(\.step).sorted() == [0, 1])
    }

    /// What the journal says of one step, and what becomes of that step.
    private static let standings: [(events: [RunEvent.Kind], becomes: String)] = {
        let launched = RunEvent.Kind.launched(
            step: 0, attempt: 1, method: .primary, execution: 1)
        let started = RunEvent.Kind.started(
            step: 0, pid: 1, startTicks: 1, basis: ResumeScene.basis)
        let complete = RunEvent.Kind.ended(step: 0, StepEnd(status: .complete))
        let failed = RunEvent.Kind.ended(step: 0, StepEnd(status: .failed, reason: .exited(1)))
        return [
            ([], "notReached"),
            ([launched], "inFlight"),
            ([launched, started], "inFlight"),
            ([launched, started, complete], "done in r1"),
            ([launched, started, complete, .runEnded(.failed)], "done in r1"),
            ([launched, complete], "unknownBasis"),
            ([complete], "notReached"),
            ([launched, started, failed], "failed"),
            ([launched, started, failed, complete], "failed"),
            ([launched, started, failed, launched], "inFlight"),
            ([launched, started, failed, launched, started, complete], "done in r1"),
            ([launched, started, complete, launched, started], "inFlight"),
            ([launched, started, .inputsChanged(step: 0, .moved([])), complete], "inputsMoved"),
            ([launched, started, complete, .inputsChanged(step: 0, .moved([]))], "inputsMoved"),
            (
                [
                    launched, started, .inputsChanged(step: 0, .moved([])), failed, launched,
                    started, complete,
                ],
                "done in r1"
            ),
            (
                [launched, started, .ended(step: 0, StepEnd(status: .failed, isAllowed: true))],
                "failed"
            ),
            ([launched, started, .ended(step: 0, StepEnd(status: .aborted))], "aborted"),
            ([.skipped(step: 0, .dependencyFailed(1))], "notReached"),
            ([.skipped(step: 0, .doneEarlier(run: "r0", basis: ResumeScene.basis))], "done in r0"),
            ([.skipped(step: 0, .doneEarlier(run: "r0", basis: nil))], "unknownBasis"),
            ([launched, started, .ended(step: 7, StepEnd(status: .complete))], "inFlight"),
        ]
    }()

    @Test(
        "a step is done by an end after its last launch, and by nothing else", arguments: standings)
    func standing(events: [RunEvent.Kind], becomes: String) throws {
        var scene = ResumeScene([("a", [])])
        scene.events = events
        #expect(try scene.resume() == ["a": becomes])
    }

    @Test(
        "what a step is made from has to be the same",
        arguments: [
            (StepBasis(command: 9, settings: 2, inputs: 3), "commandChanged"),
            (StepBasis(command: 1, settings: 9, inputs: 3), "settingsChanged"),
            (StepBasis(command: 1, settings: 2, inputs: 9), "inputsChanged"),
            (StepBasis(command: 9, settings: 9, inputs: 9), "commandChanged"),
            (StepBasis(command: 1, settings: 2, inputs: 3), "done in r1"),
        ])
    func basis(now: StepBasis, becomes: String) throws {
        var scene = ResumeScene([("a", [])])
        scene.complete(0)
        scene.bases["a"] = now
        #expect(try scene.resume() == ["a": becomes])
    }

    @Test("inputs that cannot be read prove nothing")
    func unreadable() throws {
        var scene = ResumeScene([("a", [])])
        scene.complete(0)
        scene.unreadable = ["a"]
        #expect(try scene.resume() == ["a": "inputsUnreadable"])
    }

    @Test("what depends on a step that runs again runs again, and is not looked at")
    func dependents() throws {
        var scene = ResumeScene.chain
        for step in 0..<3 { scene.complete(step) }
        scene.bases["a"] = StepBasis(command: 9, settings: 2, inputs: 3)
        #expect(try scene.resume() == ["a": "commandChanged", "b": "needs a", "c": "needs b"])
        #expect(scene.asked == ["a"])
    }

    @Test("what runs again reaches dependents through steps that are left out")
    func throughLeftOut() throws {
        var scene = ResumeScene.chain
        scene.complete(0)
        scene.complete(2)
        scene.events.append(.skipped(step: 1, .notSelected))
        scene.bases["a"] = StepBasis(command: 1, settings: 2, inputs: 4)
        #expect(try scene.resume() == ["a": "inputsChanged", "c": "needs a"])
    }

    @Test("a new dependency, even one that was done before, is told by the settings")
    func newStep() throws {
        var scene = ResumeScene([("a", []), ("n", []), ("b", ["a", "n"])])
        scene.earlierIDs = ["a", "b"]
        scene.complete(0)
        scene.complete(1)
        #expect(try scene.resume() == ["a": "done in r1", "n": "new", "b": "needs n"])
    }

    @Test("steps go by their ids, and one that is gone is named")
    func renamed() throws {
        var scene = ResumeScene([("b", []), ("z", [])])
        scene.earlierIDs = ["a", "b"]
        scene.complete(0)
        scene.complete(1)
        #expect(try scene.resume() == ["b": "done in r1", "z": "new", "-a": "removed"])
    }

    @Test("a run that names no steps is about those of the earlier run")
    func selection() throws {
        var scene = ResumeScene([("a", []), ("b", ["a"]), ("c", []), ("n", []), ("d", ["n"])])
        scene.earlierIDs = ["a", "b", "c", "d"]
        scene.complete(0)
        scene.events.append(.skipped(step: 2, .notSelected))
        // `n` is new, and `d`, which was meant, needs it.
        #expect(
            try scene.resume()
                == ["a": "done in r1", "b": "notReached", "n": "new", "d": "notReached"])
        scene.events.append(.skipped(step: 3, .notSelected))
        #expect(try scene.resume() == ["a": "done in r1", "b": "notReached"])
    }

    @Test("steps that the command line names are looked at alone")
    func narrowed() throws {
        var scene = ResumeScene.chain
        scene.complete(0)
        #expect(
            try scene.resume(selected: [true, true, false])
                == ["a": "done in r1", "b": "notReached"])
    }

    /// What `a` came to while `b` and `c` below it were done all the same.
    private static let without: [RunEvent.Kind] = [
        .skipped(step: 0, .decided(.skip)),
        .skipped(step: 0, .conditionFalse("x", values: "")),
        .reviewWanted(step: 0),
    ]

    @Test(
        "what was done without a step stays done unless that one runs", arguments: without.indices)
    func doneWithout(number: Int) throws {
        var scene = ResumeScene.chain
        scene.events = [Self.without[number]]
        scene.complete(1)
        scene.complete(2)
        let plan = try scene.resume(decided: [])
        #expect(plan["b"] == "done in r1 unless a runs")
        #expect(plan["c"] == "done in r1 unless b runs")
        #expect(try scene.resume(decided: [0])["c"] == "done in r1")
    }

    @Test("outputs that are gone make a step run, and what depends on it")
    func lostOutputs() throws {
        for isFailedOnly in [false, true] {
            var scene = ResumeScene.chain
            for step in 0..<3 { scene.complete(step) }
            let cause = DueCause(.outputMissing, [.init("f")])
            let plan = try scene.resume(lost: [1: [cause]], isFailedOnly: isFailedOnly)
            #expect(plan["a"] == "done in r1")
            #expect(plan["b"] == "\(RerunReason.outputs([cause]))")
            #expect(plan["c"] == "needs b")
        }
    }

    @Test("a decision holds beyond a halt, and not beyond the end of the run")
    func standingDecisions() throws {
        var scene = ResumeScene([("a", []), ("b", ["a"]), ("c", [])])
        scene.events = [
            .decided(step: 0, .skip), .skipped(step: 0, .decided(.skip)),
            .launched(step: 1, attempt: 1, method: .primary, execution: 1),
            .ended(step: 1, StepEnd(status: .failed, reason: .exited(1))),
            .skipped(step: 2, .halted(by: 1)), .runEnded(.failed),
        ]
        #expect(try scene.earlier().standingDecisions == [StepDecision(StepID("a"), .skip)])
        scene.events[4] = .skipped(step: 2, .dependencyFailed(1))
        #expect(try scene.earlier().standingDecisions == [StepDecision(StepID("a"), .skip)])
        scene.events[4] = .skipped(step: 2, .conditionFalse("x", values: ""))
        scene.events.insert(.decided(step: 1, .proceed), at: 4)
        #expect(try scene.earlier().standingDecisions == [])
    }

    @Test("what a run was to keep is kept by the next, unless what it needs has run there")
    func carried() throws {
        for hasRun in [false, true] {
            var scene = ResumeScene.chain
            scene.carried = [1, 2]
            if hasRun { scene.complete(0) }
            let plan = try scene.resume(decided: [])
            #expect(plan["b"] == (hasRun ? "notReached" : "done in r0 unless a runs"))
            #expect(plan["c"] == (hasRun ? "notReached" : "done in r0 unless b runs"))
        }
    }

    @Test("before its first launch a run has changed nothing")
    func launched() throws {
        var scene = ResumeScene([("a", []), ("b", [])])
        scene.events = [.skipped(step: 0, .doneEarlier(run: "r0", basis: nil))]
        #expect(try !scene.earlier().hasLaunched)
        scene.complete(1)
        #expect(try scene.earlier().hasLaunched)
    }
}

@Suite("What failed is run again with all that depends on it, and no more")
struct FailedPlanTests {
    private func scene() -> ResumeScene {
        var scene = ResumeScene([
            ("a", []), ("b", ["a"]), ("c", ["b"]), ("d", ["a"]), ("e", []), ("f", ["c", "e"]),
        ])
        scene.complete(0)
        scene.events += [
            .launched(step: 1, attempt: 1, method: .primary, execution: 2),
            .ended(step: 1, StepEnd(status: .failed, reason: .exited(1))),
            .skipped(step: 2, .dependencyFailed(1)),
        ]
        return scene
    }

    @Test("others that are done are taken over; what was not reached runs too")
    func failed() throws {
        var scene = scene()
        scene.complete(4, basis: nil)
        #expect(
            try scene.failed() == [
                "a": "done in r1", "b": "failed", "c": "notReached", "d": "notReached",
                "e": "done in r1", "f": "notReached",
            ])
    }

    @Test("what a dependent needs beside the failed step runs before it")
    func unfinished() throws {
        #expect(
            try scene().failed() == [
                "a": "done in r1", "b": "failed", "c": "notReached", "d": "notReached",
                "e": "notReached", "f": "notReached",
            ])
    }

    @Test("what is done below a false condition stays done unless the condition holds")
    func belowFalseCondition() throws {
        var scene = ResumeScene([
            ("a", []), ("b", ["a"]), ("c", ["b"]), ("d", ["c"]), ("e", ["d"]), ("f", []),
        ])
        scene.complete(0)
        scene.events.append(.skipped(step: 1, .conditionFalse("x", values: "")))
        for step in [2, 3, 5] { scene.complete(step) }
        scene.events += [
            .launched(step: 4, attempt: 1, method: .primary, execution: 2),
            .ended(step: 4, StepEnd(status: .failed, reason: .exited(1))),
        ]
        #expect(
            try scene.failed() == [
                "a": "done in r1", "b": "conditionFalse", "c": "done in r1 unless b runs",
                "d": "done in r1 unless c runs", "e": "failed", "f": "done in r1",
            ])
    }

    @Test("what ended well below a failure stays done unless that ends with an effect")
    func belowFailure() throws {
        var scene = ResumeScene.chain
        scene.events += [
            .launched(step: 0, attempt: 1, method: .primary, execution: 1),
            .ended(step: 0, StepEnd(status: .failed, reason: .exited(1))),
        ]
        for step in [1, 2] { scene.complete(step) }
        #expect(
            try scene.failed() == [
                "a": "failed", "b": "done in r1 unless a runs", "c": "done in r1 unless b runs",
            ])
    }

    @Test("what was in flight when stepvisor died counts as failed")
    func inFlight() throws {
        var scene = ResumeScene.chain
        scene.complete(0)
        scene.events.append(.launched(step: 1, attempt: 1, method: .primary, execution: 2))
        #expect(try scene.failed() == ["a": "done in r1", "b": "inFlight", "c": "notReached"])
    }

    @Test("nothing runs where nothing failed")
    func nothing() throws {
        var scene = ResumeScene.chain
        for step in 0..<3 { scene.complete(step) }
        #expect(
            try scene.failed() == ["a": "done in r1", "b": "done in r1", "c": "done in r1"])
    }
}
