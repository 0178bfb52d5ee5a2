public import WorkflowModel

/// The files of a project that a command starts or passes to an interpreter, as far as its text
/// shows.
///
/// A line is parsed like a POSIX shell with some additions of bash: quotes, operators,
/// redirections, substitutions, here-documents, `cd`. Nothing is run and no file is read, so a
/// named file may not exist. A file that the line itself has written before is not a script of the
/// project.
public struct CommandScripts: Hashable, Sendable {
    /// The files, each once: relative to the command's working directory, with `..` resolved by the
    /// text, or absolute.
    public internal(set) var paths: [String] = []
    /// Words in the place of a program or a script whose value is known only after expansion; as
    /// written.
    public internal(set) var unknown: [String] = []
    /// The names of programs that are searched in PATH.
    public internal(set) var programs: [String] = []
    /// The first word that is a program.
    var first: String?
    /// Files that the command writes according to its text: targets of redirections, and the like.
    public internal(set) var written: [String] = []

    /// Parses a command.
    ///
    /// - Parameters:
    ///   - command: The command of a step, a backup or a check; nil for none.
    ///   - shell: The shell for a command that is one string.
    public init(of command: Command?, shell: [String]) {
        switch command {
        case .script?, nil: return
        case .arguments(let words)?:
            var reader = ShellReader("")
            reader.take(words)
            self = reader.found
        case .shell(let line)?:
            // The default, and nearly all others: the same test that the parser would apply later.
            let isPlain =
                shell.count == 2 && shell[0].hasPrefix("/") && shell[1] == "-c"
                && ShellInterpreter.named(ShellPath.name(of: shell[0]))?.isShell == true
            var reader = ShellReader(isPlain ? line : "")
            if isPlain { reader.readAll() } else { reader.take(shell + [line]) }
            self = reader.found
        }
    }

    /// The program that a line starts first, unless it is a builtin of the shell.
    public static func firstProgram(of line: String, shell: [String]) -> String? {
        if let words = DirectCommand.words(of: line) { return words.first }
        let found = CommandScripts(of: .shell(line), shell: shell)
        guard let first = found.first, !DirectCommand.isReserved(first) else { return nil }
        return first
    }

    /// The same files relative to the project root, without those outside of it.
    ///
    /// - Parameters:
    ///   - paths: The paths in a command.
    ///   - directory: Its working directory: relative to the root, absolute, or nil for the root.
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

/// Operations on paths by their text.
enum ShellPath {
    /// The longest path that Linux accepts.
    static let maxBytes = 4096

    /// A path relative to a directory, without `.` and with `..` resolved as far as names precede
    /// it.
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
