/// The keys that one object has so far.
struct KeySet {
    /// Up to here a linear search is the faster one.
    private static let indexThreshold = 16

    private var keys: [SourceKey] = []
    private var index: Set<SourceKey> = []

    /// Adds a key; where there is one of the same bytes already, returns that instead.
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
