import Execution
import Platform
import StateStore

/// Polls the logs of running steps: whether they grow, and whether one was truncated or removed, so
/// that its content is lost.
struct LogWatch {
    /// Nanoseconds between two polls: often enough to see most losses, and rarely enough to cost
    /// nothing.
    static let interval: Int64 = 250_000_000

    /// What has happened to a log.
    enum Loss: Equatable {
        /// It was removed.
        case removed
        /// It is shorter than before.
        case cut(from: Int64, to: Int64)
        /// It was truncated, and has grown again since.
        case overwritten
    }

    /// The state of a step's log in one poll.
    struct Look {
        /// Its size; nil when it does not exist.
        var size: Int64?
        /// Whether its previous content is still there, for a log that a step writes itself.
        var stands = true

        fileprivate func loss(since before: Int64) -> Loss? {
            guard let size else { return .removed }
            if size < before { return .cut(from: before, to: size) }
            return stands ? nil : .overwritten
        }
    }

    private struct Entry {
        /// The smallest size that it must have; nil when it no longer exists.
        var size: Int64?
        /// Whether a loss was reported: one is enough, since a script may cause the same loss
        /// repeatedly.
        var isLossReported = false
        var lastOutput: RunTime
        /// What must be in a log that the step writes itself; nil when a pipe feeds it.
        var mark: LogMark?
    }

    private var entries: [Int: Entry] = [:]
    private var lastPoll = RunTime.zero

    /// Starts watching the log of a step.
    ///
    /// - Parameters:
    ///   - step: the step that was started.
    ///   - now: the current time.
    ///   - size: bytes in its log before it wrote anything.
    ///   - mark: what must be in the log, if the step writes it itself.
    mutating func add(_ step: Int, at now: RunTime, size: Int64, mark: LogMark?) {
        entries[step] = Entry(size: size, lastOutput: now, mark: mark)
    }

    /// Stops watching the log of a step that has ended.
    mutating func remove(_ step: Int) { entries[step] = nil }

    /// Records the end of a step's log after bytes from its pipe were copied.
    mutating func note(_ step: Int, end: Int64) {
        guard let entry = entries[step], let size = entry.size, !entry.isLossReported else {
            return
        }
        entries[step]?.size = max(size, end)
    }

    /// Nanoseconds until the next poll; nil when nothing is watched.
    func patience(at now: RunTime) -> Int64? {
        entries.isEmpty ? nil : max(0, LogWatch.interval - (now - lastPoll))
    }

    /// Whether the next poll is due.
    func isDue(at now: RunTime) -> Bool {
        !entries.isEmpty && now - lastPoll >= LogWatch.interval
    }

    /// Polls the logs, and returns those that have lost content since the last poll.
    ///
    /// - Parameters:
    ///   - now: the current time; nothing is done before the next poll is due.
    ///   - only: a step to poll in any case, for example when it has ended.
    ///   - look: returns the state of a step's log. Its arguments are the previous size, or nil to
    ///     force a complete check, and the mark, which it updates.
    /// - Returns: each affected step once.
    mutating func losses(
        at now: RunTime, only: Int? = nil,
        look: (_ step: Int, _ known: Int64?, _ mark: inout LogMark?) -> Look
    ) -> [(step: Int, loss: Loss)] {
        guard only != nil || now - lastPoll >= LogWatch.interval else { return [] }
        if only == nil { lastPoll = now }
        let steps = only.map { [$0] } ?? entries.keys.sorted()
        return steps.compactMap { step in
            guard var entry = entries[step], let before = entry.size else { return nil }
            defer { entries[step] = entry }
            let found = look(step, only == nil ? before : nil, &entry.mark)
            entry.size = found.size
            if found.size != before { entry.lastOutput = now }
            guard !entry.isLossReported, let loss = found.loss(since: before) else { return nil }
            entry.isLossReported = true
            return (step, loss)
        }
    }

    /// When a step that writes its log itself last did so, as far as the polls show; its start when
    /// it never did.
    ///
    /// - Parameters:
    ///   - step: the step.
    ///   - now: the current time, which is returned when the log has changed since the last poll.
    ///   - size: the current size of its log.
    /// - Returns: nil when it is not watched.
    func lastOutput(of step: Int, at now: RunTime, size: (Int) -> Int64?) -> RunTime? {
        guard let entry = entries[step] else { return nil }
        // Only the next poll records the size: it must be able to see a loss.
        if let before = entry.size, let present = size(step), present != before { return now }
        return entry.lastOutput
    }
}
