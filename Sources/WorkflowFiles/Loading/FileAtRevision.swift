/// What a workflow file was at an earlier time.
public enum FileAtRevision: Hashable, Sendable {
    /// As it is now.
    case same
    /// It held something else.
    case content([UInt8])
    /// It was not there, or nobody can tell.
    case missing
}

extension Loading {
    /// The bytes of a workflow file at the time that is meant.
    func read(_ path: String) throws(FileProblem) -> [UInt8] {
        guard let earlier else { return try FileInput.read(path) }
        switch earlier(PathText.resolved(path) ?? path) {
        case .same: return try FileInput.read(path)
        case .content(let bytes): return bytes
        case .missing: throw FileProblem(path, .invalidName)
        }
    }
}
