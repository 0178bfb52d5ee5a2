/// Runs a ``Scheduler`` in virtual time: what happens next is asked of a table, not of the world.
///
/// ``RunPlan/simulate(limit:durations:)`` answers with expected durations, tests with all that can
/// go wrong.
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
    ///   - mostInputs: After so many the run is given up.
    ///   - respond: Gets each action with its time, and may put inputs on the agenda.
    /// - Returns: Whether the scheduler finished.
    mutating func run(
        mostInputs: Int, respond: (SchedulerAction, RunTime, inout Agenda) -> Void
    ) -> Bool {
        var actions: [SchedulerAction] = []
        while !scheduler.isFinished, inputs < mostInputs, let input = next() {
            inputs += 1
            scheduler.handle(input, at: now, into: &actions)
            for action in actions { respond(action, now, &agenda) }
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
