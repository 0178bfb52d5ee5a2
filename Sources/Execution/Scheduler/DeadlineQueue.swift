/// A moment at which the scheduler has something to do of its own accord.
struct Deadline: Comparable, Sendable {
    var time: RunTime
    let subject: Subject

    /// What the moment is for.
    enum Subject: Hashable, Sendable {
        /// A step's limit, or the next stage of stopping it.
        case step(Int)
        /// A step may have been silent for too long.
        case idle(Int)
        /// A task's phase has taken too long.
        case phase(Int)
        /// The run has taken too long.
        case run
        /// Another try at a resource that somebody else holds.
        case resource(Int)
        /// The system had nothing to start a step with.
        case launches
        /// A step's next attempt may start.
        case backoff(Int)
        /// What was busy may be used again.
        case pause(ThrottleState.Subject)
        /// What was busy may be used more.
        case recover(ThrottleState.Subject)
        /// A resource that was down may be tried again.
        case breaker(Int)
    }

    static func < (a: Deadline, b: Deadline) -> Bool { a.time < b.time }
}

/// The deadlines of a run, soonest first.
///
/// A deadline that no longer holds stays in the heap until it is reached or until the ones that do
/// not hold are the greater part: whether it holds is for its subject to say.
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
