import WorkflowModel

/// The wait before a retry: doubled with each, and spread so that steps that failed together do not
/// retry together.
///
/// The spread depends on the seed, the step and the attempt only: a repeated run with the same seed
/// waits the same times.
struct Backoff: Sendable {
    let policy: RetryPolicy

    /// Milliseconds before an attempt.
    ///
    /// - Parameters:
    ///   - attempt: The attempt that will start.
    ///   - retry: The number of the retry with its method, from 1.
    ///   - step: Its step.
    /// - Returns: Between half of the full wait and all of it.
    func delay(before attempt: Int, retry: Int, of step: StepID) -> Milliseconds {
        let full = Self.doubled(policy.delay, times: retry - 1, most: policy.maxDelay)
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in step.rawValue.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let drawn = Self.mixed(
            policy.seed &+ Self.mixed(hash &+ UInt64(truncatingIfNeeded: attempt)))
        // Half, plus up to another half in steps of a millisecond.
        let half = full.value / 2
        return Milliseconds(full.value - half + Int64(drawn % UInt64(half + 1)))
    }

    /// A length doubled this many times, up to the longest.
    static func doubled(_ length: Milliseconds, times: Int, most: Milliseconds) -> Milliseconds {
        var value = max(0, length.value)
        for _ in 0..<max(0, min(times, 63)) where value < most.value {
            value = saturatingSum(value, value)
        }
        return Milliseconds(min(value, max(0, most.value)))
    }

    /// The finisher of SplitMix64: every bit of the result depends on every bit of the input.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
