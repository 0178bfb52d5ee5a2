/// The keys of a step that the file states, where the value alone cannot be told from the default.
///
/// One byte, because each of 10,000 steps carries it.
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
    /// `inputs`, also as an empty list: the step reads no files of its own.
    public static let inputs = DeclaredKeys(rawValue: 8)
    /// `output_files`, also as an empty list: the step writes no files.
    public static let outputFiles = DeclaredKeys(rawValue: 16)
}
