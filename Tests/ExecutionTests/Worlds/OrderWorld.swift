import DependencyGraph
import TestSupport
import WorkflowModel

@testable import Execution

/// A world where steps take some time and now and then fail, and which notes what started when.
struct OrderWorld: VirtualWorld {
    private var random: SeededGenerator
    private let failures: Int
    /// Steps in the order in which they started.
    private(set) var started: [Int] = []
    /// The events of the run.
    private(set) var events: [RunEvent] = []
    /// A step that started before one that it needs had ended.
    private(set) var violation: String?
    private var closed: Set<Int> = []
    private let plan: RunPlan
    /// Most steps that ran at once.
    private(set) var peak = 0
    private var running = 0

    init(_ plan: RunPlan, seed: UInt64, failures: Int = 20) {
        self.plan = plan
        self.failures = failures
        random = SeededGenerator(seed: seed)
    }

    /// Plays a run to its end; nil when it comes to a stand.
    static func play(_ plan: RunPlan, seed: UInt64, failures: Int = 20) -> OrderWorld? {
        var world = OrderWorld(plan, seed: seed, failures: failures)
        var run = VirtualRun(plan: plan)
        return run.run(maxInputs: 5000, in: &world) ? world : nil
    }

    /// The journal of what was played, with a header that names these steps.
    var journal: Journal {
        let header = plan.header(
            runID: "r1", startedAt: WallTime(microseconds: 0), pid: 1, bootID: "")
        return Journal(header: header, events: events, problems: [])
    }

    mutating func admits(_ input: SchedulerInput, at now: RunTime) -> Bool { true }

    mutating func perform(
        _ action: SchedulerAction, at now: RunTime, _ agenda: inout VirtualRun.Agenda
    ) {
        switch action {
        case .record(let kind):
            for part in kind.parts { note(part) }
            events.append(RunEvent(kind, at: now))
        case .acquireLocks(let step):
            agenda.add(.locksAcquired(step: step), at: now)
        case .launch(let step, _, _, _, _):
            agenda.add(.started(step: step, pid: 1, startTicks: 1), at: now)
            let code: Int32 = random.chance(failures) ? 1 : 0
            agenda.add(
                .leaderExited(step: step, exit: .exited(code), usage: nil, leftovers: []),
                at: RunTime(milliseconds: now.milliseconds + Int64(1 + random.below(9))))
        case .verify(let step, _):
            agenda.add(.verified(step: step, Verification()), at: now)
        case .evaluateCondition(let step):
            agenda.add(.conditionEvaluated(step: step, .holds), at: now)
        default:
            break
        }
    }

    private mutating func note(_ kind: RunEvent.Kind) {
        switch kind {
        case .started(let step, _, _, _):
            started.append(step)
            running += 1
            peak = max(peak, running)
            for dependency in plan.resolved.graph.dependencies(of: step)
            where !closed.contains(dependency) {
                violation = "\(step) before \(dependency)"
            }
        case .ended(let step, _):
            closed.insert(step)
            running -= 1
        case .skipped(let step, _):
            closed.insert(step)
        default:
            break
        }
    }
}
