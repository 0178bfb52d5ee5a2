import WorkflowModel

/// The circuit breakers of a run, for resources whose steps have failed.
struct BreakerState: Sendable {
    /// One breaker.
    struct Breaker: Sendable {
        var phase = BreakerPhase.closed
        /// Failures in a row.
        var failures = 0
        /// The step that tries whether the resource works again.
        var probe: Int?
        /// When a step may try it.
        var halfOpensAt: RunTime?
    }

    private var breakers: [Int: Breaker] = [:]

    var isEmpty: Bool { breakers.isEmpty }

    subscript(resource: Int) -> Breaker {
        get { breakers.isEmpty ? Breaker() : breakers[resource] ?? Breaker() }
        set { breakers[resource] = newValue }
    }

    var waitsForTime: Bool { breakers.values.contains { $0.halfOpensAt != nil } }

    mutating func shift(by nanoseconds: Int64) {
        for (resource, breaker) in breakers {
            breakers[resource]?.halfOpensAt = breaker.halfOpensAt?.advanced(
                byNanoseconds: nanoseconds)
        }
    }
}

/// Circuit breakers: when the steps of a resource fail one after another, no more of them start for
/// a while.
///
/// Only the step that probes a half-open breaker decides about it; attempts that were running when
/// it opened no longer count.
extension Scheduler {
    /// Counts the end of an attempt that stepvisor did not cause.
    mutating func noteOutcome(of step: Int, succeeded: Bool, _ effects: inout Effects) {
        // A breaker never keeps a finalizer from its only run.
        guard plan.traits[step].contains(.isGuarded), !plan.isFinalizer(step) else { return }
        for claim in plan.claims[step] {
            let resource = Int(claim.resource)
            guard let policy = plan.policy.breakers[resource] else { continue }
            if succeeded {
                noteSuccess(of: step, on: resource, &effects)
            } else {
                noteFailure(of: step, on: resource, policy, &effects)
            }
        }
    }

    private mutating func noteSuccess(of step: Int, on resource: Int, _ effects: inout Effects) {
        guard !breakers.isEmpty else { return }
        let breaker = breakers[resource]
        switch breaker.phase {
        case .closed: breakers[resource].failures = 0
        case .halfOpen where breaker.probe == step:
            breakers[resource] = BreakerState.Breaker()
            recordChange(of: resource, by: step, &effects)
            letThrough(resource)
        case .open, .halfOpen: break
        }
    }

    private mutating func noteFailure(
        of step: Int, on resource: Int, _ policy: BreakerPolicy, _ effects: inout Effects
    ) {
        var breaker = breakers[resource]
        switch breaker.phase {
        case .closed:
            breaker.failures += 1
            breakers[resource] = breaker
            guard breaker.failures >= policy.failures else { return }
        case .halfOpen where breaker.probe == step: break
        case .open, .halfOpen: return
        }
        let time = effects.now.advanced(byNanoseconds: policy.coolDown.nanoseconds)
        breakers[resource] = BreakerState.Breaker(phase: .open, halfOpensAt: time)
        setDeadline(time, of: .breaker(resource))
        recordChange(of: resource, by: step, &effects)
        // Steps that fail at once are not held: they must start to be failed.
        pool.set(.down, policy.whenOpen == .wait, on: resource)
        if policy.whenOpen == .fail { wake(resource) }
    }

    /// The cool-down is over: one step at a time may probe the resource.
    mutating func breakerHasCooled(_ resource: Int, _ effects: inout Effects) {
        breakers[resource] = BreakerState.Breaker(phase: .halfOpen)
        recordChange(of: resource, by: nil, &effects)
        letThrough(resource)
    }

    private mutating func letThrough(_ resource: Int) {
        pool.set(.down, false, on: resource)
        wake(resource)
    }

    private func recordChange(of resource: Int, by step: Int?, _ effects: inout Effects) {
        effects.record(
            .breakerChanged(
                resource: plan.resources[resource].name, breakers[resource].phase, step: step))
    }

    // MARK: - Steps that would start

    /// The resource with the open breaker because of which a step fails at once; nil when it does
    /// not.
    func failFast(_ step: Int) -> Int? {
        guard !breakers.isEmpty, plan.traits[step].contains(.isGuarded) else { return nil }
        return plan.claims[step].first {
            breakers[Int($0.resource)].phase == .open
                && plan.policy.breakers[Int($0.resource)]?.whenOpen == .fail
        }.map { Int($0.resource) }
    }

    /// Fails a step that would start behind an open breaker.
    mutating func drop(_ step: Int, behindBreakerOf resource: Int, _ effects: inout Effects) {
        let reason = StepReason.breakerOpen(resource: plan.resources[resource].name)
        guard plan.traits[step].contains(.allowsFailure) else {
            dropAsFailure(step, reason, &effects)
            return
        }
        withdraw(step)
        closeUnstarted(step, .failed, reason, isAllowed: true, &effects)
        wakeClaims(of: step)
        satisfyDependents(of: step)
    }

    /// Makes a starting step the probe of its half-open breakers.
    mutating func beginProbes(_ step: Int) {
        guard !breakers.isEmpty, plan.traits[step].contains(.isGuarded) else { return }
        for claim in plan.claims[step] where breakers[Int(claim.resource)].phase == .halfOpen {
            breakers[Int(claim.resource)].probe = step
            pool.set(.down, true, on: Int(claim.resource))
        }
    }

    /// Releases the probes of a step, whether or not they had a result: the next step may probe.
    mutating func endProbes(_ step: Int) {
        guard !breakers.isEmpty, plan.traits[step].contains(.isGuarded) else { return }
        for claim in plan.claims[step] {
            let breaker = breakers[Int(claim.resource)]
            guard breaker.phase == .halfOpen, breaker.probe == step else { continue }
            breakers[Int(claim.resource)].probe = nil
            letThrough(Int(claim.resource))
        }
    }

    /// The resource that a throttle or breaker closed while a step was taking its locks.
    func closedMeanwhile(to step: Int) -> Int? {
        guard !throttles.isEmpty || !breakers.isEmpty else { return nil }
        return plan.claims[step].first { claim in
            let resource = Int(claim.resource)
            var bars = pool.bars(of: resource)
            if breakers[resource].probe == step { bars.remove(.down) }
            return !bars.isEmpty || pool.isOverLimit(claim)
        }.map { Int($0.resource) }
    }
}
