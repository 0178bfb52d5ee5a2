public import Execution
import Platform
import SystemCalls

/// Reads the clocks; the only place that does.
public struct RunClock: Sendable {
    /// Wall time at the beginning of the run.
    public let startedAt: WallTime
    private let origin: Int64

    /// Starts the time of a run now.
    public init() {
        startedAt = RunClock.wallTime()
        origin = RunClock.monotonicNanoseconds()
    }

    /// The current time of the run.
    public func now() -> RunTime {
        RunTime(nanoseconds: RunClock.monotonicNanoseconds() - origin)
    }

    /// The wall clock.
    public static func wallTime() -> WallTime {
        let time = read(CLOCK_REALTIME)
        return WallTime(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    /// Nanoseconds of the monotonic clock, which never jumps, and stops while the machine sleeps.
    package static func monotonicNanoseconds() -> Int64 {
        let time = read(CLOCK_MONOTONIC)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private static func read(_ clock: clockid_t) -> timespec {
        var time = timespec()
        clock_gettime(clock, &time)
        return time
    }
}
