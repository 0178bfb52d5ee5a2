/// What stands in for processes and locks when a run is only played through.
protocol VirtualWorld {
    /// Takes note of what the scheduler is about to be told; false where it did not happen after all.
    mutating func admits(_ input: SchedulerInput, at now: RunTime) -> Bool
    /// Does what the scheduler asks, and puts what comes of it on the agenda.
    mutating func perform(
        _ action: SchedulerAction, at now: RunTime, _ agenda: inout VirtualRun.Agenda)
}

/// Runs a ``Scheduler`` in virtual time.
///
/// The world of ``RunPlan/simulate(limit:durations:)`` is one where every step takes as long as
/// expected; that of the tests is one where everything goes wrong that can.
struct VirtualRun {
    /// What will happen, and when.
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

        /// Puts an input after all others of the same moment.
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
    /// How many inputs the scheduler has taken.
    private(set) var inputs = 0
    var agenda = Agenda()
    /// Whether a deadline goes before an input of the same moment.
    var prefersDeadlines = false

    init(plan: RunPlan) {
        scheduler = Scheduler(plan: plan)
        agenda.add(.begin, at: .zero)
    }

    /// Goes on until the run is finished, nothing is left to happen, or the inputs are used up.
    ///
    /// - Parameters:
    ///   - maxInputs: After so many the run is given up.
    ///   - world: What answers the scheduler's actions.
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
