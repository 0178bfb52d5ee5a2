/// Steps of a run as ranges of their indices: ten thousand neighbours take one pair of numbers.
public struct StepRanges: Hashable, Sendable, Sequence {
    /// Ascending, and apart from each other.
    private var ranges: [ClosedRange<Int32>] = []
    /// The number of steps.
    public private(set) var count = 0

    /// The ranges of steps, in ascending order; an index that is not above the one before it is
    /// left out.
    public init(_ steps: some Sequence<Int>) {
        for step in steps {
            guard let index = Int32(exactly: step) else { continue }
            guard let last = ranges.last else {
                append(index...index)
                continue
            }
            guard index > last.upperBound else { continue }
            if index == last.upperBound + 1 {
                ranges[ranges.count - 1] = last.lowerBound...index
                count += 1
            } else {
                append(index...index)
            }
        }
    }

    /// The ranges of pairs of first and last indices, as ``bounds`` has them.
    ///
    /// Nil where the pairs are not ascending, leave the indices below `limit`, or are none.
    init?(bounds: [Int], below limit: Int) {
        guard !bounds.isEmpty, bounds.count.isMultiple(of: 2) else { return nil }
        var next = 0
        for place in stride(from: 0, to: bounds.count, by: 2) {
            let (first, last) = (bounds[place], bounds[place + 1])
            guard first >= next, last >= first, last < limit, let lower = Int32(exactly: first),
                let upper = Int32(exactly: last)
            else { return nil }
            append(lower...upper)
            next = last + 1
        }
    }

    private mutating func append(_ range: ClosedRange<Int32>) {
        ranges.append(range)
        count += range.count
    }

    /// The lowest index; nil where there is none.
    var first: Int? { ranges.first.map { Int($0.lowerBound) } }

    /// First and last index of each range, one after the other.
    var bounds: [Int] { ranges.flatMap { [Int($0.lowerBound), Int($0.upperBound)] } }

    /// Whether a step is one of these; O(log n) in the number of ranges.
    public func contains(_ step: Int) -> Bool {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if Int(ranges[middle].upperBound) < step { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && Int(ranges[low].lowerBound) <= step
    }

    /// The indices, in ascending order.
    public func makeIterator() -> Iterator { Iterator(ranges: ranges) }

    /// Passes through the indices of ``StepRanges``.
    public struct Iterator: IteratorProtocol {
        fileprivate let ranges: [ClosedRange<Int32>]
        private var place = 0
        private var offset: Int32 = 0

        fileprivate init(ranges: [ClosedRange<Int32>]) { self.ranges = ranges }

        /// The next index; nil behind the last one.
        public mutating func next() -> Int? {
            guard place < ranges.count else { return nil }
            let range = ranges[place]
            let index = range.lowerBound + offset
            if index == range.upperBound {
                (place, offset) = (place + 1, 0)
            } else {
                offset += 1
            }
            return Int(index)
        }
    }
}

extension JSONWriter {
    /// Writes a member with the ranges of steps: an array of first and last indices.
    mutating func member(_ name: StaticString, _ steps: StepRanges) {
        key(name)
        beginArray()
        for bound in steps.bounds { integer(bound) }
        endArray()
    }
}

extension StepRanges {
    /// Reads what ``JSONWriter/member(_:_:)`` wrote; nil where it is no such thing.
    init?(_ members: JSONMembers, _ name: String, below limit: Int) {
        guard let values = members.array(name) else { return nil }
        let bounds = values.compactMap { value in
            if case .integer(let number) = value { Int(exactly: number) } else { nil }
        }
        guard bounds.count == values.count else { return nil }
        self.init(bounds: bounds, below: limit)
    }
}
