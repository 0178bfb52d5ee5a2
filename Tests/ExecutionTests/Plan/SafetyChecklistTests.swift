import Testing
import WorkflowModel

@testable import Execution

@Suite("The safety checklist")
struct SafetyChecklistTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let point: Int
        let verdict: SafetyChecklist.Verdict
        let what: String
        /// What the reason, the lines to set and the advice hold together.
        let parts: [String]
        let change: @Sendable (inout PlanBuilder, inout SafetyEvidence) -> Void

        init(
            _ point: Int, _ verdict: SafetyChecklist.Verdict, _ what: String, _ parts: String...,
            change: @escaping @Sendable (inout PlanBuilder, inout SafetyEvidence) -> Void = {
                _, _ in
            }
        ) {
            self.point = point
            self.verdict = verdict
            self.what = what
            self.parts = parts
            self.change = change
        }

        var testDescription: String { "point \(point), \(verdict): \(what)" }
    }

    /// Two steps side by side and one after both, of which everything is said.
    private static func sound() -> (PlanBuilder, SafetyEvidence) {
        var builder = PlanBuilder()
        builder.workflow.execution.maxParallelSteps = 2
        builder.workflow.execution.errorPropagation = .haltOnCritical
        builder.workflow.execution.timeout = .seconds(60)
        for (id, after) in [("a", []), ("b", []), ("c", ["a", "b"])] {
            builder.step(id, after: after) {
                $0.declares = [.dependencies, .writtenFiles, .critical]
                $0.outputFiles = [FilePattern("\(id).md")]
                $0.recovery.backups = [BackupMethod(command: .shell("other"))]
            }
        }
        return (
            builder,
            SafetyEvidence(
                sequentialTest: .passed(run: "r1"), logging: .whole(run: "r1", events: 9))
        )
    }

    private static func points(
        _ change: (inout PlanBuilder, inout SafetyEvidence) -> Void
    ) throws -> SafetyChecklist {
        var (builder, evidence) = sound()
        change(&builder, &evidence)
        return SafetyChecklist(of: try builder.resolved(), evidence: evidence, processors: 8)
    }

    private static func all(
        _ builder: inout PlanBuilder, _ change: (inout Step) -> Void
    ) {
        for index in builder.workflow.steps.indices { change(&builder.workflow.steps[index]) }
    }

    static let cases: [Case] = declarations + outputs + settings + criticality + evidence

    private static let declarations = [
        Case(1, .met, "all said", "3 of 3 say them"),
        Case(
            1, .notMet, "one silent, with an edge by its inputs",
            "1 of 3 do not say them", "[2] dependencies = [\"a\", \"b\"]"
        ) { builder, _ in builder.workflow.steps[2].declares.remove(.dependencies) },
        Case(
            1, .notMet, "a conflict is solved by the same line",
            "[0] dependencies = []", "[1] dependencies = [\"a\"]"
        ) { builder, _ in
            builder.workflow.steps[0].declares.remove(.dependencies)
            builder.workflow.steps[1].declares.remove(.dependencies)
            builder.conflict(0, 1)
        },
        Case(1, .notApplicable, "one step", "nothing to depend on") { builder, _ in
            builder.workflow.steps.removeLast(2)
        },
    ]

    private static let outputs = [
        Case(2, .met, "all said", "3 of 3 say them"),
        Case(
            2, .notMet, "two silent", "2 of 3 do not say", "[0, 1] output_files = []",
            "output_files = [\"docs/api.md\"]"
        ) { builder, _ in
            for index in 0...1 { builder.workflow.steps[index].declares.remove(.writtenFiles) }
        },
        Case(2, .notApplicable, "a chain", "no two steps could ever run") { builder, _ in
            builder.workflow.steps[1].dependencies = [Dependency(StepID("a"))]
            all(&builder) { $0.declares = [] }
        },
        Case(3, .met, "no conflict", "the files of 3 steps were compared"),
        Case(
            3, .notMet, "a shared file",
            "Steps a and b cannot run in parallel (shared output: out)",
            "[1] dependencies = [\"a\"]"
        ) { builder, _ in builder.conflict(0, 1) },
        Case(3, .notApplicable, "no file", "no step declares a file") { builder, _ in
            all(&builder) { $0.outputFiles = [] }
        },
    ]

    private static let settings = [
        Case(4, .met, "two of three", "it is 2"),
        Case(4, .notMet, "not set", "it is not set", "execution max_parallel_steps = 2") {
            builder, _ in builder.workflow.execution.maxParallelSteps = nil
        },
        Case(4, .notMet, "one", "nothing runs beside", "execution max_parallel_steps = 2") {
            builder, _ in builder.workflow.execution.maxParallelSteps = 1
        },
        Case(4, .notMet, "more than there are", "it is 4, and there are 3 steps") {
            builder, _ in builder.workflow.execution.maxParallelSteps = 4
        },
        Case(4, .notApplicable, "all run alone", "no two steps could ever run") { builder, _ in
            builder.workflow.execution.maxParallelSteps = nil
            all(&builder) { $0.isParallelSafe = false }
        },
        Case(4, .notApplicable, "a task whose steps run one by one", "no two steps") {
            builder, _ in
            builder.workflow.execution.maxParallelSteps = nil
            builder.workflow.tasks[0].isParallelEnabled = false
        },
        Case(5, .met, "the recommended one", "it is `halt_on_critical`"),
        Case(5, .met, "another one", "it is `continue_and_log`; `halt_on_critical` is rec") {
            builder, _ in builder.workflow.execution.errorPropagation = .continueAndLog
        },
        Case(5, .met, "by the mode", "`default_mode = \"education\"` makes it `collab") {
            builder, _ in
            builder.workflow.execution.errorPropagation = nil
            builder.workflow.execution.defaultMode = "education"
        },
        Case(
            5, .notMet, "none", "none is chosen",
            "execution error_propagation = \"halt_on_critical\""
        ) { builder, _ in
            builder.workflow.execution.errorPropagation = nil
            builder.workflow.execution.defaultMode = "dynamic"
        },
        Case(5, .notApplicable, "nothing critical", "no step is critical") { builder, _ in
            builder.workflow.execution.errorPropagation = nil
            all(&builder) { $0.isCritical = false }
        },
        Case(10, .met, "a limit for all", "every step has a time limit") { builder, _ in
            builder.workflow.execution.timeout = nil
            builder.workflow.execution.idleTimeout = .seconds(1)
        },
        Case(10, .met, "a limit of each", "every step has a time limit") { builder, _ in
            builder.workflow.execution.timeout = nil
            all(&builder) { $0.idleTimeout = .seconds(1) }
        },
        Case(10, .met, "a limit of the run", "`run_timeout` bounds the run") { builder, _ in
            builder.workflow.execution.timeout = nil
            builder.workflow.execution.runTimeout = .seconds(1)
        },
        Case(
            10, .notMet, "one without", "2 of 3 steps have no time limit",
            "execution timeout = \"30m\""
        ) { builder, _ in
            builder.workflow.execution.timeout = nil
            builder.workflow.steps[0].timeout = .seconds(1)
        },
    ]

    private static let criticality = [
        Case(6, .met, "all said", "3 of 3 are critical"),
        Case(6, .met, "of an allowed failure and a finalizer nothing need be said", "2 of 2") {
            builder, _ in
            builder.step("d") { $0.allowsFailure = true }
            builder.step("e") { $0.gating.always = true }
            builder.workflow.steps[0].isCritical = false
            builder.workflow.steps.remove(at: 1)
            builder.workflow.steps[1].dependencies.removeLast()
            builder.workflow.steps[0].isCritical = true
        },
        Case(
            6, .notMet, "one silent", "1 of 3 do not say, and count as critical",
            "[1] critical = true", "`critical = false`"
        ) { builder, _ in builder.workflow.steps[1].declares.remove(.critical) },
        Case(
            6, .notMet, "a contradiction", "`b` is critical, and its failure is allowed",
            "[1] critical = false"
        ) { builder, _ in builder.workflow.steps[1].allowsFailure = true },
        Case(6, .notApplicable, "all allowed", "no step's failure could halt") { builder, _ in
            all(&builder) {
                $0.allowsFailure = true
                $0.declares.remove(.critical)
            }
        },
        Case(6, .notApplicable, "one step", "one step whose failure counts") { builder, _ in
            builder.workflow.steps.removeLast(2)
        },
        Case(7, .met, "each has one", "3 of 3 have one"),
        Case(
            7, .notMet, "one has none", "1 of 3 critical steps", "[2] backups = [\"COMMAND\"]",
            "`critical = false`"
        ) { builder, _ in builder.workflow.steps[2].recovery.backups = [] },
        Case(7, .notMet, "critical by default", "3 of 3 critical steps") { builder, _ in
            all(&builder) {
                $0.declares = []
                $0.recovery.backups = []
            }
        },
        Case(7, .notApplicable, "nothing critical", "no step is critical") { builder, _ in
            all(&builder) {
                $0.isCritical = false
                $0.recovery.backups = []
            }
        },
    ]

    private static let evidence = [
        Case(8, .met, "a run", "run r1 ended well"),
        Case(8, .notMet, "none", "no sequential run is on record", "without `--parallel`") {
            _, evidence in evidence.sequentialTest = .none
        },
        Case(8, .notMet, "one that does not count", "run r0: `b` was left out of it") {
            _, evidence in
            evidence.sequentialTest = .rejected(run: "r0", why: "`b` was left out of it")
        },
        Case(8, .notApplicable, "a chain", "no two steps could ever run") { builder, evidence in
            builder.workflow.steps[1].dependencies = [Dependency(StepID("a"))]
            evidence.sequentialTest = .none
        },
        Case(9, .met, "whole", "the journal (9 events) and `progress.json` agree"),
        Case(9, .notMet, "no run", "no run has ended yet", "run `stepvisor run`") {
            _, evidence in evidence.logging = .none
        },
        Case(9, .notMet, "damage", "run r0: it has no `progress.json`") { _, evidence in
            evidence.logging = .broken(run: "r0", why: "it has no `progress.json`")
        },
    ]

    @Test("each point is judged by what was declared and recorded", arguments: cases)
    func point(of example: Case) throws {
        let list = try Self.points(example.change)
        let point = list.points[example.point - 1]
        #expect(point.number == example.point)
        #expect(point.verdict == example.verdict)
        let sets = point.additions.map { addition in
            switch addition.place {
            case .execution: "execution \(addition.toml)"
            case .steps(let steps): "\(steps) \(addition.toml)"
            }
        }
        let text = ([point.reason] + sets + [point.advice ?? ""]).joined(separator: "\n")
        for part in example.parts { #expect(text.contains(part), "\(part) in \(text)") }
        if example.verdict != .notMet { #expect(point.additions.isEmpty && point.advice == nil) }
    }

    @Test("a workflow of which everything is said meets all ten points, in the source's order")
    func sound() throws {
        let list = try Self.points { _, _ in }
        #expect(list.isMet)
        #expect(list.count(of: .met) == 10)
        #expect(
            list.points.map(\.title) == [
                "All steps have explicit `dependencies` declared",
                "All steps declare `output_files` if they write to files",
                "No output file conflicts detected",
                "`max_parallel_steps` configured appropriately",
                "Error propagation strategy chosen (recommend `halt_on_critical`)",
                "Critical steps identified correctly",
                "Backup methods defined for critical steps", "Tested sequentially first",
                "Progress logging verified", "Monitoring in place for failures",
            ])
    }

    @Test("a step that waits for nothing beside a long chain can run at the same time")
    func chainAndAnother() throws {
        let list = try Self.points { builder, _ in
            builder.workflow.steps[1].dependencies = [Dependency(StepID("a"))]
            builder.workflow.steps[2].dependencies = [Dependency(StepID("a"))]
            builder.step("d", after: ["b"])
            builder.workflow.execution.maxParallelSteps = nil
        }
        #expect(list.points[3].verdict == .notMet)
        let single = try Self.points { builder, _ in
            // A chain of unequal lengths: `c` is free beside `b`.
            builder.workflow.steps[1].dependencies = [Dependency(StepID("a"))]
            builder.workflow.steps[2].dependencies = []
            builder.workflow.execution.maxParallelSteps = nil
        }
        #expect(single.points[3].verdict == .notMet)
    }
}
