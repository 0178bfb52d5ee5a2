import Foundation
import Testing
import TestSupport

/// A reason why git cannot tell, and what stepvisor says then.
struct GitTrouble: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var change: String
    var words: [String]
    /// What the message and its help have to hold.
    var expected: [String]

    init(_ name: String, _ change: String, _ words: [String], _ expected: [String]) {
        testDescription = name
        self.change = change
        self.words = words
        self.expected = expected
    }

    static let all: [GitTrouble] = [
        GitTrouble(
            "no repository", "rm -rf .git", ["changes"],
            ["is in no git repository", "in a clone"]),
        GitTrouble(
            "no commit", "rm -rf .git; git init -q .", ["changes"],
            ["has no commit yet", "`git commit`"]),
        GitTrouble(
            "an unknown revision", "true", ["changes", "--since", "nope"],
            ["git knows no commit `nope` here", "`git fetch`"]),
        GitTrouble(
            "a file as a revision", "true", ["changes", "--since", "HEAD:docs/a.md"],
            ["git knows no commit `HEAD:docs/a.md`"]),
        GitTrouble(
            "a range", "echo x >> docs/a.md; git commit -qam two",
            ["changes", "--since", "HEAD~1..HEAD"], ["git knows no commit `HEAD~1..HEAD`"]),
        GitTrouble(
            "all but a revision", "true", ["changes", "--since", "^HEAD"],
            ["git knows no commit `^HEAD`"]),
        GitTrouble(
            "an option", "true", ["changes", "--since=--output=x"],
            ["`--output=x` is no revision: it begins with `-`", "`HEAD~1`"]),
        GitTrouble(
            "a shallow clone",
            """
            echo x > docs/a.md; git commit -qam two
            git clone -q --depth 1 "file://$PWD" state/clone
            """, ["changes", "-C", "state/clone", "--since", "HEAD~1"],
            ["this is a shallow clone", "`git fetch --unshallow`"]),
        GitTrouble(
            "a damaged repository", "rm -rf .git/objects/??", ["changes", "--since", "HEAD"],
            ["git"]),
        GitTrouble(
            "a project that git ignores",
            "mkdir state; cp -r workflow.toml docs state", ["changes", "-C", "state"],
            ["git ignores the whole project", "`.gitignore`"]),
        GitTrouble(
            "a repository without a work tree",
            "git clone -q --bare . state/bare; cp workflow.toml state/bare",
            ["changes", "-C", "state/bare"], ["is in no work tree of git"]),
    ]
}

@Suite("Where git cannot tell, nothing is guessed", .timeLimit(.minutes(20)))
struct GitProblemTests {
    @Test("what git cannot tell is an error that says what to do", arguments: GitTrouble.all)
    func troubles(_ trouble: GitTrouble) throws {
        let project = try GitProject(trouble.change)
        let result = try project.space.start(trouble.words).wait()
        #expect(result.code == 2, "\(result)")
        for text in trouble.expected { #expect(result.error.contains(text), "\(result)") }
        #expect(result.output == "")
        #expect(!project.space.exists(".stepvisor"))
    }

    @Test("without git it says so")
    func noGit() throws {
        let project = try GitProject()
        project.space.environment["PATH"] = project.space.path("docs")
        let result = try project.run("changes")
        #expect(result.code == 2)
        #expect(result.error.contains("`git` was not found in PATH"), "\(result)")
    }

    @Test(
        "what git says of a repository of another user is passed on",
        // Only root can give a directory to somebody else.
        .enabled(if: getuid() == 0))
    func otherUser() throws {
        let project = try GitProject("chown -R 12345 .git .")
        let result = try project.run("changes")
        #expect(result.code == 2, "\(result)")
        #expect(result.error.contains("dubious ownership"), "\(result)")
        #expect(result.error.contains("git config --global --add safe.directory"), "\(result)")
    }

    @Test("what a partial clone lacks is not fetched")
    func partialClone() throws {
        // A partial clone that lacks something would ask its origin, and that for a password.
        let project = try GitProject(
            """
            git config remote.origin.url 'https://127.0.0.1:1/nowhere.git'
            git config remote.origin.promisor true; git config core.repositoryFormatVersion 1
            git config extensions.partialClone origin
            """)
        try project.shell("rm -rf .git/objects/??")
        let result = try project.run("changes")
        #expect(result.code == 2, "\(result)")
    }
}
