import WorkflowModel

@testable import Execution

/// What happens in the world, and by when the scheduler must have done something about it.
extension RunCheck {
    mutating func begun(at now: RunTime) {
        hasBegun = true
        runLimitAt = plan.runLimit.map { now.advanced(byNanoseconds: $0.nanoseconds) }
    }

    mutating func timePasses(to now: RunTime) {
        expect(!isFinished, "told of something after the end")
        turnEnds()
        if let runLimitAt, !stopsRunning {
            expect(now <= runLimitAt, "the run outlived its limit")
        }
        var left = active
        while left != 0 {
            let step = left.trailingZeroBitCount
            left &= left - 1
            guard hasProcess(step) else { continue }
            let truth = truths[step]
            if let giveUpAt = truth.giveUpAt {
                expect(now <= giveUpAt, step, "not given up long after KILL")
            } else if let killBy = truth.killBy {
                expect(now <= killBy, step, "outlived its grace")
            }
            if let terminateBy = truth.terminateBy {
                expect(now <= terminateBy, step, "no TERM in time")
            }
            guard truth.life == .alive, !truth.wasSignalled else { continue }
            if let limit = truth.limit { expect(now <= limit, step, "outlived its limit") }
            if let askBy = truth.askBy, !truth.isAsked {
                expect(now <= askBy, step, "silent for too long, and nobody asks")
            }
            if let limit = phaseLimits[plan.place(of: step)], !isFinalizer(step) {
                expect(now <= limit, step, "outlived its phase")
            }
        }
    }

    mutating func signalled(_ signal: Int32, at now: RunTime) {
        stop.signals += 1
        if stop.signals == 1 { stop.firstSignal = signal }
        forEachProcess { check, step in check.stopReaches(step, at: now) }
    }

    /// A stop concerns a process: by when it must be gone.
    mutating func stopReaches(_ step: Int, at now: RunTime) {
        let all = now.advanced(byNanoseconds: grace(step))
        var killBy = truths[step].killBy ?? all
        if stop.signals == 2 { killBy = min(killBy, now.advanced(byNanoseconds: 1_000_000_000)) }
        if stop.signals > 2 { killBy = now }
        if !truths[step].isKilled { truths[step].killBy = killBy }
    }

    mutating func resumed(after length: Int64, at now: RunTime) {
        standstills.append((now.advanced(byNanoseconds: -length), now))
        func later(_ time: RunTime?) -> RunTime? { time?.advanced(byNanoseconds: length) }
        runLimitAt = later(runLimitAt)
        phaseLimits = phaseLimits.mapValues { $0 <= now ? $0 : $0.advanced(byNanoseconds: length) }
        brakes.shift(by: length, at: now)
        for step in truths.indices {
            if let rest = courses[step].retryAt, rest > now {
                courses[step].retryAt = later(rest)
            }
            truths[step].limit = later(truths[step].limit)
            truths[step].terminateBy = later(truths[step].terminateBy)
            truths[step].killBy = later(truths[step].killBy)
            truths[step].giveUpAt = later(truths[step].giveUpAt)
            truths[step].askBy = later(truths[step].askBy)
        }
    }

    mutating func started(_ step: Int, at now: RunTime) {
        truths[step].life = .alive
        if truths[step].isChecking {
            // The time of the attempt goes on over its check, and may be over.
            truths[step].limit = truths[step].limit.map { max($0, now) }
        } else {
            truths[step].limit = attemptLimit(step).map {
                now.advanced(byNanoseconds: $0.nanoseconds)
            }
        }
        truths[step].lastOutput = now
        truths[step].askBy = plan.idleTimeout(of: step).map {
            now.advanced(byNanoseconds: $0.nanoseconds)
        }
        if isStopped(step) { stopReaches(step, at: now) }
        if !isStopped(step), isOverdue(step, now) {
            truths[step].terminateBy = now
            truths[step].killBy = now.advanced(byNanoseconds: grace(step))
        }
    }

    mutating func notStarted(_ step: Int, isPutOff: Bool) {
        wasPutOff = wasPutOff || isPutOff
        if truths[step].isChecking {
            truths[step].life = .gone
            truths[step].checkFailedToStart = true
            return
        }
        truths[step].life = .none
        truths[step].wasPutOff = true
        active &= ~bit(step)
        if isPutOff { endProbes(of: step) }
    }

    mutating func output(_ step: Int, at time: RunTime, now: RunTime) {
        guard truths[step].isAsked else { return }
        truths[step].isAsked = false
        guard isLeaderAlive(step), !truths[step].wasSignalled else { return }
        truths[step].lastOutput = time
        // Too long already: it has to be stopped in this turn.
        truths[step].askBy = idleLimit(step).map { max($0, now) }
    }

    mutating func wantsTerminal(_ step: Int, _ signal: Int32, at now: RunTime) {
        guard truths[step].wantsTerminal == nil, !truths[step].wasSignalled else { return }
        truths[step].wantsTerminal = signal
        if !isStopped(step) {
            truths[step].terminateBy = now
            truths[step].killBy = now.advanced(byNanoseconds: grace(step))
        }
    }

    mutating func leaderExited(
        _ step: Int, _ exit: ExitStatus, leavesOthers: Bool, at now: RunTime
    ) {
        if truths[step].isChecking {
            truths[step].checkExit = exit
        } else {
            truths[step].exit = exit
        }
        truths[step].leftOthers = leavesOthers
        truths[step].life = leavesOthers ? .leaderGone : .gone
        guard leavesOthers else { return }
        if truths[step].killBy == nil {
            truths[step].killBy = now.advanced(byNanoseconds: grace(step))
        }
        // A process that is left gets TERM in this very turn, if it has not got it before.
        if !truths[step].wasSignalled || truths[step].terminateBy != nil {
            truths[step].terminateBy = now
        }
    }

    mutating func groupEmptied(_ step: Int) {
        truths[step].life = .gone
    }

    mutating func verified(_ step: Int, _ verification: Verification) {
        truths[step].isVerifying = false
        truths[step].found = verification
    }

    mutating func locksAcquired(_ step: Int) {
        acquiring &= ~bit(step)
        holding |= bit(step)
    }

    mutating func locksBusy(_ step: Int) {
        acquiring &= ~bit(step)
    }
}
