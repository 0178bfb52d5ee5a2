extension Graph {
    /// The same graph without the edges that a longer path implies.
    ///
    /// Ancestors, phases and topological order stay the same. Complexity: O(V × (V + E) / 512); 64
    /// bytes of memory a node.
    /// - Returns: The unique smallest graph with the same ancestors.
    public func transitiveReduction() -> Graph {
        let kept = structure.irreducible()
        return replacingEdges(
            AcyclicStructure(
                dependencies: kept, dependents: kept.transposed(), order: structure.order))
    }
}

extension AcyclicStructure {
    /// ``dependencies`` without edges from `u` to `v` where another dependency of `v` depends on
    /// `u`.
    func irreducible() -> CompressedRows {
        var sweep = AncestrySweep(of: self)
        var isSuperfluous = [Bool](repeating: false, count: dependencies.targets.count)
        // The sweep's rows hold the same edges, ordered by position; this maps each edge to them.
        for block in stride(from: 0, to: count, by: AncestryMask.bits) {
            let end = min(count, block + AncestryMask.bits)
            sweep.run(from: (block..<end).map { Int32(truncatingIfNeeded: $0) })
            for position in block..<count {
                let range = sweep.rows.range(position)
                guard range.count > 1 else { continue }
                let origin = dependencies.range(Int(order[position])).lowerBound
                var through: AncestryMask?
                for place in range {
                    let dependency = Int(sweep.rows.targets[place])
                    guard dependency >= block, dependency < end else { continue }
                    let mask = through ?? sweep.ancestorsOfDependencies(at: position)
                    through = mask
                    if mask.contains(dependency - block) {
                        isSuperfluous[origin + place - range.lowerBound] = true
                    }
                }
            }
        }
        var place = 0
        return dependencies.filtered { _, _ in
            defer { place += 1 }
            return !isSuperfluous[place]
        }
    }
}
