import Execution

/// Which steps are held back by others of the run, and the lines that say so where a wait lasts.
///
/// Each wait is said once: while it lasts, those that wait for the same in one line, or when it is
/// over before a frame could say it. Strangers are said at once, by ``ProgressLine``.
struct WaitLines {
    /// Since when each waits; nil once that was said.
    private var waits: [Int: RunTime?] = [:]
    /// Those of which nothing was said yet, and others that wait no more, in order.
    private var unsaid: [Int] = []
    /// Whether waits are said that no frame has announced.
    var isSaidAfterwards = true

    /// Nanoseconds after which a wait is worth a line.
    static let delay: Int64 = 500_000_000

    /// Takes in an event; returns the line of a wait that ends with it.
    mutating func take(
        _ event: RunEvent, _ record: RunRecord, _ lines: ProgressLine
    ) -> String? {
        switch event.kind {
        case .waiting(let step, let holder) where holder.isOfSameRun:
            guard waits[step] == nil else { break }
            waits[step] = .some(event.time)
            unsaid.append(step)
        case .launched(let step, _, _, _):
            guard !waits.isEmpty, case .some(.some(let since)) = waits.removeValue(forKey: step),
                isSaidAfterwards, event.time - since >= Self.delay,
                let holder = record.lastHolder(of: step)
            else { return nil }
            return lines.waited(step, for: holder, event.time - since, record: record)
        case .skipped(let step, _), .ended(let step, _):
            if !waits.isEmpty { waits[step] = nil }
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
        for step in unsaid {
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
        unsaid = stillUnsaid
        return groups.map { lines.waiting($0.steps, for: $0.holder, record: record) + "\n" }
            .joined()
    }
}
