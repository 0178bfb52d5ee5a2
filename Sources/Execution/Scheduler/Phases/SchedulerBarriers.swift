import WorkflowModel

extension RunPlan {
    /// The position of a step among the barriers.
    struct Place: Hashable, Sendable {
        /// Index of its task.
        var task: Int
        /// Its phase within the task, from 1.
        var phase: Int
    }

    func place(of step: Int) -> Place {
        Place(task: max(0, resolved.workflow.steps[step].task), phase: max(1, Int(phases[step])))
    }
}

/// Barriers: steps of later phases wait, and those of an overdue phase fail.
///
/// ``Barriers`` decides; here its decisions are recorded and reach the steps.
extension Scheduler {
    /// The barriers of a plan.
    static func barriers(of plan: RunPlan) -> Barriers {
        let steps = plan.hasBarriers ? 0..<plan.count : 0..<0
        return Barriers(
            steps.lazy.filter { !plan.isFinalizer($0) }.map { plan.place(of: $0) },
            limit: plan.phaseLimit)
    }

    /// Whether a barrier keeps a step from starting; the step is then held until its phase begins.
    mutating func isHeldByBarrier(_ step: Int) -> Bool {
        guard plan.hasBarriers, !plan.isFinalizer(step) else { return false }
        return barriers.hold(step, at: plan.place(of: step))
    }

    /// Begins the phases whose predecessors have ended in time, and drops the others.
    mutating func passBarriers(_ effects: inout Effects) {
        while let next = barriers.next() {
            switch next {
            case .passes(let passed, let held):
                if !stop.isStopping {
                    effects.record(.barrierPassed(task: passed.task, phase: passed.phase))
                }
                for step in held { makeReady(step) }
            case .closes(let task):
                guard !stop.isStopping, let limit = barriers.limit else { continue }
                for step in 0..<states.count where isOf(task, step) && hasNotStarted(step) {
                    drop(step, .timedOut(.phase, limitMilliseconds: limit.value), &effects)
                }
            }
        }
    }

    /// Starts the time of a phase when the first of its steps is launched.
    mutating func startPhaseClock(for step: Int, _ now: RunTime) {
        guard barriers.limit != nil, !plan.isFinalizer(step) else { return }
        let place = plan.place(of: step)
        guard let time = barriers.stepLaunched(at: place, now: now) else { return }
        setDeadline(time, of: .phase(place.task))
    }

    /// Why a step of an overdue phase may not run; nil for every other step.
    func overduePhase(of step: Int) -> StepReason? {
        guard let limit = barriers.limit, !plan.isFinalizer(step),
            barriers.isOverdue(plan.place(of: step))
        else { return nil }
        return .timedOut(.phase, limitMilliseconds: limit.value)
    }

    /// A phase has exceeded its limit: its running steps fail, and the others never start.
    mutating func phaseIsOverdue(_ task: Int, _ effects: inout Effects) {
        guard let limit = barriers.limit else { return }
        let phase = barriers.phase(of: task)
        barriers.setOverdue(task)
        guard !stop.stopsRunning else { return }
        effects.record(
            .limitReached(
                .phase, limitMilliseconds: limit.value, phase: Barrier(task: task, phase: phase)))
        let reason = StepReason.timedOut(.phase, limitMilliseconds: limit.value)
        for step in activeSteps.keys.sorted()
        where isOf(task, step) && plan.place(of: step).phase == phase && states[step] == .running {
            fail(step, reason, &effects)
        }
        for step in 0..<states.count
        where isOf(task, step) && plan.place(of: step).phase == phase && hasNotStarted(step) {
            guard !stop.isStopping else { return }
            dropAsFailure(step, reason, &effects)
        }
    }

    private func isOf(_ task: Int, _ step: Int) -> Bool {
        !plan.isFinalizer(step) && plan.place(of: step).task == task
    }

    private func hasNotStarted(_ step: Int) -> Bool {
        switch states[step] {
        case .pending, .ready, .waiting, .evaluating, .backingOff: true
        default: false
        }
    }
}
