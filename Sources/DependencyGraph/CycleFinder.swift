/// Finds cycles: one for each strongly connected component of more than one node.
enum CycleFinder {
    /// The cycles as closed lists, each node depending on the next, in O(V + E).
    ///
    /// Each starts and ends with the first declared node of its component and is the shortest
    /// through that node; they are ordered by those nodes. Self edges do not count as cycles.
    static func cycles(in rows: CompressedRows) -> [[Int]] {
        let components = StronglyConnectedComponents(of: rows)
        var search = CycleSearch(rows: rows, components: components.numbers)
        var isDone = [Bool](repeating: false, count: components.sizes.count)
        var cycles: [[Int]] = []
        for node in 0..<rows.count {
            let component = Int(components.numbers[node])
            guard components.sizes[component] > 1, !isDone[component] else { continue }
            isDone[component] = true
            cycles.append(search.shortestCycle(through: node))
        }
        return cycles
    }
}

/// The strongly connected components of a graph, by Tarjan's algorithm without recursion.
///
/// Source: R. Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Comput. 1 (1972).
struct StronglyConnectedComponents {
    /// The component of each node.
    private(set) var numbers: [Int32]
    /// The number of nodes of each component.
    private(set) var sizes: [Int] = []

    private var visit: [Int32]
    private var low: [Int32]
    private var open: [Int32] = []
    private var path: [(node: Int, place: Int)] = []
    private var visits: Int32 = 0

    /// Complexity: O(V + E).
    init(of rows: CompressedRows) {
        numbers = [Int32](repeating: -1, count: rows.count)
        visit = numbers
        low = numbers
        for node in 0..<rows.count where visit[node] < 0 {
            walk(from: node, in: rows)
        }
    }

    private mutating func walk(from root: Int, in rows: CompressedRows) {
        enter(root, in: rows)
        while let (node, place) = path.last {
            if place < rows.range(node).upperBound {
                path[path.count - 1].place += 1
                let target = Int(rows.targets[place])
                if visit[target] < 0 {
                    enter(target, in: rows)
                } else if numbers[target] < 0 {
                    low[node] = min(low[node], visit[target])
                }
            } else {
                path.removeLast()
                if let parent = path.last?.node { low[parent] = min(low[parent], low[node]) }
                if low[node] == visit[node] { close(node) }
            }
        }
    }

    private mutating func enter(_ node: Int, in rows: CompressedRows) {
        visit[node] = visits
        low[node] = visits
        visits += 1
        open.append(Int32(truncatingIfNeeded: node))
        path.append((node, rows.range(node).lowerBound))
    }

    private mutating func close(_ root: Int) {
        var size = 0
        while let node = open.popLast() {
            numbers[Int(node)] = Int32(truncatingIfNeeded: sizes.count)
            size += 1
            if Int(node) == root { break }
        }
        sizes.append(size)
    }
}

/// A breadth-first search inside one component at a time; the marks are shared between them.
private struct CycleSearch {
    private let rows: CompressedRows
    private let components: [Int32]
    /// The node from which each node was reached; -1 for an unreached node.
    private var reachedFrom: [Int32]

    init(rows: CompressedRows, components: [Int32]) {
        self.rows = rows
        self.components = components
        reachedFrom = [Int32](repeating: -1, count: rows.count)
    }

    mutating func shortestCycle(through start: Int) -> [Int] {
        var queue = [start]
        var head = 0
        while head < queue.count {
            let node = queue[head]
            head += 1
            for target in rows[node] where components[target] == components[start] {
                if target == start { return closed(from: start, to: node) }
                guard reachedFrom[target] < 0 else { continue }
                reachedFrom[target] = Int32(truncatingIfNeeded: node)
                queue.append(target)
            }
        }
        // Unreachable: all nodes of a component reach each other.
        return [start, start]
    }

    private func closed(from start: Int, to end: Int) -> [Int] {
        var cycle = [start]
        var node = end
        while node != start {
            cycle.append(node)
            node = Int(reachedFrom[node])
        }
        cycle.append(start)
        return cycle.reversed()
    }
}
