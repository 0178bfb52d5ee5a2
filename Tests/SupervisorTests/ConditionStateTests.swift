import DependencyGraph
import Execution
import Foundation
import Testing
import TestSupport
import WorkflowModel

@testable import StateStore
@testable import Supervisor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One step `a` with a condition, in a project with a run's directory.
private final class ConditionScene {
    let space: TestSpace
    let state: StateDirectory
    let directory: RunDirectory
    var desk: ConditionState
    private let plan: RunPlan

    init(_ condition: String) throws {
        space = try TestSpace()
        state = try StateDirectory(root: space.root.path, create: true)
        directory = try state.makeRun()
        var workflow = Workflow(name: "test")
        workflow.tasks = [WorkflowTask(id: "")]
        for id in ["a", "b"] {
            var step = Step(id: StepID(id))
            step.command = .arguments(["true"])
            workflow.steps.append(step)
        }
        let edges = workflow.steps.map { ($0.id, [StepID]()) }
        let resolved = ResolvedWorkflow(
            workflow: workflow, graph: try .init(validating: edges), inferredEdges: [],
            conflicts: [], conditions: [0: try ConditionExpression(condition)])
        plan = try RunPlan.make(resolved: resolved, options: RunOptions())
        desk = ConditionState(plan: plan, root: space.root.path)
    }

    func result(_ text: String) throws {
        try space.file(".stepvisor/runs/\(directory.id)/outputs/b", text)
    }

    /// What the condition comes to: "holds", the values seen, or the error.
    func outcome() throws -> String {
        let asked = desk.question(of: 0, in: directory, state: state)
        let question = try #require(asked)
        let answered = desk.quickAnswer(to: question)
        let answer = try #require(answered)
        desk.keep(answer.looks, of: 0)
        guard case .conditionEvaluated(0, let outcome) = answer.input else { return "" }
        switch outcome {
        case .holds: return "holds"
        case .fails(let values): return values
        case .error(let message): return message
        }
    }

    /// The step ends, and so does the run; what comes next belongs to another one.
    func end(_ status: StepStatus = .complete) throws {
        desk.note(.ended(step: 0, StepEnd(status: status)))
        try desk.save(to: state)
        desk = ConditionState(plan: plan, root: space.root.path)
    }
}

@Suite("What a condition asks is answered from the run's files", .timeLimit(.minutes(20)))
struct ConditionStateTests {
    @Test("results are read in both forms", arguments: ["score=0.9\n", "{\"score\": 0.9}"])
    func results(text: String) throws {
        let scene = try ConditionScene("steps.b.score < 0.8")
        try scene.result(text)
        #expect(try scene.outcome() == "steps.b.score = 0.9")
    }

    @Test("results that are no plain file of reasonable size are an error")
    func hostile() throws {
        let scene = try ConditionScene("steps.b.score < 0.8")
        #expect(try scene.outcome().contains("wrote no results"))
        let path = scene.space.path(".stepvisor/runs/\(scene.directory.id)/outputs/b")
        try scene.space.file("elsewhere", "score=0.1\n")
        symlink(scene.space.path("elsewhere"), path)
        #expect(try scene.outcome().contains("is a link"))
        unlink(path)
        mkfifo(path, 0o600)
        #expect(try scene.outcome().contains("no regular file"))
        unlink(path)
        try scene.result("score=" + String(repeating: "1", count: 1 << 20))
        #expect(try scene.outcome().contains("longer than 1 MiB"))
    }

    @Test("a status is the last one on record, and what an earlier run did is complete")
    func status() throws {
        let scene = try ConditionScene("steps.b.status == \"cached\"")
        #expect(try scene.outcome().contains("is not known"))
        scene.desk.note(.ended(step: 1, StepEnd(status: .failed)))
        #expect(try scene.outcome() == "steps.b.status = \"failed\"")
        scene.desk.note(.skipped(step: 1, .notSelected))
        #expect(try scene.outcome() == "steps.b.status = \"skipped\"")
        scene.desk.note(.skipped(step: 1, .doneEarlier(run: "x", basis: nil)))
        #expect(try scene.outcome() == "steps.b.status = \"complete\"")
        scene.desk.note(.ended(step: 1, StepEnd(status: .failed)))
        // Whether it was made or had been kept decides nothing.
        scene.desk.note(.ended(step: 1, StepEnd(status: .cached, reason: .restored(run: "x"))))
        #expect(try scene.outcome() == "steps.b.status = \"complete\"")
    }

    @Test("files have changed until the step ends well, and again after an edit")
    func changed() throws {
        let scene = try ConditionScene("changed(\"src/*\", \"!src/x\")")
        try scene.space.file("src/a", "one").file("src/x", "one")
        #expect(try scene.outcome() == "holds")
        try scene.end(.failed)
        #expect(try scene.outcome() == "holds")
        try scene.end()
        let same = "changed(\"src/*\", \"!src/x\") = false"
        #expect(try scene.outcome() == same)
        try scene.space.file("src/x", "two")
        #expect(try scene.outcome() == same)
        try scene.space.file("src/a", "two")
        #expect(try scene.outcome() == "holds")
        // An edit while the step runs is one that it may not have seen.
        try scene.space.file("src/a", "three, during the run")
        try scene.end()
        #expect(try scene.outcome() == "holds")
        try scene.end()
        #expect(try scene.outcome() == same)
        try scene.space.file(".stepvisor/changed.json", "{")
        #expect(ChangeStore(in: scene.state)["a"].isEmpty)
    }
}
