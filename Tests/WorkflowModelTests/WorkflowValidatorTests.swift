import DependencyGraph
import Testing
import WorkflowModel

@Suite("Validation")
struct WorkflowValidatorTests {
    private static let idHelp = "; ids match `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`"

    @Test(
        "an id that could do harm is refused with the reason",
        arguments: [
            ("", "`` is no valid id: it is empty"),
            ("a/b", "`a/b` is no valid id: it holds a `/`, and an id is no path"),
            ("../x", "`../x` is no valid id: it holds a `/`, and an id is no path"),
            (
                ".",
                "`.` is no valid id: it begins with `.`, and an id begins with a letter or a digit"
            ),
            (
                "-rf",
                "`-rf` is no valid id: it begins with `-`, and an id begins with a letter or a digit"
            ),
            ("a b", "`a b` is no valid id: it holds a space"),
            ("a\nb", "`a\u{FFFD}b` is no valid id: it holds the character U+000A"),
            ("a\u{0}", "`a\u{FFFD}` is no valid id: it holds the character U+0000"),
            ("\u{0430}pi", "`\u{0430}pi` is no valid id: it holds the character U+0430"),
            ("a$b", "`a$b` is no valid id: it holds `$`"),
            (
                String(repeating: "a", count: 65),
                "`\(String(repeating: "a", count: 65))` is no valid id: "
                    + "it is longer than 64 characters"
            ),
        ] as [(String, String)])
    func invalidIDs(id: String, message: String) {
        #expect(messages([step(id)]) == [message + Self.idHelp])
    }

    @Test(
        "a mistake is said with a way out",
        arguments: [
            (
                [],
                [
                    "a workflow without steps is invalid; declare one with `[[steps]]`, or run `stepvisor init`"
                ]
            ),
            (
                [step("a"), step("a")],
                ["step `a` is declared twice; give one of them another id"]
            ),
            (
                [step("Build"), step("build")],
                ["the ids `Build` and `build` differ only in case; give one of them another id"]
            ),
            (
                [step("build"), step("b", after: ["biuld"])],
                ["step `b` depends on an unknown step `biuld`; did you mean `build`?"]
            ),
            (
                [step("build"), step("b", after: ["Build"])],
                ["step `b` depends on an unknown step `Build`; did you mean `build`?"]
            ),
            (
                [step("build"), step("b", after: ["zzz"])],
                ["step `b` depends on an unknown step `zzz`"]
            ),
            (
                [step("a", after: ["a"])],
                ["step `a` depends on itself; remove it from `dependencies`"]
            ),
            (
                [
                    step("a", after: ["b"]), step("b", after: ["a"]), step("c", after: ["d"]),
                    step("d", after: ["c"]),
                ],
                [
                    "steps wait for each other: a -> b -> a; remove one of these dependencies",
                    "steps wait for each other: c -> d -> c; remove one of these dependencies",
                ]
            ),
            (
                [step("a", reads: ["y"], writes: ["x"]), step("b", reads: ["x"], writes: ["y"])],
                [
                    "an inferred dependency closes a cycle: a -> b -> a; "
                        + "remove one of the inputs, outputs or dependencies below, or exclude an "
                        + "output from the inputs, as `\"!PATH\"`"
                ]
            ),
            (
                [step("a"), step("b", condition: "steps.aa.score > 1")],
                ["the condition of step `b` names an unknown step `aa`; did you mean `a`?"]
            ),
            (
                [step("b", condition: "steps.b.score > 1")],
                [
                    "the condition of step `b` names the step itself; "
                        + "a condition is looked at before its step runs"
                ]
            ),
            (
                [step("a", reads: ["src/[ab"])],
                [
                    "`src/[ab` in `inputs` has a `[` without its `]`; for a literal bracket write `\\[`"
                ]
            ),
            (
                [step("a", writes: ["/etc/x"])],
                [
                    "`/etc/x` is an absolute path; `output_files` is relative to the project root; "
                        + "write it relative to the project root"
                ]
            ),
            (
                [step("a", writes: ["x/../../y"])],
                [
                    "`x/../../y` leads out of the project by `..`; "
                        + "`output_files` is relative to the project root and stays inside"
                ]
            ),
            (
                [step("a", modifies: ["!../y"])],
                [
                    "`../y` leads out of the project by `..`; "
                        + "`modifies` is relative to the project root and stays inside"
                ]
            ),
            ([step("a", reads: ["/etc/hosts", "../lib/x", "..."])], []),
        ] as [([Step], [String])])
    func mistakes(steps: [Step], expected: [String]) {
        #expect(messages(steps) == expected)
        #expect((WorkflowValidator.resolve(workflow(steps)).workflow == nil) == !expected.isEmpty)
    }

    @Test("a working directory stays inside the project")
    func workingDirectory() {
        var step = step("a")
        step.workingDirectory = ".."
        #expect(
            messages([step]) == [
                "`..` leads out of the project by `..`; "
                    + "`working_directory` is relative to the project root and stays inside"
            ])
    }

    @Test("settings of a group that no step names do nothing: a warning, with the nearest name")
    func groupsWithoutSteps() {
        var workflow = Workflow(name: "w")
        workflow.tasks = [WorkflowTask(id: "")]
        var step = Step(id: StepID("a"))
        step.parallelGroup = "research"
        workflow.steps = [step]
        workflow.parallelGroups = ["reserch", "research", "qqq"].map { ParallelGroup($0) }
        let (resolved, diagnostics) = WorkflowValidator.resolve(workflow)
        #expect(resolved != nil)
        #expect(diagnostics.map(\.severity) == [.warning, .warning])
        #expect(
            diagnostics.map(\.help) == [
                "did you mean `research`?", "a step is with `parallel_group = \"qqq\"`",
            ])
    }

    @Test("a step cannot take more units than there are")
    func resources() {
        var taking = step("a")
        taking.resources = [ResourceUse("api", units: 3), ResourceUse("own", units: 2)]
        var declared = workflow([taking])
        declared.resources = [ResourceDeclaration("api", capacity: 2), ResourceDeclaration("x/y")]
        #expect(
            WorkflowValidator.resolve(declared).diagnostics.map(\.message) == [
                "`x/y` is no valid resource name: it holds a `/`, and an id is no path",
                "step `a` takes 3 units of `api`, and there are only 2",
                "step `a` takes 2 units of `own`, and there is only 1",
            ])
    }

    @Test("every place of a cycle through an inferred edge is named")
    func cyclePlaces() {
        func range(_ offset: Int) -> SourceRange { SourceRange(file: 0, offset: offset, length: 1) }
        var reader = step("reader")
        reader.inputs = [FilePattern("gen/*", at: range(10))]
        var writer = step("writer")
        writer.outputFiles = [FilePattern("gen/a", at: range(20))]
        writer.dependencies = [Dependency(StepID("reader"), at: range(30))]
        let diagnostics = WorkflowValidator.resolve(workflow([reader, writer])).diagnostics
        #expect(diagnostics.count == 1)
        #expect(diagnostics[0].range == range(10))
        #expect(
            Set(diagnostics[0].related) == [
                .init("`reader` reads `gen/*`", at: range(10)),
                .init("`writer` writes `gen/a`", at: range(20)),
                .init("`writer` depends on `reader`", at: range(30)),
            ])
    }

    @Test("edges carry where they come from, the first of several reasons")
    func origins() throws {
        let steps = [
            step("make", writes: ["out/**", "!out/tmp"]),
            step("a", reads: ["out/x"]), step("b", after: ["make"], reads: ["out/x"]),
            step("c", condition: "steps[\"a\"].score < 0.8 and 'steps.b.x' != b_output.y"),
            step("d", reads: ["out/tmp"]), step("e", reads: ["out/*.md", "!out/**"]),
        ]
        let resolved = try #require(WorkflowValidator.resolve(workflow(steps)).workflow)
        #expect(
            resolved.inferredEdges == [
                WorkflowEdge(dependency: 0, dependent: 1, origin: .inferred(path: "out/x")),
                WorkflowEdge(dependency: 1, dependent: 3, origin: .condition),
                WorkflowEdge(dependency: 2, dependent: 3, origin: .condition),
            ])
        #expect(Array(resolved.graph.dependencies(of: 2)) == [0])
    }

    @Test("two steps that write the same file conflict unless the graph orders them")
    func conflicts() throws {
        let steps = [
            step("X", writes: ["docs/api.md"]), step("Y", writes: ["./docs//api.md"]),
            step("Z", after: ["Y"], modifies: ["docs/*.md"]), step("W", writes: ["docs/a?i.md"]),
            step("V", writes: ["docs/**", "!docs/api.md"]),
        ]
        let resolved = try #require(WorkflowValidator.resolve(workflow(steps)).workflow)
        #expect(
            resolved.conflicts.map { resolved.message(for: $0) } == [
                "Steps X and Y cannot run in parallel (shared output: docs/api.md)",
                "Steps X and Z cannot run in parallel (shared output: docs/api.md)",
                "Steps X and W cannot run in parallel (shared output: docs/api.md)",
                "Steps Y and W cannot run in parallel (shared output: docs/api.md)",
                "Steps Z and W cannot run in parallel (shared output: docs/*.md)",
                "Steps Z and V cannot run in parallel (shared output: docs/*.md)",
                "Steps W and V cannot run in parallel (shared output: docs/a?i.md)",
            ])
    }

    @Test("what is declared and not carried out is said in one line each")
    func unhonoured() {
        var steps = (1...7).map { step("s\($0)") }
        for position in steps.indices { steps[position].recovery.mode = "collaborative" }
        var declared = workflow(steps)
        declared.execution.barriers = true
        declared.execution.phaseTimeout = .seconds(1)
        declared.execution.runTimeout = .seconds(1)
        declared.execution.idleTimeout = .seconds(1)
        declared.steps[1].idleTimeout = .seconds(1)
        declared.execution.errorPropagation = .continueAndLog
        #expect(
            declared.notYetHonoured.map(\.line) == [
                "not yet honoured: mode (steps s1, s2, s3, s4, s5 and 2 more): "
                    + "the step asks no questions"
            ])
        #expect(workflow([step("a", reads: ["x"], writes: ["y"])]).notYetHonoured == [])
        #expect(declared.withoutEffect == [])
        declared.execution.barriers = false
        #expect(
            declared.withoutEffect == [
                "`phase_timeout` has no effect without `barriers = true` or `--barriers`"
            ])
    }

    @Test("many unknown dependencies take no quadratic time")
    func manyUnknown() {
        let steps = (0..<20_000).map { step("step_\($0)", after: ["stp_\($0)"]) }
        let diagnostics = WorkflowValidator.resolve(workflow(steps)).diagnostics
        #expect(diagnostics.count == 20_000)
        #expect(diagnostics.filter { $0.help != nil }.count == 20)
    }

    @Test(
        "more writers of one file than can be kept apart is an error, a long line of them is none")
    func manyWriters() {
        let chain = (0..<2000).map {
            step("s\($0)", after: $0 > 0 ? ["s\($0 - 1)"] : [], writes: ["log"])
        }
        #expect(WorkflowValidator.resolve(workflow(chain)).workflow?.conflicts == [])
        let beside = (0..<1100).map { step("s\($0)", writes: ["log"]) }
        let result = WorkflowValidator.resolve(workflow(beside))
        #expect(result.workflow == nil)
        #expect(
            result.diagnostics.map(\.message) == [
                "more than 500000 pairs of steps write the same file (`log` among them)"
            ])
    }
}
