/// Vigna's SplitMix64 generator: the same numbers for the same seed everywhere.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

typealias Edges = [(dependency: Int, dependent: Int)]

/// A small random graph, with cycles or without, its nodes declared in any order.
struct RandomGraph {
    let count: Int
    let edges: Edges
    /// Row `a`, column `b`: whether a path of at least one edge leads from `a` to `b`.
    let reaches: [[Bool]]

    init(seed: UInt64, acyclic: Bool) {
        var random = SplitMix64(seed: seed)
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
