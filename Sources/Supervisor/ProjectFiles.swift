import SystemCalls

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Files of the user that a command reads or writes.
public enum ProjectFiles {
    /// The whole content of a file.
    public static func read(_ path: String) throws(SystemError) -> [UInt8] {
        let number = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard number >= 0 else { throw SystemError("read", path) }
        let file = Descriptor(owning: number)
        var facts = stat()
        guard fstat(file.number, &facts) == 0 else { throw SystemError("read", path) }
        if facts.st_mode & S_IFMT == S_IFDIR { throw SystemError("read", path, code: EISDIR) }
        return try FileBytes.all(of: file.number, subject: path)
    }

    /// Replaces a whole file in one step: a reader sees the old content or the new one, and a
    /// failure leaves the old one.
    public static func replace(_ path: String, with bytes: [UInt8]) throws(SystemError) {
        let temporary = "\(path).tmp-\(getpid())"
        do {
            let file = try Descriptor.open(
                temporary, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o666)
            try FileBytes.write(bytes, to: file.number, subject: path)
        } catch {
            unlink(temporary)
            throw SystemError("write", path, code: error.code)
        }
        guard rename(temporary, path) == 0 else {
            let code = errno
            unlink(temporary)
            throw SystemError("write", path, code: code)
        }
    }

    /// Writes a file that must not exist yet.
    public static func create(
        _ path: String, with bytes: [UInt8], isExecutable: Bool
    ) throws(SystemError) {
        let file = try Descriptor.open(
            path, flags: O_WRONLY | O_CREAT | O_EXCL, mode: isExecutable ? 0o777 : 0o666)
        do {
            try FileBytes.write(bytes, to: file.number, subject: path)
        } catch {
            unlink(path)
            throw error
        }
    }

    /// Whether something of this name exists, be it a link to nothing.
    public static func exists(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0
    }

    /// Makes a directory with the user's usual rights; nothing where there is one.
    public static func makeDirectory(_ path: String) throws(SystemError) {
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
            throw SystemError("make the directory", path)
        }
    }

    /// Removes what a command that could not finish has made; a directory only when it is empty.
    public static func remove(_ path: String) {
        if unlink(path) != 0 { rmdir(path) }
    }
}

extension FileBytes {
    /// Everything from the start to the end.
    static func all(of descriptor: Int32, subject: String) throws(SystemError) -> [UInt8] {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw SystemError("read", subject) }
        // One byte more than the size: the end shows without a second call, also where it grows.
        var bytes = read(descriptor, offset: 0, limit: Int(facts.st_size) + 1)
        while bytes.count > Int(facts.st_size) {
            let more = read(descriptor, offset: Int64(bytes.count), limit: 1 << 16)
            if more.isEmpty { break }
            bytes += more
        }
        return bytes
    }
}
