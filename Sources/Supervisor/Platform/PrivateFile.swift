import SystemCalls

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Opens what belongs to the state: never through a link, and only what is this user's alone.
///
/// Names are looked up in a directory that is open already, so that a directory that is put in
/// its place later gets nothing. The checks look at what was opened, not at what a path names.
enum PrivateFile {
    /// Opens a directory of this user, and makes it when asked to.
    ///
    /// - Parameters:
    ///   - name: Its name in `parent`, or a path whose last part is no link.
    ///   - parent: An open directory.
    ///   - shown: The path as messages show it.
    ///   - create: Whether to make it where it is missing, and to close it to others.
    /// - Returns: The open directory.
    /// - Throws: What the system said, or why it is not used.
    static func directory(
        _ name: String, in parent: Int32 = AT_FDCWD, shown: String, create: Bool
    ) throws(SystemError) -> Descriptor {
        // One that is there by now was made by another stepvisor, or is refused below.
        if create, mkdirat(parent, name, 0o700) != 0, errno != EEXIST {
            throw SystemError("make the directory", shown)
        }
        let number = stepvisor_open_at(parent, name, O_RDONLY | O_DIRECTORY, 0)
        guard number >= 0 else { throw failure(shown, "it is a link, or no directory") }
        let directory = Descriptor(owning: number)
        var facts = stat()
        guard fstat(number, &facts) == 0 else { throw SystemError("look at", shown) }
        try checkOwner(facts, shown)
        // The owner's own rights stay as they are: who took them away meant it.
        if create, facts.st_mode & 0o077 != 0, fchmod(number, facts.st_mode & 0o700) != 0 {
            throw SystemError("make private", shown)
        }
        return directory
    }

    /// Opens a file for writing: a new one, or one that has this user as owner and a single name.
    ///
    /// - Parameters:
    ///   - name: Its name in `directory`.
    ///   - directory: An open directory.
    ///   - flags: As for `open`; with `O_CREAT` it is made, for this user only.
    ///   - shown: The path as messages show it; its name without.
    /// - Returns: The open file.
    /// - Throws: What the system said, or why it is not used.
    static func open(
        _ name: String, in directory: Int32, flags: Int32,
        shown: @autoclosure () -> String
    ) throws(SystemError) -> Descriptor {
        for _ in 0..<10 {
            if flags & O_CREAT != 0 {
                // What is new needs no further look, which a step's log is spared that way.
                let number = stepvisor_open_at(directory, name, flags | O_EXCL, 0o600)
                if number >= 0 { return Descriptor(owning: number) }
                if errno != EEXIST { throw SystemError("open", shown()) }
            }
            // A pipe in its place would make `open` wait; nothing is cut off before the look at it.
            let careful = flags & ~(O_CREAT | O_EXCL | O_TRUNC) | O_NONBLOCK
            let number = stepvisor_open_at(directory, name, careful, 0)
            guard number >= 0 else {
                if errno == ENOENT, flags & O_CREAT != 0 { continue }
                throw failure(shown(), "it is a link, or no regular file")
            }
            let file = Descriptor(owning: number)
            try check(number, shown())
            let status = fcntl(number, F_GETFL)
            if status >= 0 { _ = fcntl(number, F_SETFL, status & ~O_NONBLOCK) }
            if flags & O_TRUNC != 0, ftruncate(number, 0) != 0 {
                throw SystemError("empty", shown())
            }
            return file
        }
        throw SystemError("open", shown(), code: EEXIST)
    }

    /// Opens a file for reading, through directories that are no links; nil where there is none.
    ///
    /// More than one name is no matter here: nothing is written.
    static func reading(_ path: [String], in directory: Int32) -> Descriptor? {
        guard let name = path.last else { return nil }
        var parent = directory
        var opened: [Int32] = []
        defer { for number in opened { Platform.close(number) } }
        for part in path.dropLast() {
            parent = stepvisor_open_at(parent, part, O_RDONLY | O_DIRECTORY, 0)
            guard parent >= 0 else { return nil }
            opened.append(parent)
        }
        let number = stepvisor_open_at(parent, name, O_RDONLY | O_NONBLOCK, 0)
        guard number >= 0 else { return nil }
        let file = Descriptor(owning: number)
        var facts = stat()
        guard fstat(number, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG,
            facts.st_uid == geteuid()
        else {
            errno = EPERM
            return nil
        }
        return file
    }

    /// Replaces a whole file in one step, so that a reader sees the old or the new one.
    ///
    /// - Parameters:
    ///   - name: Its name in `directory`.
    ///   - bytes: What is to be in it.
    ///   - directory: An open directory.
    ///   - temporary: The name under which it is written; one that nothing else in there has.
    ///   - shown: The path as messages show it.
    /// - Throws: When it cannot be written whole; the old file then stays as it was.
    static func replace(
        _ name: String, with bytes: [UInt8], in directory: Int32, temporary: String,
        shown: @autoclosure () -> String
    ) throws(SystemError) {
        do {
            let file = try open(
                temporary, in: directory, flags: O_WRONLY | O_CREAT | O_TRUNC, shown: shown())
            try FileBytes.write(bytes, to: file.number, subject: shown())
        } catch {
            unlinkat(directory, temporary, 0)
            throw error
        }
        guard renameat(directory, temporary, directory, name) == 0 else {
            throw SystemError("write", shown())
        }
    }

    /// Whether an open file may be written: a regular one of this user, with a single name.
    private static func check(_ number: Int32, _ shown: String) throws(SystemError) {
        var facts = stat()
        guard fstat(number, &facts) == 0 else { throw SystemError("look at", shown) }
        guard facts.st_mode & S_IFMT == S_IFREG else {
            throw SystemError(
                refusing: shown, because: "it is no regular file", advice: "remove it")
        }
        try checkOwner(facts, shown)
        guard facts.st_nlink == 1 else {
            throw SystemError(
                refusing: shown, because: "it has \(facts.st_nlink) names (hard links)",
                advice: "remove it: what is written there would show under the other name too")
        }
        if facts.st_mode & 0o077 != 0, fchmod(number, facts.st_mode & 0o700) != 0 {
            throw SystemError("make private", shown)
        }
    }

    /// Refuses a directory whose names others could change: what is ours in it could be replaced.
    static func checkBase(_ path: String) throws(SystemError) {
        var facts = stat()
        guard stat(path, &facts) == 0 else { throw SystemError("look at", path) }
        if facts.st_uid != 0 { try checkOwner(facts, path) }
        guard facts.st_mode & 0o022 != 0, facts.st_mode & S_ISVTX == 0 else { return }
        throw SystemError(
            refusing: path, because: "others may write to it",
            advice: "close it to them: `chmod go-w \(path)`")
    }

    private static func checkOwner(_ facts: stat, _ shown: String) throws(SystemError) {
        guard facts.st_uid != geteuid() else { return }
        throw SystemError(
            refusing: shown, because: "it belongs to another user (uid \(facts.st_uid))",
            advice: "run as that user, or work in a copy of the project that is your own")
    }

    /// `O_NOFOLLOW` says ELOOP of a link, or ENOTDIR where a directory was wanted.
    private static func failure(_ shown: String, _ kind: String) -> SystemError {
        let code = errno
        guard [ELOOP, ENOTDIR, EMLINK, ENXIO, EISDIR].contains(code) else {
            return SystemError("open", shown, code: code)
        }
        var error = SystemError(
            refusing: shown, because: kind, advice: "remove or rename what is in the way")
        error.code = code
        return error
    }
}
