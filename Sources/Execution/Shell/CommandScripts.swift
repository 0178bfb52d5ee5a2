public import WorkflowModel

/// The files of a project that a command starts, or gives to an interpreter, as far as its text tells.
///
/// A line is read as a POSIX shell would take it apart, with what bash adds: quotes, operators,
/// redirections, substitutions, here-documents, `cd`. Nothing is run and no file is looked at: what is
/// named may not be there. What the line itself has written by then is no script of the project.
public struct CommandScripts: Hashable, Sendable {
    /// The files, each once: relative to where the command runs, `..` resolved by the text, or absolute.
    public internal(set) var paths: [String] = []
    /// Words that stand where a program or a script does, and whose value is known only when they are
    /// expanded; as written.
    public internal(set) var unknown: [String] = []
    /// The names of programs that are looked for in PATH.
    public internal(set) var programs: [String] = []
    /// The first word that stands for a program.
    var first: String?
    /// Files that the command writes by its own words: what output is directed to, and the like.
    public internal(set) var written: [String] = []

    /// Reads a command.
    ///
    /// - Parameters:
    ///   - command: What starts a step, a backup or a check; nil for nothing.
    ///   - shell: What takes a command that is one string.
    public init(of command: Command?, shell: [String]) {
        switch command {
        case .script?, nil: return
        case .arguments(let words)?:
            var reader = ShellReader("")
            reader.take(words)
            self = reader.found
        case .shell(let line)?:
            // The default, and nearly all others: read at once what else a reader of words would find.
            let isPlain =
                shell.count == 2 && shell[0].hasPrefix("/") && shell[1] == "-c"
                && ShellInterpreter.named(ShellPath.name(of: shell[0]))?.isShell == true
            var reader = ShellReader(isPlain ? line : "")
            if isPlain { reader.readAll() } else { reader.take(shell + [line]) }
            self = reader.found
        }
    }

    /// The program that a line starts first, where it is no word of the shell itself.
    public static func firstProgram(of line: String, shell: [String]) -> String? {
        if let words = DirectCommand.words(of: line) { return words.first }
        let found = CommandScripts(of: .shell(line), shell: shell)
        guard let first = found.first, !DirectCommand.isReserved(first) else { return nil }
        return first
    }

    /// The same files relative to the project root, without those that lie elsewhere.
    ///
    /// - Parameters:
    ///   - paths: As a command has them.
    ///   - directory: Where it runs: relative to the root, absolute, or nil for the root.
    ///   - root: The project root, absolute.
    /// - Returns: The paths, each once.
    public static func located(
        _ paths: [String], in directory: String?, root: String
    ) -> [String] {
        var located: [String] = []
        for path in paths {
            let whole = directory.map { ShellPath.joined($0, path) } ?? ShellPath.joined("", path)
            var inside = whole
            if whole.hasPrefix("/") {
                guard whole.hasPrefix(root + "/") else { continue }
                inside = String(whole.dropFirst(root.utf8.count + 1))
            }
            guard !inside.isEmpty, inside != "..", !inside.hasPrefix("../"),
                !located.contains(inside)
            else { continue }
            located.append(inside)
        }
        return located
    }
}

/// Paths by their text alone.
enum ShellPath {
    /// The longest path that Linux takes.
    static let maxBytes = 4096

    /// A path from a directory, without `.` and with `..` resolved as far as there are names before it.
    static func joined(_ directory: String, _ path: String) -> String {
        let whole = path.hasPrefix("/") || directory.isEmpty ? path : "\(directory)/\(path)"
        let isAbsolute = whole.hasPrefix("/")
        var names: [Substring] = []
        for name in whole.split(separator: "/") where name != "." {
            if name == "..", let last = names.last, last != ".." {
                names.removeLast()
            } else if name != ".." || !isAbsolute {
                names.append(name)
            }
        }
        return (isAbsolute ? "/" : "") + names.joined(separator: "/")
    }

    /// The last name of a path.
    static func name(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }
}
