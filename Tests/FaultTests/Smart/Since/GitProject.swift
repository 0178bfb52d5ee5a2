import Foundation
import TestSupport

/// A project in a repository of git, driven by lines of shell.
final class GitProject {
    let space: TestSpace

    private let directory: String

    /// A project in one commit, in a directory of the repository or in its root, and what is done then.
    init(in directory: String = "", _ change: String = "") throws {
        space = try TestSpace()
        self.directory = directory
        for role in ["AUTHOR", "COMMITTER"] {
            space.environment["GIT_\(role)_NAME"] = "somebody"
            space.environment["GIT_\(role)_EMAIL"] = "somebody@example.org"
        }
        space.environment["GIT_CONFIG_NOSYSTEM"] = "1"
        let base = directory.isEmpty ? "" : directory + "/"
        try space.file(
            base + "workflow.toml",
            """
            [[steps]]
            id = "links"
            command = ["true"]
            inputs = ["docs/**", "kept/repository/src/*.c"]
            """)
        try space.file(base + "docs/a.md", "a\n").file(base + "docs/b.md", "b\n")
        try space.file(base + "src/a.swift", "a\n").file("outside.md", "o\n")
        try space.file(".gitignore", "*.log\nstate/\n")
        try shell("git init -q -b main . && git add -A && git commit -qm one")
        if !change.isEmpty { try inProject(change) }
    }

    struct ShellError: Error { var result: CommandResult }

    /// Runs a line in the repository's root.
    func shell(_ line: String) throws {
        let result = try space.shell(line, seconds: 60)
        guard result.code == 0 else { throw ShellError(result: result) }
    }

    /// Runs a line in the project's root.
    func inProject(_ line: String) throws {
        try shell(directory.isEmpty ? line : "cd '\(directory)' && {\n\(line)\n}")
    }

    /// Runs stepvisor in the project's root.
    func run(_ arguments: String...) throws -> CommandResult {
        try space.start(arguments, in: directory).wait(seconds: 60)
    }

    /// What `changes` tells, each path with how it differs; a failure as the one entry `failed`.
    func changes(since revision: String? = nil) throws -> [String: String] {
        let words = ["changes", "--json"] + (revision.map { ["--since", $0] } ?? [])
        let result = try space.start(words, in: directory).wait(seconds: 60)
        guard result.code == 0,
            let document = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
                as? [String: Any], let classes = document["classes"] as? [[String: Any]]
        else { return ["failed": result.description] }
        var found: [String: String] = [:]
        for file in classes.flatMap({ $0["files"] as? [[String: String]] ?? [] }) {
            found[file["path"] ?? "?"] = file["change"]
        }
        return found
    }
}
