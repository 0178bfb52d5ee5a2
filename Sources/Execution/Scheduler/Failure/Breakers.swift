import WorkflowModel

/// The circuit breakers of a run, for resources whose steps have failed.
///
/// A value without knowledge of the run: it is told about attempts that ended and about times that
/// have come, and answers with what changes. Only the step that probes a half-open breaker decides
/// about it; attempts that were running when it opened no longer count.
struct Breakers: Sendable {
    /// A breaker that has opened, half-opened or closed.
    struct Change: Hashable, Sendable {
        /// The new phase.
        var phase: BreakerPhase
        /// Whether the steps of the resource have to wait; when not, the first may start.
        var isBarred = false
        /// When an open breaker half-opens.
        var halfOpensAt: RunTime?
    }

    /// The state of one breaker.
    private struct Breaker: Sendable {
        var phase = BreakerPhase.closed
        /// Failures in a row.
        var failures = 0
        /// The step that tries whether the resource works again.
        var probe: Int?
        var halfOpensAt: RunTime?
    }

    private let policies: [BreakerPolicy?]
    private var breakers: [Int: Breaker] = [:]

    /// All breakers are closed.
    ///
    /// - Parameter policies: One for each resource; nil for one without a breaker.
    init(_ policies: [BreakerPolicy?]) { self.policies = policies }

    /// Whether no attempt on a resource with a breaker has failed.
    var isEmpty: Bool { breakers.isEmpty }

    // MARK: - Attempts

    /// An attempt of a step on a resource has succeeded.
    ///
    /// - Returns: What changes; nil for nothing.
    mutating func stepSucceeded(_ step: Int, on resource: Int) -> Change? {
        guard let breaker = breakers[resource] else { return nil }
        switch breaker.phase {
        case .closed:
            breakers[resource]?.failures = 0
            return nil
        case .halfOpen where breaker.probe == step:
            breakers[resource] = Breaker()
            return Change(phase: .closed)
        case .open, .halfOpen: return nil
        }
    }

    /// An attempt of a step on a resource has failed.
    ///
    /// - Returns: What changes; nil for nothing.
    mutating func stepFailed(_ step: Int, on resource: Int, now: RunTime) -> Change? {
        guard let policy = policies[resource] else { return nil }
        let breaker = breakers[resource] ?? Breaker()
        switch breaker.phase {
        case .closed:
            breakers[resource, default: breaker].failures += 1
            guard breaker.failures + 1 >= policy.failures else { return nil }
        case .halfOpen where breaker.probe == step: break
        case .open, .halfOpen: return nil
        }
        let time = now.advanced(byNanoseconds: policy.coolDown.nanoseconds)
        breakers[resource] = Breaker(phase: .open, halfOpensAt: time)
        // Steps that fail at once are not held: they must start to be failed.
        return Change(phase: .open, isBarred: policy.whenOpen == .wait, halfOpensAt: time)
    }

    // MARK: - Starts

    /// Whether a step on this resource fails instead of starting.
    func failsAtOnce(on resource: Int) -> Bool {
        breakers[resource]?.phase == .open && policies[resource]?.whenOpen == .fail
    }

    /// Makes a starting step the probe of a half-open breaker, behind which the others wait; false
    /// when there is nothing to probe.
    mutating func beginProbe(_ step: Int, on resource: Int) -> Bool {
        guard breakers[resource]?.phase == .halfOpen else { return false }
        breakers[resource]?.probe = step
        return true
    }

    /// Releases a probe without a result, so that the next step may probe; false for a step that
    /// probes nothing.
    mutating func endProbe(_ step: Int, on resource: Int) -> Bool {
        guard isProbe(step, on: resource) else { return false }
        breakers[resource]?.probe = nil
        return true
    }

    /// Whether a step tries whether the resource works again.
    func isProbe(_ step: Int, on resource: Int) -> Bool { breakers[resource]?.probe == step }

    // MARK: - Time

    /// The earliest time at which a breaker half-opens; nil when none is open.
    var nextDeadline: RunTime? {
        breakers.values.reduce(nil) { earliest($0, $1.halfOpensAt) }
    }

    /// When the breaker of a resource half-opens; nil when it is not open.
    func deadline(of resource: Int) -> RunTime? { breakers[resource]?.halfOpensAt }

    /// The cool-down is over: one step at a time may probe the resource.
    mutating func halfOpen(_ resource: Int) -> Change {
        breakers[resource] = Breaker(phase: .halfOpen)
        return Change(phase: .halfOpen)
    }

    /// Closes all breakers and forgets all failures.
    mutating func closeAll() { breakers = [:] }

    /// Shifts all times that are still to come.
    mutating func shift(by nanoseconds: Int64) {
        for (resource, breaker) in breakers {
            breakers[resource]?.halfOpensAt = breaker.halfOpensAt?.advanced(
                byNanoseconds: nanoseconds)
        }
    }
}
