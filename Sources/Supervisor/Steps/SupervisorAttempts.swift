import Execution
import Platform
import Processes
import StateStore
import SystemCalls
import WorkflowModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Further attempts of a step with any method, and the checks after them.
extension Supervisor {
    /// Starts a step's `verify` command with the variables of the attempt.
    func launchCheck(of step: Int, execution: Int) {
        var order =
            orders[step]
            ?? LaunchOrder(step: step, attempt: 1, method: .primary, execution: execution)
        order.execution = execution
        order.isCheck = true
        start(order, basis: nil)
    }

    /// Prepares an attempt: removes old results and records its launch order.
    func prepare(_ order: LaunchOrder) {
        if context.plan.resolved.workflow.steps[order.step].gating.verify != nil {
            orders[order.step] = order
        }
        guard !order.isFirst else { return }
        // The results of an earlier attempt do not count for this one.
        if let problem = directory.removeOutput(of: header.steps[order.step].id) {
            recorder.warn(problem.description, about: order.step)
        }
    }
}

extension RunDirectory {
    /// Removes a step's results file; returns the error, except when the file does not exist.
    func removeOutput(of step: String) -> SystemError? {
        let shown = "\(StateDirectory.runPath(id))/outputs/\(step)"
        guard
            let outputs = try? PrivateFile.directory(
                "outputs", in: descriptor, shown: "\(StateDirectory.runPath(id))/outputs",
                create: false)
        else { return nil }
        guard unlinkat(outputs.number, step, 0) != 0, errno != ENOENT else { return nil }
        return SystemError("empty", shown)
    }
}
