import WorkflowModel

@testable import Execution

extension RunCheck {
    /// What slows a run down: limits lowered for being busy, and breakers.
    struct BrakeTruth {
        struct Throttle {
            var limit: Int
            let declared: Int
            var holdsUntil = RunTime.zero
            var easesAt: RunTime?
        }

        struct Breaker {
            let policy: BreakerPolicy
            var phase = BreakerPhase.closed
            var failures = 0
            var coolsAt: RunTime?
            var probe: Int?
            /// The step whose failure has just opened it, and is yet to be said.
            var openedBy: Int?
            /// The step whose failure was said, and has yet to open it.
            var owedBy: Int?
        }

        /// By resource; that of the run is nil's.
        var throttles: [String?: Throttle] = [:]
        var breakers: [Int: Breaker] = [:]
        /// The longest delay of the busy failure that is being said, in milliseconds.
        var longestDelay: Int64 = 0

        init(_ plan: RunPlan) {
            for (resource, policy) in plan.policy.breakers.enumerated() {
                if let policy { breakers[resource] = Breaker(policy: policy) }
            }
        }

        var isRunThrottled: Bool { throttles[nil] != nil }

        /// Whether one of the resources is taken to be down, and steps behind it fail at once.
        func isFailingFast(_ claims: ArraySlice<ResourceClaim>) -> Bool {
            claims.contains {
                guard let breaker = breakers[Int($0.resource)] else { return false }
                return breaker.phase == .open && breaker.policy.whenOpen == .fail
            }
        }

        mutating func shift(by length: Int64, at now: RunTime) {
            for name in throttles.keys {
                let throttle = throttles[name]
                throttles[name]?.easesAt = throttle?.easesAt?.advanced(byNanoseconds: length)
                if let holds = throttle?.holdsUntil, holds > now {
                    throttles[name]?.holdsUntil = holds.advanced(byNanoseconds: length)
                }
            }
            for resource in breakers.keys {
                let cools = breakers[resource]?.coolsAt
                breakers[resource]?.coolsAt = cools?.advanced(byNanoseconds: length)
            }
        }
    }

    private func lockables(_ step: Int) -> [ResourceClaim] {
        plan.claims(of: step).filter { plan.resources[Int($0.resource)].isLockable }
    }

    // MARK: - Throttles

    mutating func throttled(
        _ step: Int, _ resource: String?, to limit: Int, for delay: Int64, at now: RunTime
    ) {
        guard let policy = plan.policy.throttle else {
            expect(false, step, "throttled without a throttle")
            return
        }
        expect(courses[step].failure?.isBusy == true, step, "throttled without being busy")
        let claims = lockables(step)
        let claim = claims.first { plan.resources[Int($0.resource)].name == resource }
        expect(resource == nil ? claims.isEmpty : claim != nil, step, "throttles a stranger")
        let declared = claim.map { plan.resources[Int($0.resource)].capacity } ?? plan.limit
        var throttle =
            brakes.throttles[resource] ?? BrakeTruth.Throttle(limit: declared, declared: declared)
        expect(limit == max(1, throttle.limit - 1), step, "throttled to \(limit)")
        expect((1...declared).contains(limit), step, "throttled out of bounds")
        var level = policy.delay.value
        while level < delay, level > 0 { level *= 2 }
        expect(level == delay, step, "throttled for \(delay) ms")
        throttle.limit = limit
        throttle.holdsUntil = max(
            throttle.holdsUntil, now.advanced(byNanoseconds: delay * 1_000_000))
        let recovers = max(policy.recoverAfter.nanoseconds, 1_000_000)
        throttle.easesAt = limit < declared ? now.advanced(byNanoseconds: recovers) : nil
        brakes.throttles[resource] = throttle
        brakes.longestDelay = max(brakes.longestDelay, delay)
    }

    mutating func eased(_ resource: String?, to limit: Int, at now: RunTime) {
        guard let throttle = brakes.throttles[resource], let policy = plan.policy.throttle else {
            expect(false, "eased what was not throttled")
            return
        }
        expect(limit == throttle.limit + 1, "eased to \(limit)")
        expect((1...throttle.declared).contains(limit), "eased out of bounds")
        expect(throttle.easesAt == now, "eased at another time")
        brakes.throttles[resource]?.limit = limit
        let recovers = max(policy.recoverAfter.nanoseconds, 1_000_000)
        brakes.throttles[resource]?.easesAt =
            limit < throttle.declared ? now.advanced(byNanoseconds: recovers) : nil
    }

    // MARK: - Breakers

    mutating func breakerChanged(
        _ name: String, _ phase: BreakerPhase, by step: Int?, at now: RunTime
    ) {
        guard let resource = plan.resources.firstIndex(where: { $0.name == name }),
            var breaker = brakes.breakers[resource]
        else {
            expect(false, "a breaker that there is not")
            return
        }
        let takes = step.map { step in
            plan.claims(of: step).contains { Int($0.resource) == resource }
        }
        expect(takes != false, "a breaker changed by a stranger")
        let isSaid = step != nil && breaker.owedBy == step
        switch (breaker.phase, phase) {
        case (_, .open) where isSaid && breaker.phase != .open: break
        case (.closed, .open):
            expect(step != nil && breaker.failures + 1 >= breaker.policy.failures, "opens too soon")
        case (.open, .halfOpen):
            expect(step == nil && breaker.coolsAt == now, "half open at another time")
        case (.halfOpen, .open), (.halfOpen, .closed):
            expect(step != nil && breaker.probe == step, "changed by one that does not try")
        default: expect(false, "a breaker from \(breaker.phase) to \(phase)")
        }
        breaker.phase = phase
        breaker.failures = 0
        breaker.probe = nil
        breaker.openedBy = phase == .open && !isSaid ? step : nil
        breaker.owedBy = nil
        breaker.coolsAt =
            phase == .open
            ? now.advanced(byNanoseconds: breaker.policy.coolDown.nanoseconds) : nil
        brakes.breakers[resource] = breaker
    }

    /// An attempt is over: nil for one that says nothing about what it takes.
    mutating func noteOutcome(of step: Int, _ reason: StepReason?, succeeded: Bool = false) {
        for claim in plan.claims(of: step) {
            let resource = Int(claim.resource)
            guard let breaker = brakes.breakers[resource] else { continue }
            if breaker.probe == step { brakes.breakers[resource]?.probe = nil }
            if breaker.openedBy == step {
                brakes.breakers[resource]?.openedBy = nil
                expect(!succeeded, step, "opened a breaker and succeeded")
                continue
            }
            if case .notStarted = reason { continue }
            guard succeeded || reason != nil else { continue }
            switch breaker.phase {
            case .closed where succeeded: brakes.breakers[resource]?.failures = 0
            case .closed:
                brakes.breakers[resource]?.failures += 1
                if breaker.failures + 1 >= breaker.policy.failures {
                    brakes.breakers[resource]?.owedBy = step
                }
            case .halfOpen:
                expect(!succeeded || breaker.probe != step, step, "has tried, and all is as it was")
                if breaker.probe == step { brakes.breakers[resource]?.owedBy = step }
            case .open: break
            }
        }
    }

    /// A step starts: nothing that it takes is held back, open or being tried by another.
    mutating func passesBrakes(_ step: Int, at now: RunTime) {
        let others = active & ~bit(step)
        let claims = lockables(step)
        for claim in claims {
            let resource = Int(claim.resource)
            guard let throttle = brakes.throttles[plan.resources[resource].name] else { continue }
            expect(throttle.holdsUntil <= now, step, "starts while its resource was busy")
            let used = units(of: resource, held: others)
            expect(
                used == 0 || used + Int(claim.units) <= throttle.limit, step,
                "over the lowered limit")
        }
        if let throttle = brakes.throttles[nil] {
            expect(throttle.holdsUntil <= now, step, "starts while the run was busy")
            expect(active.nonzeroBitCount <= throttle.limit, step, "over the run's lowered limit")
        }
        for claim in plan.claims(of: step) {
            let resource = Int(claim.resource)
            guard let breaker = brakes.breakers[resource] else { continue }
            expect(breaker.phase != .open, step, "starts behind an open breaker")
            guard breaker.phase == .halfOpen else { continue }
            expect(breaker.probe == nil, step, "tries beside another")
            brakes.breakers[resource]?.probe = step
        }
    }

    /// A step gave back what it held, without an answer.
    mutating func endProbes(of step: Int) {
        for (resource, breaker) in brakes.breakers where breaker.probe == step {
            brakes.breakers[resource]?.probe = nil
        }
    }
}
