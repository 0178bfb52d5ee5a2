import Testing
import WorkflowModel

@testable import Execution

@Suite("Throttles: what busy failures slow down, without a scheduler")
struct ThrottlesTests {
    private let api = Throttles.Subject.resource(0)

    private func throttles(
        delay: Int64 = 1000, recoverAfter: Int64 = 10_000, capacity: Int = 4
    ) -> Throttles {
        Throttles(
            ThrottlePolicy(
                exitCodes: [75], pattern: nil, delay: Milliseconds(delay),
                recoverAfter: Milliseconds(recoverAfter)),
            runLimit: 8,
            resources: [
                PlannedResource(name: "api", capacity: capacity, scope: .project),
                PlannedResource(name: "task", capacity: 1, scope: nil),
            ])
    }

    private func time(_ milliseconds: Int64) -> RunTime { RunTime(milliseconds: milliseconds) }

    private func claims(_ resources: Int32...) -> ArraySlice<ResourceClaim> {
        ArraySlice(resources.map { ResourceClaim(resource: $0, units: 1) })
    }

    @Test("a step slows down what it locks; one that locks nothing slows down the run")
    func subjects() {
        let throttles = throttles()
        #expect(throttles.subjects(of: claims(0, 1)) == [api])
        #expect(throttles.subjects(of: claims(1)) == [.run])
        #expect(throttles.subjects(of: []) == [.run])
        #expect(throttles.name(of: api) == "api")
        #expect(throttles.name(of: .run) == nil)
    }

    @Test("busy is a declared exit code, or an end of its own with the pattern in the log")
    func busy() {
        let throttles = throttles()
        #expect(throttles.isBusy(.exited(75), saysBusy: false))
        #expect(!throttles.isBusy(.exited(1), saysBusy: false))
        #expect(throttles.isBusy(.exited(1), saysBusy: true))
        #expect(throttles.isBusy(.signalled(9, coreDumped: false), saysBusy: true))
        #expect(!throttles.isBusy(.timedOut(.attempt, limitMilliseconds: 1), saysBusy: true))
        #expect(!throttles.isBusy(nil, saysBusy: true))
        let none = Throttles(nil, runLimit: 1, resources: [])
        #expect(!none.isBusy(.exited(75), saysBusy: true))
    }

    @Test("each busy failure lowers the limit by one, down to one, and doubles the delay")
    func slowDown() {
        var throttles = throttles(capacity: 2)
        #expect(
            throttles.slowDown(api, launchedAt: time(0), now: time(10))
                == Throttles.Slowdown(
                    limit: 1, delay: Milliseconds(1000), pausedUntil: time(1010),
                    recoversAt: time(10_010)))
        #expect(
            throttles.slowDown(api, launchedAt: time(1010), now: time(1020))
                == Throttles.Slowdown(
                    limit: 1, delay: Milliseconds(2000), pausedUntil: time(3020),
                    recoversAt: time(11_020)))
        #expect(throttles.limit(of: api) == 1)
        #expect(throttles.limit(of: .run) == nil)
        #expect(!throttles.pausesRun)
    }

    @Test("an attempt that began before the last raise does not raise the delay again")
    func raisedOnce() {
        var throttles = throttles()
        _ = throttles.slowDown(.run, launchedAt: time(0), now: time(10))
        let second = throttles.slowDown(.run, launchedAt: time(5), now: time(20))
        #expect(second?.delay == Milliseconds(1000))
        #expect(second?.limit == 6)
        #expect(throttles.pausesRun)
    }

    @Test("a success takes the delay back to the first one, but neither limit nor pause")
    func success() {
        var throttles = throttles()
        _ = throttles.slowDown(api, launchedAt: time(0), now: time(10))
        _ = throttles.slowDown(api, launchedAt: time(11), now: time(20))
        throttles.resetDelay(of: claims(0))
        #expect(throttles.deadline(of: .pause(api)) == time(2020))
        let third = throttles.slowDown(api, launchedAt: time(21), now: time(30))
        #expect(third?.delay == Milliseconds(1000))
        #expect(third?.limit == 1)
        // A shorter pause does not end a longer one.
        #expect(third?.pausedUntil == time(2020))
    }

    @Test("the limit rises by one after each quiet while, up to the declared one")
    func recovery() {
        var throttles = throttles(capacity: 3)
        _ = throttles.slowDown(api, launchedAt: time(0), now: time(0))
        _ = throttles.slowDown(api, launchedAt: time(1), now: time(1))
        #expect(
            throttles.recover(api, now: time(10_001))
                == Throttles.Recovery(limit: 2, next: time(20_001)))
        #expect(
            throttles.recover(api, now: time(20_001)) == Throttles.Recovery(limit: 3, next: nil))
        #expect(throttles.deadline(of: .recovery(api)) == nil)
        #expect(throttles.recover(.run, now: time(0)) == nil)
    }

    @Test("without a delay nothing is paused, and a limit rises after a millisecond at least")
    func noDelay() {
        var throttles = throttles(delay: 0, recoverAfter: 0)
        #expect(
            throttles.slowDown(api, launchedAt: time(0), now: time(5))
                == Throttles.Slowdown(
                    limit: 3, delay: Milliseconds(0), pausedUntil: nil, recoversAt: time(6)))
    }

    @Test("the next deadline is the earliest of all, and none is left when nothing will change")
    func deadlines() {
        var throttles = throttles(recoverAfter: 60_000, capacity: 2)
        #expect(throttles.nextDeadline == nil && throttles.isEmpty)
        _ = throttles.slowDown(api, launchedAt: time(0), now: time(0))
        _ = throttles.slowDown(.run, launchedAt: time(0), now: time(100))
        #expect(throttles.nextDeadline == time(1000))
        throttles.endPause(of: api)
        #expect(throttles.nextDeadline == time(1100))
        throttles.shift(by: 5_000_000)
        #expect(throttles.nextDeadline == time(1105))
        #expect(throttles.deadline(of: .recovery(api)) == time(60_005))
        throttles.endAllPauses()
        #expect(throttles.nextDeadline == time(60_005))
        _ = throttles.recover(api, now: time(60_005))
        _ = throttles.recover(.run, now: time(60_105))
        #expect(throttles.nextDeadline == nil && !throttles.isEmpty)
    }
}
