/// The keys that one object has so far.
struct KeySet {
    /// Up to this number a linear search is faster.
    private static let indexThreshold = 16

    private var keys: [SourceKey] = []
    private var index: Set<SourceKey> = []

    /// Adds a key; returns an existing key with the same bytes instead, if there is one.
    mutating func insert(_ key: SourceKey) -> SourceKey? {
        if keys.count < Self.indexThreshold {
            if let first = keys.first(where: { $0 == key }) { return first }
            keys.append(key)
            return nil
        }
        if index.isEmpty { index = Set(keys) }
        let (isNew, first) = index.insert(key)
        return isNew ? nil : first
    }
}
