import FileState
import WorkflowModel

/// The declared outputs of a step, for the cache.
struct CachePatterns {
    package let patterns: InputPatterns
    private let outputs: OutputPatterns?

    /// Loading has rejected invalid patterns.
    init?(_ outputs: [String]) {
        guard let patterns = try? InputPatterns(outputs, written: [], followsLinks: false) else {
            return nil
        }
        self.patterns = patterns
        self.outputs = OutputPatterns(outputs)
    }

    /// Whether a path is an output of the step: it matches a pattern or lies in a directory that
    /// does.
    package func mean(_ path: String) -> Bool { outputs?.mean(path) ?? false }

    /// The first pattern that matches none of the paths.
    func unmet(by paths: [String]) -> String? {
        patterns.included.first { glob in !paths.contains { glob.matches($0) } }?.text
    }

    /// Whether a path is declared literally, and not only matched by a pattern.
    package func name(_ path: String) -> Bool { patterns.included.contains { $0.literal == path } }
}
