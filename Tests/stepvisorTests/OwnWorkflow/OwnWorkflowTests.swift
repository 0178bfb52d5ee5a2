import Foundation
import Testing
import TestSupport

@Suite("This repository's own workflow", .timeLimit(.minutes(20)))
struct OwnWorkflowTests {
    @Test("it has fifteen steps, numbered from 0 to 14")
    func numbers() {
        let numbers = OwnWorkflowFixture.steps.compactMap { Int($0.dropFirst(5).prefix(2)) }
        #expect(numbers == Array(0...14))
    }

    @Test("each step waits for what it needs, and git operations for all others")
    func edges() throws {
        let space = try TestSpace()
        let plan = try space.run("-C", OwnWorkflowFixture.repository, "plan", "--json")
        #expect(plan.code == 0, "\(plan)")
        let document = try JSONDecoder().decode(Plan.self, from: Data(plan.output.utf8))
        var dependencies: [String: Set<String>] = [:]
        for edge in document.edges { dependencies[edge.to, default: []].insert(edge.from) }
        let ids = OwnWorkflowFixture.steps.map { String($0.dropFirst(8)) }
        let expected: [Int: [Int]] = [
            1: [0], 2: [1], 3: [0], 4: [0], 5: [0], 6: [5], 7: [6], 8: [0], 9: [7],
            10: [1, 2, 3, 4, 7, 8, 9], 12: [2], 13: [0], 14: [0],
        ]
        for (step, needed) in expected {
            #expect(dependencies[ids[step]] == Set(needed.map { ids[$0] }), "\(ids[step])")
        }
        var before: Set<String> = []
        var next = Array(dependencies[ids[11]] ?? [])
        while let id = next.popLast() {
            if before.insert(id).inserted { next += dependencies[id] ?? [] }
        }
        #expect(before == Set(ids).subtracting([ids[11]]))
        #expect(document.edges.allSatisfy { $0.origin == "declared" })
    }

    @Test("the diagram at the top of the repository is that of the workflow")
    func diagram() throws {
        let space = try TestSpace()
        let check = try space.run(
            "-C", OwnWorkflowFixture.repository, "graph", "--check", "graph.mmd")
        #expect(check.code == 0, "\(check)")
    }

    @Test("a step of an unbroken package passes", arguments: OwnWorkflowFixture.steps)
    func unbroken(step: String) throws {
        let fixture = try OwnWorkflowFixture()
        let result = try fixture.run(step)
        #expect(result.code == 0, "\(result)")
        #expect(result.output.contains("ok: "))
        #expect(result.error == "")
        #expect(fixture.space.text("output").contains("summary="))
    }

    @Test(
        "a step of a package with one thing broken fails and says what, where, and what to do",
        arguments: Breakage.all)
    func broken(_ breakage: Breakage) throws {
        let fixture = try OwnWorkflowFixture()
        let broken = try fixture.shell(breakage.line)
        try #require(broken.code == 0, "\(broken)")
        let step = try #require(
            OwnWorkflowFixture.steps.first { $0.hasPrefix("step_\(breakage.step)_") })
        let result = try fixture.run(step, with: breakage.variables)
        #expect(result.code == 1, "\(result)")
        for text in breakage.says { #expect(result.output.contains(text), "\(text)\n\(result)") }
        #expect(result.output.contains("  help: "), "\(result)")
        #expect(result.output.contains("when mended: stepvisor run --only "), "\(result)")
    }

    @Test("every step is broken by a case")
    func allBroken() {
        let broken = Set(Breakage.all.map(\.step))
        #expect(broken == Set(OwnWorkflowFixture.steps.map { String($0.dropFirst(5).prefix(2)) }))
    }

    @Test("the program runs all fifteen in parallel")
    func whole() throws {
        let fixture = try OwnWorkflowFixture()
        let run = try fixture.shell("\"$STEPVISOR\" --parallel")
        #expect(run.code == 0, "\(run)")
        let progress = fixture.space.text("project/.stepvisor/latest/progress.json")
        #expect(
            progress.contains("\"status\": \"complete\"")
                || progress.contains("\"status\":\"complete\""))
        for step in OwnWorkflowFixture.steps {
            #expect(fixture.space.exists("project/.stepvisor/latest/outputs/\(step.dropFirst(8))"))
        }
        #expect(
            fixture.space.text("swift.log").contains(
                "--filter ^(DependencyGraphTests|WorkflowFilesTests)\\."))
    }

    @Test("a broken link stops the run, and the summary shows the step's message")
    func wholeBroken() throws {
        let fixture = try OwnWorkflowFixture()
        let run = try fixture.shell(
            "echo '[gone](gone.md)' >> README.md; \"$STEPVISOR\" --parallel")
        #expect(run.code == 1, "\(run)")
        #expect((run.output + run.error).contains("the link leads to `gone.md`"), "\(run)")
        #expect(!fixture.space.exists("project/.stepvisor/latest/outputs/git_operations"))
    }

    @Test("without git the steps look at the files alone")
    func withoutGit() throws {
        let fixture = try OwnWorkflowFixture()
        for step in ["step_00_pre_analysis", "step_04_directory", "step_11_git_operations"] {
            let result = try fixture.shell("rm -rf .git; ./steps/\(step)")
            #expect(result.code == 0, "\(result)")
        }
    }

    @Test("in a shallow clone the last commit is looked at")
    func shallow() throws {
        let fixture = try OwnWorkflowFixture()
        let result = try fixture.shell(
            """
            git commit -q --allow-empty -m "Go on" && cd .. \
            && git clone -q --depth 1 "file://$PWD/project" clone && cd clone && ./steps/step_11_git_operations
            """)
        #expect(result.code == 0, "\(result)")
        #expect(result.output.contains("a shallow clone"))
    }
}

/// The part of `plan --json` that tells the edges.
private struct Plan: Decodable {
    struct Edge: Decodable {
        let from: String
        let to: String
        let origin: String
    }

    let edges: [Edge]
}
