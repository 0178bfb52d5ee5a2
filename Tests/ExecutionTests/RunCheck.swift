import DependencyGraph
import WorkflowModel

@testable import Execution

/// What must hold of every run, checked action by action against what is true in a ``HostileWorld``.
///
/// Steps are bits of a word: a workflow has at most 64.
struct RunCheck {
    private let plan: RunPlan
    /// The first thing that did not hold.
    private(set) var violation: String?
    private var truths: [Truth]
    private let needs: [UInt64]
    private let conflicts: [UInt64]
    private let alone: UInt64
    /// Steps with a process, or with one on its way.
    private var active: UInt64 = 0
    private var acquiring: UInt64 = 0
    private var holding: UInt64 = 0
    private var final: UInt64 = 0
    private var endedWell: UInt64 = 0
    private var failed: UInt64 = 0
    private var executions = 0
    private var signals = 0
    private var firstSignal: Int32 = 0
    private var haltedBy: Int?
    private var runEnded: RunStatus?
    private var isFinished = false

    private struct Truth {
        enum Life { case none, launching, alive, leaderGone, gone }
        var life = Life.none
        var execution = 0
        var wasPutOff = false
        var exit: ExitStatus?
        var leftOthers = false
        /// Whether it was sent anything before its leader had exited.
        var wasSignalled = false
        var isKilled = false
        /// When it must have been signalled, sent TERM, and killed at the latest.
        var limit: RunTime?
        var terminateBy: RunTime?
        var killBy: RunTime?
        var hasTimedOut = false
    }

    init(plan: RunPlan) {
        self.plan = plan
        truths = [Truth](repeating: Truth(), count: plan.count)
        var needs = [UInt64](repeating: 0, count: plan.count)
        for step in plan.resolved.graph.topologicalOrder() {
            for dependency in plan.resolved.graph.dependencies(of: step) {
                needs[step] |=
                    plan.selected[dependency] ? 1 << UInt64(dependency) : needs[dependency]
            }
        }
        self.needs = needs
        var conflicts = [UInt64](repeating: 0, count: plan.count)
        for conflict in plan.resolved.conflicts {
            conflicts[Int(conflict.first)] |= 1 << UInt64(conflict.second)
            conflicts[Int(conflict.second)] |= 1 << UInt64(conflict.first)
        }
        self.conflicts = conflicts
        alone = plan.resolved.workflow.steps.enumerated().reduce(0) {
            $1.element.isParallelSafe ? $0 : $0 | 1 << UInt64($1.offset)
        }
    }

    private mutating func expect(
        _ holds: Bool, _ step: Int, _ what: @autoclosure () -> String
    ) {
        guard !holds, violation == nil else { return }
        violation = "step \(step): \(what())"
    }

    private mutating func expect(_ holds: Bool, _ what: @autoclosure () -> String) {
        guard !holds, violation == nil else { return }
        violation = what()
    }

    private func bit(_ step: Int) -> UInt64 { 1 << UInt64(step) }

    private var isPessimistic: Bool {
        plan.resolved.workflow.execution.failureStrategy == .pessimistic
    }
    private var isStopping: Bool { signals > 0 || haltedBy != nil }
    private var stopsRunning: Bool { signals > 0 || (haltedBy != nil && isPessimistic) }
    private func grace(_ step: Int) -> Int64 {
        (plan.resolved.workflow.steps[step].grace?.value ?? 0) * 1_000_000
    }

    // MARK: - What is true

    func isLeaderAlive(_ step: Int) -> Bool { truths[step].life == .alive }
    func isGroupLeft(_ step: Int) -> Bool { truths[step].life == .leaderGone }

    /// Units of a resource whose locks steps of this run have.
    func units(of resource: Int) -> Int {
        units(of: resource, held: acquiring | holding)
    }

    private func units(of resource: Int, held: UInt64) -> Int {
        var sum = 0
        var left = held
        while left != 0 {
            let step = left.trailingZeroBitCount
            left &= left - 1
            for claim in plan.claims(of: step) where Int(claim.resource) == resource {
                sum += Int(claim.units)
            }
        }
        return sum
    }

    mutating func timePasses(to now: RunTime) {
        expect(!isFinished, "told of something after the end")
        var left = active
        while left != 0 {
            let step = left.trailingZeroBitCount
            left &= left - 1
            let truth = truths[step]
            guard truth.life == .alive || truth.life == .leaderGone else { continue }
            if let killBy = truth.killBy, !truth.isKilled {
                expect(now <= killBy, step, "outlived its grace")
            }
            if let terminateBy = truth.terminateBy {
                expect(now <= terminateBy, step, "no TERM after half the grace")
            }
            if let limit = truth.limit, truth.life == .alive, !truth.wasSignalled {
                expect(now <= limit, step, "outlived its limit")
            }
        }
    }

    mutating func signalled(_ signal: Int32, at now: RunTime) {
        signals += 1
        if signals == 1 { firstSignal = signal }
        forEachProcess { check, step in check.stopReaches(step, at: now) }
    }

    /// A stop concerns a process: by when it must be gone.
    private mutating func stopReaches(_ step: Int, at now: RunTime) {
        let all = now.advanced(byNanoseconds: grace(step))
        var killBy = truths[step].killBy ?? all
        if signals == 2 { killBy = min(killBy, now.advanced(byNanoseconds: 1_000_000_000)) }
        if signals > 2 { killBy = now }
        if !truths[step].isKilled { truths[step].killBy = killBy }
    }

    private mutating func forEachProcess(_ body: (inout RunCheck, Int) -> Void) {
        for step in truths.indices
        where truths[step].life == .alive || truths[step].life == .leaderGone {
            body(&self, step)
        }
    }

    mutating func started(_ step: Int, at now: RunTime) {
        truths[step].life = .alive
        truths[step].limit = plan.resolved.workflow.steps[step].timeout.map {
            now.advanced(byNanoseconds: $0.nanoseconds)
        }
        if stopsRunning { stopReaches(step, at: now) }
    }

    mutating func notStarted(_ step: Int) {
        truths[step].life = .none
        truths[step].wasPutOff = true
        active &= ~bit(step)
    }

    mutating func leaderExited(
        _ step: Int, _ exit: ExitStatus, leavesOthers: Bool, at now: RunTime
    ) {
        truths[step].exit = exit
        truths[step].leftOthers = leavesOthers
        truths[step].life = leavesOthers ? .leaderGone : .gone
        guard leavesOthers else { return }
        if truths[step].killBy == nil {
            truths[step].killBy = now.advanced(byNanoseconds: grace(step))
        }
        // Whoever is left gets TERM in this very turn, if it has not got it before.
        if !truths[step].wasSignalled || truths[step].terminateBy != nil {
            truths[step].terminateBy = now
        }
    }

    mutating func groupEmptied(_ step: Int) {
        truths[step].life = .gone
    }

    mutating func locksAcquired(_ step: Int) {
        acquiring &= ~bit(step)
        holding |= bit(step)
    }

    mutating func locksBusy(_ step: Int) {
        acquiring &= ~bit(step)
    }

    // MARK: - What the scheduler does

    mutating func asked(_ step: Int, isGranted: Bool) {
        expect(!isStopping, step, "takes locks after a stop")
        expect((acquiring | holding) & bit(step) == 0, step, "takes locks twice")
        expect(final & bit(step) == 0, step, "takes locks after its end")
        acquiring |= bit(step)
        for claim in plan.claims(of: step) {
            let resource = plan.resources[Int(claim.resource)]
            expect(
                units(of: Int(claim.resource)) <= resource.capacity, step,
                "takes more of `\(resource.name)` than there is")
        }
    }

    mutating func released(_ step: Int) {
        expect(holding & bit(step) != 0, step, "gives back locks that it does not have")
        expect(
            truths[step].life == .none || truths[step].life == .gone, step,
            "gives its locks back too early")
        holding &= ~bit(step)
    }

    mutating func launched(_ step: Int, _ execution: Int) {
        let others = active
        active |= bit(step)
        expect(truths[step].life == .none && final & bit(step) == 0, step, "launched twice")
        expect(truths[step].execution == execution && execution > 0, step, "launch not on record")
        expect(!isStopping, step, "launched after a stop")
        expect(plan.selected[step], step, "launched though not selected")
        expect(needs[step] & ~endedWell == 0, step, "launched before what it needs")
        expect(active.nonzeroBitCount <= plan.limit, step, "over the limit")
        expect(others & conflicts[step] == 0, step, "beside a conflicting step")
        expect(others == 0 || alone & active == 0, step, "not alone")
        var isLocked = false
        for claim in plan.claims(of: step) {
            let resource = plan.resources[Int(claim.resource)]
            isLocked = isLocked || resource.isLockable
            expect(
                units(of: Int(claim.resource), held: active) <= resource.capacity, step,
                "over the capacity of `\(resource.name)`")
        }
        expect(isLocked == (holding & bit(step) != 0), step, "launched without its locks")
        truths[step].life = .launching
    }

    mutating func groupSignalled(_ step: Int, _ signal: Int32, at now: RunTime) {
        let truth = truths[step]
        expect(
            truth.life == .alive || truth.life == .leaderGone, step, "signalled without a process")
        expect(!truth.isKilled, step, "signalled after KILL")
        if truth.life == .alive, !stopsRunning, signal == 15 {
            expect(truth.limit.map { $0 <= now } ?? false, step, "stopped for no reason")
            truths[step].hasTimedOut = true
        }
        if truth.life == .alive { truths[step].wasSignalled = true }
        if truth.killBy == nil {
            truths[step].killBy = now.advanced(byNanoseconds: grace(step))
        }
        switch signal {
        case 9:
            expect(truths[step].killBy == now, step, "killed before its grace is over")
            truths[step].isKilled = true
            truths[step].terminateBy = nil
        case 15:
            truths[step].terminateBy = nil
        default:
            expect(signal == firstSignal && !truth.wasSignalled, step, "passed on twice")
            truths[step].terminateBy = now.advanced(byNanoseconds: grace(step) / 2)
        }
    }

    mutating func recorded(_ kind: RunEvent.Kind, at now: RunTime) {
        expect(runEnded == nil, "on record after the end")
        switch kind {
        case .launched(let step, _, _, let execution):
            executions += 1
            expect(truths[step].execution == 0, step, "launched twice on record")
            expect(execution == executions, step, "executions do not count on")
            truths[step].execution = execution
        case .started(let step, _, _, _):
            expect(truths[step].life == .alive, step, "started on record without a process")
        case .ended(let step, let end): ended(step, end, at: now)
        case .skipped(let step, let reason): skipped(step, reason)
        case .runEnded(let status): runEnded = status
        case .halting(let step): expect(haltedBy == step, step, "a halt that was none")
        case .stopping: expect(signals == 1, "a stop on record without a signal")
        case .killed(let step): expect(!truths[step].isKilled, step, "killed twice")
        default: break
        }
    }

    private mutating func ended(_ step: Int, _ end: StepEnd, at now: RunTime) {
        let truth = truths[step]
        expect(final & bit(step) == 0, step, "ended twice")
        expect(truth.execution > 0, step, "ended without a launch")
        expect(
            truth.life == .gone || (truth.life == .none && truth.wasPutOff), step,
            "ended while it has processes")
        expect(end.exit == truth.exit, step, "another exit than it had")
        let wasPutOff = truth.life == .none && end.status == .aborted && isStopping
        let isAborted = stopsRunning || wasPutOff
        expect(isAborted == (end.status == .aborted), step, "\(end.status) of a stop")
        if !isAborted { checkOutcome(step, truth, end) }
        final |= bit(step)
        active &= ~bit(step)
        let isAllowed = plan.resolved.workflow.steps[step].allowsFailure
        if end.status == .complete || (end.status == .failed && isAllowed) {
            endedWell |= bit(step)
        } else if end.status == .failed {
            failed |= bit(step)
            let isCritical = plan.resolved.workflow.steps[step].isCritical
            if isCritical, plan.haltsOnCriticalFailure, !isStopping {
                haltedBy = step
                if isPessimistic {
                    forEachProcess { check, step in check.stopReaches(step, at: now) }
                }
            }
        }
    }

    private mutating func checkOutcome(_ step: Int, _ truth: Truth, _ end: StepEnd) {
        let declared = plan.resolved.workflow.steps[step]
        var expected: StepReason?
        switch truth.exit {
        case nil:
            if case .notStarted = end.reason { expected = end.reason }
        case _ where truth.hasTimedOut:
            expected = .timedOut(
                .attempt, limitMilliseconds: declared.timeout?.value ?? 0)
        case .exited(let code) where code != 0: expected = .exited(code)
        case .signalled(let signal, let core): expected = .signalled(signal, coreDumped: core)
        default:
            if truth.leftOthers, declared.leftovers == .fail, case .leftProcesses = end.reason {
                expected = end.reason
            }
        }
        expect(end.reason == expected, step, "\(end) instead of \(String(describing: expected))")
        expect(
            (end.status == .complete)
                == (truth.exit == .exited(0) && !truth.hasTimedOut
                    && !(truth.leftOthers && declared.leftovers == .fail)),
            step, "\(end.status) after \(String(describing: truth.exit))")
        expect(
            end.isAllowed == (end.status == .failed && declared.allowsFailure), step, "isAllowed")
    }

    private mutating func skipped(_ step: Int, _ reason: StepReason) {
        expect(final & bit(step) == 0, step, "skipped after its end")
        expect(truths[step].execution == 0, step, "skipped after its launch")
        final |= bit(step)
        switch reason {
        case .notSelected: expect(!plan.selected[step], step, "skipped though selected")
        case .dependencyFailed(let other):
            expect(failed & bit(other) != 0, step, "skipped for \(other), which has not failed")
            expect(ancestors(of: step) & bit(other) != 0, step, "skipped for a stranger")
        case .halted(let other):
            expect(haltedBy == other, step, "skipped for a halt that was none")
            expect(ancestors(of: step) & failed == 0, step, "halted, though what it needs failed")
        case .interrupted(let signal):
            expect(signals > 0 && signal == firstSignal, step, "interrupted by nothing")
            expect(ancestors(of: step) & failed == 0, step, "stopped, though what it needs failed")
        default: expect(false, step, "skipped: \(reason)")
        }
    }

    private func ancestors(of step: Int) -> UInt64 {
        var found = needs[step]
        var open = found
        while open != 0 {
            let next = open.trailingZeroBitCount
            open &= open - 1
            open |= needs[next] & ~found
            found |= needs[next]
        }
        return found
    }

    mutating func finished(_ status: RunStatus) {
        expect(!isFinished, "finished twice")
        isFinished = true
        expect(runEnded == status, "finished without a record")
        expect(final == (1 << UInt64(plan.count)) - 1, "finished with steps left")
        expect(active == 0 && acquiring == 0, "finished while something runs")
        expect(holding == 0, "finished with locks held")
        let expected: RunStatus = signals > 0 ? .aborted : failed != 0 ? .failed : .complete
        expect(status == expected, "\(status) instead of \(expected)")
    }
}
