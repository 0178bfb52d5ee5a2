import DependencyGraph
import WorkflowModel

@testable import Execution

/// A workflow, what an earlier run left of it, and what its steps are made from now.
struct ResumeScene {
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
        decided: Set<Int> = [], lost: [Int: [RunReason]] = [:], isFailedOnly: Bool = false
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
