/// A set of small integers that returns its smallest member first: a bitmap with summary levels.
///
/// A bit of each level says whether the 64-bit word below it has a member, so every operation
/// touches one word per level: four levels hold 16,777,216 indices. Faster than a heap, and it
/// holds no duplicates.
public struct IndexQueue: Sendable {
    /// All levels one after another, the members themselves first.
    private var words: [UInt64]
    /// Where each level starts in ``words``.
    private let levels: [Int]
    /// The indices `0..<capacity` can be members.
    public let capacity: Int
    /// How many members there are.
    public private(set) var count = 0

    /// An empty queue for the indices `0..<capacity`, in O(capacity / 64).
    public init(capacity: Int) {
        self.capacity = max(0, capacity)
        var levels: [Int] = []
        var total = 0
        var size = self.capacity
        repeat {
            size = (size + 63) / 64
            levels.append(total)
            total += size
        } while size > 1
        self.levels = levels
        words = [UInt64](repeating: 0, count: total)
    }

    /// Whether there is no member.
    public var isEmpty: Bool { count == 0 }

    /// The smallest member, in O(levels).
    public var first: Int? {
        guard count > 0 else { return nil }
        return smallest(under: 0, level: levels.count - 1)
    }

    /// Whether an index is a member, in O(1).
    public func contains(_ index: Int) -> Bool {
        guard index >= 0, index < capacity else { return false }
        return words[index >> 6] & (1 << UInt64(index & 63)) != 0
    }

    /// Adds an index in O(levels); false when it is a member already or out of range.
    @discardableResult
    public mutating func insert(_ index: Int) -> Bool {
        guard index >= 0, index < capacity, !contains(index) else { return false }
        count += 1
        var position = index
        for start in levels {
            let word = start + position >> 6
            let wasEmpty = words[word] == 0
            words[word] |= 1 << UInt64(position & 63)
            // The bits above a word with members are already set.
            guard wasEmpty else { break }
            position >>= 6
        }
        return true
    }

    /// Removes an index in O(levels); false when it is not a member.
    @discardableResult
    public mutating func remove(_ index: Int) -> Bool {
        guard contains(index) else { return false }
        count -= 1
        var position = index
        for start in levels {
            let word = start + position >> 6
            words[word] &= ~(1 << UInt64(position & 63))
            guard words[word] == 0 else { break }
            position >>= 6
        }
        return true
    }

    /// Removes and returns the smallest member, in O(levels).
    public mutating func popFirst() -> Int? {
        guard let index = first else { return nil }
        remove(index)
        return index
    }

    /// The smallest member that is greater than `index`, in O(levels).
    public func first(after index: Int) -> Int? {
        guard index >= 0 else { return first }
        guard index < capacity else { return nil }
        var position = index
        for level in levels.indices {
            let word = position >> 6
            // Two shifts: one shift by 64, for the last bit of a word, would be undefined.
            let above = words[levels[level] + word] & ((~0 << UInt64(position & 63)) << 1)
            if above != 0 {
                let found = word << 6 | above.trailingZeroBitCount
                return level == 0 ? found : smallest(under: found, level: level - 1)
            }
            position = word
        }
        return nil
    }

    /// The smallest member below a word of a level; the word must not be empty.
    private func smallest(under word: Int, level: Int) -> Int {
        var position = word
        for start in levels[...level].reversed() {
            position = position << 6 | words[start + position].trailingZeroBitCount
        }
        return position
    }
}
