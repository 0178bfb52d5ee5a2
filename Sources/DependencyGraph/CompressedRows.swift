/// Edges in compressed sparse row form: row `v` is `targets[offsets[v]..<offsets[v + 1]]`.
///
/// Not generic over node ids, so the algorithms are compiled once, and fully, in this module.
@usableFromInline
struct CompressedRows: Sendable, Equatable {
    /// One entry more than there are rows; the last is the number of edges.
    @usableFromInline let offsets: [Int32]
    @usableFromInline let targets: [Int32]

    @usableFromInline
    init(offsets: [Int32], targets: [Int32]) {
        self.offsets = offsets
        self.targets = targets
    }

    @inlinable
    var count: Int { offsets.count - 1 }

    /// The range of ``targets`` that belongs to a row.
    @inlinable
    func range(_ row: Int) -> Range<Int> {
        Int(offsets[row])..<Int(offsets[row + 1])
    }

    @inlinable
    subscript(row: Int) -> NodeIndices {
        NodeIndices(targets[range(row)])
    }
}

extension CompressedRows {
    /// Groups pairs by their row; within a row they keep the given order.
    ///
    /// `origins` holds, for each entry of ``targets``, the index of its pair.
    static func grouping(
        count: Int, pairs: [(target: Int32, row: Int32)]
    ) -> (rows: CompressedRows, origins: [Int32]) {
        var offsets = [Int32](repeating: 0, count: count + 1)
        for pair in pairs { offsets[Int(pair.row) + 1] += 1 }
        for row in 0..<count { offsets[row + 1] += offsets[row] }
        var next = offsets
        var targets = [Int32](repeating: 0, count: pairs.count)
        var origins = targets
        for (number, pair) in pairs.enumerated() {
            let place = Int(next[Int(pair.row)])
            next[Int(pair.row)] += 1
            targets[place] = pair.target
            origins[place] = Int32(truncatingIfNeeded: number)
        }
        return (CompressedRows(offsets: offsets, targets: targets), origins)
    }

    /// The same rows with each target once, at its first position.
    func deduplicated() -> CompressedRows {
        // The last row that named a target, so no set per row is needed.
        var namedBy = [Int32](repeating: -1, count: count)
        return filtered { row, target in
            let isNew = namedBy[Int(target)] != row
            namedBy[Int(target)] = row
            return isNew
        }
    }

    /// The rows with the edges for which the predicate, called with row and target, is true.
    func filtered(_ keeps: (Int32, Int32) -> Bool) -> CompressedRows {
        var kept: [Int32] = []
        kept.reserveCapacity(targets.count)
        var bounds: [Int32] = [0]
        bounds.reserveCapacity(offsets.count)
        for row in 0..<count {
            for place in range(row) where keeps(Int32(truncatingIfNeeded: row), targets[place]) {
                kept.append(targets[place])
            }
            bounds.append(Int32(truncatingIfNeeded: kept.count))
        }
        return CompressedRows(offsets: bounds, targets: kept)
    }

    /// The reversed edges; each row of the result ascends.
    func transposed() -> CompressedRows {
        var bounds = [Int32](repeating: 0, count: count + 1)
        for target in targets { bounds[Int(target) + 1] += 1 }
        for row in 0..<count { bounds[row + 1] += bounds[row] }
        var next = bounds
        var sources = [Int32](repeating: 0, count: targets.count)
        for row in 0..<count {
            for place in range(row) {
                let target = Int(targets[place])
                sources[Int(next[target])] = Int32(truncatingIfNeeded: row)
                next[target] += 1
            }
        }
        return CompressedRows(offsets: bounds, targets: sources)
    }
}
