import DependencyGraph

/// "Did you mean", with one wording for all messages.
public enum Suggestion {
    /// The help line for a name that is close to an existing one; nil when none is close.
    public static func help(for name: String, among candidates: some Sequence<String>) -> String? {
        NearMiss.best(for: name, among: candidates).map { "did you mean `\($0)`?" }
    }
}
