import Execution
import FileState
import Platform
import Processes
import StateStore
import SystemCalls
import WorkflowModel

/// Checks the files of an ended attempt.
extension Supervisor {
    /// Performs the requested checks and answers the scheduler: at once, or when a large log has
    /// been searched.
    func verify(_ step: Int, _ request: VerificationRequest) {
        var found = Verification()
        if request.contains(.outputs) { (found.missing, found.empty) = outputs(of: step) }
        let plan = context.plan
        let gating = plan.resolved.workflow.steps[step].gating
        let success = request.contains(.successPattern) ? gating.successPattern : nil
        let busy = request.contains(.throttlePattern) ? plan.policy.throttle?.pattern : nil
        guard success != nil || busy != nil else {
            queue.add(.verified(step: step, found))
            return
        }
        found.hasSucceeded = success == nil
        guard let log = directory.readLog(of: header.steps[step].id) else {
            queue.add(.verified(step: step, found))
            return
        }
        let size = log.size ?? 0
        var start = attempts.start(of: step)
        // The log was truncated: its content was written since.
        if size < start { start = 0 }
        let search = LogSearch(success: success, busy: busy, start: start, end: size)
        let number = log.release()
        let known = found
        let job: @Sendable (() -> Bool) -> BackgroundJobs.Answer = { isWanted in
            defer { LibC.close(number) }
            return search.answer(for: step, in: number, known: known, isWanted: isWanted)
        }
        if search.isSmall {
            take(job { true })
        } else {
            send(for: step, otherwise: .verified(step: step, known), job)
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

extension Supervisor {
    /// What of a step's declared outputs is not there, and what is empty.
    func outputs(of step: Int) -> (missing: [String], empty: [String]) {
        do {
            return try OutputCheck(header.steps[step].outputs).look()
        } catch {
            recorder.warn("its outputs were not looked for: \(error.description)", about: step)
            return ([], [])
        }
    }
}
