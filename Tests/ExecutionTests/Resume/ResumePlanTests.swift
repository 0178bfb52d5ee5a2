import DependencyGraph
import Testing
import WorkflowModel

@testable import Execution

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

    @Test("what depends on a step that does not run by decision is below what that step needs")
    func belowDecision() throws {
        var scene = ResumeScene.chain
        scene.complete(0, basis: StepBasis(command: 9, settings: 2, inputs: 3))
        scene.events.append(.skipped(step: 1, .decided(.skip)))
        scene.complete(2)
        #expect(try scene.resume(decided: [1])["c"] == "needs a")
        // Where only the run will show whether the first one runs, it decides about the last.
        scene.events[0..<3] = [.skipped(step: 0, .conditionFalse("x", values: ""))]
        #expect(try scene.resume(decided: [1])["c"] == "done in r1 unless a runs")
    }

    @Test("outputs that are gone make a step run, and what depends on it")
    func lostOutputs() throws {
        for isFailedOnly in [false, true] {
            var scene = ResumeScene.chain
            for step in 0..<3 { scene.complete(step) }
            let cause = RunReason(.outputMissing, [.init("f")])
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

    @Test("what a run was to keep is not kept when something has run above a decision")
    func carriedBelowDecision() throws {
        for hasRun in [false, true] {
            var scene = ResumeScene.chain
            scene.carried = [2]
            if hasRun { scene.complete(0) }
            scene.events.append(.skipped(step: 1, .decided(.skip)))
            let plan = try scene.resume(decided: [1])
            #expect(plan["c"] == (hasRun ? "notReached" : "done in r0 unless a runs"))
        }
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
