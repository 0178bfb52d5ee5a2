import Execution
import Platform
import SystemCalls

/// Finds the program of a command's first word, and checks everything that would keep it from
/// starting: the launch itself reports "file doesn't exist" for all of it.
public struct ProgramResolver {
    /// Files whose format was found valid, with the program that `env` must find for them; each is
    /// checked once while it stays unchanged.
    private var seen: [FileIdentity: String?] = [:]
    private var found: Set<Search> = []

    /// A successful search.
    private struct Search: Hashable {
        var word: String
        var place: SearchPlace
    }

    /// A resolver without cached results.
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
            changedSeconds = facts.changed.tv_sec
            changedNanoseconds = facts.changed.tv_nsec
        }
    }

    /// Finds a program as `execvp` would.
    ///
    /// - Parameters:
    ///   - word: the command's first word.
    ///   - place: the step's own PATH and directory.
    /// - Returns: an absolute path.
    /// - Throws: what is wrong with it.
    public mutating func resolve(
        _ word: String, in place: SearchPlace
    ) throws(ProgramProblem) -> String {
        if word.isEmpty { throw ProgramProblem(message: "the command's first word is empty") }
        if word.utf8.contains(UInt8(ascii: "/")) {
            let absolute = word.hasPrefix("/") ? word : "\(place.directory)/\(word)"
            try check(absolute, shown: word, in: place)
            return absolute
        }
        var unfit: ProgramProblem?
        for candidate in place.candidates(for: word) where access(candidate, F_OK) == 0 {
            do {
                try check(candidate, shown: candidate, in: place)
                return candidate
            } catch {
                unfit = unfit ?? error
            }
        }
        if let unfit { throw unfit }
        let isBeside = ProgramResolver.isRegularFile("\(place.directory)/\(word)")
        throw ProgramProblem(
            message: "`\(word)` was not found in PATH",
            help: isBeside
                ? "to start the file beside it write `./\(word)`"
                : "install it, or give its path")
    }

    /// Throws unless a file can be started.
    ///
    /// - Parameters:
    ///   - path: the file, absolute.
    ///   - shown: the path as the user wrote it.
    ///   - place: where `env` would search for the interpreter.
    /// - Throws: what is wrong with it.
    public mutating func check(
        _ path: String, shown: String, in place: SearchPlace
    ) throws(ProgramProblem) {
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
                message: "`\(shown)` is not executable",
                help: "run `chmod +x \(ShellWord.quoted(shown))`")
        }
        let identity = FileIdentity(facts)
        let program: String?
        if let known = seen[identity] {
            program = known
        } else {
            program = try ProgramResolver.checkFormat(path, shown: shown)
            seen[identity] = .some(program)
        }
        if let program { try checkProgramOfEnv(program, shown: shown, in: place) }
    }

    private mutating func checkProgramOfEnv(
        _ program: String, shown: String, in place: SearchPlace
    ) throws(ProgramProblem) {
        let search = Search(word: program, place: place)
        guard !found.contains(search) else { return }
        let isFound =
            program.utf8.contains(UInt8(ascii: "/"))
            ? ProgramResolver.canStart(
                program.hasPrefix("/") ? program : "\(place.directory)/\(program)")
            : place.candidates(for: program).contains(where: ProgramResolver.canStart)
        guard isFound else {
            throw ProgramProblem(
                message: "`\(program)`, the interpreter of `\(shown)`, was not found in PATH",
                help: "install it, or mend the script's first line")
        }
        found.insert(search)
    }

    private static func isRegularFile(_ path: String) -> Bool {
        var facts = stat()
        return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
    }

    private static func canStart(_ path: String) -> Bool {
        isRegularFile(path) && access(path, X_OK) == 0
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
                help: "create it, or correct the path", cause: .missing)
        }
        return ProgramProblem(message: "`\(shown)`: \(SystemError.text(of: code))", help: nil)
    }

    /// The program that `env` must find for a script; nil for every other valid file.
    private static func checkFormat(
        _ path: String, shown: String
    ) throws(ProgramProblem) -> String? {
        let number = FileBytes.openAsExecDoes(path)
        // Executable but not readable: the kernel may still start it.
        guard number >= 0 else { return nil }
        defer { close(number) }
        let head = FileBytes.read(number, offset: 0, limit: 512)
        if head.isEmpty {
            throw ProgramProblem(
                message: "`\(shown)` is empty",
                help: "write a script that begins with `#!/bin/sh`", cause: .shapeless)
        }
        if head.starts(with: [0x7f, 0x45, 0x4c, 0x46]) {
            try checkMachine(head, shown: shown)
            return nil
        }
        if let shebang = Shebang.read(head) {
            try checkInterpreter(shebang, shown: shown)
            return shebang.programOfEnv
        }
        #if os(Linux)
            throw ProgramProblem(
                message: "`\(shown)` has neither a `#!` line nor the form of a program",
                help: "let its first line be `#!/bin/sh` (or its interpreter)", cause: .shapeless)
        #else
            return nil
        #endif
    }

    /// ELF: byte 4 is the class, bytes 18 and 19 the machine; those of this process show what can
    /// run.
    private static func checkMachine(_ head: [UInt8], shown: String) throws(ProgramProblem) {
        guard head.count >= 20, let own = ownHead else { return }
        // A 32-bit program may run on a 64-bit kernel of its family; no other difference can.
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

    private static func checkInterpreter(
        _ shebang: Shebang, shown: String
    ) throws(ProgramProblem) {
        if shebang.endsInCarriageReturn {
            throw ProgramProblem(
                message: "`\(shown)` has Windows line ends (CRLF), so its interpreter is not found",
                help: "run `sed -i 's/\\r$//' \(ShellWord.quoted(shown))`")
        }
        guard !shebang.interpreter.isEmpty else {
            throw ProgramProblem(
                message: "`\(shown)` names no interpreter after `#!`",
                help: "let its first line be `#!/bin/sh` (or its interpreter)", cause: .shapeless)
        }
        guard canStart(shebang.interpreter) else {
            throw ProgramProblem(
                message: "`\(shown)` wants the interpreter `\(shebang.interpreter)`, which cannot "
                    + "be run", help: "install it, or mend the script's first line")
        }
    }
}
