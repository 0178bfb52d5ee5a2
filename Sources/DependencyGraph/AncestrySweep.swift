/// Which of up to 512 source nodes are ancestors of a node.
struct AncestryMask {
    static var bits: Int { 512 }
    var words: SIMD8<UInt64> = .zero

    func contains(_ bit: Int) -> Bool {
        words[bit >> 6] & (1 << UInt64(bit & 63)) != 0
    }

    mutating func insert(_ bit: Int) {
        words[bit >> 6] |= 1 << UInt64(bit & 63)
    }
}

/// Propagates ancestry from blocks of source nodes, one block per pass over the edges.
///
/// It works on positions in the topological order rather than on nodes: dependencies come first, so
/// a pass can start at the block's first source.
struct AncestrySweep {
    /// Row: a position; targets: the positions of its dependencies, all smaller.
    let rows: CompressedRows
    private var masks: [AncestryMask]
    /// The bit of each position that is a source of the current block; -1 for other positions.
    private var bits: [Int32]
    private var start = 0

    init(of structure: AcyclicStructure) {
        rows = structure.dependenciesByPosition()
        masks = [AncestryMask](repeating: AncestryMask(), count: rows.count)
        bits = [Int32](repeating: -1, count: rows.count)
    }

    /// Finds the descendants of the sources; these ascend and number at most ``AncestryMask/bits``.
    mutating func run(from sources: [Int32]) {
        guard let first = sources.first else { return }
        start = Int(first)
        for (bit, source) in sources.enumerated() {
            bits[Int(source)] = Int32(truncatingIfNeeded: bit)
        }
        for position in start..<rows.count {
            var mask = AncestryMask()
            for place in rows.range(position) {
                let dependency = Int(rows.targets[place])
                // Nothing before the first source has one among its ancestors.
                guard dependency >= start else { continue }
                mask.words |= masks[dependency].words
                if bits[dependency] >= 0 { mask.insert(Int(bits[dependency])) }
            }
            masks[position] = mask
        }
        for source in sources { bits[Int(source)] = -1 }
    }

    /// The sources of the last block that are ancestors of the node at a position.
    func ancestors(at position: Int) -> AncestryMask {
        position < start ? AncestryMask() : masks[position]
    }

    /// The sources of the last block from which a path of at least two edges leads to a position.
    func ancestorsOfDependencies(at position: Int) -> AncestryMask {
        var mask = AncestryMask()
        for place in rows.range(position) where Int(rows.targets[place]) >= start {
            mask.words |= masks[Int(rows.targets[place])].words
        }
        return mask
    }
}

extension AcyclicStructure {
    /// ``dependencies`` with each node replaced by its position in ``order``.
    func dependenciesByPosition() -> CompressedRows {
        let positions = positions()
        var offsets: [Int32] = [0]
        offsets.reserveCapacity(count + 1)
        var targets: [Int32] = []
        targets.reserveCapacity(dependencies.targets.count)
        for node in order {
            for place in dependencies.range(Int(node)) {
                targets.append(positions[Int(dependencies.targets[place])])
            }
            offsets.append(Int32(truncatingIfNeeded: targets.count))
        }
        return CompressedRows(offsets: offsets, targets: targets)
    }
}
