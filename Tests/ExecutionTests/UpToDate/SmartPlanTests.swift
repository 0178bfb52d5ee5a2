import DependencyGraph
import Testing
import WorkflowModel

@testable import Execution

@Suite("Which steps need not run")
struct SmartPlanTests {
    /// What is decided of a workflow, in a word a step: `up`, `open`, or why it runs.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        /// Each step with what it needs.
        let steps: [(String, [String])]
        /// Steps of which something is known to differ.
        var changed: [String] = []
        var unselected: [String] = []
        var finalizers: [String] = []
        var isForced = false
        var choice = SmartChoice.remembered
        let expected: [String: String]

        var testDescription: String { name }
    }

    private static let chain = [("a", []), ("b", ["a"]), ("c", ["b"])]
    private static let diamond = [("a", []), ("b", ["a"]), ("c", ["a"]), ("d", ["b", "c"])]
    private static let diff = "output missing: x"

    private static let cases = [
        Case(
            name: "nothing changed", steps: chain,
            expected: ["a": "up", "b": "up", "c": "up"]),
        Case(
            name: "the first of a chain", steps: chain, changed: ["a"],
            expected: ["a": diff, "b": "open", "c": "open"]),
        Case(
            name: "the middle of a chain", steps: chain, changed: ["b"],
            expected: ["a": "up", "b": diff, "c": "open"]),
        Case(
            name: "the last of a chain", steps: chain, changed: ["c"],
            expected: ["a": "up", "b": "up", "c": diff]),
        Case(
            name: "a step that differs itself is due, whatever it needs", steps: chain,
            changed: ["a", "c"], expected: ["a": diff, "b": "open", "c": diff]),
        Case(
            name: "one side of a diamond", steps: diamond, changed: ["b"],
            expected: ["a": "up", "b": diff, "c": "up", "d": "open"]),
        Case(
            name: "the top of a diamond", steps: diamond, changed: ["a"],
            expected: ["a": diff, "b": "open", "c": "open", "d": "open"]),
        Case(
            name: "behind a step that is left out", steps: chain, changed: ["a"],
            unselected: ["b"], expected: ["a": diff, "c": "open"]),
        Case(
            name: "behind two steps that are left out",
            steps: chain + [("d", ["c"])], changed: ["a"], unselected: ["b", "c"],
            expected: ["a": diff, "d": "open"]),
        Case(
            name: "a step that is left out and differs is as it is", steps: chain,
            changed: ["b"], unselected: ["b"], expected: ["a": "up", "c": "up"]),
        Case(
            name: "a finalizer always runs", steps: chain + [("z", [])], finalizers: ["z"],
            expected: ["a": "up", "b": "up", "c": "up", "z": "runs at the end of every run"]),
        Case(
            name: "a finalizer that is left out does not", steps: chain + [("z", [])],
            unselected: ["z"], finalizers: ["z"], expected: ["a": "up", "b": "up", "c": "up"]),
        Case(
            name: "forced", steps: chain, changed: ["b"], isForced: true,
            expected: ["a": "forced", "b": "forced", "c": "forced"]),
        Case(
            name: "only what is selected is forced", steps: chain, unselected: ["a"],
            isForced: true, expected: ["b": "forced", "c": "forced"]),
        Case(
            name: "since a revision nothing is open", steps: diamond, changed: ["b"],
            choice: .since("main"),
            expected: ["a": "up", "b": diff, "c": "up", "d": "needs b, which runs"]),
        Case(
            name: "since a revision behind a step that is left out", steps: chain,
            changed: ["a"], unselected: ["b"], choice: .since("main"),
            expected: ["a": diff, "c": "needs a, which runs"]),
        Case(
            name: "since a revision the whole chain behind a change runs", steps: chain,
            changed: ["a"], choice: .since("main"),
            expected: ["a": diff, "b": "needs a, which runs", "c": "needs b, which runs"]),
    ]

    private static func decide(
        _ given: Case, usesCache: Bool = false, asked: (String) -> Void = { _ in }
    ) throws -> (plan: SkipPlan, graph: Graph<StepID>) {
        let graph = try Graph(
            validating: given.steps.map { (StepID($0.0), $0.1.map { StepID($0) }) })
        let names = graph.nodes.map(\.rawValue)
        let plan = SkipPlan.decide(
            given.choice, graph: graph, selected: names.map { !given.unselected.contains($0) },
            finalizers: Set(given.finalizers.compactMap { names.firstIndex(of: $0) }),
            usesCache: usesCache, isForced: given.isForced
        ) { step in
            asked(names[step])
            return given.changed.contains(names[step])
                ? .due([RunReason(.outputMissing, [.init("x")])]) : .upToDate(run: "r-\(step)")
        }
        return (plan, graph)
    }

    @Test("what runs, what does not, and what is looked at later", arguments: cases)
    func decided(given: Case) throws {
        let (plan, graph) = try Self.decide(given)
        var found: [String: String] = [:]
        for (step, name) in graph.nodes.map(\.rawValue).enumerated() {
            var words: [String] = []
            if let run = plan.upToDate[step] {
                #expect(run == "r-\(step)")
                words.append("up")
            }
            if plan.open.contains(step) { words.append("open") }
            if let causes = plan.due[step] { words.append(causes.text) }
            found[name] = words.isEmpty ? nil : words.joined(separator: " and ")
        }
        #expect(found == given.expected)
        #expect(plan.choice == given.choice)
    }

    @Test("each step is asked about once, after what it needs")
    func asked() throws {
        var order: [String] = []
        _ = try Self.decide(Case(name: "", steps: Self.diamond, expected: [:])) {
            order.append($0)
        }
        #expect(order.sorted() == ["a", "b", "c", "d"])
        #expect(order.first == "a" && order.last == "d")
    }

    @Test("nobody is asked about steps that run in any case, or are not meant")
    func unasked() throws {
        var asked: [String] = []
        let forced = Case(name: "", steps: Self.chain, isForced: true, expected: [:])
        _ = try Self.decide(forced) { asked.append($0) }
        let others = Case(
            name: "", steps: Self.chain, unselected: ["a"], finalizers: ["c"], expected: [:])
        _ = try Self.decide(others) { asked.append($0) }
        #expect(asked == ["b"])
    }

    @Test("with kept results a step that is due is looked at too, unless it must run")
    func cached() throws {
        let given = Case(
            name: "", steps: Self.chain + [("z", [])], changed: ["a"], finalizers: ["z"],
            expected: [:])
        let plain = try Self.decide(given).plan
        #expect((0..<4).filter(plain.isExamined) == [1, 2])
        let cached = try Self.decide(given, usesCache: true).plan
        #expect((0..<4).filter(cached.isExamined) == [0, 1, 2])
        var forced = given
        forced.isForced = true
        let all = try Self.decide(forced, usesCache: true).plan
        #expect((0..<4).filter(all.isExamined) == [])
    }

    @Test("one cause that wants a run is enough for one")
    func mixedCauses() {
        var plan = SkipPlan(choice: .remembered, usesCache: true)
        plan.due = [
            0: [RunReason(.neverSucceeded)], 1: [RunReason(.neverSucceeded), RunReason(.noInputs)],
        ]
        #expect(plan.isExamined(0))
        #expect(!plan.isExamined(1))
    }

    @Test("a run plan takes over what need not run; what was done or decided stays so")
    func adopted() throws {
        var builder = PlanBuilder(jobs: 2)
        for id in ["a", "b", "c", "d"] { builder.step(id, ms: 100) }
        builder.options.skip = [StepID("d")]
        var plan = try builder.plan()
        plan.doneEarlier[1] = DoneEarlier(run: "r")
        var smart = SkipPlan(choice: .remembered)
        smart.upToDate = [0: "r0", 1: "r0", 3: "r0"]
        smart.due = [2: [RunReason(.neverSucceeded)]]
        plan.adopt(smart)
        #expect((0..<4).map { plan.isUpToDate($0) } == [true, false, false, false])
        #expect(plan.measured(of: 0) == nil)
        #expect(plan.measured(of: 2) == Milliseconds(100))
        let header = plan.header(
            runID: "r1", startedAt: WallTime(microseconds: 0), pid: 1, bootID: "b")
        #expect(header.smart == .remembered)
        #expect(!header.usesCache)
    }
}
