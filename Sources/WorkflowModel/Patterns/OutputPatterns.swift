/// What a step declares to produce, ready to be asked about paths.
public struct OutputPatterns: Sendable {
    private let included: [Glob]
    private let excluded: [Glob]

    /// Patterns of which those that begin with `!` exclude; nil where there are none.
    ///
    /// What is no pattern was refused when the workflow was loaded, and means nothing here.
    ///
    /// - Parameters:
    ///   - texts: The patterns.
    ///   - root: The project root, where paths may be absolute that lie in it.
    public init?(_ texts: [String], root: String? = nil) {
        guard !texts.isEmpty else { return nil }
        included = texts.filter { !$0.hasPrefix("!") }.compactMap {
            try? Glob(Glob.located($0, root: root))
        }
        excluded = texts.filter { $0.hasPrefix("!") }.compactMap {
            try? Glob(Glob.located(String($0.dropFirst()), root: root))
        }
    }

    /// Whether something is an output: by a pattern, or in a directory that is one.
    public func mean(_ path: String) -> Bool {
        guard !excluded.contains(where: { $0.matches(path) }) else { return false }
        return included.contains { glob in
            glob.matches(path) || glob.literal.map { path.hasPrefix("\($0)/") } ?? false
        }
    }

    /// Whether an output lies below a directory whose name the patterns state.
    public func lieBelow(_ directory: String) -> Bool {
        included.contains {
            $0.directory == directory || $0.directory.hasPrefix("\(directory)/")
        }
    }

    /// Whether all that could be below a directory is an output.
    public func haveAll(below directory: String) -> Bool {
        excluded.isEmpty
            && included.contains { glob in
                glob.literal.map { directory == $0 || directory.hasPrefix("\($0)/") }
                    ?? ((glob.text.hasSuffix("**") || glob.text.hasSuffix("/"))
                        && glob.matches("\(directory)/\u{1}"))
            }
    }
}
