import SystemCalls

extension ProjectFiles {
    /// Writes a file at a path that the user named.
    ///
    /// An existing file is overwritten in place and never replaced: it keeps its other names, its
    /// owner and its mode. A link keeps leading to its file (one without a target gets one), and a
    /// device, a pipe or a descriptor (`/dev/stdout`, `/dev/fd/3`) receives the bytes. Disk space
    /// is reserved before any part of an existing file is overwritten.
    ///
    /// - Parameters:
    ///   - bytes: The whole content.
    ///   - path: As the user typed it.
    ///   - beforeWaiting: Called before waiting for a reader of a named pipe.
    /// - Throws: The system's error.
    public static func write(
        _ bytes: [UInt8], to path: String, beforeWaiting: () -> Void
    ) throws(SystemError) {
        switch try WritingPlace(path) {
        case .descriptor(let number):
            // Not opened again, which would begin at the start of a file that the shell has opened.
            try FileBytes.write(bytes, to: number, subject: path)
        case .nothing(let end):
            try createWhole(end, bytes, shown: path)
        case .file:
            try overwrite(path, bytes)
        case .pipe:
            let pipe = try open(pipe: path, beforeWaiting)
            try FileBytes.write(bytes, to: pipe.number, subject: path)
        case .device:
            let device = try existing(path, O_WRONLY)
            try FileBytes.write(bytes, to: device.number, subject: path)
        case .refused(let why):
            var error = SystemError(refusing: path, because: why)
            error.call = "write"
            throw error
        }
    }

    private static func existing(_ path: String, _ flags: Int32) throws(SystemError) -> Descriptor {
        let number = LibC.open(path, flags | O_NOCTTY)
        guard number >= 0 else { throw SystemError("write", path) }
        return Descriptor(owning: number)
    }

    private static func open(
        pipe path: String, _ beforeWaiting: () -> Void
    ) throws(SystemError) -> Descriptor {
        let number = LibC.open(path, O_WRONLY | O_NONBLOCK)
        // `FileBytes.write` waits for room by itself.
        if number >= 0 { return Descriptor(owning: number) }
        guard errno == ENXIO else { throw SystemError("write", path) }
        beforeWaiting()
        return try existing(path, O_WRONLY)
    }

    /// Creates a file; removes it again when it could not be written completely.
    private static func createWhole(
        _ path: String, _ bytes: [UInt8], shown: String
    ) throws(SystemError) {
        let number = stepvisor_open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL, 0o666)
        guard number >= 0 else { throw SystemError("write", shown) }
        let file = Descriptor(owning: number)
        do {
            try FileBytes.write(bytes, to: file.number, subject: shown)
        } catch {
            unlink(path)
            throw error
        }
    }

    /// Overwrites the content of a file in place.
    private static func overwrite(_ path: String, _ bytes: [UInt8]) throws(SystemError) {
        let file = try existing(path, O_WRONLY | O_NONBLOCK)
        guard let size = file.size else { throw SystemError("write", path) }
        #if os(Linux)
            if bytes.count > size {
                let code = posix_fallocate(file.number, 0, off_t(bytes.count))
                if [ENOSPC, EFBIG, EDQUOT].contains(code) {
                    ftruncate(file.number, off_t(size))
                    throw SystemError("write", path, code: code)
                }
            }
        #endif
        do {
            try FileBytes.write(bytes, to: file.number, subject: path)
        } catch {
            var told = SystemError(
                refusing: path,
                because: "\(SystemError.text(of: error.code)); what it held is overwritten in part")
            told.call = "write"
            told.code = error.code
            throw told
        }
        guard ftruncate(file.number, off_t(bytes.count)) == 0 else {
            throw SystemError("write", path)
        }
    }
}

/// The kind of file at the path to write.
private enum WritingPlace {
    /// One of this process's own open descriptors.
    case descriptor(Int32)
    /// Nothing; the path after following links, if there are any.
    case nothing(String)
    case file, pipe, device
    /// A file that cannot be written, with the reason.
    case refused(String)

    /// The number of links that the kernel follows.
    private static let maxLinks = 40

    init(_ path: String) throws(SystemError) {
        let end = try WritingPlace.end(of: path)
        if let number = WritingPlace.ownDescriptor(end) {
            self = .descriptor(number)
            return
        }
        var facts = stat()
        guard stat(path, &facts) == 0 else {
            guard errno == ENOENT else { throw SystemError("write", path) }
            self = .nothing(end)
            return
        }
        switch facts.st_mode & S_IFMT {
        case S_IFREG: self = .file
        case S_IFIFO: self = .pipe
        case S_IFDIR: throw SystemError("write", path, code: EISDIR)
        case S_IFSOCK: self = .refused("it is a socket")
        default: self = .device
        }
    }

    /// The target of the links at the end of a path; the name of an open descriptor is not
    /// followed.
    private static func end(of path: String) throws(SystemError) -> String {
        var end = path
        for _ in 0..<maxLinks {
            if ownDescriptor(end) != nil { return end }
            guard let text = SymbolicLink.target(of: end) else { return end }
            end = text.hasPrefix("/") ? text : (parent(of: end).map { $0 + "/" } ?? "") + text
        }
        throw SystemError("write", path, code: ELOOP)
    }

    /// The directory of a path as it is written; nil for the working directory.
    private static func parent(of path: String) -> String? {
        guard let slash = path.lastIndex(of: "/") else { return nil }
        return slash == path.startIndex ? "" : String(path[..<slash])
    }

    /// The number of an open descriptor that a path such as `/dev/fd/1` names.
    private static func ownDescriptor(_ path: String) -> Int32? {
        guard let slash = path.lastIndex(of: "/"),
            let number = Int32(path[path.index(after: slash)...]), number >= 0
        else { return nil }
        let directory = String(path[..<slash])
        #if os(Linux)
            return RealPath.of(directory) == RealPath.of("/proc/self/fd") ? number : nil
        #else
            return directory == "/dev/fd" ? number : nil
        #endif
    }
}
