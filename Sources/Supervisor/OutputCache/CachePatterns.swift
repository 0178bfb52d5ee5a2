import WorkflowModel

/// What a step declares to produce, as the cache sees it.
struct CachePatterns {
    let patterns: InputPatterns
    private let outputs: OutputPatterns?

    /// Patterns that are none were refused when the workflow was loaded.
    init?(_ outputs: [String]) {
        guard let patterns = try? InputPatterns(outputs, written: [], followsLinks: false) else {
            return nil
        }
        self.patterns = patterns
        self.outputs = OutputPatterns(outputs)
    }

    /// Whether something is an output of the step: by a pattern, or in a directory that is one.
    func mean(_ path: String) -> Bool { outputs?.mean(path) ?? false }

    /// The first pattern that nothing of some paths is meant by.
    func unmet(by paths: [String]) -> String? {
        patterns.included.first { glob in !paths.contains { glob.matches($0) } }?.text
    }

    /// Whether a path is declared by itself, and not found by a pattern.
    func name(_ path: String) -> Bool { patterns.included.contains { $0.literal == path } }
}
