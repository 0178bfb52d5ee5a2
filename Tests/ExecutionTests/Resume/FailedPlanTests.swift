import DependencyGraph
import Testing
import WorkflowModel

@testable import Execution

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
