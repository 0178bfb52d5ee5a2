@testable import Execution

/// A ``HostileWorld`` that counts what happens in it, so that a rule cannot hold for want of cases.
struct WatchedWorld: VirtualWorld {
    var inner: HostileWorld
    private(set) var seen: [String: Int] = [:]
    private var signals = 0

    init(_ inner: HostileWorld) { self.inner = inner }

    private mutating func note(_ what: String) { seen[what, default: 0] += 1 }

    mutating func admits(_ input: SchedulerInput, at now: RunTime) -> Bool {
        switch input {
        case .launchDeferred: note("deferred")
        case .resumed: note("resumed")
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
        switch action {
        case .acquireLocks: note("acquire")
        case .releaseLocks: note("release")
        case .signalGroup(_, let signal): note("signal \(signal)")
        case .checkOutput: note("check output")
        case .verify: note("verify")
        case .abandon: note("abandon")
        case .record(.barrierPassed): note("barrier")
        case .record(.limitReached(let kind, _)): note("limit \(kind)")
        case .record(.waiting): note("waiting")
        case .record(.warning): note("warning")
        case .record(.leftovers): note("leftovers")
        case .record(.killed): note("killed")
        case .record(.ended(_, let end)):
            note(end.isAllowed ? "allowed" : end.reason.map(name) ?? "complete")
            if end.status == .aborted, end.exit == nil { note("cut short") }
        case .record(.skipped(_, let reason)): note("skipped: \(name(reason))")
        case .finish(let status): note("run \(status)")
        default: break
        }
        inner.perform(action, at: now, &agenda)
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
        case .interrupted: "interrupted"
        case .wantedTerminal: "wanted terminal"
        case .unkillable: "unkillable"
        case .outputsMissing: "outputs missing"
        case .doneEarlier: "done earlier"
        case .notSelected: "not selected"
        case .other: "other"
        case .failuresInARow: "failures in a row"
        case .awaitsReview: "awaits review"
        case .decided(let decision): "decided \(decision.word)"
        case .conditionFalse: "condition false"
        case .conditionError: "condition error"
        case .successPatternMissing: "success pattern missing"
        case .verifyFailed: "verify failed"
        case .breakerOpen: "breaker open"
        }
    }
}
