import Execution
import Platform
import Processes
import SystemCalls

/// Finds processes that outlive steps: members of a group whose leader has ended, adopted orphans,
/// and processes that left their group.
///
/// Three things prove that a process belongs to a step: its group, its ancestors, or the run's
/// marker. Processes that were children of this process before the run, and their leftovers, are
/// never reported or signalled.
struct GroupWatch: ~Copyable {
    private let table = ProcessTable()
    /// Living adopted processes that belong to no step's group: they are ended with the run.
    private var escaped: Set<Int32> = []
    /// Living children that belong to no step; while they are children, their numbers are not
    /// reused before they are reaped.
    private var otherChildren: Set<Int32>

    /// Records the existing children, and begins to adopt orphans.
    init() {
        let own = getpid()
        otherChildren = Set(
            table.children() ?? ProcessTable.living().filter { $0.parent == own }.map(\.pid))
        _ = stepvisor_become_subreaper()
    }

    /// Whether an adopted process may come from somewhere else than a step.
    ///
    /// The first process of a PID namespace adopts all orphans in it. Any other process adopts only
    /// orphans of its own descendants, and these belong to steps as long as no other child lives.
    private var mayAdoptOthers: Bool { !otherChildren.isEmpty || getpid() == 1 }

    /// Reaps adopted orphans that have ended, and reports whether new ones live.
    ///
    /// - Parameter isOwn: true for leaders, and for other processes that this process started
    ///   itself.
    /// - Returns: true when an unknown adopted process lives.
    mutating func settleOrphans(isOwn: (Int32) -> Bool) -> Bool {
        guard let children = table.children() else { return true }
        var foundNew = false
        var stillEscaped: Set<Int32> = []
        var stillOther: Set<Int32> = []
        for pid in children where !isOwn(pid) {
            // Adopted orphans are reaped one by one, never by a wait for any child.
            if stepvisor_reap(pid) == 0 { continue }
            if otherChildren.contains(pid) {
                stillOther.insert(pid)
            } else if escaped.contains(pid) {
                stillEscaped.insert(pid)
            } else {
                foundNew = true
            }
        }
        escaped = stillEscaped
        // What another child leaves behind at its end is found in the same scan, and needs proof
        // too.
        if !foundNew { otherChildren = stillOther }
        return foundNew
    }

    /// Living members of a group, except its leader.
    static func members(of group: Int32, among living: [ProcessFacts]) -> [ProcessFacts] {
        living.filter { $0.group == group && $0.pid != group }
    }

    /// Whether a group whose leader has ended has members, when other processes cannot be seen.
    static func livesUnseen(_ group: Int32) -> Bool {
        !ProcessView.isUsable && stepvisor_group_lives(group) == 1
    }

    /// Sorts the adopted processes outside of all given groups into those of steps and others.
    mutating func noteEscaped(
        isOwn: (Int32) -> Bool, groups: Set<Int32>, run: String, among living: [ProcessFacts]
    ) {
        let own = getpid()
        for facts in living
        where facts.parent == own && !isOwn(facts.pid) && !groups.contains(facts.group)
            && !escaped.contains(facts.pid) && !otherChildren.contains(facts.pid)
        {
            if !mayAdoptOthers || escaped.contains(facts.group)
                || escaped.contains(facts.session)
                || GroupWatch.step(of: facts.pid, run: run) != nil
            {
                escaped.insert(facts.pid)
            } else {
                otherChildren.insert(facts.pid)
            }
        }
    }

    /// Every process of steps below this process that it did not start itself, with any parent.
    ///
    /// All leftovers of steps descend from adopted orphans. So without a child of unknown origin
    /// there are none, and the scan of all processes is not needed.
    mutating func descendants(isOwn: (Int32) -> Bool, run: String) -> [ProcessFacts] {
        if let children = table.children(),
            children.allSatisfy({ isOwn($0) || otherChildren.contains($0) })
        {
            return []
        }
        let living = ProcessTable.living()
        noteEscaped(isOwn: isOwn, groups: [], run: run, among: living)
        return GroupWatch.trees(of: living.filter { escaped.contains($0.pid) }, among: living)
    }

    /// The processes that a step has left outside its group and the groups of others.
    ///
    /// - Parameters:
    ///   - step: its id.
    ///   - leader: the process id of its leader and of its group.
    ///   - earliestBirth: when the leader started, in clock ticks since boot.
    ///   - run: the run's id.
    ///   - isAlone: whether no other step runs, so that an orphan without an environment belongs to
    ///     it.
    ///   - isOwn: true for leaders, and for other processes that this process started itself.
    ///   - living: all processes.
    /// - Returns: the processes and all their descendants.
    func left(
        by step: String, leader: Int32, earliestBirth: UInt64, run: String, isAlone: Bool,
        isOwn: (Int32) -> Bool, among living: [ProcessFacts]
    ) -> [ProcessFacts] {
        let own = getpid()
        let found = living.filter { facts in
            guard facts.startTicks >= earliestBirth, facts.group != leader, facts.pid != own,
                facts.hasEnvironment, !isOwn(facts.pid), !otherChildren.contains(facts.pid)
            else { return false }
            if let name = GroupWatch.step(of: facts.pid, run: run) { return name == step }
            return isAlone && escaped.contains(facts.pid)
        }
        return GroupWatch.trees(of: found, among: living)
    }

    /// Processes and all their descendants.
    private static func trees(
        of roots: [ProcessFacts], among living: [ProcessFacts]
    ) -> [ProcessFacts] {
        var found = roots
        var known = Set(roots.map(\.pid))
        var parents = known
        while !parents.isEmpty {
            let next = living.filter { parents.contains($0.parent) && !known.contains($0.pid) }
            found += next
            parents = Set(next.map(\.pid))
            known.formUnion(parents)
        }
        return found
    }

    /// The adopted processes known already, and their descendants.
    ///
    /// A child of one may still be in the group of a step, whose end then leaves no new orphan.
    func belowEscaped() -> [ProcessFacts] {
        var found: [ProcessFacts] = []
        var next = Array(escaped)
        while let pid = next.popLast() {
            guard let facts = ProcessTable.facts(of: pid) else { continue }
            if !facts.isZombie { found.append(facts) }
            next += ProcessTable.children(of: pid)
        }
        return found
    }

    /// The step to which a process belongs, by the run's variables in its environment.
    ///
    /// A process that an inner run inside of a step has left belongs to that step. A process in
    /// exec briefly shows an empty environment, so it is checked again.
    static func step(of pid: Int32, run: String) -> String? {
        for _ in 0..<3 {
            guard let bytes = FileBytes.contents(of: "/proc/\(pid)/environ", limit: 1 << 21) else {
                return nil
            }
            if bytes.isEmpty {
                usleep(1000)
                continue
            }
            return step(in: bytes, run: run)
        }
        return nil
    }

    /// The value of a variable with colon-separated parts, in an environment as the kernel shows
    /// it.
    static func list(_ name: String, in environment: [UInt8]) -> [Substring] {
        let beginning = Array("\(name)=".utf8)
        let entry = environment.split(separator: 0).first { $0.starts(with: beginning) }
        return String(decoding: entry?.dropFirst(beginning.count) ?? [], as: UTF8.self)
            .split(separator: ":", omittingEmptySubsequences: false)
    }

    /// The step of a run in an environment as the kernel shows it.
    static func step(in environment: [UInt8], run: String) -> String? {
        let runs = list(RunMarker.variable, in: environment)
        let steps = list(StepPreparation.enclosingSteps, in: environment)
        // An outer run of an older version has no entry in the list of steps: match the innermost
        // ones.
        guard let index = runs.firstIndex(where: { $0 == run }),
            runs.count - index <= steps.count
        else { return nil }
        return String(steps[steps.count - (runs.count - index)])
    }
}
