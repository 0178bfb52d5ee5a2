import Execution
import FileState
import OutputCache
import Platform
import StateStore
import WorkflowModel

/// The cache as a run uses it: kept outputs are put in place instead of running a step, and those of
/// a step that ran are kept.
///
/// Opened when it is first needed. Used on the loop's thread only; a thread of its own writes.
final class RunCache {
    private let context: RunContext
    private let recorder: RunRecorder
    private let loop: EventLoop
    private let logs: AttemptLogs
    private var opened: Opened = .notYet
    private var worker: Writer?
    /// Steps that are being kept.
    private var pending = 0

    private enum Opened {
        case notYet
        /// It cannot be used, which has been said.
        case no
        case yes(StepCache)
    }

    private typealias Writer = WorkerThread<@Sendable () -> Stored, Stored>

    private struct Stored: Sendable {
        var step: Int
        var storing: CacheStoring
    }

    /// For a run, which may not use it.
    init(_ context: RunContext, logs: AttemptLogs, recorder: RunRecorder, loop: EventLoop) {
        self.context = context
        self.logs = logs
        self.recorder = recorder
        self.loop = loop
    }

    private func open() -> StepCache? {
        switch opened {
        case .yes(let cache): return cache
        case .no: return nil
        case .notYet:
            guard context.plan.smart?.usesCache == true else {
                opened = .no
                return nil
            }
            do {
                let cache = try StepCache(
                    state: context.state, environment: context.environment,
                    limits: context.plan.resolved.workflow.cache, mask: context.secrets,
                    beforePlacing: context.beforePlacing)
                opened = .yes(cache)
                return cache
            } catch {
                opened = .no
                recorder.warn("the cache is not used: \(error.descriptionWithAdvice)")
                return nil
            }
        }
    }

    /// Whether the outputs with a fingerprint are kept.
    func has(_ fingerprint: Digest) -> Bool { open()?.has(fingerprint) ?? false }

    /// The work that puts the kept outputs of a step in place that has to run.
    ///
    /// - Parameters:
    ///   - step: the step.
    ///   - fingerprint: what it is made from.
    ///   - causes: why it has to run, where the outputs cannot be put in place.
    ///   - left: what it left at its last success.
    /// - Returns: nil where there is no cache.
    func restoring(
        _ step: Int, _ fingerprint: Digest, _ causes: [RunReason], left: [FileRecord]
    ) -> BackgroundJobs.Job? {
        guard let cache = open() else { return nil }
        let (run, header) = (recorder.directory, recorder.header.steps[step])
        let told = causes.isEmpty ? context.plan.smart?.due[step] ?? [] : causes
        let substitute = SchedulerInput.examined(step: step, .due(causes))
        return BackgroundJobs.Job(step: step, substitute: substitute) { _ in
            var answer = BackgroundJobs.Answer(step: step, input: substitute)
            switch cache.restore(
                fingerprint, of: header.id, outputs: header.outputs, left: left, in: run)
            {
            case .miss: break
            case .damaged(let warning), .unfit(let warning): answer.warning = warning
            case .restored(let entry):
                answer.warning = entry.concern
                answer.input = .examined(step: step, .restored(run: entry.run, causes: told))
            }
            return answer
        }
    }

    /// Has the outputs of a step kept, as they were when it had ended.
    func keep(_ step: Int, _ memory: LastSuccess) {
        guard case let declared = context.plan.resolved.workflow.steps[step],
            RunReason.standing(of: declared) == nil, !declared.gating.always,
            let cache = open()
        else { return }
        takeStored()
        let (run, id, outputs) = (
            recorder.directory, recorder.header.steps[step].id,
            recorder.header.steps[step].outputs
        )
        let start = UInt64(max(0, logs.start(of: step)))
        let files = memory.outputs.filter { $0.facts.kind == .file }
        let expected = Dictionary(
            files.map { ($0.path, $0.digest) }, uniquingKeysWith: { first, _ in first })
        let isRenewed = context.plan.smart?.isAskedFor(step) ?? false
        let job: @Sendable () -> Stored = {
            let storing = cache.store(
                memory.fingerprint, of: id, outputs: outputs, in: run, log: start..<UInt64.max,
                expecting: expected, renewing: isRenewed)
            return Stored(step: step, storing: storing)
        }
        if let writer = startedWriter() {
            pending += 1
            writer.send(job)
        } else {
            take(job())
        }
    }

    private func startedWriter() -> Writer? {
        if worker == nil {
            worker = try? Writer(name: "stepvisor-cache") { { job in job() } }
        }
        return worker
    }

    private func takeStored() {
        for stored in worker?.take() ?? [] {
            pending -= 1
            take(stored)
        }
    }

    private func take(_ stored: Stored) {
        switch stored.storing {
        case .stored, .present: break
        case .refused(let reason):
            recorder.warn("not kept in the cache: \(reason)", about: stored.step)
        case .failed(let warning): recorder.warn(warning)
        }
    }

    /// Waits until all is kept, and removes what is too old or too much.
    func settle() {
        guard case .yes(let cache) = opened else { return }
        // Nobody waits for what a run that was stopped would keep.
        var patience = 36_000
        takeStored()
        while pending > 0, patience > 0 {
            if loop.isStoppedAtTheEnd { patience = min(patience, 30) }
            worker?.wait()
            takeStored()
            patience -= 1
        }
        worker?.end()
        worker = nil
        if let unsaid = cache.unsaid() { recorder.warn(unsaid) }
        let report = cache.trim()
        if report.failures > 0 {
            recorder.warn("\(report.failures) old entries of the cache cannot be removed")
        }
    }
}
