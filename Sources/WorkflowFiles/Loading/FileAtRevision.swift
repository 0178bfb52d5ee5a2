import Platform

/// A workflow file at an earlier time.
public enum FileAtRevision: Hashable, Sendable {
    /// The same as now.
    case same
    /// Different content.
    case content([UInt8])
    /// It did not exist, or its content is unknown.
    case missing
}

/// The content of a file, and how it can be told later whether it is still that.
struct FileReading {
    var bytes: [UInt8]
    /// Nil for what a file was at an earlier time.
    var stamp: FileStamp?
    /// Before anything was read, in nanoseconds since 1970.
    var observedAt: Int64
}

extension Loading {
    /// The bytes of a workflow file at that time.
    func read(_ path: String) throws(FileProblem) -> FileReading {
        switch earlier?(PathText.resolved(path) ?? path) ?? .same {
        case .same:
            let now = sources.clock()
            let (bytes, stamp) = try FileInput.readStamped(path)
            return FileReading(bytes: bytes, stamp: stamp, observedAt: now)
        case .content(let bytes): return FileReading(bytes: bytes, stamp: nil, observedAt: 0)
        case .missing: throw FileProblem(path, .invalidName)
        }
    }
}
