/// The longest chain of a graph by the durations of its nodes, and the slack of the other nodes.
public struct CriticalPath: Hashable, Sendable {
    /// The nodes of the chain, first to last; among equal chains, the one whose nodes are declared
    /// first.
    public var path: [Int]
    /// The shortest time in which all nodes can be done, in the unit of the durations.
    public var length: Double
    /// For each node, the earliest time at which it can start.
    public var earliestStart: [Double]
    /// For each node, the latest time at which it can start without delaying the end.
    public var latestStart: [Double]
    /// For each node, how far its start can slip: exactly 0 on the path, never less.
    public var slack: [Double]
}

extension Graph {
    /// The longest chain by durations and the slack of each node, in O(V + E).
    ///
    /// - Parameter durations: One for each node; one that is missing, negative or not finite is 0.
    /// - Returns: The path, empty for a graph without nodes, and the times of every node.
    public func criticalPath(durations: [Double]) -> CriticalPath {
        structure.criticalPath(durations: usable(durations))
    }

    /// For each node, the length of the longest chain that starts with it, itself included.
    ///
    /// Complexity: O(V + E).
    /// - Parameter durations: One for each node; one that is missing, negative or not finite is 0.
    /// - Returns: One length for each node, in the unit of the durations.
    public func remainingPath(durations: [Double]) -> [Double] {
        structure.remainingPath(durations: usable(durations))
    }

    private func usable(_ durations: [Double]) -> [Double] {
        (0..<count).map { node in
            guard node < durations.count, durations[node].isFinite else { return 0 }
            return max(0, durations[node])
        }
    }
}

extension AcyclicStructure {
    func remainingPath(durations: [Double]) -> [Double] {
        var remaining = durations
        for node in order.reversed() {
            var longest = 0.0
            for place in dependents.range(Int(node)) {
                longest = max(longest, remaining[Int(dependents.targets[place])])
            }
            remaining[Int(node)] += longest
        }
        return remaining
    }

    func criticalPath(durations: [Double]) -> CriticalPath {
        var starts = [Double](repeating: 0, count: count)
        /// The dependency that ends last; among equals, the one declared first.
        var waitedFor = [Int32](repeating: -1, count: count)
        for node in order {
            for place in dependencies.range(Int(node)) {
                let dependency = dependencies.targets[place]
                let end = starts[Int(dependency)] + durations[Int(dependency)]
                let now = waitedFor[Int(node)]
                if now < 0 || end > starts[Int(node)]
                    || (end == starts[Int(node)] && dependency < now)
                {
                    starts[Int(node)] = end
                    waitedFor[Int(node)] = dependency
                }
            }
        }
        var last = -1
        var length = 0.0
        for node in 0..<count where last < 0 || starts[node] + durations[node] > length {
            last = node
            length = starts[node] + durations[node]
        }
        var path: [Int] = []
        while last >= 0 {
            path.append(last)
            last = Int(waitedFor[last])
        }
        path.reverse()

        var latest = [Double](repeating: 0, count: count)
        for node in order.reversed() {
            var end = length
            for place in dependents.range(Int(node)) {
                end = min(end, latest[Int(dependents.targets[place])])
            }
            // Rounding must not put the latest start before the earliest.
            latest[Int(node)] = max(end - durations[Int(node)], starts[Int(node)])
        }
        for node in path { latest[node] = starts[node] }
        let slack = zip(latest, starts).map { $0 - $1 }
        return CriticalPath(
            path: path, length: length, earliestStart: starts, latestStart: latest, slack: slack)
    }
}
