/// Where a program is searched for.
public struct SearchPlace: Hashable, Sendable {
    /// The step's own PATH; nil for the system's default.
    public var path: String?
    /// Absolute path of the step's working directory.
    public var directory: String

    /// A place to search; `directory` is absolute.
    public init(path: String?, directory: String) {
        self.path = path
        self.directory = directory
    }

    /// The directories of the system's programs: the PATH of steps that inherit none.
    public static let defaultPath = "/usr/local/bin:/usr/bin:/bin"

    /// Every file that a word without a slash may name, in the order of the PATH.
    package func candidates(for word: String) -> some Sequence<String> {
        (path ?? SearchPlace.defaultPath)
            .split(separator: ":", omittingEmptySubsequences: false)
            .lazy.map { part in
                if part.hasPrefix("/") { return "\(part)/\(word)" }
                return part.isEmpty ? "\(directory)/\(word)" : "\(directory)/\(part)/\(word)"
            }
    }
}
