import DependencyGraph
import WorkflowModel

@testable import Execution

/// What must hold of every run, checked action by action against what is true in a ``HostileWorld``.
///
/// Steps are bits of a word: a workflow has at most 64. What happens in the world is in
/// `RunCheckWorld`, what the scheduler does about it in `RunCheckDeeds`.
struct RunCheck {
    let plan: RunPlan
    /// The first thing that did not hold.
    private(set) var violation: String?
    var truths: [Truth]
    let needs: [UInt64]
    let conflicts: [UInt64]
    let alone: UInt64
    /// Steps with a process, or with one on its way, but for those that were given up.
    var active: UInt64 = 0
    var acquiring: UInt64 = 0
    var holding: UInt64 = 0
    var final: UInt64 = 0
    var endedWell: UInt64 = 0
    var failed: UInt64 = 0
    /// Steps that were given up, with all that they hold.
    var stuck: UInt64 = 0
    var executions = 0
    var signals = 0
    var firstSignal: Int32 = 0
    var haltedBy: Int?
    var runEnded: RunStatus?
    var isFinished = false
    /// When the run must have been stopped at the latest.
    var runLimitAt: RunTime?
    var hitRunLimit = false
    /// When each phase that has begun must be over.
    var phaseLimits: [RunPlan.Place: RunTime] = [:]
    var phaseLimitsOnRecord = 0
    var barriersOnRecord: Set<RunPlan.Place> = []
    var standstills: [(start: RunTime, end: RunTime)] = []

    /// What is true of one step.
    struct Truth {
        enum Life { case none, launching, alive, leaderGone, gone, givenUp }
        var life = Life.none
        var execution = 0
        var wasPutOff = false
        var exit: ExitStatus?
        var leftOthers = false
        /// Whether it was sent anything before its leader had exited.
        var wasSignalled = false
        /// Why it was stopped, on record, and whether that was right.
        var said: StepReason?
        var cause: StepReason?
        /// When it must have been signalled, sent TERM, killed and given up at the latest.
        var limit: RunTime?
        var terminateBy: RunTime?
        var killBy: RunTime?
        var giveUpAt: RunTime?
        var isKilled: Bool { giveUpAt != nil }
        /// When it last wrote, as far as the scheduler was told.
        var lastOutput = RunTime.zero
        /// When its output must have been asked for at the latest.
        var askBy: RunTime?
        var isAsked = false
        var wantsTerminal: Int32?
        var isVerifying = false
        var missing: [String]?
    }

    init(plan: RunPlan) {
        self.plan = plan
        truths = [Truth](repeating: Truth(), count: plan.count)
        var needs = [UInt64](repeating: 0, count: plan.count)
        for step in plan.resolved.graph.topologicalOrder() where plan.doneEarlier[step] == nil {
            for dependency in plan.resolved.graph.dependencies(of: step) {
                let counts = plan.selected[dependency] || plan.doneEarlier[dependency] != nil
                needs[step] |= counts ? 1 << UInt64(dependency) : needs[dependency]
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

    mutating func expect(_ holds: Bool, _ step: Int, _ what: @autoclosure () -> String) {
        guard !holds, violation == nil else { return }
        violation = "step \(step): \(what())"
    }

    mutating func expect(_ holds: Bool, _ what: @autoclosure () -> String) {
        guard !holds, violation == nil else { return }
        violation = what()
    }

    func bit(_ step: Int) -> UInt64 { 1 << UInt64(step) }

    func declared(_ step: Int) -> Step { plan.resolved.workflow.steps[step] }

    var isPessimistic: Bool {
        plan.resolved.workflow.execution.failureStrategy == .pessimistic
    }
    var isStopping: Bool { signals > 0 || haltedBy != nil || hitRunLimit }
    var stopsRunning: Bool { signals > 0 || hitRunLimit || (haltedBy != nil && isPessimistic) }
    func grace(_ step: Int) -> Int64 { (declared(step).grace?.value ?? 0) * 1_000_000 }

    func isLeaderAlive(_ step: Int) -> Bool { truths[step].life == .alive }
    func isGroupLeft(_ step: Int) -> Bool { truths[step].life == .leaderGone }
    func hasProcess(_ step: Int) -> Bool { isLeaderAlive(step) || isGroupLeft(step) }

    func isOverdue(_ step: Int, _ now: RunTime) -> Bool {
        phaseLimits[plan.place(of: step)].map { $0 <= now } ?? false
    }

    /// Whether an earlier phase of the step's task has reached its limit.
    func isBehindOverdue(_ step: Int, _ now: RunTime) -> Bool {
        let place = plan.place(of: step)
        return phaseLimits.contains {
            $0.key.task == place.task && $0.key.phase < place.phase && $0.value <= now
        }
    }

    /// Nanoseconds since a moment in which nothing of the run went on.
    func standstill(since moment: RunTime) -> Int64 {
        standstills.reduce(0) { $0 + max(0, $1.end - max($1.start, moment)) }
    }

    /// When a silence becomes too long.
    func idleLimit(_ step: Int) -> RunTime? {
        plan.idleTimeout(of: step).map {
            let last = truths[step].lastOutput
            return last.advanced(byNanoseconds: $0.nanoseconds + standstill(since: last))
        }
    }

    /// Units of a resource whose locks steps of this run have.
    func units(of resource: Int) -> Int {
        units(of: resource, held: acquiring | holding)
    }

    func units(of resource: Int, held: UInt64) -> Int {
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

    func ancestors(of step: Int) -> UInt64 {
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

    mutating func forEachProcess(_ body: (inout RunCheck, Int) -> Void) {
        for step in truths.indices where hasProcess(step) { body(&self, step) }
    }
}
