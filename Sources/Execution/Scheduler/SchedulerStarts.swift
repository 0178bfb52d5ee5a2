import DependencyGraph
import WorkflowModel

/// Starts: slots, order, conflicts, resources and their locks.
///
/// A step that only lacks something is removed from the ready queue and stored with what it waits
/// for, so that each call checks only steps that may be able to start. Two rules keep that
/// complete: whenever units are released, and whenever a step leaves the ready queue, the first
/// step waiting for the same resource is checked again.
extension Scheduler {
    /// Starts steps by rank until the slots are full or no step can start.
    mutating func startWhatFits(_ effects: inout Effects) {
        guard hasBegun, !stop.isStopping, launches.pausedUntil == nil, !isHeldBack,
            reviews.isEmpty
        else { return }
        if isAlone, let lone = activeSteps.keys.first {
            tellWait(behindLoneStep: lone, free: slots - 1, &effects)
            return
        }
        while activeSteps.count < slots, let rank = ready.first, hasItsTurn(rank),
            leavesRoom(for: rank)
        {
            let step = Int(plan.order.steps[rank])
            if let other = obstacle(to: step) {
                drop(step, obstacleReason(other), &effects)
            } else if let resource = failFast(step) {
                drop(step, behindBreakerOf: resource, &effects)
                guard !stop.isStopping, reviews.isEmpty else { return }
            } else if let claim = plan.claims[step].first(where: { !pool.canTake($0, rank: rank) })
            {
                ready.remove(rank)
                tellWait(of: step, forResource: Int(claim.resource), &effects)
                park(step, on: Int(claim.resource))
            } else if plan.traits[step].contains(.runsAlone) {
                // Hold others back until nothing runs, or a step that runs alone might never start.
                guard activeSteps.isEmpty else {
                    tellWait(ofLoneStep: step, &effects)
                    return
                }
                ready.remove(rank)
                isAlone = true
                tellWait(behindLoneStep: step, free: slots - 1, &effects)
                start(step, &effects)
                return
            } else if let conflict = plan.conflicts[step].first(where: {
                activeSteps[Int($0.step)] != nil
            }) {
                let other = conflict.step
                ready.remove(rank)
                tellWait(of: step, for: conflict, &effects)
                states.move(step, to: .waiting)
                conflictWaiters[Int(other), default: []].append(step)
                wakeClaims(of: step)
            } else {
                ready.remove(rank)
                start(step, &effects)
            }
        }
    }

    /// Whether a strict order allows a step to start: all before it have ended.
    private mutating func hasItsTurn(_ rank: Int) -> Bool {
        guard plan.order.isStrict else { return true }
        while turnRank < rank, states[Int(plan.order.steps[turnRank])] == .ended { turnRank += 1 }
        return turnRank >= rank
    }

    /// Puts a step that waited for others into the queue.
    mutating func makeReady(_ step: Int) {
        switch states[step] {
        case .pending
        where isKeptDone(step) || isHeldByBarrier(step) || isHeldByCondition(step):
            return
        // Only its time, or an answer, lets such a step start.
        case .backingOff, .reviewing: return
        default: enqueue(step)
        }
    }

    /// Puts a step that may start into the queue.
    mutating func enqueue(_ step: Int) {
        guard states.move(step, to: .ready) else { return }
        ready.insert(Int(plan.order.ranks[step]))
    }

    /// Removes all waiting steps, in a run with only finalizers left.
    mutating func forgetWaiters() {
        ready = IndexQueue(capacity: plan.count)
        pool.unparkAll()
        conflictWaiters = [:]
        toEvaluate = []
        toKeep = []
        undecided = ready
    }

    private mutating func park(_ step: Int, on resource: Int) {
        states.move(step, to: .waiting)
        pool.park(rank: Int(plan.order.ranks[step]), on: resource)
        wakeClaims(of: step)
    }

    /// Lets the first step that waits for a resource try again, if there are enough units for it.
    mutating func wake(_ resource: Int) {
        guard let rank = pool.firstParked(on: resource) else { return }
        let step = Int(plan.order.steps[rank])
        let wanted = plan.claims[step].first { Int($0.resource) == resource }
        guard wanted.map({ pool.hasRoom(for: $0) }) ?? true else { return }
        pool.unpark(from: resource)
        makeReady(step)
    }

    mutating func wakeClaims(of step: Int) {
        for claim in plan.claims[step] { wake(Int(claim.resource)) }
    }

    private mutating func start(_ step: Int, _ effects: inout Effects) {
        for claim in plan.claims[step] { pool.take(claim) }
        beginProbes(step)
        activeSteps[step] = ActiveStep()
        if plan.traits[step].contains(.takesLocks) {
            states.move(step, to: .acquiring)
            effects.act(.acquireLocks(step: step))
        } else {
            proceed(step, &effects)
        }
        wakeClaims(of: step)
    }

    mutating func launch(_ step: Int, _ effects: inout Effects) {
        states.move(step, to: .launching)
        waits.end(step)
        let (attempt, method) = nextAttempt(of: step)
        let needs = unwellNeeds(of: step)
        let execution: Int
        if let earlier = launches.deferred.removeValue(forKey: step) {
            execution = earlier
        } else {
            if attempts.made(by: step) == 0 {
                warn(of: needs, for: step, &effects)
                recordCauses(of: step, &effects)
            }
            attempts.count(step)
            launches.executions += 1
            execution = launches.executions
            effects.record(
                .launched(step: step, attempt: attempt, method: method, execution: execution))
        }
        startPhaseClock(for: step, effects.now)
        activeSteps[step]?.execution = execution
        activeSteps[step]?.launchedAt = effects.now
        effects.act(
            .launch(
                step: step, attempt: attempt, method: method, execution: execution,
                failed: needs))
    }

    /// Releases slot, locks and units of a step, and lets the steps that waited for them try again.
    ///
    /// - Returns: The state of the step.
    mutating func leave(_ step: Int, _ effects: inout Effects) -> ActiveStep {
        let active = activeSteps.removeValue(forKey: step) ?? ActiveStep()
        isAlone = false
        endProbes(step)
        for waiter in conflictWaiters.removeValue(forKey: step) ?? [] { makeReady(waiter) }
        guard !unkillable.contains(step) else { return active }
        if active.hasLocks { effects.act(.releaseLocks(step: step)) }
        for claim in plan.claims[step] {
            let resource = Int(claim.resource)
            pool.giveBack(claim)
            if active.hasLocks { pool.clearRetry(of: resource) }
            wake(resource)
        }
        return active
    }

    // MARK: - Answers

    mutating func locksAcquired(_ step: Int, _ effects: inout Effects) {
        guard states[step] == .acquiring else { return }
        activeSteps[step]?.hasLocks = true
        guard mayStillStart(step, &effects) else { return }
        for claim in plan.claims[step] {
            pool.clearRetry(of: Int(claim.resource))
            wake(Int(claim.resource))
        }
        // A breaker may have opened and cooled down while the locks were being taken.
        beginProbes(step)
        proceed(step, &effects)
    }

    /// False for a step that must not start after all, now that its locks are known.
    mutating func mayStillStart(_ step: Int, _ effects: inout Effects) -> Bool {
        let overdue = overduePhase(of: step)
        let obstacle = obstacle(to: step)
        let halted = groupHalt(of: step) != nil
        guard stop.isStopping || halted || overdue != nil || obstacle != nil || !reviews.isEmpty
        else {
            return isStillOpen(to: step, &effects)
        }
        _ = leave(step, &effects)
        states.move(step, to: .waiting)
        guard !stop.isStopping, !dropHalted(step, &effects) else { return false }
        if let overdue {
            dropAsFailure(step, overdue, &effects)
        } else if let obstacle {
            drop(step, obstacleReason(obstacle), &effects)
        } else {
            // It continues when the question is answered.
            makeReady(step)
        }
        return false
    }

    /// False for a step that has to wait because something was slowed down or closed meanwhile.
    private mutating func isStillOpen(to step: Int, _ effects: inout Effects) -> Bool {
        let down = failFast(step)
        let closed = closedMeanwhile(to: step)
        guard down != nil || closed != nil || isHeldBack || activeSteps.count > slots else {
            return true
        }
        _ = leave(step, &effects)
        if let down {
            states.move(step, to: .waiting)
            drop(step, behindBreakerOf: down, &effects)
        } else if let closed {
            park(step, on: closed)
        } else {
            states.move(step, to: .waiting)
            makeReady(step)
        }
        return false
    }

    mutating func locksBusy(_ step: Int, _ holder: LockHolder, _ effects: inout Effects) {
        guard states[step] == .acquiring else { return }
        let claims = plan.claims[step].filter { plan.resources[Int($0.resource)].isLockable }
        let held = claims.first { plan.resources[Int($0.resource)].name == holder.resource }
        guard mayStillStart(step, &effects),
            let resource = (held ?? claims.first).map({ Int($0.resource) })
        else { return }
        if pool.retry(of: resource) == nil {
            let time = effects.now.advanced(byNanoseconds: pool.nextRetryDelay(of: resource))
            pool.setRetry(time, of: resource)
            setDeadline(time, of: .resource(resource))
        }
        _ = leave(step, &effects)
        tell(step, waitsFor: holder, &effects)
        park(step, on: resource)
    }

    mutating func started(
        _ step: Int, _ pid: Int32, _ startTicks: UInt64, _ basis: StepBasis?,
        _ effects: inout Effects
    ) {
        guard states[step] == .launching else { return }
        states.move(step, to: .running)
        launches.failuresInARow = 0
        activeSteps[step]?.pid = pid
        if activeSteps[step]?.isChecking == true {
            checkStarted(step, pid, startTicks, &effects)
        } else {
            effects.record(.started(step: step, pid: pid, startTicks: startTicks, basis: basis))
            startClocks(of: step, effects.now)
        }
        // The launch may have been under way when the stop began.
        if isHalted(step) { applyStop(to: step, &effects) }
        if let reason = overduePhase(of: step) { fail(step, reason, &effects) }
    }

    mutating func notStarted(_ step: Int, _ message: String, _ effects: inout Effects) {
        guard states[step] == .launching else { return }
        guard activeSteps[step]?.isChecking != true else {
            checkNotStarted(step, message, &effects)
            return
        }
        conclude(
            step, StepEnd(status: .failed, reason: .notStarted(message)), &effects)
    }

    /// The system lacked resources to start a step: fewer run at once, and this one starts later.
    mutating func launchDeferred(_ step: Int, _ message: String, _ effects: inout Effects) {
        guard states[step] == .launching else { return }
        guard activeSteps[step]?.isChecking != true else {
            checkDeferred(step, message, &effects)
            return
        }
        if let reason = groupHalt(of: step) ?? stop.skipReason {
            end(step, StepEnd(status: .aborted, reason: reason), &effects)
            return
        }
        if let reason = overduePhase(of: step) {
            end(step, StepEnd(status: .failed, reason: reason), &effects)
            return
        }
        if activeSteps.count == 1 {
            launches.failuresInARow += 1
            guard launches.failuresInARow <= LaunchState.maxTries else {
                conclude(step, StepEnd(status: .failed, reason: .notStarted(message)), &effects)
                return
            }
        }
        let active = leave(step, &effects)
        launches.deferred[step] = active.execution
        makeReady(step)
        if activeSteps.isEmpty {
            let doublings = min(launches.failuresInARow - 1, 10)
            let delay = min(
                LaunchState.longestHold, LaunchState.firstHold << Int64(doublings))
            let time = effects.now.advanced(byNanoseconds: delay * 1_000_000)
            launches.pausedUntil = time
            setDeadline(time, of: .launches)
        } else {
            launches.limit = min(launches.limit, activeSteps.count)
        }
        warnOfDeferral(of: step, message, &effects)
    }

    /// Warns once that resources are short, and once more when nothing can be started for long.
    private mutating func warnOfDeferral(
        of step: Int, _ message: String, _ effects: inout Effects
    ) {
        if activeSteps.isEmpty, launches.failuresInARow == LaunchState.manyTries {
            let seconds = LaunchState.longestHold * Int64(LaunchState.maxTries) / 1000
            effects.record(
                .warning(
                    step: step,
                    "nothing can be started (\(message)); this is tried again for up to "
                        + "\(seconds) seconds"))
        }
        guard !launches.hasWarned else { return }
        launches.hasWarned = true
        effects.record(
            .warning(
                step: step,
                "not everything could be started at once (\(message)); going on with less"))
    }
}
