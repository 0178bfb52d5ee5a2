import Execution
import Platform
import Processes
import StateStore
import SystemCalls

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Starts processes of steps.
extension Supervisor {
    /// Starts a step whose inputs are known, or its check.
    func start(_ order: LaunchOrder, basis: StepBasis?) {
        let step = order.step
        do {
            let log = try directory.openLog(of: header.steps[step].id) {
                recorder.warn("somebody removed the logs of this run; later ones are kept")
            }
            // Before anything is written: a write at an offset in the log might overwrite it.
            let isShared = output.shareLog(of: step)
            let (begin, part) = try attempts.beginPart(of: order, in: log)
            if let part { recorder.record(.logPart(step: step, part)) }
            let child: ChildProcess
            if context.plan.writesItsLog(step) {
                let mark = directory.mark(of: header.steps[step].id)
                let request = try preparation.request(for: order, output: log.number)
                child = try steps.start(step, request)
                output.begin(step, at: begin, mark: mark)
            } else {
                let pipe = try output.openPipe(
                    of: step, into: log, end: begin, isOnly: !isShared)
                let request = try preparation.request(for: order, output: pipe.sink)
                child = try steps.start(step, request)
                output.begin(pipe, at: begin)
            }
            answer(
                .started(
                    step: step, pid: child.pid, startTicks: child.startTicks, basis: basis))
            guardian.startWhenDue()
        } catch let failure as LaunchFailure {
            switch failure {
            case .permanent(let message): queue.add(.notStarted(step: step, message: message))
            case .temporary(let message):
                queue.add(.launchDeferred(step: step, message: message))
            }
        } catch let problem as ProgramProblem {
            queue.add(.notStarted(step: step, message: problem.description))
        } catch {
            let systemError = error as? SystemError ?? SystemError("launch", "", code: EIO)
            if [EMFILE, ENFILE, ENOMEM].contains(systemError.code) {
                queue.add(.launchDeferred(step: step, message: systemError.description))
            } else {
                // A log that cannot be written is a fault of stepvisor, not of the step.
                queue.add(.notStarted(step: step, message: systemError.description))
                recorder.stop(because: systemError)
            }
        }
    }
}
