/// The output patterns of a step, compiled for matching paths.
public struct OutputPatterns: Sendable {
    private let included: [Glob]
    private let excluded: [Glob]

    /// Compiles patterns, of which those that begin with `!` exclude; nil when there are none.
    ///
    /// Loading rejects invalid patterns; here they are ignored.
    ///
    /// - Parameters:
    ///   - texts: The patterns.
    ///   - root: The project root; absolute paths inside it are made relative to it.
    public init?(_ texts: [String], root: String? = nil) {
        guard !texts.isEmpty else { return nil }
        included = texts.filter { !$0.hasPrefix("!") }.compactMap {
            try? Glob(Glob.located($0, root: root))
        }
        excluded = texts.filter { $0.hasPrefix("!") }.compactMap {
            try? Glob(Glob.located(String($0.dropFirst()), root: root))
        }
    }

    /// Whether a path is an output: it matches a pattern or lies in a directory that does.
    public func mean(_ path: String) -> Bool {
        guard !excluded.contains(where: { $0.matches(path) }) else { return false }
        return included.contains { glob in
            glob.matches(path) || glob.literal.map { path.hasPrefix("\($0)/") } ?? false
        }
    }

    /// Whether an output lies below a directory that the patterns name.
    public func lieBelow(_ directory: String) -> Bool {
        included.contains {
            $0.directory == directory || $0.directory.hasPrefix("\(directory)/")
        }
    }

    /// Whether everything that could be below a directory is an output.
    public func haveAll(below directory: String) -> Bool {
        excluded.isEmpty
            && included.contains { glob in
                glob.literal.map { directory == $0 || directory.hasPrefix("\($0)/") }
                    ?? ((glob.text.hasSuffix("**") || glob.text.hasSuffix("/"))
                        && glob.matches("\(directory)/\u{1}"))
            }
    }
}
