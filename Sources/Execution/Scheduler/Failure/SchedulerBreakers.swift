import WorkflowModel

/// Circuit breakers: when the steps of a resource fail one after another, no more of them start for
/// a while.
///
/// ``Breakers`` decides; here its decisions are recorded and reach the resources and the steps.
extension Scheduler {
    /// Counts the end of an attempt that stepvisor did not cause.
    mutating func noteOutcome(of step: Int, succeeded: Bool, _ effects: inout Effects) {
        // A breaker never keeps a finalizer from its only run.
        guard plan.traits[step].contains(.isGuarded), !plan.isFinalizer(step) else { return }
        for claim in plan.claims[step] {
            let resource = Int(claim.resource)
            let change =
                succeeded
                ? breakers.stepSucceeded(step, on: resource)
                : breakers.stepFailed(step, on: resource, now: effects.now)
            if let change { apply(change, to: resource, by: step, &effects) }
        }
    }

    /// The cool-down of a breaker is over.
    mutating func breakerHasCooled(_ resource: Int, _ effects: inout Effects) {
        apply(breakers.halfOpen(resource), to: resource, by: nil, &effects)
    }

    private mutating func apply(
        _ change: Breakers.Change, to resource: Int, by step: Int?, _ effects: inout Effects
    ) {
        if let time = change.halfOpensAt { setDeadline(time, of: .breaker(resource)) }
        effects.record(
            .breakerChanged(
                resource: plan.resources[resource].name, change.phase, step: step))
        bar(resource, change.isBarred)
    }

    private mutating func bar(_ resource: Int, _ isBarred: Bool) {
        pool.set(.down, isBarred, on: resource)
        if !isBarred { wake(resource) }
    }

    // MARK: - Steps that would start

    /// The resource with the open breaker because of which a step fails at once; nil when it does
    /// not.
    func failFast(_ step: Int) -> Int? {
        guard !breakers.isEmpty, plan.traits[step].contains(.isGuarded) else { return nil }
        return plan.claims[step].first { breakers.failsAtOnce(on: Int($0.resource)) }
            .map { Int($0.resource) }
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
        for claim in plan.claims[step] {
            let resource = Int(claim.resource)
            if breakers.beginProbe(step, on: resource) { bar(resource, true) }
        }
    }

    /// Releases the probes of a step, whether or not they had a result.
    mutating func endProbes(_ step: Int) {
        guard !breakers.isEmpty, plan.traits[step].contains(.isGuarded) else { return }
        for claim in plan.claims[step] {
            let resource = Int(claim.resource)
            if breakers.endProbe(step, on: resource) { bar(resource, false) }
        }
    }

    /// The resource that a throttle or breaker closed while a step was taking its locks.
    func closedMeanwhile(to step: Int) -> Int? {
        guard !throttles.isEmpty || !breakers.isEmpty else { return nil }
        return plan.claims[step].first { claim in
            let resource = Int(claim.resource)
            var bars = pool.bars(of: resource)
            if breakers.isProbe(step, on: resource) { bars.remove(.down) }
            return !bars.isEmpty || pool.isOverLimit(claim)
        }.map { Int($0.resource) }
    }
}
