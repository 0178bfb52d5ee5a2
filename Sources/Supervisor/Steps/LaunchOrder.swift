import Execution

/// A launch that the scheduler requests.
struct LaunchOrder: Hashable {
    var step: Int
    var attempt: Int
    var method: StepMethod
    var execution: Int
    /// Dependencies that did not succeed.
    var failed: [Int] = []
    /// Whether it is the `verify` command of the attempt, not the attempt itself.
    var isCheck = false

    /// Whether it is the step's first launch, before which its log is empty.
    var isFirst: Bool { attempt == 1 && method == .primary && !isCheck }
}
