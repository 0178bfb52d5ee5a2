import WorkflowModel

/// Throttling: failures that mean "busy" lower limits and delay starts, and cost no retry.
///
/// ``Throttles`` decides; here its decisions are recorded and reach the resources.
extension Scheduler {
    /// The largest number of steps at once, by the system's resources and the throttle of the run.
    var slots: Int { min(launches.limit, throttles.limit(of: .run) ?? .max) }

    /// Whether no step of the run may start because of a busy failure.
    var isHeldBack: Bool { throttles.pausesRun }

    /// Whether an attempt failed because too many ran at the same time.
    ///
    /// After a stop nothing is retried later.
    func isBusy(_ outcome: StepEnd, saysBusy: Bool = false) -> Bool {
        !finalizers.isHurried && throttles.isBusy(outcome.reason, saysBusy: saysBusy)
    }

    /// Slows down what a busy step takes.
    ///
    /// - Returns: How long the step itself waits.
    mutating func throttle(by step: Int, _ effects: inout Effects) -> Milliseconds {
        let launchedAt = activeSteps[step]?.launchedAt ?? effects.now
        var longest = Milliseconds(0)
        for subject in throttles.subjects(of: plan.claims[step]) {
            guard
                let slowdown = throttles.slowDown(
                    subject, launchedAt: launchedAt, now: effects.now)
            else { continue }
            longest = max(longest, slowdown.delay)
            effects.record(
                .throttled(
                    step: step, resource: throttles.name(of: subject), limit: slowdown.limit,
                    delayMilliseconds: slowdown.delay.value))
            if let time = slowdown.pausedUntil {
                setDeadline(time, of: .throttle(.pause(subject)))
            }
            if let time = slowdown.recoversAt {
                setDeadline(time, of: .throttle(.recovery(subject)))
            }
            guard case .resource(let resource) = subject else { continue }
            if slowdown.pausedUntil != nil { pool.set(.busy, true, on: resource) }
            pool.setLimit(slowdown.limit, of: resource)
        }
        return longest
    }

    /// A time of the throttle has come: what waited for it may start.
    mutating func throttleIsDue(_ timer: Throttles.Timer, _ effects: inout Effects) {
        switch timer {
        case .pause(let subject):
            throttles.endPause(of: subject)
            guard case .resource(let resource) = subject else { return }
            pool.set(.busy, false, on: resource)
            wake(resource)
        case .recovery(let subject):
            guard let recovery = throttles.recover(subject, now: effects.now) else { return }
            effects.record(
                .throttleEased(resource: throttles.name(of: subject), limit: recovery.limit))
            if let time = recovery.next { setDeadline(time, of: .throttle(.recovery(subject))) }
            guard case .resource(let resource) = subject else { return }
            pool.setLimit(recovery.limit, of: resource)
            wake(resource)
        }
    }
}
