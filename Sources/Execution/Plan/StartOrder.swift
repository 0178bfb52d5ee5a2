import DependencyGraph
import WorkflowModel

/// Which of several steps that could start goes first: a rank for each, 0 the first.
struct StartOrder: Sendable {
    /// The step at each rank.
    let steps: [Int32]
    /// The rank of each step.
    let ranks: [Int32]
    /// Whether a step's turn comes only when all before it have ended.
    var isStrict = false

    /// Declaration order, which is what a run one by one keeps.
    init(declared count: Int) {
        steps = (0..<Int32(count)).map { $0 }
        ranks = steps
    }

    /// The step with the longest chain of work after it first; of equal ones the one declared first.
    ///
    /// `durations` are milliseconds, or 1 for each step where nothing is known of any.
    init(graph: Graph<StepID>, durations: [Int64]) {
        let remaining = graph.remainingPath(durations: durations.map(Double.init))
        // Both parts in one integer: sorting these is several times faster than sorting by closure.
        // A chain of more than 49 days ranks like one of 49 days.
        var keys = remaining.enumerated().map { step, length -> UInt64 in
            let clamped = UInt64(min(length, Double(UInt32.max)))
            return (UInt64(UInt32.max) - clamped) << 32 | UInt64(step)
        }
        keys.sort()
        self.init(keys.map { Int32(truncatingIfNeeded: $0 & 0xFFFF_FFFF) })
    }

    /// A random order in which each step comes after all that it depends on; each seed has one.
    init(shuffling graph: Graph<StepID>, seed: UInt64) {
        var random = SeededSequence(seed: seed)
        var missing = (0..<graph.count).map { graph.dependencies(of: $0).count }
        var open = missing.indices.filter { missing[$0] == 0 }
        var steps: [Int32] = []
        steps.reserveCapacity(graph.count)
        while !open.isEmpty {
            let place = random.below(open.count)
            let step = open[place]
            open[place] = open[open.count - 1]
            open.removeLast()
            steps.append(Int32(truncatingIfNeeded: step))
            for dependent in graph.dependents(of: step) {
                missing[dependent] -= 1
                if missing[dependent] == 0 { open.append(dependent) }
            }
        }
        self.init(steps)
    }

    /// These first, strictly one after another; the others, which do not run, after them.
    init(replaying order: [Int], count: Int) {
        var isListed = [Bool](repeating: false, count: count)
        var steps: [Int32] = []
        for step in order where !isListed[step] {
            isListed[step] = true
            steps.append(Int32(truncatingIfNeeded: step))
        }
        for step in 0..<count where !isListed[step] {
            steps.append(Int32(truncatingIfNeeded: step))
        }
        self.init(steps)
        isStrict = true
    }

    private init(_ steps: [Int32]) {
        self.steps = steps
        var ranks = [Int32](repeating: 0, count: steps.count)
        for (rank, step) in steps.enumerated() {
            ranks[Int(step)] = Int32(truncatingIfNeeded: rank)
        }
        self.ranks = ranks
    }
}

/// Numbers that look random, the same for a seed in every version and on every machine: the
/// standard library promises that of none of its own.
///
/// SplitMix64 by S. Vigna, public domain.
struct SeededSequence {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// 0 up to, and not including, a bound of at least 1.
    mutating func below(_ bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(max(1, bound))).high)
    }

    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// How long steps are expected to take.
enum ExpectedDurations {
    /// Milliseconds for each step, or nil when none of them has been measured.
    ///
    /// A step that was not measured counts as the median of those that were; one that does not run
    /// counts nothing.
    static func make(
        nodes: [StepID], selected: [Bool], history: [StepID: Milliseconds]
    ) -> [Int64]? {
        guard !history.isEmpty else { return nil }
        var durations = nodes.map { history[$0].map { max(0, $0.value) } ?? -1 }
        let known = durations.filter { $0 >= 0 }.sorted()
        guard !known.isEmpty else { return nil }
        let middle = known.count / 2
        let median =
            known.count % 2 == 1 ? known[middle] : (known[middle - 1] + known[middle]) / 2
        for step in durations.indices {
            if !selected[step] {
                durations[step] = 0
            } else if durations[step] < 0 {
                durations[step] = median
            }
        }
        return durations
    }
}
