/// Why git cannot say what has changed.
public struct GitProblem: Error, Hashable, Sendable {
    /// What is wrong.
    public let message: String
    /// What to type next.
    public let help: String?

    package init(_ message: String, help: String?) {
        self.message = message
        self.help = help
    }

    private static let without = "`--smart-execution` goes by what it remembers, and needs no git"

    static let noGit = GitProblem(
        "`git` was not found in PATH", help: "install it, or add its directory to PATH; \(without)")

    static func noRepository(_ root: String) -> GitProblem {
        GitProblem(
            "`\(root)` is in no git repository, so there is no revision to compare it with",
            help: "run this in a clone; \(without)")
    }

    static func noWorkTree(_ root: String) -> GitProblem {
        GitProblem(
            "`\(root)` is in no work tree of git: what was checked out is compared",
            help: "run this where the repository is checked out; \(without)")
    }

    static func isIgnored(_ root: String) -> GitProblem {
        GitProblem(
            "git ignores the whole project `\(root)`, so it sees no change in it",
            help: "take it out of `.gitignore` (`git check-ignore -v .` names the line); \(without)"
        )
    }

    static let noCommit = GitProblem(
        "the repository has no commit yet", help: "make one: `git commit`; \(without)")

    static func notRevision(_ text: String) -> GitProblem {
        GitProblem(
            text.isEmpty
                ? "the revision is empty" : "`\(text)` is no revision: it begins with `-`",
            help: "name a commit, a branch or a tag, such as `HEAD~1` or `origin/main`")
    }

    static func unknownRevision(_ text: String) -> GitProblem {
        GitProblem(
            "git knows no commit `\(text)` here",
            help:
                "`git fetch` gets what is new; `git branch -a`, `git tag` and `git log --oneline` "
                + "list what there is")
    }

    static func notFetched(_ text: String) -> GitProblem {
        GitProblem(
            "git knows no commit `\(text)` here: this is a shallow clone",
            help: "get its history with `git fetch --unshallow`, or more of it with "
                + "`git fetch --deepen=100`")
    }

    package static let tooSlow = GitProblem(
        "git has not answered within five minutes, and was ended",
        help: "try `git status` by hand")

    /// What git itself says, with the command that it advises.
    package static func said(_ error: [UInt8], of root: String) -> GitProblem {
        let lines = String(decoding: error, as: UTF8.self).split(separator: "\n")
        let first =
            lines.first { $0.hasPrefix("fatal: ") || $0.hasPrefix("error: ") } ?? lines.first
        let advice = lines.lazy.map { $0.drop { $0 == " " || $0 == "\t" } }
            .first { $0.hasPrefix("git ") }
        let text = first.map { line in
            line.hasPrefix("fatal: ") || line.hasPrefix("error: ") ? line.dropFirst(7) : line
        }
        return GitProblem(
            "git cannot tell what has changed in `\(root)`: \(text ?? "it failed without a word")",
            help: advice.map { "git advises: `\($0)`" } ?? "try `git status` there")
    }
}
