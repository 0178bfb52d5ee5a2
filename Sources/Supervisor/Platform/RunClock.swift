public import Execution
import SystemCalls

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The one place where the clocks are read.
public struct RunClock: Sendable {
    /// Wall time of the run's beginning.
    public let startedAt: WallTime
    private let origin: Int64

    /// Starts a run's time now.
    public init() {
        startedAt = RunClock.wallTime()
        origin = RunClock.monotonicNanoseconds()
    }

    /// The present moment of the run.
    public func now() -> RunTime {
        RunTime(nanoseconds: RunClock.monotonicNanoseconds() - origin)
    }

    /// The wall clock.
    public static func wallTime() -> WallTime {
        let time = read(CLOCK_REALTIME)
        return WallTime(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    /// The clock that never jumps, and stands still while the machine sleeps.
    static func monotonicNanoseconds() -> Int64 {
        let time = read(CLOCK_MONOTONIC)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private static func read(_ clock: clockid_t) -> timespec {
        var time = timespec()
        clock_gettime(clock, &time)
        return time
    }
}
