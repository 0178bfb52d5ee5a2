import DependencyGraph
import Testing
import WorkflowModel

@testable import Execution

@Suite("Compared with a revision, a step runs for what differs and for what it needs")
struct RevisionFreshnessTests {
    private let changes = ChangedPaths(
        since: "main",
        [
            ChangedPath(Array("docs/a.md".utf8), .edited),
            ChangedPath(Array("docs/b.md".utf8), .removed),
            ChangedPath(Array("scripts/x".utf8), .new),
            ChangedPath(Array("workflow.toml".utf8), .edited),
        ])

    private func reads(_ patterns: String..., scripts: [String] = []) throws -> ReadPatterns {
        ReadPatterns(included: try patterns.map { try Glob($0) }, scripts: scripts)
    }

    private static func step(modifying: [String] = [], inputs: [String] = ["x"]) -> Step {
        var step = Step(id: StepID("a"))
        step.inputs = inputs.map { FilePattern($0) }
        step.modifies = modifying.map { FilePattern($0) }
        return step
    }

    private func text(
        _ reads: ReadPatterns?, declaration: Int? = nil, missing: [String] = [],
        step: Step? = nil, modified: [RunReason.Detail] = []
    ) -> String {
        let freshness = RevisionCheck(changes).freshness(
            of: step ?? Self.step(inputs: reads == nil ? [] : ["x"]),
            reads: reads ?? ReadPatterns(included: []),
            declaration: declaration.map { changes.paths[$0] }, missing: missing,
            modified: modified)
        return switch freshness {
        case .upToDate(let run): "up to date\(run)"
        case .due(let causes): causes.text
        }
    }

    @Test("each reason has its words")
    func words() throws {
        #expect(text(nil) == "declares no `inputs`")
        #expect(try text(reads("src/**")) == "up to date")
        #expect(
            try text(reads("docs/*.md"))
                == "changed since main: docs/a.md (edited), docs/b.md (removed)")
        #expect(
            try text(reads("src/**", scripts: ["scripts/x"]))
                == "changed since main: scripts/x (new)")
        #expect(
            try text(reads("src/**"), declaration: 3)
                == "changed since main: workflow.toml (edited)")
        #expect(try text(reads("src/**"), missing: ["out"]) == "output missing: out")
        #expect(
            try text(reads("docs/a.md", "workflow.toml"), declaration: 3, missing: ["out"])
                == "changed since main: docs/a.md (edited), workflow.toml (edited); "
                + "output missing: out")
        for (path, shown) in [
            ("../x.md", "../x.md"), ("/etc/x", "/etc/x"), ("docs/../../x", "../x"),
        ] {
            #expect(
                try text(reads(path))
                    == "inputs cannot be read: \(shown) (outside of the project)")
        }
    }

    @Test("what changes files in place runs, and so does what has made them before")
    func modifying() throws {
        let step = Self.step(modifying: ["out"])
        #expect(try text(reads("src/**"), step: step) == "changes files in place (`modifies`)")
        #expect(
            try text(reads("src/**"), modified: [.init("out", change: "b")])
                == "output is changed in place by another step: out (b)")
    }

    @Test("many changes are counted, not all kept")
    func many() throws {
        let paths = (100..<130).map { ChangedPath(Array("docs/\($0)".utf8), .new) }
        let freshness = RevisionCheck(ChangedPaths(since: "v1", paths)).freshness(
            of: Self.step(), reads: try reads("docs/**"), declaration: nil, missing: [])
        guard case .due(let causes) = freshness else {
            Issue.record("nothing is due")
            return
        }
        #expect(causes.map(\.omitted) == [10])
        #expect(causes.text.hasSuffix("docs/119 (new), and 10 more"))
    }

    @Test("what needs a step that runs, runs; nothing else does")
    func dependents() throws {
        var builder = PlanBuilder()
        builder.step("read") { $0.inputs = [FilePattern("docs/**")] }
        builder.step("next", after: ["read"])
        builder.step("last", after: ["next"])
        builder.step("other")
        builder.step("end") { $0.gating.always = true }
        let plan = try builder.plan()
        let look = RevisionCheck(changes)
        let patterns = [try Glob("docs/**"), try Glob("src/**")]
        func decide(selected: [Bool], isForced: Bool = false) -> SkipPlan {
            SkipPlan.decide(
                .since("main"), graph: plan.resolved.graph, selected: selected,
                finalizers: plan.resolved.workflow.finalizers, isForced: isForced
            ) { step in
                look.freshness(
                    of: Self.step(),
                    reads: ReadPatterns(included: [patterns[step == 0 ? 0 : 1]]),
                    declaration: nil, missing: [])
            }
        }
        let smart = decide(selected: plan.selected)
        #expect(smart.due[0]?.map(\.kind) == [.changedSince])
        #expect(smart.due[1]?.text == "needs read, which runs")
        #expect(smart.due[2]?.text == "needs next, which runs")
        #expect(smart.upToDate == [3: ""])
        #expect(smart.due[4]?.map(\.kind) == [.always])
        #expect(smart.open.isEmpty)
        // A step left out passes on what it needs.
        let some = decide(selected: [true, false, true, true, false])
        #expect(some.due[2]?.text == "needs read, which runs")
        #expect(some.due[1] == nil)
        let alone = decide(selected: [false, true, true, true, false])
        #expect(alone.due.isEmpty)
        #expect(Set(decide(selected: plan.selected, isForced: true).due.keys) == [0, 1, 2, 3, 4])
    }

    @Test("a declaration is the same when all that its result depends on is")
    func declarations() throws {
        func declaration(_ change: (inout PlanBuilder) -> Void) throws -> [FingerprintPart]? {
            var builder = PlanBuilder()
            builder.step("before")
            builder.step("a", after: ["before"]) { $0.inputs = [FilePattern("x")] }
            change(&builder)
            return DeclaredSteps(of: try builder.plan()).declaration(of: StepID("a"))
        }
        let plain = try declaration { _ in }
        #expect(plain != nil)
        let same: [(inout PlanBuilder) -> Void] = [
            { $0.workflow.steps[1].description = "words" },
            { $0.workflow.steps[1].recovery.retries = 3 },
            { $0.workflow.steps[0].command = .arguments(["false"]) },
            { $0.step("more") },
        ]
        for change in same { #expect(try declaration(change) == plain) }
        let different: [(inout PlanBuilder) -> Void] = [
            { $0.workflow.steps[1].command = .arguments(["true", "x"]) },
            { $0.workflow.steps[1].inputs.append(FilePattern("!x")) },
            { $0.workflow.steps[1].outputFiles = [FilePattern("out")] },
            { $0.workflow.steps[1].dependencies = [] },
            { $0.workflow.steps[1].environment = [EnvironmentVariable("A", "b")] },
            { $0.workflow.environment = [EnvironmentVariable("A", "b")] },
            { $0.workflow.steps[1].workingDirectory = "x" },
            { $0.workflow.steps.removeLast() },
        ]
        for change in different { #expect(try declaration(change) != plain) }
    }
}
