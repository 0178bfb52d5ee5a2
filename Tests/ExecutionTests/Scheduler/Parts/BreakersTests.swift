import Testing
import WorkflowModel

@testable import Execution

@Suite("Breakers: resources that count as down, without a scheduler")
struct BreakersTests {
    private func time(_ milliseconds: Int64) -> RunTime { RunTime(milliseconds: milliseconds) }

    /// Breakers of two resources that open after two failures; a third resource has none.
    private func breakers(whenOpen: BreakerSettings.WhenOpen = .wait) -> Breakers {
        let policy = BreakerPolicy(
            failures: 2, coolDown: Milliseconds(1000), whenOpen: whenOpen)
        return Breakers([policy, policy, nil])
    }

    private func opened(whenOpen: BreakerSettings.WhenOpen = .wait) -> Breakers {
        var breakers = breakers(whenOpen: whenOpen)
        _ = breakers.stepFailed(1, on: 0, now: time(0))
        _ = breakers.stepFailed(2, on: 0, now: time(10))
        return breakers
    }

    @Test("failures in a row open it until the cool-down is over; a success begins again")
    func opens() {
        var breakers = breakers()
        #expect(breakers.isEmpty)
        #expect(breakers.stepFailed(1, on: 0, now: time(0)) == nil)
        #expect(breakers.stepSucceeded(2, on: 0) == nil)
        #expect(breakers.stepFailed(3, on: 0, now: time(10)) == nil)
        #expect(
            breakers.stepFailed(4, on: 0, now: time(20))
                == Breakers.Change(phase: .open, isBarred: true, halfOpensAt: time(1020)))
        #expect(breakers.deadline(of: 0) == time(1020))
        #expect(!breakers.failsAtOnce(on: 0))
    }

    @Test("each resource counts on its own, and one without a breaker not at all")
    func perResource() {
        var breakers = breakers()
        #expect(breakers.stepFailed(1, on: 0, now: time(0)) == nil)
        #expect(breakers.stepFailed(1, on: 1, now: time(0)) == nil)
        for _ in 0..<5 {
            #expect(breakers.stepFailed(1, on: 2, now: time(0)) == nil)
            #expect(breakers.stepSucceeded(1, on: 2) == nil)
        }
        #expect(breakers.stepFailed(1, on: 1, now: time(5))?.phase == .open)
        #expect(breakers.deadline(of: 0) == nil && breakers.deadline(of: 1) == time(1005))
    }

    @Test("with `fail` nothing waits for an open breaker: steps fail instead of starting")
    func failsAtOnce() {
        var breakers = breakers(whenOpen: .fail)
        #expect(breakers.stepFailed(1, on: 0, now: time(0)) == nil)
        #expect(!breakers.failsAtOnce(on: 0))
        #expect(
            breakers.stepFailed(2, on: 0, now: time(0))
                == Breakers.Change(phase: .open, isBarred: false, halfOpensAt: time(1000)))
        #expect(breakers.failsAtOnce(on: 0) && !breakers.failsAtOnce(on: 1))
        _ = breakers.halfOpen(0)
        #expect(!breakers.failsAtOnce(on: 0))
    }

    @Test("attempts that were running when it opened no longer count")
    func lateAttempts() {
        var breakers = opened()
        #expect(breakers.stepFailed(3, on: 0, now: time(20)) == nil)
        #expect(breakers.stepSucceeded(4, on: 0) == nil)
        #expect(breakers.deadline(of: 0) == time(1010))
        _ = breakers.halfOpen(0)
        #expect(breakers.beginProbe(5, on: 0) == true)
        #expect(breakers.stepFailed(3, on: 0, now: time(1020)) == nil)
        #expect(breakers.stepSucceeded(4, on: 0) == nil)
        #expect(breakers.isProbe(5, on: 0))
    }

    @Test("the probe's success closes it, and its failure opens it again at once")
    func probes() {
        var closing = opened()
        #expect(closing.beginProbe(5, on: 0) == false)
        #expect(closing.halfOpen(0) == Breakers.Change(phase: .halfOpen))
        #expect(closing.deadline(of: 0) == nil)
        var opening = closing
        #expect(closing.beginProbe(5, on: 0) == true)
        #expect(closing.stepSucceeded(5, on: 0) == Breakers.Change(phase: .closed))
        #expect(!closing.isProbe(5, on: 0))
        #expect(closing.endProbe(5, on: 0) == false)
        #expect(opening.beginProbe(5, on: 0) == true)
        #expect(
            opening.stepFailed(5, on: 0, now: time(2000))
                == Breakers.Change(phase: .open, isBarred: true, halfOpensAt: time(3000)))
        #expect(opening.endProbe(5, on: 0) == false)
    }

    @Test("a probe that ends without a result leaves the breaker to the next one")
    func released() {
        var breakers = opened()
        _ = breakers.halfOpen(0)
        #expect(breakers.beginProbe(5, on: 0) == true)
        #expect(breakers.endProbe(4, on: 0) == false)
        #expect(breakers.endProbe(5, on: 0) == true)
        #expect(breakers.endProbe(5, on: 0) == false)
        #expect(breakers.beginProbe(6, on: 0) == true)
    }

    @Test("the next deadline is the earliest cool-down, shifted by suspensions")
    func deadlines() {
        var breakers = opened()
        _ = breakers.stepFailed(1, on: 1, now: time(0))
        #expect(breakers.nextDeadline == time(1010))
        _ = breakers.stepFailed(1, on: 1, now: time(500))
        breakers.shift(by: 7_000_000)
        #expect(breakers.nextDeadline == time(1017))
        _ = breakers.halfOpen(0)
        #expect(breakers.nextDeadline == time(1507))
        breakers.closeAll()
        #expect(breakers.nextDeadline == nil && breakers.isEmpty)
    }
}
