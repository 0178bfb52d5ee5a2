public import Execution
import Platform
import Processes

/// The repository that a project lies in, asked by git's own commands.
///
/// Nothing is written: no command here takes a lock or refreshes the index. The user's configuration
/// changes nothing but what is ignored and how files are filtered, and what a hook's environment
/// says of repository and index is left out, since the project may lie elsewhere.
public struct GitRepository {
    private let root: String
    private let launcher: ProcessLauncher
    private let command: CapturedCommand
    /// The project root within the repository: empty, or with a final `/`.
    private let prefix: [UInt8]
    private let isShallow: Bool
    /// The most that is kept of a file's content at a commit.
    private static let maxContentBytes = 64 << 20

    /// Finds the repository of a project.
    ///
    /// - Parameters:
    ///   - root: The project root, absolute.
    ///   - environment: What this process was given.
    /// - Throws: ``GitProblem`` where there is no git, or no repository with a work tree.
    public init(root: String, environment: [String: String]) throws(GitProblem) {
        self.root = root
        var resolver = ProgramResolver()
        let program: String
        do throws(ProgramProblem) {
            program = try resolver.resolve(
                "git", in: SearchPlace(path: environment["PATH"], directory: root))
        } catch {
            throw .noGit
        }
        do throws(SystemError) {
            launcher = try ProcessLauncher()
        } catch {
            throw GitProblem(error.description, help: nil)
        }
        command = CapturedCommand(
            program: program, environment: GitRepository.environment(environment), directory: root)
        let place = try GitRepository.place(in: root, command, launcher)
        (prefix, isShallow) = place
        if !prefix.isEmpty, try git(["check-ignore", "-q", "."]).exit == .exited(0) {
            throw .isIgnored(root)
        }
    }

    /// Where a directory lies in its repository, and whether that is shallow.
    private static func place(
        in root: String, _ command: CapturedCommand, _ launcher: ProcessLauncher
    ) throws(GitProblem) -> (prefix: [UInt8], isShallow: Bool) {
        let result = try run(
            ["rev-parse", "--is-inside-work-tree", "--is-shallow-repository", "--show-prefix"],
            command, launcher)
        guard result.exit == .exited(0) else {
            let text = String(decoding: result.error, as: UTF8.self)
            throw text.contains("not a git repository")
                ? .noRepository(root) : .said(result.error, of: root)
        }
        let lines = result.output.split(
            separator: UInt8(ascii: "\n"), maxSplits: 2, omittingEmptySubsequences: false)
        guard lines.count == 3, lines[0].elementsEqual("true".utf8) else { throw .noWorkTree(root) }
        return (Array(lines[2].dropLast()), lines[1].elementsEqual("true".utf8))
    }

    /// What git is given: nothing that a hook, or another repository's command, has set for itself.
    package static func environment(_ inherited: [String: String]) -> [String: String] {
        let kept: Set<String> = [
            "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_COUNT",
            "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_EXEC_PATH",
        ]
        var environment = inherited.filter { name, _ in
            !name.hasPrefix("GIT_") || kept.contains(name) || name.hasPrefix("GIT_CONFIG_KEY_")
                || name.hasPrefix("GIT_CONFIG_VALUE_")
        }
        // Its messages are told apart, and passed on.
        environment["LC_ALL"] = "C"
        environment["LANGUAGE"] = nil
        environment["GIT_OPTIONAL_LOCKS"] = "0"
        environment["GIT_TERMINAL_PROMPT"] = "0"
        environment["GIT_PAGER"] = "cat"
        // What a partial clone lacks is not fetched: no network, no prompt, nothing written.
        environment["GIT_NO_LAZY_FETCH"] = "1"
        environment["GIT_ALLOW_PROTOCOL"] = "none"
        return environment
    }

    /// What is set for each question: nothing that somebody has set to make git quicker may hide a
    /// change, and no file monitor is asked, or started.
    private static let settings = [
        "core.fsmonitor=false", "core.untrackedCache=false", "core.checkStat=default",
        "core.trustctime=true", "core.ignoreStat=false", "diff.relative=false",
    ]

    private static func run(
        _ arguments: [String], _ command: CapturedCommand, _ launcher: ProcessLauncher
    ) throws(GitProblem) -> CapturedCommand.Result {
        do throws(CapturedCommand.Failure) {
            return try command.run(settings.flatMap { ["-c", $0] } + arguments, with: launcher)
        } catch {
            switch error {
            case .tooSlow: throw .tooSlow
            case .notStarted(let text):
                throw GitProblem("git cannot be started: \(text)", help: nil)
            }
        }
    }

    private func git(_ arguments: [String]) throws(GitProblem) -> CapturedCommand.Result {
        try GitRepository.run(arguments, command, launcher)
    }

    private func output(of arguments: [String]) throws(GitProblem) -> [UInt8] {
        let result = try git(arguments)
        guard result.exit == .exited(0) else { throw .said(result.error, of: root) }
        return result.output
    }

    /// Finds the commit that a user's words name.
    ///
    /// - Parameter text: Anything that git takes for one commit.
    /// - Returns: The commit.
    /// - Throws: ``GitProblem`` where there is none.
    public func revision(_ text: String) throws(GitProblem) -> GitRevision {
        guard !text.isEmpty, !text.hasPrefix("-") else { throw .notRevision(text) }
        // NUL would cut the word off before git sees the rest.
        guard !text.utf8.contains(0), let id = try commit(text) else {
            if try commit("HEAD") == nil { throw .noCommit }
            throw isShallow ? .notFetched(text) : .unknownRevision(text)
        }
        return GitRevision(text: text, id: id)
    }

    private func commit(_ text: String) throws(GitProblem) -> String? {
        let result = try git(["rev-parse", "--verify", "--quiet", text + "^{commit}"])
        let id = String(decoding: result.output, as: UTF8.self).prefix { $0 != "\n" }
        let isID = id.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        guard result.exit == .exited(0), id.utf8.count >= 40, isID else { return nil }
        return String(id)
    }

    /// Everything below the project root that differs from a commit.
    ///
    /// That is what was committed since, staged, edited in the work tree, or is untracked and not
    /// ignored. A rename is two paths, a submodule one.
    ///
    /// - Parameter revision: The commit.
    /// - Returns: The paths, relative to the project root.
    /// - Throws: ``GitProblem`` with what git said.
    public func changes(since revision: GitRevision) throws(GitProblem) -> ChangedPaths {
        var entries = GitEntries()
        entries.addRaw(
            try output(of: [
                "diff-index", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames",
                "--ignore-submodules=none", revision.id, "--", ".",
            ]))
        entries.addStatus(
            try output(of: [
                "status", "--porcelain=v2", "-z", "--untracked-files=all", "--no-renames",
                "--ignore-submodules=none", "--", ".",
            ]))
        try settle(&entries)
        try uncover(&entries)
        return ChangedPaths(since: revision.text, entries.paths(below: prefix))
    }

    /// Looks at files that were changed and changed back: they may be as the revision has them.
    private func settle(_ entries: inout GitEntries) throws(GitProblem) {
        var batch: [(path: [UInt8], id: String, name: String)] = []
        for (path, id) in entries.doubtful.prefix(500) where path.starts(with: prefix) {
            guard let name = String(validating: path.dropFirst(prefix.count), as: UTF8.self) else {
                continue
            }
            batch.append((path, id, name))
        }
        guard !batch.isEmpty else { return }
        let result = try git(["hash-object", "--"] + batch.map(\.name))
        let ids = result.output.split(separator: UInt8(ascii: "\n"))
        // One that cannot be read counts as changed, and so do all that were asked with it.
        guard result.exit == .exited(0), ids.count == batch.count else { return }
        for (file, id) in zip(batch, ids) where id.elementsEqual(file.id.utf8) {
            entries.remove(file.path)
        }
    }

    /// Looks at files of which git says nothing although they may have changed.
    private func uncover(_ entries: inout GitEntries) throws(GitProblem) {
        var hidden = GitHidden(
            tracked: try output(of: ["ls-files", "-v", "-s", "--debug", "-z", "--", "."]),
            prefix: prefix)
        hidden.addTouched(
            try output(of: [
                "diff-files", "--raw", "-z", "--no-abbrev", "--no-renames",
                "--ignore-submodules=all", "--", ".",
            ]), known: entries)
        hidden.addDoubtful(in: root, known: entries)
        var isSparse = false
        if hidden.candidates.contains(where: { $0.reason == .skipped }) {
            isSparse = try git(["config", "--type=bool", "--get", "core.sparseCheckout"])
                .output.starts(with: "true".utf8)
        }
        var (raw, filtered): ([GitHidden.Candidate], [GitHidden.Candidate]) = ([], [])
        for file in hidden.candidates {
            switch file.state(in: root, isSparse: isSparse) {
            case .same: continue
            case .gone: entries.setHidden(file.path, isThere: false)
            case .changed: entries.setHidden(file.path, isThere: true)
            case .link(let text):
                let old = try git(["cat-file", "blob", file.id])
                if old.exit != .exited(0) || old.output != text {
                    entries.setHidden(file.path, isThere: true)
                }
            case .unknown where file.reason == .doubtful: filtered.append(file)
            case .unknown: raw.append(file)
            }
        }
        try compare(raw, ["--no-filters"], &entries)
        try compare(filtered, [], &entries)
    }

    /// Has files hashed, and compares them with the revision, or with the index where that has the same.
    private func compare(
        _ files: [GitHidden.Candidate], _ options: [String], _ entries: inout GitEntries
    ) throws(GitProblem) {
        var names = files[...]
        // By hundreds: a command line has its limits.
        while !names.isEmpty {
            let batch = names.prefix(200)
            names.removeFirst(batch.count)
            let result = try git(["hash-object"] + options + ["--"] + batch.compactMap(\.name))
            let ids = result.output.split(separator: UInt8(ascii: "\n"))
            let isWhole = result.exit == .exited(0) && ids.count == batch.count
            for (number, file) in batch.enumerated() {
                if isWhole, ids[number].elementsEqual(file.id.utf8) { continue }
                let old = entries.revisionObject(of: file.path, mode: file.mode)
                if isWhole, let old, ids[number].elementsEqual(old.utf8) {
                    entries.remove(file.path)
                } else {
                    entries.setHidden(file.path, isThere: true)
                }
            }
        }
    }

    /// What a file of the project held at a commit; nil where it was not there, cannot be read, or is
    /// larger than any file that is read.
    public func contents(
        of path: String, at revision: GitRevision
    ) throws(GitProblem) -> [UInt8]? {
        var bounded = command
        bounded.maxOutputBytes = GitRepository.maxContentBytes + 1
        let result = try GitRepository.run(
            ["cat-file", "blob", "\(revision.id):./\(path)"], bounded, launcher)
        guard result.exit == .exited(0), result.output.count <= GitRepository.maxContentBytes
        else { return nil }
        return result.output
    }
}

/// A commit as the user named it.
public struct GitRevision: Hashable, Sendable {
    /// The user's words.
    public let text: String
    /// The id that they stand for, in hexadecimal digits.
    public let id: String
}
