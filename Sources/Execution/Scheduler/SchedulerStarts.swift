import DependencyGraph
import WorkflowModel

/// Starting: slots, order, conflicts, resources and their locks.
///
/// A step that could start but for something is taken out of the ready queue and kept with what it
/// waits for, so that a turn looks only at steps that may be able to start. Two rules keep that
/// complete: whenever units come back, and whenever a step leaves the ready queue, the first that
/// waits for the same resource is looked at again.
extension Scheduler {
    /// Starts steps by rank until the slots are full or nothing is left that could.
    mutating func startWhatFits(_ turn: inout Effects) {
        guard hasBegun, !stop.isStopping, launches.holdsUntil == nil, !isHeldBack,
            reviews.isEmpty
        else { return }
        if isAlone, let lone = flights.keys.first {
            tellWait(behindLoneStep: lone, free: slots - 1, &turn)
            return
        }
        while flights.count < slots, let rank = ready.first, hasItsTurn(rank), leavesRoom(for: rank)
        {
            let step = Int(plan.order.steps[rank])
            if let other = obstacle(to: step) {
                drop(step, obstacleReason(other), &turn)
            } else if let resource = failFast(step) {
                drop(step, behindBreakerOf: resource, &turn)
                guard !stop.isStopping, reviews.isEmpty else { return }
            } else if let claim = plan.claims[step].first(where: { !pool.canTake($0, rank: rank) })
            {
                ready.remove(rank)
                tellWait(of: step, forResource: Int(claim.resource), &turn)
                park(step, on: Int(claim.resource))
            } else if plan.traits[step].contains(.runsAlone) {
                // Others are held back until nothing runs; else it might never get its turn.
                guard flights.isEmpty else {
                    tellWait(ofLoneStep: step, &turn)
                    return
                }
                ready.remove(rank)
                isAlone = true
                tellWait(behindLoneStep: step, free: slots - 1, &turn)
                start(step, &turn)
                return
            } else if let conflict = plan.conflicts[step].first(where: {
                flights[Int($0.step)] != nil
            }) {
                let other = conflict.step
                ready.remove(rank)
                tellWait(of: step, for: conflict, &turn)
                states.move(step, to: .waiting)
                conflictWaiters[Int(other), default: []].append(step)
                wakeClaims(of: step)
            } else {
                ready.remove(rank)
                start(step, &turn)
            }
        }
    }

    /// Whether a step may start as far as a strict order goes: all before it have ended.
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
        case .resting, .reviewing: return
        default: enqueue(step)
        }
    }

    /// Puts a step that may start into the queue.
    mutating func enqueue(_ step: Int) {
        guard states.move(step, to: .ready) else { return }
        ready.insert(Int(plan.order.ranks[step]))
    }

    /// Forgets who waited to start, in a run of which only the finalizers are left.
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

    /// Lets the first that waits for a resource try again, if there is enough for it.
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

    private mutating func start(_ step: Int, _ turn: inout Effects) {
        for claim in plan.claims[step] { pool.take(claim) }
        beginProbes(step)
        flights[step] = ActiveStep()
        if plan.traits[step].contains(.takesLocks) {
            states.move(step, to: .acquiring)
            turn.act(.acquireLocks(step: step))
        } else {
            proceed(step, &turn)
        }
        wakeClaims(of: step)
    }

    mutating func launch(_ step: Int, _ turn: inout Effects) {
        states.move(step, to: .launching)
        waits.end(step)
        let (attempt, method) = nextAttempt(of: step)
        let needs = unwellNeeds(of: step)
        let execution: Int
        if let earlier = launches.deferred.removeValue(forKey: step) {
            execution = earlier
        } else {
            if attempts.made(by: step) == 0 {
                warn(of: needs, for: step, &turn)
                recordCauses(of: step, &turn)
            }
            attempts.count(step)
            launches.executions += 1
            execution = launches.executions
            turn.record(
                .launched(step: step, attempt: attempt, method: method, execution: execution))
        }
        startPhaseClock(for: step, turn.now)
        flights[step]?.execution = execution
        flights[step]?.launchedAt = turn.now
        turn.act(
            .launch(
                step: step, attempt: attempt, method: method, execution: execution,
                failed: needs))
    }

    /// Takes back slot, locks and units of a step, and lets those try again that waited for them.
    ///
    /// - Returns: What was known of it.
    mutating func leave(_ step: Int, _ turn: inout Effects) -> ActiveStep {
        let flight = flights.removeValue(forKey: step) ?? ActiveStep()
        isAlone = false
        endProbes(step)
        for waiter in conflictWaiters.removeValue(forKey: step) ?? [] { makeReady(waiter) }
        guard !stuck.contains(step) else { return flight }
        if flight.hasLocks { turn.act(.releaseLocks(step: step)) }
        for claim in plan.claims[step] {
            let resource = Int(claim.resource)
            pool.giveBack(claim)
            if flight.hasLocks { pool.clearRetry(of: resource) }
            wake(resource)
        }
        return flight
    }

    // MARK: - Answers

    mutating func locksAcquired(_ step: Int, _ turn: inout Effects) {
        guard states[step] == .acquiring else { return }
        flights[step]?.hasLocks = true
        guard mayStillStart(step, &turn) else { return }
        for claim in plan.claims[step] {
            pool.clearRetry(of: Int(claim.resource))
            wake(Int(claim.resource))
        }
        // A breaker may have opened and cooled down while the locks were being taken.
        beginProbes(step)
        proceed(step, &turn)
    }

    /// False for a step that must not start after all, now that its locks are known.
    mutating func mayStillStart(_ step: Int, _ turn: inout Effects) -> Bool {
        let overdue = overduePhase(of: step)
        let obstacle = obstacle(to: step)
        let halted = groupHalt(of: step) != nil
        guard stop.isStopping || halted || overdue != nil || obstacle != nil || !reviews.isEmpty
        else {
            return isStillOpen(to: step, &turn)
        }
        _ = leave(step, &turn)
        states.move(step, to: .waiting)
        guard !stop.isStopping, !dropHalted(step, &turn) else { return false }
        if let overdue {
            dropAsFailure(step, overdue, &turn)
        } else if let obstacle {
            drop(step, obstacleReason(obstacle), &turn)
        } else {
            // It goes on when the question is answered.
            makeReady(step)
        }
        return false
    }

    /// False for a step that has to wait for what was slowed down or closed in the meantime.
    private mutating func isStillOpen(to step: Int, _ turn: inout Effects) -> Bool {
        let down = failFast(step)
        let closed = closedMeanwhile(to: step)
        guard down != nil || closed != nil || isHeldBack || flights.count > slots else {
            return true
        }
        _ = leave(step, &turn)
        if let down {
            states.move(step, to: .waiting)
            drop(step, behindBreakerOf: down, &turn)
        } else if let closed {
            park(step, on: closed)
        } else {
            states.move(step, to: .waiting)
            makeReady(step)
        }
        return false
    }

    mutating func locksBusy(_ step: Int, _ holder: LockHolder, _ turn: inout Effects) {
        guard states[step] == .acquiring else { return }
        let claims = plan.claims[step].filter { plan.resources[Int($0.resource)].isLockable }
        let held = claims.first { plan.resources[Int($0.resource)].name == holder.resource }
        guard mayStillStart(step, &turn),
            let resource = (held ?? claims.first).map({ Int($0.resource) })
        else { return }
        if pool.retry(of: resource) == nil {
            let time = turn.now.advanced(byNanoseconds: pool.nextRetryDelay(of: resource))
            pool.setRetry(time, of: resource)
            setDeadline(time, of: .resource(resource))
        }
        _ = leave(step, &turn)
        tell(step, waitsFor: holder, &turn)
        park(step, on: resource)
    }

    mutating func started(
        _ step: Int, _ pid: Int32, _ startTicks: UInt64, _ basis: StepBasis?, _ turn: inout Effects
    ) {
        guard states[step] == .launching else { return }
        states.move(step, to: .running)
        launches.failuresInARow = 0
        flights[step]?.pid = pid
        if flights[step]?.isChecking == true {
            checkStarted(step, pid, startTicks, &turn)
        } else {
            turn.record(.started(step: step, pid: pid, startTicks: startTicks, basis: basis))
            startClocks(of: step, turn.now)
        }
        // It may have been on its way when the stop began.
        if isHalted(step) { applyStop(to: step, &turn) }
        if let reason = overduePhase(of: step) { fail(step, reason, &turn) }
    }

    mutating func notStarted(_ step: Int, _ message: String, _ turn: inout Effects) {
        guard states[step] == .launching else { return }
        guard flights[step]?.isChecking != true else {
            checkNotStarted(step, message, &turn)
            return
        }
        conclude(
            step, StepEnd(status: .failed, reason: .notStarted(message)), &turn)
    }

    /// The system had nothing to start the step with: fewer at once, and this one again later.
    mutating func launchDeferred(_ step: Int, _ message: String, _ turn: inout Effects) {
        guard states[step] == .launching else { return }
        guard flights[step]?.isChecking != true else {
            checkDeferred(step, message, &turn)
            return
        }
        if let reason = groupHalt(of: step) ?? stop.skipReason {
            end(step, StepEnd(status: .aborted, reason: reason), &turn)
            return
        }
        if let reason = overduePhase(of: step) {
            end(step, StepEnd(status: .failed, reason: reason), &turn)
            return
        }
        if flights.count == 1 {
            launches.failuresInARow += 1
            guard launches.failuresInARow <= LaunchState.mostTries else {
                conclude(step, StepEnd(status: .failed, reason: .notStarted(message)), &turn)
                return
            }
        }
        let flight = leave(step, &turn)
        launches.deferred[step] = flight.execution
        makeReady(step)
        if flights.isEmpty {
            let doublings = min(launches.failuresInARow - 1, 10)
            let delay = min(
                LaunchState.longestHold, LaunchState.firstHold << Int64(doublings))
            let time = turn.now.advanced(byNanoseconds: delay * 1_000_000)
            launches.holdsUntil = time
            setDeadline(time, of: .launches)
        } else {
            launches.limit = min(launches.limit, flights.count)
        }
        warnOfDeferral(of: step, message, &turn)
    }

    /// Says once that there is too little of something, and once more when nothing at all can be
    /// started for long.
    private mutating func warnOfDeferral(
        of step: Int, _ message: String, _ turn: inout Effects
    ) {
        if flights.isEmpty, launches.failuresInARow == LaunchState.manyTries {
            let seconds = LaunchState.longestHold * Int64(LaunchState.mostTries) / 1000
            turn.record(
                .warning(
                    step: step,
                    "nothing can be started (\(message)); this is tried again for up to "
                        + "\(seconds) seconds"))
        }
        guard !launches.hasWarned else { return }
        launches.hasWarned = true
        turn.record(
            .warning(
                step: step,
                "not everything could be started at once (\(message)); going on with less"))
    }
}
