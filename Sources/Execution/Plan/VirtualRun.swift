/// Simulates processes and locks for a run in virtual time.
protocol VirtualWorld {
    /// Called before the scheduler gets an input; false when the event did not happen after all.
    mutating func admits(_ input: SchedulerInput, at now: RunTime) -> Bool
    /// Performs an action of the scheduler, and adds the resulting inputs to the agenda.
    mutating func perform(
        _ action: SchedulerAction, at now: RunTime, _ agenda: inout VirtualRun.Agenda)
}

/// Runs a ``Scheduler`` in virtual time.
///
/// In the world of ``RunPlan/simulate(limit:durations:)`` every step takes the expected time; in
/// that of the tests everything fails that can.
struct VirtualRun {
    /// Future inputs with their times.
    struct Agenda {
        private struct Appointment: Comparable {
            let time: RunTime
            let number: Int
            let input: SchedulerInput

            static func < (a: Appointment, b: Appointment) -> Bool {
                (a.time, a.number) < (b.time, b.number)
            }
        }

        private var heap = Heap<Appointment>()
        private var number = 0

        /// When the next input is due.
        var nextTime: RunTime? { heap.first?.time }

        /// Adds an input after all others with the same time.
        mutating func add(_ input: SchedulerInput, at time: RunTime) {
            number += 1
            heap.push(Appointment(time: time, number: number, input: input))
        }

        fileprivate mutating func popFirst() -> (time: RunTime, input: SchedulerInput)? {
            heap.popFirst().map { ($0.time, $0.input) }
        }
    }

    private(set) var scheduler: Scheduler
    private(set) var now = RunTime.zero
    /// How many inputs the scheduler has handled.
    private(set) var inputs = 0
    var agenda = Agenda()
    /// Whether a deadline comes before an input with the same time.
    var prefersDeadlines = false

    init(plan: RunPlan) {
        scheduler = Scheduler(plan: plan)
        agenda.add(.begin, at: .zero)
    }

    /// Runs until the scheduler has finished, the agenda is empty, or the input limit is reached.
    ///
    /// - Parameters:
    ///   - maxInputs: After this many inputs the run is abandoned.
    ///   - world: Performs the scheduler's actions.
    /// - Returns: Whether the scheduler finished.
    mutating func run(maxInputs: Int, in world: inout some VirtualWorld) -> Bool {
        var actions: [SchedulerAction] = []
        while !scheduler.isFinished, inputs < maxInputs, let input = next() {
            guard world.admits(input, at: now) else { continue }
            inputs += 1
            scheduler.handle(input, at: now, into: &actions)
            for action in actions { world.perform(action, at: now, &agenda) }
            actions.removeAll(keepingCapacity: true)
        }
        return scheduler.isFinished
    }

    private mutating func next() -> SchedulerInput? {
        if let deadline = scheduler.nextDeadline {
            let due = agenda.nextTime
            let isFirst = due.map { prefersDeadlines ? deadline <= $0 : deadline < $0 } ?? true
            if isFirst {
                now = max(now, deadline)
                return .tick
            }
        }
        guard let (time, input) = agenda.popFirst() else { return nil }
        now = max(now, time)
        return input
    }
}
