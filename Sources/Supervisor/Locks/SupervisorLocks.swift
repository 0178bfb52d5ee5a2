import Execution
import Platform
import Processes
public import StateStore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Takes the locks of steps: all locks of a step or none.
extension Supervisor {
    /// Tries once, and sends the result to the scheduler.
    func acquireLocks(of step: Int) {
        let requests = context.plan.claims(of: step).compactMap { claim -> LockRequest? in
            let resource = context.plan.resources[Int(claim.resource)]
            guard let scope = resource.scope else { return nil }
            return LockRequest(
                name: resource.name, units: Int(claim.units), capacity: resource.capacity,
                scope: scope)
        }
        do {
            let since = Timestamp.text(clock.startedAt.advanced(to: clock.now()))
            switch try locks.tryAcquire(requests, step: header.steps[step].id, since: since) {
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

extension Supervisor {
    /// Writes the run's name and place into the lock that it holds on its project.
    public func sign(_ lock: ProjectLock) {
        lock.name(run: directory.id, at: directory.path)
    }
}
