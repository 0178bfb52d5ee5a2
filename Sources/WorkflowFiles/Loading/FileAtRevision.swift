/// A workflow file at an earlier time.
public enum FileAtRevision: Hashable, Sendable {
    /// The same as now.
    case same
    /// Different content.
    case content([UInt8])
    /// It did not exist, or its content is unknown.
    case missing
}

extension Loading {
    /// The bytes of a workflow file at that time.
    func read(_ path: String) throws(FileProblem) -> [UInt8] {
        guard let earlier else { return try FileInput.read(path) }
        switch earlier(PathText.resolved(path) ?? path) {
        case .same: return try FileInput.read(path)
        case .content(let bytes): return bytes
        case .missing: throw FileProblem(path, .invalidName)
        }
    }
}
