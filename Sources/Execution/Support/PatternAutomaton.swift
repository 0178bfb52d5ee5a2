/// Finds any of several byte strings in one pass, however many there are.
///
/// Source: A. V. Aho and M. J. Corasick, "Efficient string matching", 1975. A state stands for the
/// longest suffix of the input that is a prefix of some pattern.
struct PatternAutomaton: Sendable {
    /// No pattern has begun.
    static let start: Int32 = 0

    /// Bytes of the longest pattern.
    let longestPattern: Int
    private var edges: [Edge: Int32] = [:]
    private var fallbacks: [Int32] = [0]
    private var depths: [Int32] = [0]
    /// The longest pattern that ends in a state; 0 for none.
    private var matches: [Int32] = [0]
    private var firstBytes: [Bool] = Array(repeating: false, count: 256)

    private struct Edge: Hashable {
        var state: Int32
        var byte: UInt8
    }

    /// An automaton for these patterns, which must not be empty.
    init(_ patterns: [[UInt8]]) {
        longestPattern = patterns.reduce(0) { max($0, $1.count) }
        for pattern in patterns where !pattern.isEmpty { add(pattern) }
        link()
    }

    private mutating func add(_ pattern: [UInt8]) {
        firstBytes[Int(pattern[0])] = true
        var state = Self.start
        for byte in pattern {
            let edge = Edge(state: state, byte: byte)
            if let next = edges[edge] {
                state = next
                continue
            }
            depths.append(depths[Int(state)] + 1)
            fallbacks.append(0)
            matches.append(0)
            state = Int32(truncatingIfNeeded: depths.count - 1)
            edges[edge] = state
        }
        matches[Int(state)] = Int32(truncatingIfNeeded: pattern.count)
    }

    /// Computes the fallback of each state, shorter states first: a fallback is always shorter.
    private mutating func link() {
        let byDepth = edges.sorted { depths[Int($0.value)] < depths[Int($1.value)] }
        for (edge, state) in byDepth where edge.state != Self.start {
            let fallback = self.state(after: fallbacks[Int(edge.state)], edge.byte)
            fallbacks[Int(state)] = fallback
            if matches[Int(state)] == 0 { matches[Int(state)] = matches[Int(fallback)] }
        }
    }

    /// Whether a pattern begins with this byte.
    func mayStart(with byte: UInt8) -> Bool { firstBytes[Int(byte)] }

    /// The state after one more byte.
    func state(after state: Int32, _ byte: UInt8) -> Int32 {
        var state = state
        while true {
            if let next = edges[Edge(state: state, byte: byte)] { return next }
            if state == Self.start { return state }
            state = fallbacks[Int(state)]
        }
    }

    /// Length in bytes of the prefix for which a state stands.
    func depth(of state: Int32) -> Int { Int(depths[Int(state)]) }

    /// Length in bytes of the longest pattern that ends in a state; 0 for none.
    func longestMatch(at state: Int32) -> Int { Int(matches[Int(state)]) }
}
