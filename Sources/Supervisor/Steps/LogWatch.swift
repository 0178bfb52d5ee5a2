import Execution

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Looks now and then at the logs of running steps: whether they grow, and whether one has been cut
/// or removed: something has opened it anew, and what stood in it is lost.
struct LogWatch {
    /// How often is enough to see most of it, and rare enough to cost nothing.
    static let interval: Int64 = 250_000_000

    /// What has become of a log.
    enum Loss: Equatable {
        /// Somebody removed it.
        case removed
        /// It is shorter than what was in it.
        case cut(from: Int64, to: Int64)
        /// It was cut, and has grown again since.
        case overwritten
    }

    /// A step's log as a look finds it.
    struct Look {
        /// Its size; nil where there is none.
        var size: Int64?
        /// Whether what stood in it stands, for a log that a step writes itself.
        var stands = true

        fileprivate func loss(since before: Int64) -> Loss? {
            guard let size else { return .removed }
            if size < before { return .cut(from: before, to: size) }
            return stands ? nil : .overwritten
        }
    }

    private struct Entry {
        /// How much is in it at least; nil where it is gone.
        var size: Int64?
        /// One loss is said, not each that follows from the same line of a script.
        var isLossTold = false
        var lastOutput: RunTime
        /// What is to stand in a log that the step writes itself; nil where a pipe feeds it.
        var mark: LogMark?
    }

    private var entries: [Int: Entry] = [:]
    private var lastLook = RunTime.zero

    /// A step was started, whose log has so many bytes.
    ///
    /// - Parameters:
    ///   - step: which one.
    ///   - now: the present moment.
    ///   - size: bytes in its log before it wrote anything.
    ///   - mark: what is to stand in it, where the step writes there itself.
    mutating func add(_ step: Int, at now: RunTime, size: Int64, mark: LogMark?) {
        entries[step] = Entry(size: size, lastOutput: now, mark: mark)
    }

    /// The step has ended.
    mutating func remove(_ step: Int) { entries[step] = nil }

    /// A pipe has brought so much into a step's log.
    mutating func note(_ step: Int, end: Int64) {
        guard let entry = entries[step], let size = entry.size, !entry.isLossTold else { return }
        entries[step]?.size = max(size, end)
    }

    /// Nanoseconds until the next look; nil when nothing is watched.
    func patience(at now: RunTime) -> Int64? {
        entries.isEmpty ? nil : max(0, LogWatch.interval - (now - lastLook))
    }

    /// Whether the next look has come.
    func isDue(at now: RunTime) -> Bool {
        !entries.isEmpty && now - lastLook >= LogWatch.interval
    }

    /// Looks at the logs, and gives those that have lost something since the last look.
    ///
    /// - Parameters:
    ///   - now: the present moment; between two looks nothing is done.
    ///   - only: a step to look at in any case, as when it has ended.
    ///   - look: looks at a step's log. It is given the size that it had, or nil where a look has to
    ///     be sure, and its mark, which it renews.
    /// - Returns: each step that was started once.
    mutating func losses(
        at now: RunTime, only: Int? = nil,
        look: (_ step: Int, _ known: Int64?, _ mark: inout LogMark?) -> Look
    ) -> [(step: Int, loss: Loss)] {
        guard only != nil || now - lastLook >= LogWatch.interval else { return [] }
        if only == nil { lastLook = now }
        let steps = only.map { [$0] } ?? entries.keys.sorted()
        return steps.compactMap { step in
            guard var entry = entries[step], let before = entry.size else { return nil }
            defer { entries[step] = entry }
            let found = look(step, only == nil ? before : nil, &entry.mark)
            entry.size = found.size
            if found.size != before { entry.lastOutput = now }
            guard !entry.isLossTold, let loss = found.loss(since: before) else { return nil }
            entry.isLossTold = true
            return (step, loss)
        }
    }

    /// When a step that writes into its log itself last did, as far as the looks can tell; its start
    /// when it never did.
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
