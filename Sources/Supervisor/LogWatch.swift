import Execution

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Looks now and then at the logs of running steps: whether they grow, and whether one has become
/// shorter: something has opened it anew, and what stood in it is lost.
struct LogWatch {
    /// How often is enough to see most of it, and rare enough to cost nothing.
    static let interval: Int64 = 250_000_000

    /// The size of a log that somebody has removed.
    static let gone: Int64 = -1

    private struct Entry {
        /// Nil where a pipe feeds the log.
        var size: Int64?
        var lastOutput: RunTime
    }

    private var entries: [Int: Entry] = [:]
    private var lastLook = RunTime.zero

    /// A step was started, whose log has so many bytes; it writes there itself, or a pipe feeds it.
    mutating func add(_ step: Int, at now: RunTime, size: Int64, isPiped: Bool) {
        entries[step] = Entry(size: isPiped ? nil : size, lastOutput: now)
    }

    /// The step has ended.
    mutating func remove(_ step: Int) { entries[step] = nil }

    /// Output came through a step's pipe.
    mutating func noteOutput(of step: Int, at now: RunTime) {
        entries[step]?.lastOutput = now
    }

    /// Nanoseconds until the next look; nil when nothing is watched.
    func patience(at now: RunTime) -> Int64? {
        entries.isEmpty ? nil : max(0, LogWatch.interval - (now - lastLook))
    }

    /// Whether the next look has come.
    func isDue(at now: RunTime) -> Bool {
        !entries.isEmpty && now - lastLook >= LogWatch.interval
    }

    /// Steps whose log has lost bytes since the last look, with the size before and after.
    ///
    /// - Parameters:
    ///   - now: the present moment; between two looks nothing is done.
    ///   - only: a step to look at in any case, as when it has ended.
    ///   - size: tells the present size of a step's log.
    /// - Returns: each step once per loss.
    mutating func losses(
        at now: RunTime, only: Int? = nil, size: (Int) -> Int64?
    ) -> [(step: Int, before: Int64, after: Int64)] {
        guard only != nil || now - lastLook >= LogWatch.interval else { return [] }
        if only == nil { lastLook = now }
        var losses: [(step: Int, before: Int64, after: Int64)] = []
        for (step, entry) in entries where only == nil || only == step {
            guard let before = entry.size else { continue }
            guard let after = size(step) else {
                losses.append((step, before, LogWatch.gone))
                entries[step]?.size = nil
                continue
            }
            if after < before { losses.append((step, before, after)) }
            if after != before { entries[step] = Entry(size: after, lastOutput: now) }
        }
        return losses
    }

    /// When a step last wrote something, as far as the looks can tell; its start when it never did.
    ///
    /// - Parameters:
    ///   - step: the step that is asked about.
    ///   - now: the present moment, which counts when the log has changed since the last look.
    ///   - size: the present size of its log.
    /// - Returns: nil when it is not watched.
    func lastOutput(of step: Int, at now: RunTime, size: (Int) -> Int64?) -> RunTime? {
        guard let entry = entries[step] else { return nil }
        // The next look takes note of the size itself: it has to see a loss.
        if let before = entry.size, let present = size(step), present != before { return now }
        return entry.lastOutput
    }
}
