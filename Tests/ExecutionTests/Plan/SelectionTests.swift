import DependencyGraph
import Testing
import WorkflowModel

@testable import Execution

@Suite("Selection")
struct SelectionTests {
    /// `build` → `test` → `publish`, `build` → `docs` → `publish`, and `lint` by itself.
    private func plan(_ change: (inout RunOptions) -> Void) throws -> RunPlan {
        var builder = PlanBuilder(jobs: nil)
        builder.step("build")
        builder.step("test", after: ["build"])
        builder.step("docs", after: ["build"])
        builder.step("publish", after: ["test", "docs"])
        builder.step("lint")
        change(&builder.options)
        return try builder.plan()
    }

    private struct Row: Sendable, CustomTestStringConvertible {
        let line: String
        let expected: String
        var testDescription: String { line.isEmpty ? "nothing" : line }
    }

    private static let rows = [
        Row(line: "", expected: "build test docs publish lint"),
        Row(line: "test", expected: "build test"),
        Row(line: "test lint", expected: "build test lint"),
        Row(line: "--only test", expected: "test"),
        Row(line: "--only test lint", expected: "test lint"),
        Row(line: "--until docs", expected: "build docs"),
        Row(line: "test --until docs", expected: "build test docs"),
        Row(line: "--only lint --until docs", expected: "build docs lint"),
        Row(line: "--from test", expected: "test publish"),
        Row(line: "--from test --from lint", expected: "test publish lint"),
        Row(line: "publish --from docs", expected: "docs publish"),
        Row(line: "--from build --until docs", expected: "build docs"),
        Row(line: "--skip build", expected: "test docs publish lint"),
        Row(line: "publish --skip docs --skip test", expected: "build publish"),
    ]

    private static func options(_ line: String, _ options: inout RunOptions) {
        var option = ""
        for word in line.split(separator: " ").map(String.init) {
            switch option {
            case _ where word.hasPrefix("--"):
                option = word
                continue
            case "--only": options.only.append(StepID(word))
            case "--from": options.from.append(StepID(word))
            case "--until": options.until.append(StepID(word))
            case "--skip": options.skip.append(StepID(word))
            default: options.targets.append(StepID(word))
            }
            option = ""
        }
    }

    @Test("options add up as documented", arguments: rows)
    private func combination(row: Row) throws {
        let plan = try plan { Self.options(row.line, &$0) }
        let names = plan.resolved.graph.nodes.enumerated().filter { plan.selected[$0.offset] }
        #expect(names.map(\.element.rawValue).joined(separator: " ") == row.expected)
        #expect(plan.selectedCount == names.count)
    }

    @Test("every unknown name is reported, with what was meant")
    func unknown() throws {
        let error = try #require(throws: PlanError.self) {
            try plan { Self.options("tset --skip dosc --from nonsense", &$0) }
        }
        #expect(
            error.diagnostics.map { "\($0.message); \($0.help ?? "")" } == [
                "no step `tset`; did you mean `test`?",
                "`--from`: no step `nonsense`; `stepvisor plan` lists the steps",
                "`--skip`: no step `dosc`; did you mean `docs`?",
            ])
    }

    @Test(
        "a selection that leaves nothing is an error",
        arguments: ["test --from lint", "--only test --skip test"])
    func nothing(line: String) {
        #expect(throws: PlanError.nothingSelected) {
            try plan { Self.options(line, &$0) }
        }
    }

    /// `build` → `start` → `use`, with `stop` always after `start`, `report` always after `stop`, and
    /// `tidy`, which names no step.
    private static let finalizerRows = [
        Row(line: "build", expected: "build tidy"),
        Row(line: "start", expected: "build start stop report tidy"),
        Row(line: "use", expected: "build start use stop report tidy"),
        Row(line: "--until build", expected: "build tidy"),
        Row(line: "--from use", expected: "use tidy"),
        Row(line: "--from start", expected: "start use stop report tidy"),
        Row(line: "--only start", expected: "start"),
        Row(line: "start --skip stop", expected: "build start report tidy"),
        Row(line: "stop", expected: "build start stop report tidy"),
    ]

    @Test(
        "a finalizer comes with the steps that it names, not with what those need",
        arguments: finalizerRows)
    private func finalizers(row: Row) throws {
        var builder = PlanBuilder(jobs: nil)
        builder.step("build")
        builder.step("start", after: ["build"])
        builder.step("use", after: ["start"])
        builder.step("stop", after: ["start"]) { $0.gating.always = true }
        builder.step("report", after: ["stop"]) { $0.gating.always = true }
        builder.step("tidy") { $0.gating.always = true }
        Self.options(row.line, &builder.options)
        let plan = try builder.plan()
        let names = plan.resolved.graph.nodes.enumerated().filter { plan.selected[$0.offset] }
        #expect(names.map(\.element.rawValue).joined(separator: " ") == row.expected)
    }

    /// What was typed, and which steps are meant by it.
    private static let meant: [(typed: String, steps: [String])] = [
        ("4", ["1.4", "2.4"]), ("3", ["1.3"]), ("api docs", ["api_docs"]),
        ("API-Docs", ["api_docs"]), ("Build the documentation", ["api_docs"]),
        ("build documentation", ["api_docs"]), ("documentaton", []), ("api_dosc", ["api_docs"]),
        ("link-check", ["docs.link_check"]), ("link_chekc", ["docs.link_check"]),
        ("collect facts", ["1.3"]), ("collect fatcs", ["1.3"]), ("zzz", []), ("--", []), ("", []),
    ]

    @Test(
        "a name that no step has is answered with what it was meant for", arguments: meant.indices)
    func near(number: Int) {
        let search = StepNameSearch(
            ids: ["1.3", "1.4", "2.4", "api_docs", "docs.link_check"],
            descriptions: [
                "Collect facts", "Write", "Write more", "Build the documentation", "",
            ])
        #expect(search.candidates(for: Self.meant[number].typed) == Self.meant[number].steps)
    }

    @Test("several names that may be meant are listed, and many are counted")
    func several() {
        let ids = (1...12).map { "\($0).4" }
        let few = StepNameSearch(ids: Array(ids.prefix(3)), descriptions: ["", "", ""])
        #expect(few.help(for: "4") == "did you mean `1.4`, `2.4` or `3.4`?")
        let many = StepNameSearch(ids: ids, descriptions: ids.map { _ in "" })
        #expect(many.help(for: "4")?.hasPrefix("did you mean one of 12: `1.4`, ") == true)
        #expect(many.help(for: "nothing like it") == nil)
    }

    @Test("a workflow without steps is an error")
    func empty() {
        #expect(throws: PlanError.noSteps) { try PlanBuilder().plan() }
    }
}
