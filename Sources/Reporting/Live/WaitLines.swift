import Execution

/// Tracks which steps other steps of the run hold back, and prints waits that last.
///
/// Each wait is printed once: while it lasts, in one line for all steps with the same holder, or
/// when it ends before a frame could print it. ``ProgressLine`` prints waits for other runs at
/// once.
struct WaitLines {
    /// The start of each wait; nil once it was printed.
    private var waits: [Int: RunTime?] = [:]
    /// In order, the steps whose wait was not printed yet, including some that no longer wait.
    private var unreported: [Int] = []
    /// Whether a wait that no frame has printed is printed when it ends.
    var isSaidAfterwards = true

    /// Nanoseconds after which a wait is printed.
    static let delay: Int64 = 500_000_000

    /// Handles an event; returns the line of a wait that ends with it.
    mutating func take(
        _ event: RunEvent, _ record: RunRecord, _ lines: ProgressLine
    ) -> String? {
        switch event.kind {
        case .waiting(let step, let holder) where holder.isOfSameRun:
            guard waits[step] == nil else { break }
            waits[step] = .some(event.time)
            unreported.append(step)
        case .launched(let step, _, _, _):
            guard !waits.isEmpty, case .some(.some(let since)) = waits.removeValue(forKey: step),
                isSaidAfterwards, event.time - since >= Self.delay,
                let holder = record.lastHolder(of: step)
            else { return nil }
            return lines.waited(step, for: holder, event.time - since, record: record)
        case .skipped(let step, _), .ended(let step, _):
            if !waits.isEmpty { waits[step] = nil }
        case .skippedTogether(let steps, _):
            for step in waits.keys where steps.contains(step) { waits[step] = nil }
        default:
            break
        }
        return nil
    }

    /// The lines of waits that have lasted, each step named once.
    mutating func announcements(
        at now: RunTime, _ record: RunRecord, _ lines: ProgressLine
    ) -> String {
        var groups: [(holder: LockHolder, steps: [Int])] = []
        var places: [LockHolder: Int] = [:]
        var stillUnsaid: [Int] = []
        for step in unreported {
            guard case .some(.some(let since)) = waits[step] else { continue }
            guard now - since >= Self.delay, let holder = record.holder(of: step) else {
                stillUnsaid.append(step)
                continue
            }
            waits[step] = .some(nil)
            if let place = places[holder] {
                groups[place].steps.append(step)
            } else {
                places[holder] = groups.count
                groups.append((holder, [step]))
            }
        }
        unreported = stillUnsaid
        return groups.map { lines.waiting($0.steps, for: $0.holder, record: record) + "\n" }
            .joined()
    }
}
