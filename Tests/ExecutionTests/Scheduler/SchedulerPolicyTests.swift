import Testing
import WorkflowModel

@testable import Execution

@Suite("Scheduler: what failures lead to")
struct SchedulerPolicyTests {
    /// `a` beside `b`; `c` after `a`, `d` after `c`; `e` after `b`.
    private func scene(
        jobs: Int = 2, _ change: (inout PlanBuilder) -> Void = { _ in }
    ) throws -> Scene {
        try Scene(jobs: jobs) {
            $0.step("a")
            $0.step("b")
            $0.step("c", after: ["a"])
            $0.step("d", after: ["c"])
            $0.step("e", after: ["b"])
            change(&$0)
        }
    }

    // MARK: - Every combination

    struct Case: Sendable, CustomStringConvertible {
        var propagation: ErrorPropagation
        var strategy: FailureStrategy
        var isCritical: Bool
        var isAllowed: Bool
        var keepsGoing: Bool

        var description: String {
            "\(propagation.rawValue) \(strategy.rawValue)" + (isCritical ? " critical" : "")
                + (isAllowed ? " allowed" : "") + (keepsGoing ? " -k" : "")
        }
    }

    private static let cases: [Case] = ErrorPropagation.allCases.flatMap { propagation in
        FailureStrategy.allCases.flatMap { strategy in
            [false, true].flatMap { isCritical in
                [false, true].flatMap { isAllowed in
                    [false, true].map {
                        Case(
                            propagation: propagation, strategy: strategy, isCritical: isCritical,
                            isAllowed: isAllowed, keepsGoing: $0)
                    }
                }
            }
        }
    }

    /// What follows when `a` fails while `b` runs, and all else goes well.
    private static func expected(_ one: Case) -> [String] {
        if one.isAllowed {
            return [
                "a failed exited 7 allowed", "launch c 3", "b complete", "launch e 4",
                "c complete", "launch d 5", "d complete", "e complete", "finish complete",
            ]
        }
        if one.propagation == .continueAndLog {
            return [
                "a failed exited 7", "warning c runs although `a` failed", "launch c 3 failed a",
                "b complete", "launch e 4", "c complete", "launch d 5", "d complete",
                "e complete", "finish failed",
            ]
        }
        if !one.isCritical || one.keepsGoing {
            return [
                "a failed exited 7", "c skipped needs a", "d skipped needs a", "b complete",
                "launch e 3", "e complete", "finish failed",
            ]
        }
        if one.propagation == .collaborativeReview {
            return [
                "a failed exited 7", "a review wanted", "b complete",
                "c skipped awaits review of a", "d skipped awaits review of a",
                "e skipped awaits review of a", "finish review",
            ]
        }
        let start = ["a failed exited 7", "c skipped needs a", "d skipped needs a"]
        let end = ["e skipped halted by a", "finish failed"]
        return one.strategy == .optimistic
            ? start + ["b complete"] + end
            : start + ["signal b 15", "b aborted halted by a"] + end
    }

    @Test(
        "who is stopped, who runs, who is skipped and why, and how the run ends",
        arguments: cases)
    func everyCombination(one: Case) throws {
        var scene = try scene {
            $0.workflow.execution.errorPropagation = one.propagation
            $0.workflow.execution.failureStrategy = one.strategy
            $0.options.keepGoing = one.keepsGoing
            $0.workflow.steps[0].isCritical = one.isCritical
            $0.workflow.steps[0].allowsFailure = one.isAllowed
        }
        _ = scene.did()
        scene.exit("a", 7, at: 1)
        for (time, id) in ["b", "c", "d", "e"].enumerated() { scene.exit(id, at: Int64(2 + time)) }
        #expect(scene.did() == Self.expected(one))
    }

    @Test("without error_propagation a critical failure halts, and no mode is said")
    func nothingDeclared() throws {
        var scene = try scene()
        scene.exit("a", 1, at: 1)
        let did = scene.didInFull()
        #expect(did.contains("record halting a"))
        #expect(!did.contains { $0.hasPrefix("mode") || $0.hasPrefix("threshold") })
    }

    // MARK: - continue_and_log

    @Test("each step is told of the steps that it needs itself and that failed, and of no other")
    func toldOfItsOwn() throws {
        var scene = try scene {
            $0.workflow.execution.errorPropagation = .continueAndLog
            $0.step("f", after: ["a", "b", "c"])
        }
        _ = scene.did()
        scene.exit("a", 1, at: 1)
        scene.exit("b", 1, at: 2)
        scene.exit("c", 1, at: 3)
        scene.exit("e", at: 4)
        let did = scene.did()
        #expect(
            did.filter { $0.hasPrefix("launch") } == [
                "launch c 3 failed a", "launch e 4 failed b", "launch d 5 failed c",
                "launch f 6 failed a,b,c",
            ])
        #expect(did.contains("warning f runs although `a`, `b` and `c` failed"))
        scene.exit("d", at: 5)
        scene.exit("f", at: 6)
        #expect(scene.did() == ["d complete", "f complete", "finish failed"])
    }

    @Test("a failure is told through steps that were left out")
    func toldThroughLeftOut() throws {
        var scene = try scene {
            $0.workflow.execution.errorPropagation = .continueAndLog
            $0.step("f", after: ["d", "b"])
            $0.options.skip = [StepID("c"), StepID("d")]
        }
        _ = scene.did()
        scene.exit("a", 1, at: 1)
        scene.exit("b", at: 2)
        #expect(
            scene.did() == [
                "a failed exited 1", "b complete", "launch e 3",
                "warning f runs although `a` failed", "launch f 4 failed a",
            ])
    }

    @Test("a failure is told through a step of which was decided that it is skipped")
    func toldThroughDecided() throws {
        var scene = try scene {
            $0.workflow.execution.errorPropagation = .continueAndLog
            $0.options.decisions = [StepDecision(StepID("c"), .skip)]
        }
        #expect(
            scene.did() == [
                "c decided skip", "c skipped decided skip", "launch a 1", "launch b 2",
            ])
        scene.exit("a", 1, at: 1)
        #expect(
            scene.did() == [
                "a failed exited 1", "warning d runs although `a` failed", "launch d 3 failed a",
            ])
    }

    @Test("each attempt is told, and the warning is said once")
    func toldEachAttempt() throws {
        var scene = try scene {
            $0.workflow.execution.errorPropagation = .continueAndLog
            $0.workflow.steps[2].recovery.backups = [BackupMethod(command: .arguments(["x"]))]
        }
        scene.exit("a", 1, at: 1)
        scene.exit("c", 1, at: 2)
        #expect(
            scene.did().filter { $0.contains(" c ") } == [
                "warning c runs although `a` failed", "launch c 3 failed a",
                "launch c 4 attempt 2 backup[1] failed a",
            ])
    }

    @Test("an allowed failure is nothing that a step is told of")
    func notToldOfAllowed() throws {
        var scene = try scene {
            $0.workflow.execution.errorPropagation = .continueAndLog
            $0.workflow.steps[0].allowsFailure = true
        }
        scene.exit("a", 1, at: 1)
        #expect(scene.did().suffix(2) == ["a failed exited 1 allowed", "launch c 3"])
    }

    @Test("a stop ends continue_and_log like any run")
    func stopped() throws {
        var scene = try scene { $0.workflow.execution.errorPropagation = .continueAndLog }
        scene.exit("a", 1, at: 1)
        scene.send(.signal(15), at: 2)
        _ = scene.did()
        scene.exit("b", 1, at: 3)
        scene.exit("c", at: 3)
        #expect(
            scene.did() == [
                "b aborted interrupted 15", "c aborted interrupted 15",
                "d skipped interrupted 15", "e skipped interrupted 15", "finish aborted",
            ])
    }
}
