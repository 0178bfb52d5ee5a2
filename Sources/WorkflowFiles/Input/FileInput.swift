import Platform
public import WorkflowModel

/// Reads a whole file into memory, or returns why it cannot.
public enum FileInput {
    /// The largest file that is read, in bytes: a larger workflow file is a mistake.
    public static let sizeLimit = 64 << 20

    /// The bytes of a regular file; never blocks on a pipe or a device.
    public static func read(
        _ path: String, limit: Int = sizeLimit
    ) throws(FileProblem) -> [UInt8] {
        try readStamped(path, limit: limit).bytes
    }

    /// The same, with what `fstat` said of the file before its first byte was read.
    static func readStamped(
        _ path: String, limit: Int = sizeLimit
    ) throws(FileProblem) -> (bytes: [UInt8], stamp: FileStamp) {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw FileProblem(path, .invalidName)
        }
        // Opening a device may have an effect, so the kind is checked first; the opened file is
        // checked again below. Without O_NONBLOCK, opening a named pipe would wait for a writer.
        if FileKind(path) == .other { throw FileProblem(path, .notRegular) }
        let descriptor = retrying { open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) }
        guard descriptor >= 0 else { throw FileProblem(path, .opening(errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileProblem(path, .reading(errno)) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw FileProblem(path, .directory)
        default: throw FileProblem(path, .notRegular)
        }
        guard status.st_size <= limit else {
            throw FileProblem(path, .tooLarge(size: Int(status.st_size), limit: limit))
        }
        let bytes = try content(descriptor, path, expected: Int(status.st_size), limit: limit)
        return (bytes, FileStamp(status))
    }

    private static func content(
        _ descriptor: Int32, _ path: String, expected: Int, limit: Int
    ) throws(FileProblem) -> [UInt8] {
        // One byte more than expected, so that one read also finds the end.
        var bytes = [UInt8](repeating: 0, count: expected + 1)
        var filled = 0
        while true {
            let count = bytes.withUnsafeMutableBytes { buffer in
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                return retrying { LibC.read(descriptor, rest.baseAddress, rest.count) }
            }
            guard count >= 0 else { throw FileProblem(path, .reading(errno)) }
            guard count > 0 else { break }
            filled += count
            // The file may have grown since `fstat`, or (in /proc) have reported no size.
            guard filled <= limit else {
                throw FileProblem(path, .tooLarge(size: filled, limit: limit))
            }
            if filled == bytes.count {
                bytes.append(contentsOf: repeatElement(0, count: max(4096, filled)))
            }
        }
        bytes.removeSubrange(filled...)
        return bytes
    }

    private static func retrying<Result: BinaryInteger>(_ call: () -> Result) -> Result {
        while true {
            let result = call()
            if result != -1 || errno != EINTR { return result }
        }
    }
}

/// Why a file was not read.
public struct FileProblem: Error, Hashable, Sendable {
    /// The cause.
    public enum Reason: Hashable, Sendable {
        /// The path is empty or holds a NUL byte.
        case invalidName
        /// `open` failed with this `errno`.
        case opening(Int32)
        /// `fstat` or `read` failed with this `errno`.
        case reading(Int32)
        /// The path names a directory.
        case directory
        /// The path names a pipe, a socket or a device.
        case notRegular
        /// The file is larger than the limit, in bytes.
        case tooLarge(size: Int, limit: Int)
    }

    /// The path as it was given.
    public let path: String
    /// The cause.
    public let reason: Reason

    /// Whether the file or a directory of its path does not exist.
    public var isAbsence: Bool { reason == .opening(ENOENT) || reason == .opening(ENOTDIR) }

    /// Makes a problem of a path and a cause.
    public init(_ path: String, _ reason: Reason) {
        self.path = path
        self.reason = reason
    }

    /// Whether nothing exists at the path.
    public var isMissing: Bool {
        switch reason {
        case .opening(let code): code == ENOENT || code == ENOTDIR
        default: false
        }
    }

    /// The problem as it is shown to the user.
    public var diagnostic: Diagnostic {
        switch reason {
        case .invalidName:
            .error(
                path.isEmpty ? "the path of the file is empty" : "`\(path)` is no file name",
                help: "name a file, as in `-f workflow.toml`")
        case .opening(ENOENT), .opening(ENOTDIR):
            .error("there is no file `\(path)`", help: "check the path")
        case .opening(EACCES), .opening(EPERM):
            .error(
                "`\(path)` cannot be read: permission denied",
                help: "give yourself the right to read it: `chmod u+r \(path)`")
        case .opening(ELOOP):
            .error(
                "`\(path)` cannot be read: its symbolic links lead in a circle",
                help: "see where they lead: `ls -l \(path)`")
        case .opening(let code), .reading(let code):
            .error("`\(path)` cannot be read: \(Self.description(of: code))")
        case .directory:
            .error("`\(path)` is a directory, not a file", help: "name a file in it")
        case .notRegular:
            .error(
                "`\(path)` is not a regular file but a pipe, a socket or a device",
                help: "copy its content into a file, and name that")
        case .tooLarge(let size, let limit):
            .error(
                "`\(path)` is too large: \(size >> 20) MiB, at most \(limit >> 20) MiB are read",
                help: "is it the right file?")
        }
    }

    private static func description(of code: Int32) -> String {
        guard let text = strerror(code) else { return "error \(code)" }
        return String(cString: text)
    }
}
