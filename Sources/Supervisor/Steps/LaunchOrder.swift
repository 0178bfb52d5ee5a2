import Execution

/// What the scheduler wants to be launched.
struct LaunchOrder: Hashable {
    var step: Int
    var attempt: Int
    var method: StepMethod
    var execution: Int
    /// Steps that it needs and that did not end well.
    var failed: [Int] = []
    /// The `verify` command of the attempt, not the attempt itself.
    var isCheck = false

    /// Whether nothing of the step stands in its log before.
    var isFirst: Bool { attempt == 1 && method == .primary && !isCheck }
}
