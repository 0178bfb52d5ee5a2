import Execution
import Platform
import Processes
import StateStore

/// The locks of the run's steps: all locks of a step are taken, or none.
///
/// Used on the loop's thread only.
final class StepLocks {
    private let plan: RunPlan
    private let recorder: RunRecorder
    private let queue: SchedulerQueue
    private let locks: ResourceLocks
    private var held: [Int: HeldLocks] = [:]

    /// For the steps of a run; nothing is taken yet.
    init(_ context: RunContext, locks: ResourceLocks, recorder: RunRecorder, queue: SchedulerQueue)
    {
        plan = context.plan
        self.locks = locks
        self.recorder = recorder
        self.queue = queue
    }

    /// Gives back what a step holds.
    func release(_ step: Int) { held[step] = nil }

    /// Keeps the notes in the locks of a step whose processes cannot be killed, and which stay taken:
    /// the next run must see that they live.
    func keepNotes(of step: Int) { held[step]?.keepNotes() }

    /// Tries once, and sends the result to the scheduler.
    func acquire(of step: Int) {
        let requests = plan.claims(of: step).compactMap { claim -> LockRequest? in
            let resource = plan.resources[Int(claim.resource)]
            guard let scope = resource.scope else { return nil }
            return LockRequest(
                name: resource.name, units: Int(claim.units), capacity: resource.capacity,
                scope: scope)
        }
        do {
            let since = Timestamp.text(recorder.clock.startedAt.advanced(to: recorder.clock.now()))
            switch try locks.tryAcquire(
                requests, step: recorder.header.steps[step].id, since: since)
            {
            case .acquired(let locks):
                held[step] = locks
                queue.add(.locksAcquired(step: step))
            case .busy(let holder):
                queue.add(.locksBusy(step: step, holder: holder))
            }
        } catch  where [EMFILE, ENFILE, ENOMEM].contains(error.code) {
            // Ending steps release descriptors, so try again later.
            let first = requests.first?.name ?? ""
            queue.add(.locksBusy(step: step, holder: LockHolder(resource: first)))
        } catch {
            recorder.warn(error.description, about: step)
            recorder.stop(because: error)
            // The scheduler waits for an answer, and without one the step would never end.
            let first = requests.first?.name ?? ""
            queue.add(.locksBusy(step: step, holder: LockHolder(resource: first)))
        }
    }
}
