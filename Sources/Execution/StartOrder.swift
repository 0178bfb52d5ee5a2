import DependencyGraph
import WorkflowModel

/// Which of several steps that could start goes first: a rank for each, 0 the first.
struct StartOrder: Sendable {
    /// The step at each rank.
    let steps: [Int32]
    /// The rank of each step.
    let ranks: [Int32]

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
        steps = keys.map { Int32(truncatingIfNeeded: $0 & 0xFFFF_FFFF) }
        var ranks = [Int32](repeating: 0, count: steps.count)
        for (rank, step) in steps.enumerated() {
            ranks[Int(step)] = Int32(truncatingIfNeeded: rank)
        }
        self.ranks = ranks
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
