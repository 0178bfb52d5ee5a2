import DependencyGraph

/// "Did you mean", in one wording for all messages.
public enum Suggestion {
    /// The help line for a name that is near one that exists, or nil when none is near.
    public static func help(for name: String, among candidates: some Sequence<String>) -> String? {
        NearMiss.best(for: name, among: candidates).map { "did you mean `\($0)`?" }
    }
}
