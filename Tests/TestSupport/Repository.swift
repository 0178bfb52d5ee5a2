public import Foundation

/// Where the sources stand that the tests are built from.
public enum Repository {
    /// The top of the repository.
    public static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
}
