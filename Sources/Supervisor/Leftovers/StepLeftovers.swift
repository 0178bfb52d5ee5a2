import Execution
import Platform
import Processes
import StateStore
import WorkflowModel

/// What steps leave behind, in their groups and outside of them: found, waited for where the step's
/// policy says so, and ended with the run.
///
/// Used on the loop's thread only.
final class StepLeftovers {
    private let plan: RunPlan
    private let recorder: RunRecorder
    private var groups: GroupWatch
    /// What settling steps have left outside their groups and have to wait for.
    private var escapees: [Int: Escapees] = [:]
    /// Processes outside groups that the record names already.
    private var named: Set<ProcessFacts.Identity> = []

    /// Processes that a step has left outside its group, and for which it waits.
    private struct Escapees {
        var known: Set<ProcessFacts.Identity>
        /// The last signal that the step's processes were sent.
        var signal: Int32?
    }

    /// For a run whose process adopts orphans already.
    init(plan: RunPlan, groups: consuming GroupWatch, recorder: RunRecorder) {
        self.plan = plan
        self.groups = groups
        self.recorder = recorder
    }

    // MARK: - The end of a step

    /// Reaps orphans, and looks at all processes where something may be left.
    ///
    /// - Parameters:
    ///   - steps: those whose leader has ended.
    ///   - stepGroups: the groups of all steps.
    ///   - isOwn: true for leaders, and for other processes that this process started itself.
    /// - Returns: whether there are new orphans, and the processes that were looked at.
    func survey(
        after steps: [Int], groups stepGroups: () -> Set<Int32>, isOwn: (Int32) -> Bool
    ) -> (foundOrphans: Bool, living: [ProcessFacts]) {
        let foundOrphans = groups.settleOrphans(isOwn: isOwn)
        let living =
            foundOrphans || steps.contains { wantsEscapees(of: $0) }
            ? ProcessTable.living() : steps.isEmpty ? [] : groups.belowEscaped()
        if foundOrphans {
            groups.noteEscaped(
                isOwn: isOwn, groups: stepGroups(), run: recorder.directory.id, among: living)
        }
        return (foundOrphans, living)
    }

    /// Whether a step's policy justifies a scan of all processes whenever its leader ends.
    func wantsEscapees(of step: Int) -> Bool {
        ProcessView.isUsable && policy(of: step) != .kill
    }

    private func policy(of step: Int) -> LeftoverPolicy {
        plan.resolved.workflow.steps[step].leftovers
    }

    /// Living members of a group whose leader has ended.
    static func members(of child: ChildProcess, among living: [ProcessFacts]) -> [Leftover] {
        if GroupWatch.livesUnseen(child.pid) {
            return [Leftover(pid: child.pid, command: "(cannot be seen)", ageMilliseconds: 0)]
        }
        return GroupWatch.members(of: child.pid, among: living).map(ProcessTable.leftover)
    }

    /// The processes that a step has left outside its group.
    ///
    /// When no other step ran, an orphan without an environment belongs to it.
    func escaped(
        from step: Int, _ child: ChildProcess, _ living: [ProcessFacts], isAlone: Bool,
        isOwn: (Int32) -> Bool
    ) -> [ProcessFacts] {
        groups.left(
            by: recorder.header.steps[step].id, leader: child.pid, earliestBirth: child.startTicks,
            run: recorder.directory.id, isAlone: isAlone, isOwn: isOwn, among: living)
    }

    /// Records the processes that have left a step's group; true when the step has to wait for
    /// their end.
    func holdsBack(_ step: Int, _ escaped: [ProcessFacts]) -> Bool {
        named.formUnion(escaped.map(\.identity))
        guard policy(of: step) == .fail, !escaped.isEmpty else {
            return false
        }
        escapees[step] = Escapees(known: Set(escaped.map(\.identity)))
        return true
    }

    /// Whether a process for which a step waits still lives outside its group; new ones are sent
    /// the signal that the others got.
    func hasEscapees(
        _ step: Int, _ child: ChildProcess, among living: [ProcessFacts],
        isOwn: (Int32) -> Bool
    ) -> Bool {
        guard var mine = escapees[step] else { return false }
        let found = escaped(from: step, child, living, isAlone: false, isOwn: isOwn)
        for facts in found where mine.known.insert(facts.identity).inserted {
            named.insert(facts.identity)
            if let signal = mine.signal { send(signal, to: facts) }
        }
        escapees[step] = mine
        let alive = living.contains { mine.known.contains($0.identity) }
        return alive || !found.isEmpty
    }

    /// Sends the signal for a step's group also to the processes that it has left outside.
    func signal(of step: Int, _ signal: Int32) {
        guard let mine = escapees[step] else { return }
        escapees[step]?.signal = signal
        for identity in mine.known {
            _ = ProcessTable.signal(identity.pid, signal) { $0.identity == identity }
            if signal == SIGTERM {
                _ = ProcessTable.signal(identity.pid, SIGCONT) { $0.identity == identity }
            }
        }
    }

    /// The step has ended: nothing is waited for any more.
    func forget(_ step: Int) { escapees[step] = nil }

    // MARK: - The end of the run

    /// Ends processes that left their group and outlived their step, in passes until one finds
    /// none.
    ///
    /// - Parameters:
    ///   - isOwn: true for leaders, and for other processes that this process started itself.
    ///   - isAbandoned: true for the group of a step that cannot be killed.
    ///   - meanwhile: called in each pass.
    func endEscaped(
        isOwn: (Int32) -> Bool, isAbandoned: (Int32) -> Bool, meanwhile: () -> Void
    ) {
        _ = groups.settleOrphans(isOwn: isOwn)
        var known: Set<Int32> = []
        let clock = recorder.clock
        let begin = clock.now()
        var found = escaped(isOwn, isAbandoned)
        while !found.isEmpty {
            let age = clock.now() - begin
            for facts in found {
                let isNew = known.insert(facts.pid).inserted
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
            meanwhile()
            usleep(10_000)
            _ = groups.settleOrphans(isOwn: isOwn)
            found = escaped(isOwn, isAbandoned)
        }
        // The scan ignores dead processes, and the last one may have died just before it.
        _ = groups.settleOrphans(isOwn: isOwn)
    }

    private func send(_ signal: Int32, to facts: ProcessFacts) {
        _ = ProcessTable.signal(facts.pid, signal) { $0.identity == facts.identity }
    }

    private func nameEscaped(_ facts: ProcessFacts) {
        guard !named.contains(facts.identity) else { return }
        let leftover = ProcessTable.leftover(facts)
        let name = GroupWatch.step(of: facts.pid, run: recorder.directory.id)
        if let step = recorder.header.steps.firstIndex(where: { $0.id == name }) {
            recorder.record(.leftovers(step: step, [leftover]))
        } else {
            recorder.warn("process \(leftover.pid) (\(leftover.command)) outlived its step")
        }
    }

    /// What left its group and is to be ended with the run.
    private func escaped(
        _ isOwn: (Int32) -> Bool, _ isAbandoned: (Int32) -> Bool
    ) -> [ProcessFacts] {
        groups.descendants(isOwn: isOwn, run: recorder.directory.id)
            .filter { !isAbandoned($0.group) }
    }
}
