import Execution
import StateStore

extension LogSection {
    /// The line before a further attempt, or before its `verify` command.
    static func line(_ order: LaunchOrder, at time: WallTime) -> String {
        let what = order.isCheck ? "verify" : "attempt \(order.attempt), \(order.method)"
        let execution = ExecutionID.text(Int32(clamping: order.execution))
        return "--- stepvisor: \(what) (\(execution)) \(Timestamp.text(time)) ---\n"
    }
}
