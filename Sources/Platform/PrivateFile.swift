import SystemCalls

/// Opens files of the state: never through a link, and only those that belong to this user alone.
///
/// Names are looked up in an already open directory, so a directory that replaces it later is never
/// used. The checks examine the opened file, not the path.
package enum PrivateFile {
    /// Opens a directory of this user, and creates it if requested.
    ///
    /// - Parameters:
    ///   - name: Its name in `parent`, or a path whose last component is no link.
    ///   - parent: An open directory.
    ///   - shown: The path as messages show it.
    ///   - create: Whether to create a missing directory, and to remove the rights of others.
    /// - Returns: The open directory.
    /// - Throws: The system's error, or why the directory is not used.
    package static func directory(
        _ name: String, in parent: Int32 = AT_FDCWD, shown: String, create: Bool
    ) throws(SystemError) -> Descriptor {
        // A directory that exists by now was created by another stepvisor, or is rejected below.
        if create, mkdirat(parent, name, 0o700) != 0, errno != EEXIST {
            throw SystemError("make the directory", shown)
        }
        let number = stepvisor_open_at(parent, name, O_RDONLY | O_DIRECTORY, 0)
        guard number >= 0 else { throw failure(shown, "it is a link, or no directory") }
        let directory = Descriptor(owning: number)
        var facts = stat()
        guard fstat(number, &facts) == 0 else { throw SystemError("look at", shown) }
        try checkOwner(facts, shown)
        // The owner's own rights stay as they are: the owner removed them deliberately.
        if create, facts.st_mode & 0o077 != 0, fchmod(number, facts.st_mode & 0o700) != 0 {
            throw SystemError("make private", shown)
        }
        return directory
    }

    /// Opens a file for writing: a new one, or one with this user as owner and a single name.
    ///
    /// - Parameters:
    ///   - name: Its name in `directory`.
    ///   - directory: An open directory.
    ///   - flags: As for `open`; with `O_CREAT` it is created, for this user only.
    ///   - shown: The path as messages show it; its name by default.
    /// - Returns: The open file.
    /// - Throws: The system's error, or why the file is not used.
    package static func open(
        _ name: String, in directory: Int32, flags: Int32,
        shown: @autoclosure () -> String
    ) throws(SystemError) -> Descriptor {
        for _ in 0..<10 {
            if flags & O_CREAT != 0 {
                // A new file needs no further check, which a step's log is spared that way.
                let number = stepvisor_open_at(directory, name, flags | O_EXCL, 0o600)
                if number >= 0 { return Descriptor(owning: number) }
                if errno != EEXIST { throw SystemError("open", shown()) }
            }
            // A pipe in its place would make `open` wait; and nothing is truncated before the
            // check.
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

    /// Opens a file for reading, through directories that are no links; nil when it does not exist.
    ///
    /// A file with several names is accepted here, because nothing is written.
    package static func reading(_ path: [String], in directory: Int32) -> Descriptor? {
        guard let name = path.last else { return nil }
        var parent = directory
        var opened: [Int32] = []
        defer { for number in opened { LibC.close(number) } }
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

    /// Replaces a whole file atomically, so that a reader sees the old or the new one.
    ///
    /// - Parameters:
    ///   - name: Its name in `directory`.
    ///   - bytes: The new content.
    ///   - directory: An open directory.
    ///   - temporary: The name under which it is written; must be unique in the directory.
    ///   - shown: The path as messages show it.
    /// - Throws: When it cannot be written completely; the old file is then unchanged.
    package static func replace(
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

    /// Throws unless an open file may be written: a regular file of this user, with a single name.
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

    /// Throws for a directory whose entries others could change: they could replace this user's
    /// files.
    package static func checkBase(_ path: String) throws(SystemError) {
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

    /// `O_NOFOLLOW` gives ELOOP for a link, or ENOTDIR when a directory was required.
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
