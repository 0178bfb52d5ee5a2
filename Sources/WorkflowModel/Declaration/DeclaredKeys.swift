/// Keys of a step that the file states, where its value alone does not tell that from the default.
///
/// One byte: of 10,000 steps each carries it.
public struct DeclaredKeys: OptionSet, Hashable, Sendable {
    /// One bit for each key.
    public let rawValue: UInt8

    /// Takes the bits as they are.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `dependencies`, also as an empty list.
    public static let dependencies = DeclaredKeys(rawValue: 1)
    /// `output_files`, `modifies` or `conflict_zones`, also as an empty list.
    public static let writtenFiles = DeclaredKeys(rawValue: 2)
    /// `parallel_safe` or `parallel_group`.
    public static let parallel = DeclaredKeys(rawValue: 64)
    /// `critical`, either way.
    public static let critical = DeclaredKeys(rawValue: 4)
    /// `inputs`, also as an empty list: it reads nothing of its own.
    public static let inputs = DeclaredKeys(rawValue: 8)
    /// `output_files`, also as an empty list: it writes nothing.
    public static let outputFiles = DeclaredKeys(rawValue: 16)
}
