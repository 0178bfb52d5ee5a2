import Execution

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Looks now and then whether the log of a running step has become shorter: something has opened
/// it anew, and what stood in it is lost.
struct LogWatch {
    /// How often is enough to see most of it, and rare enough to cost nothing.
    static let interval: Int64 = 250_000_000

    /// The size of a log that somebody has removed.
    static let gone: Int64 = -1

    private var sizes: [Int: Int64] = [:]
    private var lastLook = RunTime.zero

    /// A step writes into its log itself from now on.
    mutating func add(_ step: Int) { sizes[step] = 0 }

    /// The step has ended, or a pipe feeds its log.
    mutating func remove(_ step: Int) { sizes[step] = nil }

    /// Nanoseconds until the next look; nil when nothing is watched.
    func patience(at now: RunTime) -> Int64? {
        sizes.isEmpty ? nil : max(0, LogWatch.interval - (now - lastLook))
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
        for (step, before) in sizes where only == nil || only == step {
            guard let after = size(step) else {
                losses.append((step, before, LogWatch.gone))
                sizes[step] = nil
                continue
            }
            if after < before { losses.append((step, before, after)) }
            sizes[step] = after
        }
        return losses
    }
}
