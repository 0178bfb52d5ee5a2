import TestSupport
import WorkflowModel

@testable import Execution

/// What the processes of one attempt are like.
struct Temper {
    /// Nil for one that never ends of its own accord.
    var duration: Int64?
    var exit: ExitStatus
    var leftovers: Int
    var obeysInterrupt: Bool
    var obeysTerminate: Bool
    /// Whether the rest of its group goes when it is asked to.
    var groupObeys: Bool
    /// Whether not even KILL ends its leader, or the rest of its group.
    var isStuck: Bool
    var isGroupStuck: Bool
    /// Milliseconds between two writes, and after which there is none.
    var rhythm: Int64
    var silentAfter: Int64
    /// When it reads the terminal, in milliseconds after its start.
    var terminalAfter: Int64?
    var startedAt = RunTime.zero
    private var isOutputMissing: Bool
    private var isPatternMissing: Bool
    private var saysBusy: Bool

    init(of step: Int, _ plan: RunPlan, _ random: inout SeededGenerator) {
        // Who hangs where nothing stops it may hang for ever: that is no fault of the scheduler's.
        let isLimited =
            plan.timeout(of: step) != nil || plan.idleTimeout(of: step) != nil
            || plan.runLimit != nil || (plan.phaseLimit != nil && !plan.isFinalizer(step))
        isStuck = isLimited && random.chance(4)
        let hangs = isStuck || (isLimited && random.chance(15))
        duration = hangs ? nil : Int64(random.below(25) * 10)
        let isBusy = plan.policy.throttle != nil && random.chance(15)
        exit =
            isBusy
            ? .exited(75)
            : random.chance(plan.policy.retry.seed == 0 ? 80 : 60)
                ? .exited(0)
                : random.chance(80)
                    ? .exited(Int32(1 + random.below(255)))
                    : .signalled(11, coreDumped: random.chance(50))
        leftovers = random.chance(15) ? 1 + random.below(3) : 0
        obeysInterrupt = !isStuck && random.chance(50)
        obeysTerminate = !isStuck && random.chance(60)
        groupObeys = random.chance(60)
        isGroupStuck = random.chance(2)
        rhythm = Int64(10 + random.below(8) * 10)
        silentAfter = Int64(random.below(30) * 10)
        terminalAfter = random.chance(5) ? Int64(random.below(20) * 10) : nil
        isOutputMissing = random.chance(15)
        isPatternMissing = random.chance(25)
        saysBusy = random.chance(10)
    }

    /// What is found of it, as far as it is looked for.
    func verification(_ request: VerificationRequest) -> Verification {
        Verification(
            missing: request.contains(.outputs) && isOutputMissing ? ["o"] : [],
            hasSucceeded: !request.contains(.successPattern) || !isPatternMissing,
            isBusy: request.contains(.throttlePattern) && saysBusy)
    }
}
