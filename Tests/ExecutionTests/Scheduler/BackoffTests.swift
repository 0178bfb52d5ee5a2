import Testing
import TestSupport
import WorkflowModel

@testable import Execution

@Suite("Backoff: the wait before a further attempt")
struct BackoffTests {
    private func delay(
        _ retry: Int, of step: String = "a", seed: UInt64 = 0, first: Int64 = 1000,
        most: Int64 = 60_000
    ) -> Int64 {
        let policy = RetryPolicy(
            delay: Milliseconds(first), maxDelay: Milliseconds(most), budget: nil, seed: seed)
        return Backoff(policy: policy)
            .delay(before: retry + 1, retry: retry, of: StepID(step)).value
    }

    @Test(
        "each wait is between half of the doubled delay and all of it, up to the longest",
        arguments: [
            (1, 1000), (2, 2000), (3, 4000), (4, 8000), (5, 16_000), (6, 32_000), (7, 60_000),
            (8, 60_000), (64, 60_000), (1_000_000, 60_000),
        ] as [(Int, Int64)])
    func doubled(retry: Int, full: Int64) {
        for seed in 0..<200 {
            let delay = delay(retry, seed: UInt64(seed))
            #expect(delay >= full / 2 && delay <= full)
        }
    }

    @Test("the same seed, step and attempt wait the same; another of them waits differently")
    func reproducible() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<1000 {
            let seed = random.next()
            let step = "s\(random.below(50))"
            let retry = 1 + random.below(10)
            #expect(delay(retry, of: step, seed: seed) == delay(retry, of: step, seed: seed))
        }
        #expect(Set((0..<100).map { delay(1, seed: UInt64($0)) }).count > 80)
        #expect(Set((0..<100).map { delay(1, of: "s\($0)") }).count > 80)
        #expect(Set((10..<100).map { delay($0) }).count > 80)
    }

    @Test("what is known of a seed stays so: a run can be played again by a later version")
    func stable() {
        #expect([1, 2, 3].map { delay($0, of: "fetch", seed: 7) } == [825, 1392, 3598])
    }

    @Test("no wait stays none, and the longest that can be said does not overflow")
    func extremes() {
        #expect(delay(5, first: 0) == 0)
        #expect(delay(1, first: 1, most: 1) <= 1)
        #expect(delay(60, first: .max, most: .max) >= .max / 2)
        #expect(delay(9, first: 1000, most: 0) == 0)
    }
}
