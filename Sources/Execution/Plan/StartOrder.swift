import DependencyGraph
import WorkflowModel

/// Which of several startable steps goes first: a rank for each, 0 the first.
struct StartOrder: Sendable {
    /// The step at each rank.
    let steps: [Int32]
    /// The rank of each step.
    let ranks: [Int32]
    /// Whether a step starts only after all steps of lower rank have ended.
    var isStrict = false

    /// Declaration order, for a sequential run.
    init(declared count: Int) {
        steps = (0..<Int32(count)).map { $0 }
        ranks = steps
    }

    /// The step with the longest remaining chain of work first; among equals the one declared
    /// first.
    ///
    /// `durations` are milliseconds, or 1 for each step when none is known.
    init(graph: Graph<StepID>, durations: [Int64]) {
        let remaining = graph.remainingPath(durations: durations.map(Double.init))
        // Both parts in one integer: sorting these is several times faster than sorting with a
        // closure. A chain of more than 49 days ranks like one of 49 days.
        var keys = remaining.enumerated().map { step, length -> UInt64 in
            let clamped = UInt64(min(length, Double(UInt32.max)))
            return (UInt64(UInt32.max) - clamped) << 32 | UInt64(step)
        }
        keys.sort()
        self.init(keys.map { Int32(truncatingIfNeeded: $0 & 0xFFFF_FFFF) })
    }

    /// A random topological order; each seed gives one.
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

/// Pseudorandom numbers that a seed determines in every version and on every machine; the standard
/// library guarantees that for none of its generators.
///
/// SplitMix64 by S. Vigna, public domain.
struct SeededSequence {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// A number from 0 to below a bound of at least 1.
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

/// The expected durations of steps.
enum ExpectedDurations {
    /// Milliseconds for each step; nil when none of them has been measured.
    ///
    /// An unmeasured step counts as the median of the measured ones; one that does not run counts
    /// 0.
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
