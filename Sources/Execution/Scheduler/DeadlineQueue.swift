/// A time at which the scheduler must act without an input from outside.
struct Deadline: Comparable, Sendable {
    var time: RunTime
    let subject: Subject

    /// What the time is for.
    enum Subject: Hashable, Sendable {
        /// A step's time limit, or the next stage of stopping it.
        case step(Int)
        /// A step may have been silent for too long.
        case idle(Int)
        /// A task's phase has reached its time limit.
        case phase(Int)
        /// The run has reached its time limit.
        case run
        /// Another attempt at a resource that another process holds.
        case resource(Int)
        /// Another attempt after the system lacked resources to start a step.
        case launches
        /// A step's next attempt may start.
        case backoff(Int)
        /// A pause ends or a limit rises after a busy failure.
        case throttle(Throttles.Timer)
        /// An open breaker may be tried again.
        case breaker(Int)
    }

    static func < (a: Deadline, b: Deadline) -> Bool { a.time < b.time }
}

/// The deadlines of a run, soonest first.
///
/// An outdated deadline stays in the heap until it is reached, or until outdated ones are the
/// majority; its subject decides whether it is still valid.
struct DeadlineQueue: Sendable {
    private var heap = Heap<Deadline>()
    private var sweepAt = DeadlineQueue.smallest
    private static let smallest = 64

    var first: Deadline? { heap.first }

    mutating func push(_ deadline: Deadline, isValid: (Deadline) -> Bool) {
        if heap.count >= sweepAt {
            heap.keep(where: isValid)
            sweepAt = max(Self.smallest, 2 * heap.count)
        }
        heap.push(deadline)
    }

    mutating func shift(by nanoseconds: Int64) {
        heap.update { $0.time = $0.time.advanced(byNanoseconds: nanoseconds) }
    }

    mutating func popFirst() -> Deadline? { heap.popFirst() }
}
