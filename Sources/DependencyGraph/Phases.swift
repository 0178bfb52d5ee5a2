extension Graph {
    /// The phase of each node: the number of edges of the longest dependency chain before it.
    ///
    /// Complexity: O(V + E).
    /// - Returns: One number for each node, 0 where it depends on nothing.
    public func phaseIndices() -> [Int32] {
        structure.phaseIndices()
    }

    /// The nodes by phase, each phase in declaration order, in O(V + E).
    ///
    /// - Returns: No phase is empty, and each node is in one; empty for a graph without nodes.
    public func phases() -> [[Int]] {
        let indices = structure.phaseIndices()
        var sizes = [Int](repeating: 0, count: indices.max().map { Int($0) + 1 } ?? 0)
        for phase in indices { sizes[Int(phase)] += 1 }
        var phases: [[Int]] = sizes.map { size in
            var nodes: [Int] = []
            nodes.reserveCapacity(size)
            return nodes
        }
        for (node, phase) in indices.enumerated() { phases[Int(phase)].append(node) }
        return phases
    }
}

extension AcyclicStructure {
    func phaseIndices() -> [Int32] {
        var phases = [Int32](repeating: 0, count: count)
        for node in order {
            var phase: Int32 = 0
            for place in dependencies.range(Int(node)) {
                phase = max(phase, phases[Int(dependencies.targets[place])] + 1)
            }
            phases[Int(node)] = phase
        }
        return phases
    }
}
