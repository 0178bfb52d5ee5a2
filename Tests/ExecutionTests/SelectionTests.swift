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

    @Test("a workflow without steps is an error")
    func empty() {
        #expect(throws: PlanError.noSteps) { try PlanBuilder().plan() }
    }
}
