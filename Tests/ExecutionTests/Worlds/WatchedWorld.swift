@testable import Execution

/// A ``HostileWorld`` that counts what happens in it, so that a rule cannot hold for want of cases.
struct WatchedWorld: VirtualWorld {
    var inner: HostileWorld
    private(set) var seen: [String: Int] = [:]
    private var signals = 0
    /// Whether it keeps what was done, and that.
    var keepsActions = false
    private(set) var actions: [SchedulerAction] = []
    private var checking: Set<Int> = []

    init(_ inner: HostileWorld) { self.inner = inner }

    private mutating func note(_ what: String) { seen[what, default: 0] += 1 }

    mutating func admits(_ input: SchedulerInput, at now: RunTime) -> Bool {
        switch input {
        case .launchDeferred(let step, _):
            note("deferred")
            if checking.contains(step) { note("deferred check") }
        case .resumed: note("resumed")
        case .examined(let step, let answer) where inner.check.isExamining(step):
            note("examined \(name(answer))")
            if inner.check.isStopping { note("examined in a stop") }
        case .signal:
            signals += 1
            if signals == 3 { note("third signal") }
        default: break
        }
        return inner.admits(input, at: now)
    }

    mutating func perform(
        _ action: SchedulerAction, at now: RunTime, _ agenda: inout VirtualRun.Agenda
    ) {
        if keepsActions { actions.append(action) }
        notePolicy(action)
        switch action {
        case .acquireLocks: note("acquire")
        case .releaseLocks: note("release")
        case .signalGroup(_, let signal): note("signal \(signal)")
        case .checkOutput: note("check output")
        case .verify: note("verify")
        case .abandon: note("abandon")
        case .record(.barrierPassed): note("barrier")
        case .record(.groupHalting): note("group halting")
        case .record(.limitReached(let kind, _, _)): note("limit \(kind)")
        case .record(.waiting): note("waiting")
        case .record(.warning): note("warning")
        case .record(.leftovers): note("leftovers")
        case .record(.killed): note("killed")
        case .record(.ended(_, let end)):
            note(end.isAllowed ? "allowed" : end.reason.map(name) ?? "complete")
            if end.status == .aborted, end.exit == nil { note("cut short") }
        case .record(.skipped(_, let reason)), .record(.skippedTogether(_, let reason)):
            note("skipped: \(name(reason))")
        case .finish(let status): note("run \(status)")
        default: break
        }
        inner.perform(action, at: now, &agenda)
    }

    private mutating func notePolicy(_ action: SchedulerAction) {
        switch action {
        case .launch(let step, _, let method, _, let failed):
            checking.remove(step)
            if method != .primary { note("backup") }
            if !failed.isEmpty { note("told") }
        case .launchCheck(let step, _):
            checking.insert(step)
            note("check")
        case .evaluateCondition: note("evaluate")
        case .examine: note("examine")
        case .record(.due): note("due")
        case .askReview: note("ask")
        case .withdrawReview: note("withdraw")
        case .record(.attemptFailed(_, let failure)) where failure.isBusy: note("busy")
        case .record(.retryScheduled(_, _, .primary, _)): note("retry")
        case .record(.throttled): note("throttled")
        case .record(.throttleEased): note("eased")
        case .record(.breakerChanged(_, let phase, _)): note("breaker \(phase.rawValue)")
        case .record(.decided(_, let decision)): note("decided \(decision.word)")
        case .record(.reviewWanted): if !inner.plan.policy.canAsk { note("review unasked") }
        case .record(.thresholdReached): note("threshold")
        case .record(.modeChanged(let mode)): note("mode \(mode.rawValue)")
        case .record(.finalizing): note("finalizing")
        default: break
        }
    }

    private func name(_ checkBeforeStart: Examination) -> String {
        switch checkBeforeStart {
        case .due: "due"
        case .upToDate: "up to date"
        case .restored: "restored"
        }
    }

    private func name(_ reason: StepReason) -> String {
        switch reason {
        case .exited: "exited"
        case .signalled: "signalled"
        case .notStarted: "not started"
        case .timedOut(let kind, _): "timed out \(kind)"
        case .leftProcesses: "left processes"
        case .dependencyFailed: "needs"
        case .halted: "halted"
        case .groupHalted: "group halted"
        case .interrupted: "interrupted"
        case .faulted: "faulted"
        case .wantedTerminal: "wanted terminal"
        case .unkillable: "unkillable"
        case .outputsMissing: "outputs missing"
        case .doneEarlier: "done earlier"
        case .upToDate: "up to date"
        case .unchanged: "unchanged"
        case .restored: "restored"
        case .notSelected: "not selected"
        case .other: "other"
        case .failuresInARow: "failures in a row"
        case .awaitsReview: "awaits review"
        case .decided(let decision): "decided \(decision.word)"
        case .conditionFalse: "condition false"
        case .conditionError: "condition error"
        case .successPatternMissing: "success pattern missing"
        case .verifyFailed: "verify failed"
        case .breakerOpen: "behind a breaker"
        }
    }
}
