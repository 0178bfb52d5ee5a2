import Execution
import FileState
import Platform
import Processes
import StateStore
import SystemCalls
import WorkflowModel

/// The attempts of steps: prepares them, starts their processes with a log each, and checks what they
/// have left.
///
/// Used on the loop's thread only.
final class StepAttempts {
    private let plan: RunPlan
    private let recorder: RunRecorder
    private let queue: SchedulerQueue
    private let steps: RunningSteps
    private let output: StepOutput
    private let logs: AttemptLogs
    private var preparation: StepPreparation
    /// The launch orders of steps with a `verify` command, whose check gets the same variables.
    private var orders: [Int: LaunchOrder] = [:]

    /// For a run of which no step has started yet.
    init(
        _ preparation: StepPreparation, logs: AttemptLogs, steps: RunningSteps, output: StepOutput,
        recorder: RunRecorder, queue: SchedulerQueue
    ) {
        plan = preparation.plan
        self.preparation = preparation
        self.logs = logs
        self.steps = steps
        self.output = output
        self.recorder = recorder
        self.queue = queue
    }

    /// Makes the project root the working directory of this process, as it is that of steps.
    func enterRoot() {
        if chdir(preparation.root) != 0 {
            recorder.stop(because: SystemError("enter the project root", preparation.root))
        }
    }

    // MARK: - Start

    /// Prepares an attempt: removes old results and keeps its launch order.
    func prepare(_ order: LaunchOrder) {
        if plan.resolved.workflow.steps[order.step].gating.verify != nil {
            orders[order.step] = order
        }
        guard !order.isFirst else { return }
        // The results of an earlier attempt do not count for this one.
        if let problem = recorder.directory.removeOutput(of: recorder.header.steps[order.step].id) {
            recorder.warn(problem.description, about: order.step)
        }
    }

    /// The launch of a step's `verify` command, with the variables of the attempt.
    func checkOrder(of step: Int, execution: Int) -> LaunchOrder {
        var order =
            orders[step]
            ?? LaunchOrder(step: step, attempt: 1, method: .primary, execution: execution)
        order.execution = execution
        order.isCheck = true
        return order
    }

    /// Starts a step whose inputs are known, or its check.
    ///
    /// - Returns: its process; nil where it could not be started, and the scheduler is told why.
    func start(_ order: LaunchOrder) -> ChildProcess? {
        let step = order.step
        do {
            let log = try recorder.directory.openLog(of: recorder.header.steps[step].id) {
                recorder.warn("somebody removed the logs of this run; later ones are kept")
            }
            // Before anything is written: a write at an offset in the log might overwrite it.
            let isShared = output.shareLog(of: step)
            let (begin, part) = try logs.beginPart(of: order, in: log)
            if let part { recorder.record(.logPart(step: step, part)) }
            let child: ChildProcess
            if plan.writesItsLog(step) {
                let mark = recorder.directory.mark(of: recorder.header.steps[step].id)
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
            return child
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
        return nil
    }

    // MARK: - Checks

    /// Performs the requested checks of an attempt that has ended; the search of a large log is left
    /// to a background job.
    func verify(_ step: Int, _ request: VerificationRequest) -> StepAnswer {
        var found = Verification()
        if request.contains(.outputs) { (found.missing, found.empty) = outputs(of: step) }
        let gating = plan.resolved.workflow.steps[step].gating
        let success = request.contains(.successPattern) ? gating.successPattern : nil
        let busy = request.contains(.throttlePattern) ? plan.policy.throttle?.pattern : nil
        guard success != nil || busy != nil else {
            return .input(.verified(step: step, found))
        }
        found.hasSucceeded = success == nil
        guard let log = recorder.directory.readLog(of: recorder.header.steps[step].id) else {
            return .input(.verified(step: step, found))
        }
        let size = log.size ?? 0
        var start = logs.start(of: step)
        // The log was truncated: its content was written since.
        if size < start { start = 0 }
        let search = LogSearch(success: success, busy: busy, start: start, end: size)
        let number = log.release()
        let known = found
        let job: @Sendable (() -> Bool) -> BackgroundJobs.Answer = { isWanted in
            defer { LibC.close(number) }
            return search.answer(for: step, in: number, known: known, isWanted: isWanted)
        }
        if search.isSmall { return .found(job { true }) }
        return .work(
            BackgroundJobs.Job(step: step, substitute: .verified(step: step, known), work: job))
    }

    /// What of a step's declared outputs is not there, and what is empty.
    private func outputs(of step: Int) -> (missing: [String], empty: [String]) {
        do {
            return try OutputCheck(recorder.header.steps[step].outputs).look()
        } catch {
            recorder.warn("its outputs were not looked for: \(error.description)", about: step)
            return ([], [])
        }
    }
}

extension LogSearch {
    /// Nanoseconds after which the search of a log is abandoned.
    private static let patience: Int64 = 300_000_000_000

    /// The answer to the scheduler, with the results so far.
    fileprivate func answer(
        for step: Int, in log: Int32, known: Verification, isWanted: () -> Bool
    ) -> BackgroundJobs.Answer {
        let begin = RunClock.monotonicNanoseconds()
        let finding = run(in: log) {
            isWanted() && RunClock.monotonicNanoseconds() - begin < LogSearch.patience
        }
        var found = known
        if success != nil { found.hasSucceeded = finding.hasSuccess }
        found.isBusy = finding.isBusy
        var answer = BackgroundJobs.Answer(step: step, input: .verified(step: step, found))
        if !finding.isComplete, isWanted() {
            answer.warning = "its log could not be looked through to its end in five minutes"
        }
        return answer
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
