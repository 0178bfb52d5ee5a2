import Execution
import Processes
import StateStore
import WorkflowModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The end of a run: processes that left their group and outlived their step.
extension Supervisor {
    /// Ends processes that left their group and outlived their step, in passes until one finds
    /// none.
    func endEscaped() {
        _ = groups.settleOrphans(isOwn: isOwn)
        var named: Set<Int32> = []
        let begin = clock.now()
        var found = escaped()
        while !found.isEmpty {
            let age = clock.now() - begin
            for facts in found {
                let isNew = named.insert(facts.pid).inserted
                if isNew { nameEscaped(facts) }
                if age >= 1_000_000_000 {
                    send(SIGKILL, to: facts)
                } else if isNew {
                    send(SIGTERM, to: facts)
                    send(SIGCONT, to: facts)
                }
            }
            // Held by the kernel: reported, and left.
            if age >= 6_000_000_000 {
                recorder.warn("cannot be killed: process \(found.map(\.pid))")
                return
            }
            // A process that is blocked writing its last output into a full pipe must not be killed
            // for it.
            output.copyAll()
            usleep(10_000)
            _ = groups.settleOrphans(isOwn: isOwn)
            found = escaped()
        }
        // The scan ignores dead processes, and the last one may have died just before it.
        _ = groups.settleOrphans(isOwn: isOwn)
    }

    fileprivate func send(_ signal: Int32, to facts: ProcessFacts) {
        _ = ProcessTable.signal(facts.pid, signal) { $0.identity == facts.identity }
    }

    private func nameEscaped(_ facts: ProcessFacts) {
        guard !namedEscapees.contains(facts.identity) else { return }
        let leftover = ProcessTable.leftover(facts)
        let name = GroupWatch.step(of: facts.pid, run: directory.id)
        if let step = header.steps.firstIndex(where: { $0.id == name }) {
            recorder.record(.leftovers(step: step, [leftover]))
        } else {
            recorder.warn("process \(leftover.pid) (\(leftover.command)) outlived its step")
        }
    }
}

/// Processes that a step has left outside its group, and for which it waits.
struct Escapees {
    var known: Set<ProcessFacts.Identity>
    /// The last signal that the step's processes were sent.
    var signal: Int32?
}

/// The end of a step with `leftovers = "fail"` or `"warn"`, which also reports processes outside
/// its group.
extension Supervisor {
    /// Whether a step's policy justifies a scan of all processes whenever its leader ends.
    func wantsEscapees(of step: Int) -> Bool {
        ProcessView.isUsable && policy(of: step) != .kill
    }

    private func policy(of step: Int) -> LeftoverPolicy {
        context.plan.resolved.workflow.steps[step].leftovers
    }

    /// Living members of a group whose leader has ended.
    func leftInGroup(of child: ChildProcess, among living: [ProcessFacts]) -> [Leftover] {
        if GroupWatch.livesUnseen(child.pid) {
            return [Leftover(pid: child.pid, command: "(cannot be seen)", ageMilliseconds: 0)]
        }
        return GroupWatch.members(of: child.pid, among: living).map(ProcessTable.leftover)
    }

    /// The processes that a step has left outside its group.
    ///
    /// When no other step ran, an orphan without an environment belongs to it.
    func escaped(
        from step: Int, _ child: ChildProcess, _ living: [ProcessFacts], isAlone: Bool
    ) -> [ProcessFacts] {
        groups.left(
            by: header.steps[step].id, leader: child.pid, earliestBirth: child.startTicks,
            run: directory.id, isAlone: isAlone, isOwn: isOwn, among: living)
    }

    /// Records the processes that have left a step's group; true when the step has to wait for
    /// their end.
    func holdsBack(_ step: Int, _ escaped: [ProcessFacts]) -> Bool {
        namedEscapees.formUnion(escaped.map(\.identity))
        guard policy(of: step) == .fail, !escaped.isEmpty else {
            return false
        }
        escapees[step] = Escapees(known: Set(escaped.map(\.identity)))
        return true
    }

    /// Whether a process for which a step waits still lives outside its group; new ones are sent
    /// the signal that the others got.
    func hasEscapees(
        _ step: Int, _ child: ChildProcess, among living: [ProcessFacts]
    ) -> Bool {
        guard var mine = escapees[step] else { return false }
        let found = escaped(from: step, child, living, isAlone: false)
        for facts in found where mine.known.insert(facts.identity).inserted {
            namedEscapees.insert(facts.identity)
            if let signal = mine.signal { send(signal, to: facts) }
        }
        escapees[step] = mine
        let alive = living.contains { mine.known.contains($0.identity) }
        return alive || !found.isEmpty
    }

    /// Sends the signal for a step's group also to the processes that it has left outside.
    func signalEscapees(of step: Int, _ signal: Int32) {
        guard let mine = escapees[step] else { return }
        escapees[step]?.signal = signal
        for identity in mine.known {
            _ = ProcessTable.signal(identity.pid, signal) { $0.identity == identity }
            if signal == SIGTERM {
                _ = ProcessTable.signal(identity.pid, SIGCONT) { $0.identity == identity }
            }
        }
    }
}
