import DependencyGraph
import Testing
import WorkflowModel

@testable import Execution

@Suite("What the cache is asked about, and when")
struct CacheOutlookTests {
    /// A chain of three steps and one beside it, and when the cache is asked about each.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Why a step is due, by its name; the others are as their last success left them.
        var due: [String: [RunReason]] = [:]
        var choice = SmartChoice.remembered
        var usesCache = true
        var isForced = false
        var finalizers: [String] = []
        var unselected: [String] = []
        /// Steps of which the cache is asked: the names of those at once, and of those later.
        let now: [String]
        let later: [String]
    }

    private static let missing = [RunReason(.outputMissing, [.init("x")])]

    private static let cases = [
        Case(testDescription: "nothing is due", now: [], later: []),
        Case(
            testDescription: "without --cache", due: ["a": missing], usesCache: false, now: [],
            later: []),
        Case(
            testDescription: "the first of a chain: the others when their turn comes",
            due: ["a": missing], now: ["a"], later: ["b", "c"]),
        Case(
            testDescription: "a step that is due itself, behind one that runs",
            due: ["a": missing, "c": missing], now: ["a"], later: ["b", "c"]),
        Case(
            testDescription: "the last of a chain: what it needs is as it is",
            due: ["c": missing], now: ["c"], later: []),
        Case(
            testDescription: "two that have nothing to do with each other",
            due: ["c": missing, "d": missing], now: ["c", "d"], later: []),
        Case(
            testDescription: "behind a step that is left out, and one that runs before that",
            due: ["a": missing, "c": missing], unselected: ["b"], now: ["a"], later: ["c"]),
        Case(
            testDescription: "behind a step that is due and left out",
            due: ["b": missing, "c": missing], unselected: ["b"], now: ["c"], later: []),
        Case(
            testDescription: "forced", due: ["a": missing], isForced: true, now: [], later: []),
        Case(
            testDescription: "forgotten: it runs, and what needs it waits",
            due: ["a": [RunReason(.forgotten)]], now: [], later: ["b", "c"]),
        Case(
            testDescription: "without inputs", due: ["a": [RunReason(.noInputs)]], now: [],
            later: ["b", "c"]),
        Case(
            testDescription: "a finalizer", due: ["d": missing], finalizers: ["d"], now: [],
            later: []),
        Case(
            testDescription: "since a revision: the same", due: ["a": missing],
            choice: .since("main"), now: ["a"], later: ["b", "c"]),
        Case(
            testDescription: "since a revision, what reads nothing that is known",
            due: ["a": [RunReason(.noInputs)], "d": missing], choice: .since("main"), now: ["d"],
            later: ["b", "c"]),
    ]

    private static func plan(
        _ given: Case, deciding decisions: [StepDecision] = []
    ) throws -> RunPlan {
        var builder = PlanBuilder()
        builder.step("a")
        builder.step("b", after: ["a"])
        builder.step("c", after: ["b"])
        builder.step("d")
        builder.options.skip = given.unselected.map { StepID($0) }
        builder.options.decisions = decisions
        var plan = try builder.plan()
        let names = plan.resolved.graph.nodes.map(\.rawValue)
        plan.adopt(
            .decide(
                given.choice, graph: plan.resolved.graph, selected: plan.selected,
                finalizers: Set(given.finalizers.compactMap { names.firstIndex(of: $0) }),
                usesCache: given.usesCache, isForced: given.isForced
            ) { given.due[names[$0]].map { .due($0) } ?? .upToDate(run: "r") })
        return plan
    }

    @Test("at once where all that it needs is settled, later behind what runs", arguments: cases)
    func question(given: Case) throws {
        let plan = try Self.plan(given)
        let names = plan.resolved.graph.nodes.map(\.rawValue)
        func asked(_ question: CacheQuestion) -> [String] {
            names.indices.filter { plan.cacheQuestion(about: $0) == question }.map { names[$0] }
        }
        #expect(asked(.now) == given.now)
        #expect(asked(.later) == given.later)
    }

    @Test("about a step that was done or decided about nobody is asked")
    func decided() throws {
        var plan = try Self.plan(
            Case(
                testDescription: "", due: ["a": Self.missing, "d": Self.missing], now: [],
                later: []), deciding: [StepDecision(StepID("d"), .skip)])
        plan.doneEarlier[0] = DoneEarlier(run: "r")
        #expect(plan.cacheQuestion(about: 0) == .never)
        #expect(plan.cacheQuestion(about: 3) == .never)
        plan.smart = nil
        #expect(plan.cacheQuestion(about: 1) == .never)
    }

    @Test(
        "the last success of a step that is due counts, but not beside a revision",
        arguments: [
            (SmartChoice.remembered, true), (.off, true), (.since("main"), false),
        ])
    func lastSuccess(choice: SmartChoice, isHeeded: Bool) {
        #expect(SkipPlan(choice: choice, usesCache: true).heedsLastSuccess == isHeeded)
    }

    @Test("what was kept is made anew where a run was asked for, and nowhere else")
    func renewal() {
        var plan = SkipPlan(choice: .remembered, usesCache: true)
        let asking = RunReason.Kind.allCases.filter { kind in
            plan.due[0] = [RunReason(.neverSucceeded), RunReason(kind)]
            return plan.isAskedFor(0)
        }
        #expect(Set(asking) == [.forced, .forgotten])
        #expect(!plan.isAskedFor(1))
    }

    @Test("each answer has its words")
    func words() {
        let all: [CachePrediction] = [
            .hit(run: "r"), .miss, .damaged("it is cut off"), .unfit("no"), .later,
        ]
        #expect(all.map(\.word) == ["hit", "miss", "damaged", "unfit", "later"])
        #expect(
            all.map(\.text) == [
                "", "not in the cache", "what the cache has of it is damaged: it is cut off",
                "what the cache has of it is not used: no",
                "unless its outputs were kept: looked up when its turn comes",
            ])
    }
}
