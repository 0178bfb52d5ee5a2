import WorkflowModel

/// The steps that run at the end, whatever happened: when they begin, and how long each may take.
///
/// A value without knowledge of the run: it is told how the other steps have ended, and answers
/// with whether the finalizers run.
struct Finalizers: Sendable {
    /// What the end of the other steps means for the finalizers.
    enum Beginning: Hashable, Sendable {
        /// They run.
        case run
        /// They do not run, for this reason.
        case skip(StepReason)
        /// None is left to run, or they have begun before.
        case nothing
    }

    /// All finalizers, by index.
    let steps: [Int]
    /// How many of them still wait for the other steps; 0 once the finalizers have begun.
    private(set) var waiting: Int
    /// Whether the finalizers have begun, or never will.
    private(set) var hasBegun = false
    /// Whether a stop came before their end, which gives each of them a time limit.
    private(set) var isHurried = false
    /// What had stopped the run when they began; they can be stopped again.
    private(set) var before = StopState()

    /// The time limit of a finalizer without one of its own, in a stopped run.
    static let hurriedLimit = Milliseconds.seconds(300)

    /// Finalizers that wait for the other steps.
    init(_ steps: [Int]) {
        self.steps = steps
        waiting = steps.count
    }

    /// A finalizer has ended before the finalizers have begun: it was left out.
    mutating func stepEnded() {
        if !hasBegun { waiting -= 1 }
    }

    /// All other steps have ended.
    ///
    /// - Parameters:
    ///   - stop: What has stopped the run, if anything.
    ///   - isRunOver: Whether the run has reached its time limit, perhaps while a halt was stopping
    ///     its steps.
    ///   - areLeft: Whether a finalizer has not ended.
    /// - Returns: Whether they run; when they do, the stop is over for them.
    mutating func begin(after stop: StopState, isRunOver: Bool, areLeft: Bool) -> Beginning {
        guard !hasBegun else { return .nothing }
        hasBegun = true
        waiting = 0
        guard areLeft else { return .nothing }
        if stop.signals > 2, let reason = stop.skipReason { return .skip(reason) }
        if stop.isReviewAwaited, let step = stop.awaitsReviewOf {
            return .skip(.awaitsReview(of: step))
        }
        before = stop
        isHurried = stop.signals > 0 || isRunOver
        return .run
    }

    /// Gives finalizers a time limit from now on.
    ///
    /// - Returns: Whether they had none before.
    mutating func hurry() -> Bool {
        defer { isHurried = true }
        return !isHurried
    }

    /// The time limit of a finalizer without one of its own; nil for none.
    var limit: Milliseconds? { isHurried ? Self.hurriedLimit : nil }
}
