/// The `[cache]` table: how much of the steps' output is kept, and how long.
public struct CacheSettings: Hashable, Sendable {
    /// Bytes of all entries together; the least recently used entry is removed first.
    public var maxSize: Int64 = 5_000_000_000
    /// Time since its last use after which an entry is removed.
    public var maxAge = Milliseconds.seconds(30 * 86_400)

    /// The defaults: 5 GB, 30 days.
    public init() {}
}
