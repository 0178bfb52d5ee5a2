import DependencyGraph
import Testing
import WorkflowModel

@testable import Execution

@Suite("Scheduler: what an earlier run has done stays done unless what it needs runs")
struct SchedulerResumptionTests {
    /// A run that goes on with one in which the condition of `a` was false, and `b` and `c` below it
    /// were done; what it launches, and how it ends.
    private func launched(
        condition: ConditionOutcome, exitOfA: Int32 = 0, leavingOut: Set<Int> = [],
        _ change: (inout PlanBuilder) -> Void = { _ in }
    ) throws -> [String] {
        var earlier = ResumeScene.chain
        earlier.events = [.skipped(step: 0, .conditionFalse("x", values: ""))]
        for step in [1, 2] {
            if leavingOut.contains(step) {
                earlier.events.append(.skipped(step: step, .notSelected))
            } else {
                earlier.complete(step)
            }
        }
        earlier.builder.workflow.steps[0].gating.condition = "x"
        change(&earlier.builder)
        let resolved = try earlier.builder.resolved()
        let decided = Set(
            earlier.builder.options.decisions.compactMap { resolved.graph.index(of: $0.step) })
        let resuming = ResumePlan.resume(
            try earlier.earlier(), graph: resolved.graph,
            selected: (0..<3).map { !leavingOut.contains($0) }, decided: decided
        ) { _ in ResumeScene.basis }
        let plan = try RunPlan.make(
            resolved: resolved, options: earlier.builder.options, resuming: resuming)
        var scene = Scene(plan)
        scene.conditions["a"] = condition
        scene.send(.begin, at: 0)
        for (time, id) in ["a", "b", "c"].enumerated() {
            guard scene.scheduler.activeSteps[scene.index(id)] != nil else { continue }
            scene.exit(id, id == "a" ? exitOfA : 0, at: Int64(time + 1))
        }
        return scene.did().filter { $0.hasPrefix("launch") || $0.hasPrefix("finish") }
    }

    @Test("a condition that is false again leaves all below it as it was")
    func falseAgain() throws {
        #expect(try launched(condition: .fails(values: "")) == ["finish complete"])
    }

    @Test("a condition that holds by now makes all below it run")
    func holds() throws {
        #expect(
            try launched(condition: .holds)
                == ["launch a 1", "launch b 2", "launch c 3", "finish complete"])
    }

    @Test("a failure that is allowed is something that dependents are made from")
    func allowedFailure() throws {
        let launched = try launched(condition: .holds, exitOfA: 1) {
            $0.workflow.steps[0].allowsFailure = true
        }
        #expect(launched == ["launch a 1", "launch b 2", "launch c 3", "finish complete"])
    }

    @Test("a step that is left out, or does not run by decision, lets through what is above it")
    func between() throws {
        let skip: (inout PlanBuilder) -> Void = {
            $0.options.decisions = [StepDecision(StepID("b"), .skip)]
        }
        for isDecided in [false, true] {
            let change = isDecided ? skip : { _ in }
            let leftOut: Set<Int> = isDecided ? [] : [1]
            #expect(
                try launched(condition: .fails(values: ""), leavingOut: leftOut, change)
                    == ["finish complete"])
            #expect(
                try launched(condition: .holds, leavingOut: leftOut, change)
                    == ["launch a 1", "launch c 2", "finish complete"])
        }
    }
}
