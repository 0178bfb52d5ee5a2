import DependencyGraph
import Testing
import WorkflowModel

@testable import Execution

@Suite("What a run has to do beside what is compared: missing results, work, steps taken over")
struct DueWorkTests {
    private static let known = UpToDateResult.upToDate(run: "r")
    private static let same = UpToDateResult.upToDate(run: "")

    private static func due(_ kinds: RunReason.Kind...) -> UpToDateResult {
        .due(kinds.map { RunReason($0) })
    }

    /// What the revision says, what is known, and what follows.
    private static let compared:
        [(revision: UpToDateResult, known: UpToDateResult?, both: UpToDateResult)] = [
            (same, nil, same),
            (due(.changedSince), nil, due(.changedSince)),
            (same, known, same),
            (due(.changedSince), known, due(.changedSince)),
            (same, due(.interrupted), due(.interrupted)),
            (same, due(.forgotten), due(.forgotten)),
            (same, due(.inputsChanged, .outputChanged), due(.inputsChanged, .outputChanged)),
            (
                due(.changedSince), due(.inputsChanged, .outputChanged),
                due(.changedSince, .inputsChanged, .outputChanged)
            ),
            (
                due(.changedSince, .outputMissing), due(.outputMissing, .commandChanged),
                due(.changedSince, .outputMissing, .commandChanged)
            ),
            (due(.noInputs), due(.noInputs), due(.noInputs)),
        ]

    @Test(
        "a step is due when it differs from the revision, or when what is known speaks against it",
        arguments: compared.indices)
    func comparison(number: Int) {
        let given = Self.compared[number]
        #expect(UpToDateResult.compared(given.revision, known: given.known) == given.both)
    }

    // MARK: - Results

    /// A chain in which the condition of `c` names `a` and that of `e` names `d`; `e` needs `b`.
    private func graph() throws -> Graph<StepID> {
        let steps: [(String, [String])] = [
            ("a", []), ("b", ["a"]), ("c", ["a"]), ("d", []), ("e", ["b", "d"]), ("f", []),
        ]
        return try Graph(validating: steps.map { (StepID($0.0), $0.1.map { StepID($0) }) })
    }

    /// What is due, as `a: cause`, where these steps are, and these have no result.
    private func demanded(
        due: [Int], missing: Set<Int>, unselected: Set<Int> = []
    ) throws -> [String] {
        var plan = SkipPlan(choice: .since("main"), usesCache: true)
        for step in 0..<6 where !unselected.contains(step) {
            if due.contains(step) {
                plan.due[step] = [RunReason(.changedSince)]
            } else {
                plan.upToDate[step] = ""
            }
        }
        let graph = try graph()
        let asked = [2: [0], 4: [3]]
        plan.demandResults(
            graph: graph, selected: (0..<6).map { !unselected.contains($0) },
            asked: { asked[$0] ?? [] }, isMissing: missing.contains)
        #expect(Set(plan.due.keys).isDisjoint(with: plan.upToDate.keys))
        return plan.due.sorted { $0.key < $1.key }.map { step, causes in
            let details = causes.flatMap(\.details).map(\.subject).joined(separator: " ")
            return "\(graph.nodes[step]) \(causes.map(\.kind.rawValue).joined()) \(details)"
        }
    }

    @Test("a result that a condition asks for is made where it is not here, and only then")
    func results() throws {
        #expect(try demanded(due: [2], missing: []) == ["c changed_since "])
        #expect(try demanded(due: [5], missing: [0, 3]) == ["f changed_since "])
        #expect(try demanded(due: [], missing: [0, 3]) == [])
        // What needs it runs, too, and what its condition asks for in turn.
        #expect(
            try demanded(due: [2], missing: [0, 3]) == [
                "a result_missing c", "b dependency_runs a", "c changed_since ",
                "d result_missing e", "e dependency_runs b",
            ])
        #expect(
            try demanded(due: [2], missing: [0, 3], unselected: [1]) == [
                "a result_missing c", "c changed_since ", "d result_missing e",
                "e dependency_runs a",
            ])
        #expect(try demanded(due: [2], missing: [0], unselected: [0]) == ["c changed_since "])
    }

    @Test("a condition asks for results, not where it asks for a status")
    func asked() throws {
        var builder = PlanBuilder()
        builder.step("a")
        builder.step("b", after: ["a"])
        var resolved = try builder.resolved()
        resolved = ResolvedWorkflow(
            workflow: resolved.workflow, graph: resolved.graph, inferredEdges: [], conflicts: [],
            conditions: [
                0: try ConditionExpression("steps.b.status == \"complete\""),
                1: try ConditionExpression("a_output.n > 1 or changed(\"x\")"),
            ])
        #expect(resolved.resultsAsked(by: 0) == [])
        #expect(resolved.resultsAsked(by: 1) == [0])
        #expect(resolved.resultsAsked(by: 2) == [])
    }

    // MARK: - Work

    /// What makes a step run, whether its condition holds it back, and whether that is work.
    private static let work: [(kinds: [RunReason.Kind], isHeldBack: Bool, isWork: Bool)] = [
        ([.neverSucceeded], false, true), ([.neverSucceeded], true, false),
        ([.inputsChanged, .outputMissing], false, true), ([.always], false, false),
        ([.dependencyRuns], false, false), ([.dependencyRuns, .changedSince], false, true),
        ([.running], false, true), ([.resultMissing], false, true), ([.noInputs], true, false),
    ]

    @Test("what is held back by a condition, and what only follows it, is no work")
    func hasWork() {
        for (kinds, isHeldBack, isWork) in Self.work {
            var plan = SkipPlan(choice: .remembered)
            plan.due = [0: kinds.map { RunReason($0) }, 1: [RunReason(.dependencyRuns)]]
            plan.open = [2]
            let selected = [true, true, true]
            #expect(
                plan.hasWork(selected: selected) { $0 == 0 && isHeldBack } == isWork, "\(kinds)")
            #expect(!plan.hasWork(selected: [false, true, true]) { _ in false })
            plan.due[1] = [RunReason(.commandChanged)]
            #expect(plan.hasWork(selected: selected) { $0 == 0 && isHeldBack })
        }
    }

    // MARK: - What an earlier run has done

    @Test("a step that is done stays so unless it is due, or may be")
    func takenOver() {
        var plan = SkipPlan(choice: .remembered)
        plan.due = [0: [RunReason(.toolChanged)], 3: [RunReason(.neverSucceeded)]]
        plan.open = [1]
        plan.upToDate = [2: "r", 4: "r"]
        #expect(plan.takeOver(done: [0, 1, 2]) == [0, 1])
        #expect(plan.upToDate == [4: "r"])
        #expect(Set(plan.due.keys) == [0, 3])
    }
}
