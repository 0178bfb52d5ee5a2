/// The state of a step in the ``Scheduler``; ``StepStatus`` is the part that is shown.
///
/// ```
/// pending ─▶ evaluating ─▶ ready ⇄ waiting
///                            │ ▲      ▲
///                            ▼ │      │ (busy)
///                         acquiring ──┘ ◀─ examining, which comes between the two
///                            ▼
///                         launching ─▶ running ─▶ terminating ─▶ settling ─▶ verifying ─▶ ended
/// ```
/// `launching` returns to `ready` when the system lacks resources to start it; every state but
/// `acquiring` may also go to `ended` at once. Only a step with a condition is evaluated, and only
/// one that declares outputs or a pattern is verified; `verifying` goes back to `launching` for the
/// `verify` command. An attempt that failed leads to `backingOff` and from there to `ready`, or to
/// `reviewing` and from there to `ready` or `ended`.
enum StepState: UInt8, Sendable, CaseIterable {
    /// A dependency has not ended.
    case pending
    /// It may start when a slot is free.
    case ready
    /// It could start, but waits for a resource or a conflicting step.
    case waiting
    /// Its locks are being taken.
    case acquiring
    /// The shell checks whether it has to run.
    case examining
    /// Its process is being started.
    case launching
    /// Its leader is running and was not asked to stop.
    case running
    /// Its leader is running and was asked to stop.
    case terminating
    /// Its leader has ended; other processes of its group have not.
    case settling
    /// Its processes have ended; its outputs and its log are checked.
    case verifying
    /// Its condition is being evaluated.
    case evaluating
    /// An attempt has failed, and the next one starts later.
    case backingOff
    /// It has failed, and a person decides.
    case reviewing
    /// Final state.
    case ended

    /// Whether a step may go from this state to another.
    func canBecome(_ next: StepState) -> Bool {
        switch (self, next) {
        case (.pending, .ready), (.pending, .ended): true
        case (.ready, .waiting), (.ready, .acquiring), (.ready, .launching), (.ready, .ended): true
        case (.waiting, .ready), (.waiting, .ended): true
        case (.acquiring, .launching), (.acquiring, .waiting), (.acquiring, .examining): true
        case (.ready, .examining), (.examining, .launching), (.examining, .waiting): true
        case (.examining, .ended): true
        case (.launching, .running), (.launching, .ready), (.launching, .ended): true
        case (.running, .terminating), (.running, .settling), (.running, .verifying): true
        case (.running, .ended): true
        case (.terminating, .settling), (.terminating, .ended): true
        case (.terminating, .verifying): true
        case (.settling, .verifying), (.settling, .ended), (.verifying, .ended): true
        case (.verifying, .launching), (.launching, .verifying): true
        case (.running, .launching), (.terminating, .launching), (.settling, .launching): true
        case (.pending, .evaluating), (.evaluating, .ready), (.evaluating, .ended): true
        case (.launching, .backingOff), (.running, .backingOff), (.terminating, .backingOff): true
        case (.settling, .backingOff), (.verifying, .backingOff): true
        case (.backingOff, .ready), (.backingOff, .ended): true
        case (.launching, .reviewing), (.running, .reviewing), (.terminating, .reviewing): true
        case (.settling, .reviewing), (.verifying, .reviewing), (.evaluating, .reviewing): true
        case (.pending, .reviewing), (.ready, .reviewing), (.waiting, .reviewing): true
        case (.backingOff, .reviewing): true
        case (.reviewing, .ready), (.reviewing, .ended): true
        default: false
        }
    }
}

/// The state of every step and the number of steps in each state, changed together in one place.
struct StepStates: Sendable {
    private var states: [StepState]
    private var counts = [Int](repeating: 0, count: StepState.allCases.count)

    init(count: Int) {
        states = [StepState](repeating: .pending, count: count)
        counts[Int(StepState.pending.rawValue)] = count
    }

    var count: Int { states.count }

    /// The state of a step; nil for an invalid index.
    subscript(step: Int) -> StepState? {
        states.indices.contains(step) ? states[step] : nil
    }

    func count(of state: StepState) -> Int { counts[Int(state.rawValue)] }

    /// Changes a step's state; false, without effect, when the transition is not allowed.
    @discardableResult
    mutating func move(_ step: Int, to next: StepState) -> Bool {
        guard states.indices.contains(step), states[step].canBecome(next) else { return false }
        counts[Int(states[step].rawValue)] -= 1
        counts[Int(next.rawValue)] += 1
        states[step] = next
        return true
    }
}
