import Foundation
import Testing
import TestSupport

/// The fenced blocks of a Markdown file of this repository.
struct Document {
    let text: String

    init(_ name: String) throws {
        text = try String(
            contentsOf: URL(fileURLWithPath: OwnWorkflowFixture.repository).appendingPathComponent(
                name),
            encoding: .utf8)
    }

    /// The part from a heading to the next of its level.
    func section(_ heading: String) throws -> Document {
        let parts = text.components(separatedBy: "\n## \(heading)\n")
        try #require(parts.count == 2, "`\(heading)`")
        return Document(text: parts[1].components(separatedBy: "\n## ")[0])
    }

    private init(text: String) { self.text = text }

    /// Contents of the blocks of one language, in order.
    func blocks(_ language: String) -> [String] {
        var blocks: [String] = []
        var current: [Substring]?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if let lines = current {
                if line.hasPrefix("```") {
                    blocks.append(lines.joined(separator: "\n"))
                    current = nil
                } else {
                    current = lines + [line]
                }
            } else if line == "```\(language)" {
                current = []
            }
        }
        return blocks
    }

    /// The commands of a shell block, without their comments.
    static func commands(_ block: String) -> [String] {
        block.split(separator: "\n").compactMap { line in
            let command = line.split(separator: "#", omittingEmptySubsequences: false)[0]
                .trimmingCharacters(in: .whitespaces)
            return command.isEmpty ? nil : command
        }
    }
}

@Suite("What README and guide say is so", .timeLimit(.minutes(20)))
struct ReadmeTests {
    @Test("the two commands of the README name what is there")
    func twoCommands() throws {
        let commands = Document.commands(try #require(try Document("README.md").blocks("sh").first))
        #expect(commands == ["swift run stepvisor --parallel", "scripts/test"])
        // What `swift run` starts, asked for its plan: the whole of it is what scripts/test runs.
        let space = try TestSpace()
        let plan = try space.run("--parallel", "--dry-run", "-C", OwnWorkflowFixture.repository)
        #expect(plan.code == 0, "\(plan)")
        #expect(plan.output.contains("git_operations"))
        let help = try space.shell("'\(OwnWorkflowFixture.repository)/scripts/test' --help")
        #expect(help.code == 0 && help.output.contains("Usage: scripts/test"), "\(help)")
    }

    @Test("the commands for your own steps run, one after the other")
    func ownSteps() throws {
        let blocks = try Document("README.md").blocks("sh")
        let space = try TestSpace()
        for command in Document.commands(try #require(blocks.dropFirst().first)) {
            let result = try space.shell(
                "'\(BuiltProgram.path)'\(command.dropFirst("stepvisor".count))")
            #expect(result.code == 0, "\(command): \(result)")
        }
        #expect(space.exists(".stepvisor/latest/progress.json"))
    }

    @Test("the workflow of the README is valid, and its order follows from its files")
    func workflow() throws {
        let space = try TestSpace()
        try space.workflow(try #require(try Document("README.md").blocks("toml").first))
        let plan = try space.run("plan")
        #expect(plan.code == 0, "\(plan)")
        #expect(plan.output.contains("2 phases"), "\(plan)")
    }

    @Test("the README's diagram is graph.mmd")
    func diagram() throws {
        let diagram = try #require(try Document("README.md").blocks("mermaid").first)
        #expect(diagram + "\n" == (try Document("graph.mmd").text))
    }

    @Test("every command line of the guide is understood")
    func guide() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [resources]
            database = 1
            """
                + ["build", "test", "lint", "docs"].map {
                    "\n[[steps]]\nid = \"\($0)\"\ncommand = \"true\"\ninputs = [\"workflow.toml\"]"
                }
                .joined())
        // These name what is not there: revisions and runs.
        let elsewhere = ["init", "psql", "--since", "RUN"]
        let lines = try Document("docs/guide.md").blocks("sh").flatMap(Document.commands)
            .filter { line in
                line.hasPrefix("stepvisor") && !elsewhere.contains { line.contains($0) }
            }
        #expect(lines.count > 15)
        for line in lines {
            let result = try space.shell(
                "'\(BuiltProgram.path)'\(line.dropFirst("stepvisor".count))")
            let isFine = result.code == 0 || line.contains("--exit-code") && result.code == 3
            #expect(isFine, "\(line): \(result)")
        }
    }

    @Test("a run with a step that nothing starts is refused, as the reference says")
    func nothingToStart() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "made"
            command = "touch made"
            [[steps]]
            id = "bare"
            """)
        let result = try space.run()
        #expect(result.code == 2, "\(result)")
        #expect(result.error.contains("step `bare` has no command"))
        #expect(!FileManager.default.fileExists(atPath: space.path("made")))
        #expect(
            try Document("docs/workflow-file.md").text.contains(
                "neither `command` nor `runner` is refused with exit code \(result.code ?? 0), "
                    + "and no step is started"))
    }

    @Test("every example of a workflow in the guide is valid")
    func guideWorkflows() throws {
        let blocks = try Document("docs/guide.md").blocks("toml")
        #expect(!blocks.isEmpty)
        for block in blocks {
            let space = try TestSpace()
            // Examples of several files are looked at together, in a suite of their own.
            guard !block.hasPrefix("# ") else { continue }
            try space.workflow(block)
            let plan = try space.run("plan")
            #expect(plan.code == 0, "\(plan)")
        }
    }
}
