/// A set of node indices as a bitmap: the result of reachability queries.
///
/// Iteration is ascending and takes O(capacity / 64 + members).
public struct NodeSet: Sequence, Sendable, Hashable {
    private var words: [UInt64]
    /// The indices `0..<capacity` can be members.
    public let capacity: Int

    /// An empty set for the indices `0..<capacity`.
    public init(capacity: Int) {
        self.capacity = Swift.max(0, capacity)
        words = [UInt64](repeating: 0, count: (self.capacity + 63) / 64)
    }

    /// Whether an index is a member, in O(1).
    public func contains(_ index: Int) -> Bool {
        guard index >= 0, index < capacity else { return false }
        return words[index >> 6] & (1 << UInt64(index & 63)) != 0
    }

    /// Adds an index in O(1); false when it is a member already or out of range.
    @discardableResult
    public mutating func insert(_ index: Int) -> Bool {
        guard index >= 0, index < capacity, !contains(index) else { return false }
        words[index >> 6] |= 1 << UInt64(index & 63)
        return true
    }

    /// Removes an index in O(1); false when it is not a member.
    @discardableResult
    public mutating func remove(_ index: Int) -> Bool {
        guard contains(index) else { return false }
        words[index >> 6] &= ~(1 << UInt64(index & 63))
        return true
    }

    /// Adds the members of another set that are in range, in O(capacity / 64).
    public mutating func formUnion(_ other: NodeSet) {
        if other.capacity > capacity {
            for index in other { insert(index) }
        } else {
            for place in other.words.indices { words[place] |= other.words[place] }
        }
    }

    /// Removes the members of another set, in O(capacity / 64).
    public mutating func subtract(_ other: NodeSet) {
        for place in words.indices.prefix(other.words.count) { words[place] &= ~other.words[place] }
    }

    /// Whether there is no member, in O(capacity / 64).
    public var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    /// The number of members, in O(capacity / 64).
    public var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// Gives the members ascending.
    public func makeIterator() -> Iterator {
        Iterator(words: words)
    }

    /// The members of a set, ascending.
    public struct Iterator: IteratorProtocol, Sendable {
        private let words: [UInt64]
        private var place = -1
        private var left: UInt64 = 0

        fileprivate init(words: [UInt64]) {
            self.words = words
        }

        /// The next member, or nil at the end.
        public mutating func next() -> Int? {
            while left == 0 {
                place += 1
                guard place < words.count else { return nil }
                left = words[place]
            }
            let bit = left.trailingZeroBitCount
            left &= left - 1
            return place << 6 | bit
        }
    }
}
