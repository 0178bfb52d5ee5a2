import TestSupport

typealias Edges = [(dependency: Int, dependent: Int)]

/// A small random graph, with cycles or without, its nodes declared in any order.
struct RandomGraph {
    let count: Int
    let edges: Edges
    /// Row `a`, column `b`: whether a path of at least one edge leads from `a` to `b`.
    let reaches: [[Bool]]

    init(seed: UInt64, acyclic: Bool) {
        var random = SeededGenerator(seed: seed)
        let count = Int.random(in: 0...14, using: &random)
        let ranks = Array(0..<count).shuffled(using: &random)
        let density = Double.random(in: 0...0.6, using: &random)
        var edges: Edges = []
        for a in 0..<count {
            for b in 0..<count where a != b {
                guard Double.random(in: 0..<1, using: &random) < density else { continue }
                if acyclic, ranks[a] > ranks[b] { continue }
                // Without this nearly every random graph is one component.
                if !acyclic, ranks[a] > ranks[b], Int.random(in: 0..<4, using: &random) > 0 {
                    continue
                }
                edges.append((a, b))
            }
        }
        // Some edges twice, in any order.
        edges += edges.filter { _ in Int.random(in: 0..<5, using: &random) == 0 }
        edges.shuffle(using: &random)
        self.count = count
        self.edges = edges
        reaches = Self.closure(count, edges)
    }

    func has(_ dependency: Int, before dependent: Int) -> Bool {
        edges.contains { $0 == (dependency, dependent) }
    }

    /// Warshall's algorithm.
    private static func closure(_ count: Int, _ edges: Edges) -> [[Bool]] {
        var reaches = [[Bool]](repeating: [Bool](repeating: false, count: count), count: count)
        for (a, b) in edges { reaches[a][b] = true }
        for middle in 0..<count {
            for a in 0..<count where reaches[a][middle] {
                for b in 0..<count where reaches[middle][b] { reaches[a][b] = true }
            }
        }
        return reaches
    }
}
