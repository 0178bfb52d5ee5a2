import DependencyGraph
import Execution
import WorkflowModel

/// A scheduler played by hand: what is sent to it, and in words what it did.
///
/// Launches are answered at once, locks too unless somebody else has them; every deadline before
/// an input is met first.
struct Scene {
    private let plan: RunPlan
    private(set) var scheduler: Scheduler
    private var log: [(time: RunTime, text: String)] = []
    /// Resources that another run holds, with its process id.
    var heldElsewhere: [String: Int32] = [:]
    /// When the output of a step last grew; without an entry the question stays open.
    var outputs: [String: Int64] = [:]
    /// Declared outputs that are not there, by step; without an entry all are.
    var missing: [String: [String]] = [:]
    /// What else is found of ended attempts, by step; without an entry nothing amiss.
    var verifications: [String: Verification] = [:]
    /// What conditions come to, by step; without an entry the question stays open.
    var conditions: [String: ConditionOutcome] = [:]
    /// Whether outputs are looked for at once.
    var verifiesAtOnce = true
    /// Whether a launch is answered with `started` at once.
    var startsAtOnce = true

    init(_ plan: RunPlan) {
        self.plan = plan
        scheduler = Scheduler(plan: plan)
    }

    init(jobs: Int? = 2, _ build: (inout PlanBuilder) -> Void) throws {
        var builder = PlanBuilder(jobs: jobs)
        build(&builder)
        self.init(try builder.plan())
        send(.begin, at: 0)
    }

    // MARK: - What is sent

    mutating func send(_ input: SchedulerInput, at milliseconds: Int64) {
        let time = RunTime(milliseconds: milliseconds)
        while let deadline = scheduler.nextDeadline, deadline < time { take(.tick, deadline) }
        take(input, time)
    }

    /// Meets every deadline up to a moment, that moment's included.
    mutating func pass(to milliseconds: Int64) {
        let time = RunTime(milliseconds: milliseconds)
        while let deadline = scheduler.nextDeadline, deadline <= time { take(.tick, deadline) }
    }

    mutating func exit(_ id: String, _ code: Int32 = 0, leaving: Int = 0, at milliseconds: Int64) {
        let leftovers = (0..<leaving).map {
            Leftover(pid: Int32(100 + $0), command: "sleep", ageMilliseconds: 1)
        }
        send(
            .leaderExited(
                step: index(id), exit: .exited(code), usage: nil, leftovers: leftovers),
            at: milliseconds)
    }

    mutating func die(_ id: String, of signal: Int32, at milliseconds: Int64) {
        send(
            .leaderExited(
                step: index(id), exit: .signalled(signal, coreDumped: false), usage: nil,
                leftovers: []), at: milliseconds)
    }

    mutating func empty(_ id: String, at milliseconds: Int64) {
        send(.groupEmptied(step: index(id)), at: milliseconds)
    }

    /// stepvisor goes on after it stood still for so long; no deadline was met meanwhile.
    mutating func resume(after length: Int64, at milliseconds: Int64) {
        take(.resumed(after: length * 1_000_000), RunTime(milliseconds: milliseconds))
    }

    func index(_ id: String) -> Int { plan.resolved.graph.index(of: StepID(id)) ?? -1 }

    private mutating func take(_ input: SchedulerInput, _ time: RunTime) {
        var inputs = [input]
        var next = 0
        while next < inputs.count {
            var actions: [SchedulerAction] = []
            scheduler.handle(inputs[next], at: time, into: &actions)
            next += 1
            for action in actions {
                for text in describe(action) { log.append((time, text)) }
                answer(action).map { inputs.append($0) }
            }
        }
    }

    private func answer(_ action: SchedulerAction) -> SchedulerInput? {
        switch action {
        case .launch(let step, _, _, _, _) where startsAtOnce:
            return .started(step: step, pid: Int32(step + 1), startTicks: 7)
        case .acquireLocks(let step):
            for claim in plan.claims(of: step) {
                let name = plan.resources[Int(claim.resource)].name
                if let pid = heldElsewhere[name] {
                    return .locksBusy(step: step, holder: LockHolder(resource: name, pid: pid))
                }
            }
            return .locksAcquired(step: step)
        case .checkOutput(let step):
            return outputs[name(step)].map { .output(step: step, at: RunTime(milliseconds: $0)) }
        case .launchCheck(let step, _) where startsAtOnce:
            return .started(step: step, pid: Int32(1000 + step), startTicks: 7)
        case .verify(let step, _) where verifiesAtOnce:
            return .verified(
                step: step,
                verifications[name(step)] ?? Verification(missing: missing[name(step)] ?? []))
        case .evaluateCondition(let step):
            return conditions[name(step)].map { .conditionEvaluated(step: step, $0) }
        default: return nil
        }
    }

    // MARK: - What it did

    /// What it did since the last time this was asked, without what goes without saying.
    mutating func did() -> [String] {
        defer { log = [] }
        return log.map(\.text).filter { !$0.hasPrefix("record ") }
    }

    /// The same with the millisecond of each.
    mutating func didAt() -> [String] {
        defer { log = [] }
        return log.filter { !$0.text.hasPrefix("record ") }.map {
            "\($0.time.milliseconds) \($0.text)"
        }
    }

    /// All that it did, every record included.
    mutating func didInFull() -> [String] {
        defer { log = [] }
        return log.map(\.text)
    }

    /// What an action is, a line for each step that is skipped.
    private func describe(_ action: SchedulerAction) -> [String] {
        if case .record(let kind) = action { return kind.parts.map(describe) }
        return [describe(other: action)]
    }

    private func describe(other action: SchedulerAction) -> String {
        switch action {
        case .record(let kind): describe(kind)
        case .acquireLocks(let step): "acquire \(name(step))"
        case .releaseLocks(let step): "release \(name(step))"
        case .launch(let step, let attempt, let method, let execution, let failed):
            "launch \(name(step)) \(execution)"
                + (attempt > 1 ? " attempt \(attempt)" : "")
                + (method == .primary ? "" : " \(method)")
                + (failed.isEmpty ? "" : " failed \(failed.map(name).joined(separator: ","))")
        case .launchCheck(let step, let execution): "launch check \(name(step)) \(execution)"
        case .evaluateCondition(let step): "evaluate \(name(step))"
        case .examine(let step): "examine \(name(step))"
        case .askReview(let step, let choices):
            "ask \(name(step)) \(choices.map(\.word).joined(separator: ","))"
        case .withdrawReview(let step): "withdraw \(name(step))"
        case .signalGroup(let step, let signal): "signal \(name(step)) \(signal)"
        case .checkOutput(let step): "check output \(name(step))"
        case .verify(let step, let request):
            "verify \(name(step))" + (request == .outputs ? "" : " \(request.rawValue)")
        case .abandon(let step): "abandon \(name(step))"
        case .finish(let status): "finish \(status)"
        }
    }

    private func describe(_ kind: RunEvent.Kind) -> String {
        switch kind {
        case .runStarted: "record run started"
        case .launched(let step, _, _, let execution): "record launched \(name(step)) \(execution)"
        case .started(let step, _, _, _): "record started \(name(step))"
        case .waiting(let step, let holder) where holder.why != .resource:
            "record \(name(step)) held back by \(holder.step ?? "-"): \(holder.why)"
                + (holder.resource.isEmpty ? "" : " \(holder.resource)")
        case .waiting(let step, let holder):
            "waiting \(name(step)) \(holder.resource) \(holder.pid ?? 0)"
        case .terminating(let step, let signal, let reason):
            "record terminating \(name(step)) \(signal) \(describe(reason))"
        case .killed(let step): "record killed \(name(step))"
        case .inputsChanged(let step, _): "inputs changed \(name(step))"
        case .leftovers(let step, let leftovers): "leftovers \(name(step)) \(leftovers.count)"
        case .ended(let step, let end):
            "\(name(step)) \(end.status)" + (end.reason.map { " " + describe($0) } ?? "")
                + (end.isAllowed ? " allowed" : "")
        case .skipped(let step, let reason): "\(name(step)) skipped \(describe(reason))"
        case .due(let step, let causes): "\(name(step)) due: \(causes.text)"
        case .halting(let step): "record halting \(name(step))"
        case .stopping(let signal): "record stopping \(signal)"
        case .faulted(let fault): "record fault: \(fault.reason)"
        case .groupHalting(let step): "group halted by \(name(step))"
        case .limitReached(let kind, let limit, _): "limit \(kind) \(limit)"
        case .barrierPassed(let task, let phase): "barrier \(task) \(phase)"
        case .suspended: "record suspended"
        case .resumed(let nanoseconds): "record resumed \(nanoseconds)"
        case .warning(let step, let text): "warning \(step.map(name) ?? "-") \(text)"
        case .runEnded(let status): "record run ended \(status)"
        default: describeOfPolicy(kind)
        }
    }

    private func describeOfPolicy(_ kind: RunEvent.Kind) -> String {
        switch kind {
        case .checkStarted(let step, _, _): "record check started \(name(step))"
        case .outputsEmpty(let step, let paths): "\(name(step)) empty \(paths)"
        case .attemptFailed(let step, let failure):
            "\(name(step)) attempt \(failure.isBusy ? "busy" : "failed") \(describe(failure.reason))"
        case .retryScheduled(let step, let attempt, let method, let delay):
            "\(name(step)) retry \(attempt) \(method) in \(delay)"
        case .reviewWanted(let step): "\(name(step)) review wanted"
        case .decided(let step, let decision): "\(name(step)) decided \(decision.word)"
        case .thresholdReached(let step, let failures): "threshold \(name(step)) \(failures)"
        case .modeChanged(let mode): "mode \(mode.rawValue)"
        case .throttled(let step, let resource, let limit, let delay):
            "throttled \(resource ?? "run") to \(limit) by \(name(step)) for \(delay)"
        case .throttleEased(let resource, let limit): "eased \(resource ?? "run") to \(limit)"
        case .breakerChanged(let resource, let phase, let step):
            "breaker \(resource) \(phase.rawValue) \(step.map(name) ?? "-")"
        case .finalizing: "finalizing"
        default: "\(kind)"
        }
    }

    private func describe(_ reason: StepReason) -> String {
        switch reason {
        case .exited(let code): "exited \(code)"
        case .signalled(let signal, _): "signalled \(signal)"
        case .notStarted(let message): "not started: \(message)"
        case .timedOut(let kind, let limit): "timed out \(kind) \(limit)"
        case .leftProcesses(let count): "left \(count)"
        case .dependencyFailed(let step): "needs \(name(step))"
        case .halted(let step): "halted by \(name(step))"
        case .groupHalted(let group, let step): "group \(group) halted by \(name(step))"
        case .interrupted(let signal): "interrupted \(signal)"
        case .faulted(let why): "stopped: \(why)"
        case .wantedTerminal(let signal): "wanted the terminal \(signal)"
        case .unkillable(let pids): "unkillable \(pids)"
        case .outputsMissing(let patterns): "missing \(patterns)"
        case .doneEarlier(let run, _): "done in \(run)"
        case .upToDate(let run): "up to date since \(run)"
        case .unchanged(let revision): "unchanged since \(revision)"
        case .restored(let run): "restored from \(run)"
        case .notSelected: "not selected"
        case .other(let text): text
        case .failuresInARow(let count): "\(count) in a row"
        case .awaitsReview(let step): "awaits review of \(name(step))"
        case .decided(let decision): "decided \(decision.word)"
        case .conditionFalse(_, let values): "condition false: \(values)"
        case .conditionError(_, let message): "condition error: \(message)"
        case .successPatternMissing(let pattern): "no success pattern \(pattern)"
        case .verifyFailed(let exit): "verify failed \(exit)"
        case .breakerOpen(let resource): "breaker of \(resource) open"
        }
    }

    private func name(_ step: Int) -> String { plan.resolved.graph.nodes[step].rawValue }
}
