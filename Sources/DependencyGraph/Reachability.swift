extension Graph {
    /// Everything that the given nodes depend on, directly or indirectly, in O(V + E).
    ///
    /// A given node is a member only when another given node depends on it. Indices that do not
    /// exist are ignored.
    /// - Parameter nodes: Node indices, in any order.
    /// - Returns: The ancestors as a set.
    public func ancestors(of nodes: some Sequence<Int>) -> NodeSet {
        structure.dependencies.reachable(from: nodes)
    }

    /// Everything that depends on the given nodes, directly or indirectly, in O(V + E).
    ///
    /// A given node is a member only when it depends on another given node. Indices that do not
    /// exist are ignored.
    /// - Parameter nodes: Node indices, in any order.
    /// - Returns: The descendants as a set.
    public func descendants(of nodes: some Sequence<Int>) -> NodeSet {
        structure.dependents.reachable(from: nodes)
    }

    /// For each pair, whether the second node depends on the first, directly or indirectly.
    ///
    /// Indices that do not exist depend on nothing. Complexity: O((V + E) × A / 512) for A
    /// different ancestors; 64 bytes of memory a node.
    /// - Parameter pairs: The queries: each an `ancestor` and a `descendant`.
    /// - Returns: One answer for each pair.
    public func reaches(_ pairs: [(ancestor: Int, descendant: Int)]) -> [Bool] {
        structure.reaches(pairs)
    }

    /// For each pair, whether the graph orders the two nodes; same cost as ``reaches(_:)``.
    public func areOrdered(_ pairs: [(Int, Int)]) -> [Bool] {
        // Only the node that comes earlier in the order can be the ancestor.
        let positions = structure.positions()
        let questions = pairs.map { a, b in
            guard positions.indices.contains(a), positions.indices.contains(b) else {
                return (ancestor: -1, descendant: -1)
            }
            return positions[a] < positions[b]
                ? (ancestor: a, descendant: b) : (ancestor: b, descendant: a)
        }
        return structure.reaches(questions)
    }
}

extension CompressedRows {
    func reachable(from starts: some Sequence<Int>) -> NodeSet {
        var reached = NodeSet(capacity: count)
        var expanded = NodeSet(capacity: count)
        var open: [Int] = starts.filter { expanded.insert($0) }
        while let node = open.popLast() {
            for place in range(node) {
                let target = Int(targets[place])
                reached.insert(target)
                if expanded.insert(target) { open.append(target) }
            }
        }
        return reached
    }
}

extension AcyclicStructure {
    /// The place of each node in ``order``.
    func positions() -> [Int32] {
        var positions = [Int32](repeating: 0, count: count)
        for (position, node) in order.enumerated() {
            positions[Int(node)] = Int32(truncatingIfNeeded: position)
        }
        return positions
    }

    func reaches(_ pairs: [(ancestor: Int, descendant: Int)]) -> [Bool] {
        var answers = [Bool](repeating: false, count: pairs.count)
        let nodes = 0..<count
        let positions = positions()
        let asked = pairs.indices.filter {
            nodes.contains(pairs[$0].ancestor) && nodes.contains(pairs[$0].descendant)
        }.sorted { positions[pairs[$0].ancestor] < positions[pairs[$1].ancestor] }
        var sweep = AncestrySweep(of: self)
        var next = asked.startIndex
        while next < asked.endIndex {
            var sources: [Int32] = []
            var questions: [(number: Int, bit: Int)] = []
            while next < asked.endIndex {
                let position = positions[pairs[asked[next]].ancestor]
                if sources.last != position {
                    guard sources.count < AncestryMask.bits else { break }
                    sources.append(position)
                }
                questions.append((asked[next], sources.count - 1))
                next += 1
            }
            sweep.run(from: sources)
            for (number, bit) in questions {
                let position = Int(positions[pairs[number].descendant])
                answers[number] = sweep.ancestors(at: position).contains(bit)
            }
        }
        return answers
    }
}
