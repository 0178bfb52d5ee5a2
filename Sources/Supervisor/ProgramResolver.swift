import SystemCalls

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What keeps a program from being started.
public struct ProgramProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, lower case, names in backticks.
    public var message: String
    /// What to type next.
    public var help: String?

    /// The sentence of a record: what is wrong, and after a semicolon what to do.
    public var description: String { help.map { "\(message); \($0)" } ?? message }
}

/// Finds what a command's first word names, and looks at everything that would keep it from
/// starting: the launch itself says "file doesn't exist" to all of it.
public struct ProgramResolver {
    /// Files whose form was found good: looked into once, as long as they stay as they are.
    private var seen: Set<FileIdentity> = []

    /// A resolver that has seen nothing yet.
    public init() {}

    private struct FileIdentity: Hashable {
        var device: UInt64
        var inode: UInt64
        var size: Int64
        var changedSeconds: Int
        var changedNanoseconds: Int

        init(_ facts: stat) {
            device = UInt64(truncatingIfNeeded: facts.st_dev)
            inode = UInt64(facts.st_ino)
            size = Int64(facts.st_size)
            #if canImport(Glibc)
                changedSeconds = facts.st_ctim.tv_sec
                changedNanoseconds = facts.st_ctim.tv_nsec
            #else
                changedSeconds = facts.st_ctimespec.tv_sec
                changedNanoseconds = facts.st_ctimespec.tv_nsec
            #endif
        }
    }

    /// Finds a program as `execvp` would, by the step's own PATH and directory.
    ///
    /// - Parameters:
    ///   - word: the command's first word.
    ///   - path: the step's PATH; nil for the system's default.
    ///   - directory: absolute path of the step's working directory.
    /// - Returns: an absolute path.
    /// - Throws: what is wrong with it.
    public mutating func resolve(
        _ word: String, path: String?, directory: String
    ) throws(ProgramProblem) -> String {
        if word.isEmpty { throw ProgramProblem(message: "the command's first word is empty") }
        if word.utf8.contains(UInt8(ascii: "/")) {
            let absolute = word.hasPrefix("/") ? word : "\(directory)/\(word)"
            try check(absolute, shown: word)
            return absolute
        }
        var unfit: ProgramProblem?
        for part in (path ?? "/usr/local/bin:/usr/bin:/bin").split(
            separator: ":", omittingEmptySubsequences: false)
        {
            let folder = part.isEmpty ? directory : String(part)
            let candidate =
                folder.hasPrefix("/") ? "\(folder)/\(word)" : "\(directory)/\(folder)/\(word)"
            guard access(candidate, F_OK) == 0 else { continue }
            do {
                try check(candidate, shown: candidate)
                return candidate
            } catch {
                unfit = unfit ?? error
            }
        }
        throw unfit
            ?? ProgramProblem(
                message: "`\(word)` was not found in PATH",
                help: "install it, or give its path (`./\(word)` for a file of the project)")
    }

    /// Whether a file can be started, and by what.
    public mutating func check(_ path: String, shown: String) throws(ProgramProblem) {
        var facts = stat()
        guard stat(path, &facts) == 0 else {
            throw ProgramResolver.missing(path, shown: shown, code: errno)
        }
        if facts.st_mode & S_IFMT == S_IFDIR {
            throw ProgramProblem(
                message: "`\(shown)` is a directory", help: "name the program inside it")
        }
        guard facts.st_mode & S_IFMT == S_IFREG else {
            throw ProgramProblem(
                message: "`\(shown)` is not a regular file", help: "name a program or a script")
        }
        guard access(path, X_OK) == 0 else {
            throw ProgramProblem(
                message: "`\(shown)` is not executable", help: "run `chmod +x \(shown)`")
        }
        let identity = FileIdentity(facts)
        guard !seen.contains(identity) else { return }
        try ProgramResolver.checkFormat(path, shown: shown)
        seen.insert(identity)
    }

    private static func missing(_ path: String, shown: String, code: Int32) -> ProgramProblem {
        var facts = stat()
        if code == ENOENT, lstat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFLNK {
            return ProgramProblem(
                message: "`\(shown)` is a link to nothing", help: "mend or remove the link")
        }
        if code == ENOENT {
            return ProgramProblem(
                message: "`\(shown)` does not exist",
                help: "check the path; it starts at the step's working directory")
        }
        return ProgramProblem(message: "`\(shown)`: \(SystemError.text(of: code))", help: nil)
    }

    private static func checkFormat(_ path: String, shown: String) throws(ProgramProblem) {
        let number = FileBytes.openAsExecDoes(path)
        // Executable but not readable: the kernel may still start it.
        guard number >= 0 else { return }
        defer { close(number) }
        let head = FileBytes.read(number, offset: 0, limit: 512)
        if head.isEmpty {
            throw ProgramProblem(
                message: "`\(shown)` is empty",
                help: "write a script that begins with `#!/bin/sh`")
        }
        if head.starts(with: [0x7f, 0x45, 0x4c, 0x46]) {
            try checkMachine(head, shown: shown)
        } else if head.starts(with: [UInt8(ascii: "#"), UInt8(ascii: "!")]) {
            try checkInterpreter(head, shown: shown)
        } else {
            #if os(Linux)
                throw ProgramProblem(
                    message: "`\(shown)` has neither a `#!` line nor the form of a program",
                    help: "let its first line be `#!/bin/sh` (or its interpreter)")
            #endif
        }
    }

    /// ELF's byte 4 is the class, bytes 18 and 19 the machine: this process's own tells what runs.
    private static func checkMachine(_ head: [UInt8], shown: String) throws(ProgramProblem) {
        guard head.count >= 20, let own = ownHead else { return }
        // A 32-bit program may run on a 64-bit kernel of its family; what differs otherwise cannot.
        if head[4] == own[4], head[18...19] != own[18...19] {
            throw ProgramProblem(
                message: "`\(shown)` was built for another kind of processor",
                help: "build or install it for this machine")
        }
    }

    private static let ownHead: [UInt8]? = {
        guard
            let head = FileBytes.contents(
                of: "/proc/self/exe", limit: 20, followingLinks: true), head.count == 20
        else { return nil }
        return head
    }()

    private static func checkInterpreter(_ head: [UInt8], shown: String) throws(ProgramProblem) {
        let line = head.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }
        if line.last == UInt8(ascii: "\r") {
            throw ProgramProblem(
                message: "`\(shown)` has Windows line ends (CRLF), so its interpreter is not found",
                help: "run `sed -i 's/\\r$//' \(shown)`")
        }
        let words = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard let first = words.first else {
            throw ProgramProblem(
                message: "`\(shown)` names no interpreter after `#!`",
                help: "let its first line be `#!/bin/sh` (or its interpreter)")
        }
        let interpreter = String(decoding: first, as: UTF8.self)
        var facts = stat()
        guard stat(interpreter, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG,
            access(interpreter, X_OK) == 0
        else {
            throw ProgramProblem(
                message: "`\(shown)` wants the interpreter `\(interpreter)`, which cannot be run",
                help: "install it, or mend the script's first line")
        }
    }
}
