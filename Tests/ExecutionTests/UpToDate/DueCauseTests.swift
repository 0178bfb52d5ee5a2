import Testing
import WorkflowModel

@testable import Execution

@Suite("Why a step has to run")
struct DueCauseTests {
    private typealias Detail = RunReason.Detail

    /// Every kind with what it says.
    private static let sentences: [(cause: RunReason, text: String)] = [
        (RunReason(.neverSucceeded), "never succeeded"),
        (RunReason(.interrupted), "did not end well when it last ran"),
        (RunReason(.running, [Detail("r1")]), "is running in run r1"),
        (RunReason(.forced), "forced"),
        (RunReason(.forgotten), "forgotten by `stepvisor forget`"),
        (RunReason(.noInputs), "declares no `inputs`"),
        (RunReason(.modifiesFiles), "changes files in place (`modifies`)"),
        (
            RunReason(.outputModified, [Detail("out/x", change: "fmt")]),
            "output is changed in place by another step: out/x (fmt)"
        ),
        (RunReason(.always), "runs at the end of every run"),
        (
            RunReason(
                .inputsChanged,
                [Detail("docs/a.md", change: "edited"), Detail("docs/b.md", change: "new")]),
            "inputs changed: docs/a.md (edited), docs/b.md (new)"
        ),
        (
            RunReason(
                .inputsChanged,
                [Detail("a", change: "removed"), Detail("b", change: "retyped")]),
            "inputs changed: a (removed), b (retyped)"
        ),
        (RunReason(.inputsMoved), "inputs changed while it ran"),
        (
            RunReason(.inputsUnreadable, [Detail("a/b", change: "Permission denied")]),
            "inputs cannot be read: a/b (Permission denied)"
        ),
        (
            RunReason(.commandChanged, [Detail("", old: "make", new: "make -j2")]),
            "command changed: make → make -j2"
        ),
        (
            RunReason(.settingChanged, [Detail("working_directory", new: "docs")]),
            "setting changed: working_directory: (none) → docs"
        ),
        (
            RunReason(.environmentChanged, [Detail("LANG", old: "C"), Detail("A", new: "1")]),
            "environment changed: LANG: C → (none); A: (none) → 1"
        ),
        (
            RunReason(.environmentChanged, [Detail("TOKEN")]),
            "environment changed: TOKEN"
        ),
        (
            RunReason(.toolChanged, [Detail("swift --version", old: "6.3.0", new: "6.3.1")]),
            "tool changed: swift --version: 6.3.0 → 6.3.1"
        ),
        (
            RunReason(.dependencyDiffers, [Detail("build")]),
            "dependency build produced a different result"
        ),
        (
            RunReason(.dependencyDiffers, [Detail("build"), Detail("docs")]),
            "dependencies build, docs produced a different result"
        ),
        (
            RunReason(.dependencyUnknown, [Detail("build")]),
            "dependency build produced nothing that is known"
        ),
        (
            RunReason(.dependencyUnknown, [Detail("build"), Detail("docs")]),
            "dependencies build, docs produced nothing that is known"
        ),
        (
            RunReason(.toolSilent, [Detail("cc --version", change: "it was not found")]),
            "no answer from the tool cc --version (it was not found)"
        ),
        (RunReason(.successUnknown), "no success is known"),
        (RunReason(.inputsUndeclared), "its `inputs` were not declared when it last succeeded"),
        (RunReason(.basisUnknown), "what it read or wrote could not be read when it last ran"),
        (RunReason(.outputMissing, [Detail("out/x")]), "output missing: out/x"),
        (
            RunReason(.outputChanged, [Detail("out/x", change: "edited")]),
            "output is not as it was left: out/x (edited)"
        ),
        (
            RunReason(.changedSince, [Detail("a.swift", old: "main"), Detail("b.swift")]),
            "changed since main: a.swift, b.swift"
        ),
        (RunReason(.dependencyRuns, [Detail("build")]), "needs build, which runs"),
        (
            RunReason(.dependencyRuns, [Detail("build"), Detail("docs")]),
            "needs build, docs, which run"
        ),
        (
            RunReason(.resultMissing, [Detail("b")]),
            "its result is not here, and a condition asks for it: b"
        ),
        (RunReason(.stateUnreadable), "what was known of it cannot be read"),
    ]

    @Test("every kind has its sentence", arguments: sentences.indices)
    func sentence(index: Int) {
        let (cause, text) = Self.sentences[index]
        #expect(cause.text == text)
    }

    @Test("no kind is left out of the sentences")
    func complete() {
        #expect(Set(Self.sentences.map(\.cause.kind)) == Set(RunReason.Kind.allCases))
    }

    @Test("what changes files in place always runs, and so does what says not what it reads")
    func standing() {
        var step = Step(id: StepID("a"))
        #expect(RunReason.standing(of: step) == RunReason(.noInputs))
        step.inputs = [FilePattern("in")]
        #expect(RunReason.standing(of: step) == nil)
        step.modifies = [FilePattern("in")]
        #expect(RunReason.standing(of: step) == RunReason(.modifiesFiles))
        step.inputs = []
        #expect(RunReason.standing(of: step) == RunReason(.modifiesFiles))
    }

    @Test("several causes are told in one line")
    func several() {
        let causes = [RunReason(.outputMissing, [Detail("x")]), RunReason(.forced)]
        #expect(causes.text == "output missing: x; forced")
    }

    private static func many(_ count: Int) -> [RunReason.Detail] {
        (1...count).map { RunReason.Detail("f\($0)", old: "1", new: "2") }
    }

    @Test(
        "of many differences the first twenty are told and the rest is counted",
        arguments: [(19, 0), (20, 0), (21, 1), (120, 100)])
    func many(count: Int, omitted: Int) {
        let cause = RunReason(.inputsChanged, Self.many(count))
        #expect(cause.details.count == min(count, 20))
        #expect(cause.omitted == omitted)
        #expect(cause.text.hasPrefix("inputs changed: f1, f2, f3"))
        let end = omitted > 0 ? "f20, and \(omitted) more" : ", f\(count)"
        #expect(cause.text.hasSuffix(end))
        let exchanged = RunReason(.environmentChanged, Self.many(count)).text
        #expect(exchanged.hasSuffix("; and \(omitted) more") == (omitted > 0))
    }

    @Test("what was counted before stays counted")
    func counted() {
        let cause = RunReason(.outputMissing, Self.many(22), omitted: 5)
        #expect(cause.omitted == 7)
        #expect(RunReason(.outputMissing, cause.details, omitted: cause.omitted) == cause)
    }

    @Test(
        "a kept result stands in for a run unless somebody asked for it or nobody knows its inputs")
    func restoring() {
        let never: Set<RunReason.Kind> = [
            .forced, .forgotten, .noInputs, .modifiesFiles, .always, .inputsUnreadable,
            .toolSilent,
        ]
        for kind in RunReason.Kind.allCases {
            #expect(RunReason(kind).allowsRestoring == !never.contains(kind), "\(kind)")
        }
    }
}
