import SystemCalls

/// Files of the user that a command reads or writes.
public enum ProjectFiles {
    /// Writes a new file; throws when it exists already.
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

    /// Whether the name exists, even as a link without a target.
    public static func exists(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0
    }

    /// Creates a directory with the user's usual mode, unless it exists.
    public static func makeDirectory(_ path: String) throws(SystemError) {
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
            throw SystemError("make the directory", path)
        }
    }

    /// Removes what an unfinished command has created; a directory only when it is empty.
    public static func remove(_ path: String) {
        if unlink(path) != 0 { rmdir(path) }
    }
}

extension FileBytes {
    /// The largest file that is read into memory, in bytes.
    package static let maxBytes = 1 << 28

    /// The whole content of a regular file.
    ///
    /// - Throws: the system's error, or EFBIG for more than ``maxBytes``.
    package static func all(of descriptor: Int32, subject: String) throws(SystemError) -> [UInt8] {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw SystemError("read", subject) }
        guard facts.st_size < FileBytes.maxBytes else {
            throw SystemError("read", subject, code: EFBIG)
        }
        // One byte more than the size: one read also finds the end, even when the file grows.
        var bytes = read(descriptor, offset: 0, limit: Int(facts.st_size) + 1)
        while bytes.count > Int(facts.st_size) {
            let more = read(descriptor, offset: Int64(bytes.count), limit: 1 << 16)
            if more.isEmpty { break }
            bytes += more
            guard bytes.count < FileBytes.maxBytes else {
                throw SystemError("read", subject, code: EFBIG)
            }
        }
        return bytes
    }
}
