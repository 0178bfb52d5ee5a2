import WorkflowModel

/// Barriers: which phase of each task has begun, and which steps wait for the next one.
///
/// A step waits until every step of the earlier phases of its task has ended, with any result;
/// after an overdue phase no later one begins. Phases are numbered so that a step never needs one
/// of a later phase, not even through another task (``RunPlan/phases``), so some phase can always
/// begin.
struct BarrierState: Sendable {
    /// The state of one task.
    struct Line: Sendable {
        /// For each phase from 1, how many of its steps have not ended.
        var unended: [Int32] = []
        /// Steps of later phases that could start without the barrier, by phase.
        var held: [Int: [Int]] = [:]
        /// The phase that has begun; one more than the last phase when all have ended.
        var phase = 1
        /// The time limit of the phase; set when its first step is launched.
        var limitAt: RunTime?
        /// Whether the phase has exceeded its limit.
        var isOverdue = false
    }

    private(set) var lines: [Line] = []
    /// Tasks whose phase has ended since the last call of ``next()``.
    private var ended: [Int] = []

    init(_ plan: RunPlan) {
        for step in 0..<plan.count where !plan.isFinalizer(step) {
            let place = plan.place(of: step)
            while lines.count <= place.task { lines.append(Line()) }
            while lines[place.task].unended.count < place.phase {
                lines[place.task].unended.append(0)
            }
            lines[place.task].unended[place.phase - 1] += 1
        }
    }

    var hasEnded: Bool { !ended.isEmpty }

    func holds(_ place: RunPlan.Place) -> Bool { place.phase > lines[place.task].phase }

    func isOverdue(_ place: RunPlan.Place) -> Bool {
        lines[place.task].isOverdue && lines[place.task].phase == place.phase
    }

    mutating func hold(_ step: Int, at place: RunPlan.Place) {
        lines[place.task].held[place.phase, default: []].append(step)
    }

    mutating func stepEnded(at place: RunPlan.Place) {
        lines[place.task].unended[place.phase - 1] -= 1
        if place.phase == lines[place.task].phase,
            lines[place.task].unended[place.phase - 1] == 0
        {
            ended.append(place.task)
        }
    }

    mutating func setLimit(_ time: RunTime?, of task: Int) { lines[task].limitAt = time }

    mutating func setOverdue(_ task: Int) {
        lines[task].limitAt = nil
        lines[task].isOverdue = true
    }

    mutating func shift(by nanoseconds: Int64) {
        for task in lines.indices {
            lines[task].limitAt = lines[task].limitAt?.advanced(byNanoseconds: nanoseconds)
        }
    }

    /// What happens to a task whose phase has ended.
    enum Step {
        /// Its next phase begins, with the steps that were held for it.
        case passes(RunPlan.Place, held: [Int])
        /// Its phase exceeded its limit: none of its later phases begins.
        case closes(task: Int)
    }

    /// Handles the next task whose phase has ended; nil when none is left that has a later phase.
    mutating func next() -> Step? {
        while let task = ended.popLast() {
            if lines[task].isOverdue { return .closes(task: task) }
            let passed = lines[task].phase
            var phase = passed
            while phase <= lines[task].unended.count, lines[task].unended[phase - 1] == 0 {
                phase += 1
            }
            lines[task].phase = phase
            lines[task].limitAt = nil
            if phase > passed, phase <= lines[task].unended.count {
                let held = lines[task].held.removeValue(forKey: phase) ?? []
                return .passes(RunPlan.Place(task: task, phase: passed), held: held)
            }
        }
        return nil
    }
}

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

extension Scheduler {
    /// Whether a barrier keeps a step from starting; the step is then held until its phase begins.
    mutating func isHeldByBarrier(_ step: Int) -> Bool {
        guard barriers != nil, !plan.isFinalizer(step) else { return false }
        let place = plan.place(of: step)
        guard barriers?.holds(place) == true else { return false }
        barriers?.hold(step, at: place)
        return true
    }

    /// Begins the phases whose predecessors have ended in time, and drops the others.
    mutating func passBarriers(_ effects: inout Effects) {
        while let next = barriers?.next() {
            switch next {
            case .passes(let passed, let held):
                if !stop.isStopping {
                    effects.record(.barrierPassed(task: passed.task, phase: passed.phase))
                }
                for step in held { makeReady(step) }
            case .closes(let task):
                guard !stop.isStopping, let limit = plan.phaseLimit else { continue }
                for step in 0..<states.count where isOf(task, step) && hasNotStarted(step) {
                    drop(step, .timedOut(.phase, limitMilliseconds: limit.value), &effects)
                }
            }
        }
    }

    /// Starts the time of a phase when the first of its steps is launched.
    mutating func startPhaseClock(for step: Int, _ now: RunTime) {
        guard let limit = plan.phaseLimit, let barriers, !plan.isFinalizer(step) else { return }
        let place = plan.place(of: step)
        guard barriers.lines[place.task].limitAt == nil, !barriers.isOverdue(place) else { return }
        let time = now.advanced(byNanoseconds: limit.nanoseconds)
        self.barriers?.setLimit(time, of: place.task)
        setDeadline(time, of: .phase(place.task))
    }

    /// Why a step of an overdue phase may not run; nil for every other step.
    func overduePhase(of step: Int) -> StepReason? {
        guard let barriers, let limit = plan.phaseLimit, !plan.isFinalizer(step),
            barriers.isOverdue(plan.place(of: step))
        else { return nil }
        return .timedOut(.phase, limitMilliseconds: limit.value)
    }

    /// A phase has exceeded its limit: its running steps fail, and the others never start.
    mutating func phaseIsOverdue(_ task: Int, _ effects: inout Effects) {
        guard let phase = barriers?.lines[task].phase, let limit = plan.phaseLimit else { return }
        barriers?.setOverdue(task)
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
