import DependencyGraph
import TestSupport
import WorkflowModel

@testable import Execution

/// A world where everything goes wrong that can, and which knows what really happened.
///
/// Processes fail, hang, ignore signals, leave others behind, cannot be killed and cannot be
/// started; locks are held by strangers; outputs are missing; time stands still; answers come late;
/// stale reports are delivered. ``HostileWorld/check`` compares what the scheduler does with what
/// is true; it reads no state of the scheduler.
struct HostileWorld: VirtualWorld {
    let plan: RunPlan
    private(set) var check: RunCheck
    private var random: SeededGenerator
    private var temper: [Temper]
    /// Until when strangers hold one unit of each resource.
    private var heldUntil: [RunTime]
    /// Percent of launches that the system puts off.
    private let deferrals: Int

    init(plan: RunPlan, random generator: inout SeededGenerator) {
        var random = generator
        self.plan = plan
        check = RunCheck(plan: plan)
        temper = (0..<plan.count).map { Temper(of: $0, plan, &random) }
        let hasStrangers = random.chance(30)
        heldUntil = plan.resources.map {
            RunTime(
                milliseconds: hasStrangers && $0.isLockable ? Int64(random.below(60) * 10) : 0)
        }
        // Now and then nothing can be started at all.
        deferrals = random.chance(70) ? 0 : random.chance(95) ? 15 : 100
        self.random = random
        generator = random
    }

    /// Puts up to four signals on the agenda, in one run of three, and standstills in one of six.
    mutating func plot(_ agenda: inout VirtualRun.Agenda) {
        if random.chance(16) {
            // Never at the moment of a deadline, of which nobody could say whether it has passed.
            for _ in 0...random.below(3) {
                let length = Int64(1 + random.below(40)) * 10_000_000
                agenda.add(
                    .resumed(after: random.chance(5) ? 0 : length),
                    at: RunTime(milliseconds: Int64(random.below(60) * 10 + 3)))
            }
        }
        guard random.chance(33) else { return }
        var time = Int64(random.below(random.chance(50) ? 30 : 120) * 10)
        for _ in 0...random.below(4) {
            agenda.add(.signal([1, 2, 15][random.below(3)]), at: RunTime(milliseconds: time))
            time += Int64(random.below(8) * 10)
        }
    }

    // MARK: - What happens

    mutating func admits(_ input: SchedulerInput, at now: RunTime) -> Bool {
        check.timePasses(to: now)
        guard happens(input, at: now) else { return false }
        check.turnBegins(at: now)
        return true
    }

    private mutating func happens(_ input: SchedulerInput, at now: RunTime) -> Bool {
        switch input {
        case .tick: break
        case .begin: check.begun(at: now)
        case .signal(let signal): check.signalled(signal, at: now)
        // These worlds do not fail their shell: to steps it is as a signal is (SchedulerFaultTests).
        case .faulted: return false
        case .resumed(let length): check.resumed(after: length, at: now)
        case .locksAcquired(let step): check.locksAcquired(step)
        case .locksBusy(let step, _): check.locksBusy(step)
        case .started(let step, _, _, _):
            temper[step].startedAt = now
            check.started(step, at: now)
        case .notStarted(let step, _): check.notStarted(step, isPutOff: false)
        case .launchDeferred(let step, _): check.notStarted(step, isPutOff: true)
        case .output(let step, let time): check.output(step, at: time, now: now)
        case .wantsTerminal(let step, let signal):
            guard check.isLeaderAlive(step) else { return random.chance(10) }
            check.wantsTerminal(step, signal, at: now)
        case .verified(let step, let verification):
            check.verified(step, verification)
        case .conditionEvaluated(let step, let outcome): check.conditionIs(outcome, of: step)
        case .decided(let step, let decision): check.answered(step, decision)
        case .examined(let step, let checkBeforeStart):
            guard check.isExamining(step) else { return random.chance(10) }
            check.examined(step, checkBeforeStart)
        case .leaderExited(let step, let exit, _, let leftovers, _):
            // A report of what is long gone must do no harm.
            guard check.isLeaderAlive(step) else { return random.chance(10) }
            check.leaderExited(step, exit, leavesOthers: !leftovers.isEmpty, at: now)
        case .groupEmptied(let step):
            guard check.isGroupLeft(step) else { return random.chance(10) }
            check.groupEmptied(step)
        }
        return true
    }

    mutating func perform(
        _ action: SchedulerAction, at now: RunTime, _ agenda: inout VirtualRun.Agenda
    ) {
        switch action {
        case .record(let kind):
            for part in kind.parts { check.recorded(part, at: now) }
        case .acquireLocks(let step): acquire(step, now, &agenda)
        case .releaseLocks(let step): check.released(step)
        case .launch(let step, let attempt, let method, let execution, let failed):
            let launch = RunCheck.Launch(
                attempt: attempt, method: method, execution: execution, failed: failed)
            check.launched(step, launch, at: now)
            if attempt > 1 { temper[step] = Temper(of: step, plan, &random) }
            answerLaunch(step, now, &agenda)
        case .launchCheck(let step, let execution):
            check.launchedCheck(step, execution, at: now)
            temper[step] = Temper(of: step, plan, &random)
            answerLaunch(step, now, &agenda)
        case .evaluateCondition(let step): evaluate(step, now, &agenda)
        case .examine(let step):
            check.examines(step, at: now)
            examine(step, now, &agenda)
        case .askReview(let step, let choices): ask(step, choices, now, &agenda)
        case .withdrawReview(let step):
            check.withdrawn(step)
        case .signalGroup(let step, let signal):
            check.groupSignalled(step, signal, at: now)
            react(step, to: signal, now, &agenda)
        case .checkOutput(let step):
            check.askedForOutput(step, at: now)
            let answer = later(now, by: 3)
            agenda.add(.output(step: step, at: lastOutput(of: step, at: answer)), at: answer)
        case .verify(let step, let request):
            check.verifies(step, request)
            agenda.add(
                .verified(step: step, temper[step].verification(request)), at: later(now, by: 4))
        case .abandon(let step): check.gaveUp(step)
        case .finish(let status): check.finished(status)
        }
    }

    private mutating func acquire(
        _ step: Int, _ now: RunTime, _ agenda: inout VirtualRun.Agenda
    ) {
        // Late enough now and then for what it waits for to change.
        let answer = later(now, by: plan.policy.retry.seed != 0 && random.chance(20) ? 9 : 2)
        for claim in plan.claims(of: step) where heldUntil[Int(claim.resource)] > now {
            let resource = plan.resources[Int(claim.resource)]
            guard check.units(of: Int(claim.resource)) + Int(claim.units) + 1 > resource.capacity
            else { continue }
            check.asked(step, isGranted: false)
            let holder = LockHolder(resource: resource.name, pid: Int32(random.below(2)))
            agenda.add(.locksBusy(step: step, holder: holder), at: answer)
            return
        }
        check.asked(step, isGranted: true)
        agenda.add(.locksAcquired(step: step), at: answer)
    }

    mutating func answerLaunch(
        _ step: Int, _ now: RunTime, _ agenda: inout VirtualRun.Agenda
    ) {
        let answer = later(now, by: 3)
        guard !random.chance(deferrals) else {
            agenda.add(.launchDeferred(step: step, message: "EAGAIN"), at: answer)
            return
        }
        guard !random.chance(4) else {
            agenda.add(.notStarted(step: step, message: "no"), at: answer)
            return
        }
        agenda.add(.started(step: step, pid: 1, startTicks: 1), at: answer)
        let temper = temper[step]
        if let after = temper.terminalAfter {
            let time = answer.advanced(byNanoseconds: after * 1_000_000)
            agenda.add(.wantsTerminal(step: step, signal: after % 20 == 0 ? 21 : 22), at: time)
        }
        guard let duration = temper.duration else { return }
        let end = answer.advanced(byNanoseconds: duration * 1_000_000)
        agenda.add(exit(step, temper.exit, leaving: temper.leftovers), at: end)
    }

    private mutating func evaluate(
        _ step: Int, _ now: RunTime, _ agenda: inout VirtualRun.Agenda
    ) {
        check.evaluates(step)
        let outcome: ConditionOutcome =
            random.chance(60) ? .holds : random.chance(70) ? .fails(values: "v") : .error("e")
        let answer = later(now, by: random.chance(80) ? 4 : 40)
        agenda.add(.conditionEvaluated(step: step, outcome), at: answer)
        if random.chance(5) { agenda.add(.conditionEvaluated(step: step, .holds), at: answer) }
    }

    private mutating func examine(
        _ step: Int, _ now: RunTime, _ agenda: inout VirtualRun.Agenda
    ) {
        // What the plan has found due needs no other cause.
        let isKnown = plan.smart?.due[step] != nil
        let due: Examination = .due(
            isKnown && random.chance(50) ? [] : [RunReason(.dependencyDiffers, [.init("x")])])
        let answer: Examination =
            random.chance(40) ? due : random.chance(60) ? .upToDate(run: "u") : .restored(run: "c")
        let time = later(now, by: random.chance(80) ? 4 : 30)
        agenda.add(.examined(step: step, answer), at: time)
        if random.chance(10) { agenda.add(.examined(step: step, .restored(run: "x")), at: time) }
    }

    private mutating func ask(
        _ step: Int, _ choices: [ReviewDecision], _ now: RunTime,
        _ agenda: inout VirtualRun.Agenda
    ) {
        check.asked(step, choices)
        // Nobody may be there, where the run ends all the same.
        guard plan.runLimit == nil || !random.chance(20) else { return }
        let all: [ReviewDecision] = [.retry, .useBackup, .skip, .proceed, .halt]
        if random.chance(20) {
            // What was not asked, or cannot be chosen.
            agenda.add(
                .decided(step: random.below(plan.count), all[random.below(5)]),
                at: later(now, by: 10))
        }
        // Not for ever the same.
        let isTired = check.attempts(of: step) > 20
        let open = choices.filter { !isTired || ($0 != .retry && $0 != .useBackup) }
        let answer = later(now, by: random.chance(70) ? 5 : 60)
        // A backup is there for few, and is taken gladly.
        let decision =
            open.contains(.useBackup) && random.chance(40)
            ? .useBackup : open[random.below(open.count)]
        agenda.add(.decided(step: step, decision), at: answer)
    }

    /// When a step last wrote: in its rhythm, until it falls silent.
    private func lastOutput(of step: Int, at now: RunTime) -> RunTime {
        let temper = temper[step]
        let age = min(now.milliseconds - temper.startedAt.milliseconds, temper.silentAfter)
        let last = max(0, age) / temper.rhythm * temper.rhythm
        return temper.startedAt.advanced(byNanoseconds: last * 1_000_000)
    }

    private mutating func react(
        _ step: Int, to signal: Int32, _ now: RunTime, _ agenda: inout VirtualRun.Agenda
    ) {
        let temper = temper[step]
        let isKilled = signal == 9
        let isObeyed = signal == 15 ? temper.obeysTerminate : temper.obeysInterrupt
        let obeys = isKilled ? !temper.isStuck : isObeyed
        let groupObeys = (isKilled || (signal == 15 && temper.groupObeys)) && !temper.isGroupStuck
        let end = later(now, by: 4)
        if obeys {
            let status: ExitStatus =
                isKilled || random.chance(50)
                ? .signalled(signal, coreDumped: false) : .exited(random.chance(50) ? 0 : 143)
            agenda.add(exit(step, status, leaving: random.chance(30) ? 1 : 0), at: end)
        }
        if groupObeys { agenda.add(.groupEmptied(step: step), at: later(end, by: 3)) }
    }

    private func exit(_ step: Int, _ status: ExitStatus, leaving: Int) -> SchedulerInput {
        let leftovers = (0..<leaving).map {
            Leftover(pid: Int32($0), command: "", ageMilliseconds: 0)
        }
        return .leaderExited(step: step, exit: status, usage: nil, leftovers: leftovers)
    }

    /// Coarse on purpose: what happens at the same moment is where mistakes are.
    private mutating func later(_ now: RunTime, by tens: Int) -> RunTime {
        now.advanced(byNanoseconds: Int64(random.below(tens) * 10) * 1_000_000)
    }
}
