import DependencyGraph
import WorkflowModel

@testable import Execution

/// What must hold of every run, checked action by action against what is true in a ``HostileWorld``.
///
/// Steps are bits of a word: a workflow has at most 64. What happens in the world is in
/// `RunCheckWorld`, what the scheduler does about it in `RunCheckDeeds`, how attempts follow each
/// other in `RunCheckAttempts`, what failures lead to in `RunCheckPolicy`, reviews in
/// `RunCheckReviews`, throttles and breakers in `RunCheckBrakes`, groups in
/// `RunCheckGroups`, steps that need not run in
/// `RunCheckFreshness`.
struct RunCheck {
    let plan: RunPlan
    /// The first thing that did not hold.
    private(set) var violation: String?
    /// What is true of the attempt that each step is in, or was in last.
    var truths: [Truth]
    /// What is true of each step beyond that.
    var courses: [Course]
    let needs: [UInt64]
    let conflicts: [UInt64]
    let alone: UInt64
    let finalizers: UInt64
    /// Steps with a process, or with one on its way, but for those that were given up.
    var active: UInt64 = 0
    var acquiring: UInt64 = 0
    var holding: UInt64 = 0
    var final: UInt64 = 0
    /// Steps whose dependents run because they ended well, or do not count.
    var endedWell: UInt64 = 0
    /// Steps that ended in another way, which who runs all the same is told of.
    var unwell: UInt64 = 0
    /// Of these, those whose dependents run, and those whose dependents are skipped for it.
    var letsOn: UInt64 = 0
    var blocks: UInt64 = 0
    var failed: UInt64 = 0
    /// Steps that were given up, with all that they hold.
    var stuck: UInt64 = 0
    var executions = 0
    var stop = Stop()
    /// What the run had been stopped by when the finalizers began; nil before.
    var stopBefore: Stop?
    var runEnded: RunStatus?
    var isFinished = false
    var hasBegun = false
    var wasPutOff = false
    /// When the run must have been stopped at the latest.
    var runLimitAt: RunTime?
    var hasHitRunLimit = false
    /// Whether that moment came while the run was being stopped for something else.
    var isRunOver = false
    /// Whether finalizers have no more than five minutes.
    var isHurried = false
    /// When each phase that has begun must be over.
    var phaseLimits: [RunPlan.Place: RunTime] = [:]
    var phaseLimitsOnRecord = 0
    var barriersOnRecord: Set<RunPlan.Place> = []
    var standstills: [(start: RunTime, end: RunTime)] = []
    /// Phases that have taken too long, on record.
    var overdue: Set<RunPlan.Place> = []
    var lastTurn = RunTime.zero
    /// Steps that had ended before the turn.
    var finalBefore: UInt64 = 0
    var policy: PolicyTruth
    var reviews = ReviewTruth()
    var brakes: BrakeTruth
    var freshness = FreshnessTruth()
    var groups = GroupTruth()

    /// What has stopped the run.
    struct Stop {
        var signals = 0
        var firstSignal: Int32 = 0
        var haltedBy: Int?
        var failuresInARow: Int?
        var hitRunLimit = false
        var awaitsReviewOf: Int?

        var isStopping: Bool { stopsAll || haltedBy != nil || awaitsReviewOf != nil }
        var stopsAll: Bool { signals > 0 || hitRunLimit }
        var isReviewAwaited: Bool { awaitsReviewOf != nil && !stopsAll }
    }

    /// What is true of one attempt.
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
        var found: Verification?
        /// Whether its processes are those of its `verify` command.
        var isChecking = false
        var checkExit: ExitStatus?
        /// Whether that command could not be started when it should.
        var checkFailedToStart = false
    }

    init(plan: RunPlan) {
        self.plan = plan
        truths = [Truth](repeating: Truth(), count: plan.count)
        courses = [Course](repeating: Course(), count: plan.count)
        needs = Self.needs(of: plan)
        policy = PolicyTruth(mode: plan.policy.mode)
        brakes = BrakeTruth(plan)
        var conflicts = [UInt64](repeating: 0, count: plan.count)
        for conflict in plan.resolved.conflicts {
            conflicts[Int(conflict.first)] |= 1 << UInt64(conflict.second)
            conflicts[Int(conflict.second)] |= 1 << UInt64(conflict.first)
        }
        self.conflicts = conflicts
        let steps = plan.resolved.workflow.steps
        alone = steps.indices.reduce(0) { steps[$1].isParallelSafe ? $0 : $0 | 1 << UInt64($1) }
        finalizers = steps.indices.reduce(0) {
            steps[$1].gating.always ? $0 | 1 << UInt64($1) : $0
        }
    }

    /// What each step needs: through those that do not run, what they would need.
    private static func needs(of plan: RunPlan) -> [UInt64] {
        var needs = [UInt64](repeating: 0, count: plan.count)
        for step in plan.resolved.graph.topologicalOrder() where plan.doneEarlier[step] == nil {
            for dependency in plan.resolved.graph.dependencies(of: step) {
                let counts = plan.selected[dependency] || plan.doneEarlier[dependency] != nil
                if counts { needs[step] |= 1 << UInt64(dependency) }
                if !counts || isDecidedAhead(dependency, plan) {
                    needs[step] |= needs[dependency]
                }
            }
        }
        return needs
    }

    private static func isDecidedAhead(_ step: Int, _ plan: RunPlan) -> Bool {
        guard plan.selected[step], plan.doneEarlier[step] == nil else { return false }
        switch plan.policy.decisions[step] {
        case .skip: return true
        case .proceed: return !plan.isFinalizer(step)
        default: return false
        }
    }

    mutating func expect(_ holds: Bool, _ step: Int, _ what: @autoclosure () -> String) {
        guard !holds, violation == nil else { return }
        violation = "step \(step) at \(lastTurn.milliseconds): \(what())"
    }

    mutating func expect(_ holds: Bool, _ what: @autoclosure () -> String) {
        guard !holds, violation == nil else { return }
        violation = "at \(lastTurn.milliseconds): \(what())"
    }

    func bit(_ step: Int) -> UInt64 { 1 << UInt64(step) }

    func declared(_ step: Int) -> Step { plan.resolved.workflow.steps[step] }

    func isFinalizer(_ step: Int) -> Bool { finalizers & bit(step) != 0 }

    var isPessimistic: Bool {
        plan.resolved.workflow.execution.failureStrategy == .pessimistic
    }
    var isStopping: Bool { stop.isStopping }
    var stopsRunning: Bool { stop.stopsAll || (stop.haltedBy != nil && isPessimistic) }
    func grace(_ step: Int) -> Int64 { (declared(step).grace?.value ?? 0) * 1_000_000 }

    func isLeaderAlive(_ step: Int) -> Bool { truths[step].life == .alive }
    func isGroupLeft(_ step: Int) -> Bool { truths[step].life == .leaderGone }
    func hasProcess(_ step: Int) -> Bool { isLeaderAlive(step) || isGroupLeft(step) }

    func isOverdue(_ step: Int, _ now: RunTime) -> Bool {
        guard !isFinalizer(step) else { return false }
        return phaseLimits[plan.place(of: step)].map { $0 <= now } ?? false
    }

    /// Whether an earlier phase of the step's task has reached its limit.
    func isBehindOverdue(_ step: Int, _ now: RunTime) -> Bool {
        let place = plan.place(of: step)
        return phaseLimits.contains {
            $0.key.task == place.task && $0.key.phase < place.phase && $0.value <= now
        }
    }

    /// The limit of an attempt that begins now.
    func attemptLimit(_ step: Int) -> Milliseconds? {
        declared(step).timeout ?? (isHurried && isFinalizer(step) ? .seconds(300) : nil)
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
        steps(held).reduce(0) { sum, step in
            plan.claims(of: step).reduce(sum) {
                Int($1.resource) == resource ? $0 + Int($1.units) : $0
            }
        }
    }

    /// The steps of a set, in their order.
    func steps(_ set: UInt64) -> [Int] {
        var steps: [Int] = []
        var left = set
        while left != 0 {
            steps.append(left.trailingZeroBitCount)
            left &= left - 1
        }
        return steps
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
