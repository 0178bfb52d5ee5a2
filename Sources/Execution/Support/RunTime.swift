/// A time of a run: nanoseconds of the monotonic clock since the run began.
///
/// The wall clock is read once, at the start (``RunHeader/startedAt``); every timestamp shown is
/// that time plus a ``RunTime``, so a jump of the wall clock changes no duration.
public struct RunTime: Hashable, Comparable, Sendable {
    /// Nanoseconds since the run began.
    public var nanoseconds: Int64

    /// A time this many nanoseconds after the start.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// A time this many milliseconds after the start.
    public init(milliseconds: Int64) { nanoseconds = milliseconds * 1_000_000 }

    /// The run's beginning.
    public static let zero = RunTime(nanoseconds: 0)

    /// Whole milliseconds since the start, rounded down.
    public var milliseconds: Int64 { nanoseconds / 1_000_000 }

    /// Earlier before later.
    public static func < (a: RunTime, b: RunTime) -> Bool { a.nanoseconds < b.nanoseconds }

    /// Nanoseconds from `b` to `a`.
    public static func - (a: RunTime, b: RunTime) -> Int64 { a.nanoseconds - b.nanoseconds }

    /// The time this many nanoseconds later; saturates instead of overflowing.
    public func advanced(byNanoseconds delta: Int64) -> RunTime {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(delta)
        return RunTime(nanoseconds: overflow ? .max : sum)
    }
}

/// A time of the wall clock: microseconds since 1970-01-01T00:00:00Z.
public struct WallTime: Hashable, Comparable, Sendable {
    /// Microseconds since the epoch.
    public var microseconds: Int64

    /// A time this many microseconds after the epoch.
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// The wall time of a time in a run that began at `self`; saturates instead of overflowing.
    public func advanced(to time: RunTime) -> WallTime {
        let delta = time.nanoseconds / 1000
        let (sum, overflow) = microseconds.addingReportingOverflow(delta)
        return WallTime(microseconds: overflow ? (delta < 0 ? .min : .max) : sum)
    }

    /// Earlier before later.
    public static func < (a: WallTime, b: WallTime) -> Bool { a.microseconds < b.microseconds }
}
