/// The `[cache]` table: how much is kept of what steps produce, and how long.
public struct CacheSettings: Hashable, Sendable {
    /// Bytes of all entries together; what was not used for longest goes first.
    public var maxSize: Int64 = 5_000_000_000
    /// Time since its last use after which an entry goes.
    public var maxAge = Milliseconds.seconds(30 * 86_400)

    /// The defaults: 5 GB, 30 days.
    public init() {}
}
