import Execution
import FileState
import OutputCache
import Platform
import StateStore
import WorkflowModel

/// The cache of a run: opened when it is first needed, written by a thread of its own.
struct CacheState {
    fileprivate var opened: Opened = .notYet
    fileprivate var worker: Writer?
    /// Steps that are being kept.
    fileprivate var pending = 0

    fileprivate enum Opened {
        case notYet
        /// It cannot be used, which has been said.
        case no
        case yes(StepCache)
    }

    fileprivate typealias Writer = WorkerThread<@Sendable () -> Stored, Stored>

    fileprivate struct Stored: Sendable {
        var step: Int
        var storing: CacheStoring
    }
}

/// Putting kept outputs in place instead of running a step, and keeping those of one that ran.
extension Supervisor {
    private func openCache() -> StepCache? {
        switch cache.opened {
        case .yes(let cache): return cache
        case .no: return nil
        case .notYet:
            guard context.plan.smart?.usesCache == true else {
                cache.opened = .no
                return nil
            }
            do {
                let opened = try StepCache(
                    state: context.state, environment: context.environment,
                    limits: context.plan.resolved.workflow.cache, mask: context.secrets,
                    beforePlacing: context.beforePlacing)
                cache.opened = .yes(opened)
                return opened
            } catch {
                cache.opened = .no
                recorder.warn("the cache is not used: \(error.descriptionWithAdvice)")
                return nil
            }
        }
    }

    /// Has the outputs of a step put in place that has to run, where they are kept.
    ///
    /// - Returns: Whether that is tried; the scheduler gets its answer then.
    func restore(_ step: Int, _ verdict: UpToDateChecker.Verdict, _ causes: [RunReason]) -> Bool {
        guard let contents = verdict.contents, let cache = openCache(),
            cache.has(contents.fingerprint)
        else { return false }
        let id = header.steps[step].id
        do {
            // What a death leaves half done must not count as done.
            try freshness.look.known.noteStart(of: id, run: directory.id, in: context.state)
        } catch {
            return false
        }
        freshness.begin(step, contents, verdict)
        freshness.keepIngredients(contents, of: id, in: directory)
        let (run, outputs) = (directory, header.steps[step].outputs)
        let told = causes.isEmpty ? context.plan.smart?.due[step] ?? [] : causes
        let left = freshness.look.known.lastSuccess(of: id)?.outputs ?? []
        let substitute = SchedulerInput.examined(step: step, .due(causes))
        let job = BackgroundJobs.Job(step: step, substitute: substitute) { _ in
            var answer = BackgroundJobs.Answer(step: step, input: substitute)
            switch cache.restore(
                contents.fingerprint, of: id, outputs: outputs, left: left, in: run)
            {
            case .miss: break
            case .damaged(let warning), .unfit(let warning): answer.warning = warning
            case .restored(let entry):
                answer.warning = entry.concern
                answer.input = .examined(step: step, .restored(run: entry.run, causes: told))
            }
            return answer
        }
        settle(.work(job))
        return true
    }

    /// Has the outputs of a step kept, as they were when it had ended.
    func keepInCache(_ step: Int, _ memory: LastSuccess) {
        guard case let declared = context.plan.resolved.workflow.steps[step],
            RunReason.standing(of: declared) == nil, !declared.gating.always,
            let cache = openCache()
        else { return }
        takeStored()
        let (run, id, outputs) = (directory, header.steps[step].id, header.steps[step].outputs)
        let start = UInt64(max(0, attemptLogs.start(of: step)))
        let files = memory.outputs.filter { $0.facts.kind == .file }
        let expected = Dictionary(
            files.map { ($0.path, $0.digest) }, uniquingKeysWith: { first, _ in first })
        let isRenewed = context.plan.smart?.isAskedFor(step) ?? false
        let job: @Sendable () -> CacheState.Stored = {
            let storing = cache.store(
                memory.fingerprint, of: id, outputs: outputs, in: run, log: start..<UInt64.max,
                expecting: expected, renewing: isRenewed)
            return CacheState.Stored(step: step, storing: storing)
        }
        if let writer = cacheWriter() {
            self.cache.pending += 1
            writer.send(job)
        } else {
            take(job())
        }
    }

    private func cacheWriter() -> CacheState.Writer? {
        if cache.worker == nil {
            cache.worker = try? CacheState.Writer(name: "stepvisor-cache") { { job in job() } }
        }
        return cache.worker
    }

    private func takeStored() {
        for stored in cache.worker?.take() ?? [] {
            cache.pending -= 1
            take(stored)
        }
    }

    private func take(_ stored: CacheState.Stored) {
        switch stored.storing {
        case .stored, .present: break
        case .refused(let reason):
            recorder.warn("not kept in the cache: \(reason)", about: stored.step)
        case .failed(let warning): recorder.warn(warning)
        }
    }

    /// Waits until all is kept, and removes what is too old or too much.
    func settleCache() {
        guard case .yes(let opened) = cache.opened else { return }
        // Nobody waits for what a run that was stopped would keep.
        var patience = 36_000
        takeStored()
        while cache.pending > 0, patience > 0 {
            if loop.isStoppedAtTheEnd { patience = min(patience, 30) }
            cache.worker?.wait()
            takeStored()
            patience -= 1
        }
        cache.worker?.end()
        cache.worker = nil
        if let unsaid = opened.unsaid() { recorder.warn(unsaid) }
        let report = opened.trim()
        if report.failures > 0 {
            recorder.warn("\(report.failures) old entries of the cache cannot be removed")
        }
    }
}
