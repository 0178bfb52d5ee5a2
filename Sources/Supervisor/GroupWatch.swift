import Execution
import SystemCalls

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Looks for what outlives steps: members of a group whose leader is gone, orphans that were
/// adopted, and processes that left their group.
struct GroupWatch: ~Copyable {
    private let table = ProcessTable()
    /// Adopted processes that live and belong to no group of a step: they are ended with the run.
    private var escaped: Set<Int32> = []
    /// Whether the kernel lists children; if not, every exit costs a scan of all processes.
    private let canListChildren: Bool

    init() {
        _ = stepvisor_become_subreaper()
        canListChildren = table.children() != nil
    }

    /// Reaps adopted orphans that have ended, and tells whether new ones live.
    ///
    /// - Parameter isOwn: true for leaders, and whatever else this process started itself.
    /// - Returns: true when an adopted process lives that was not known before.
    mutating func settleOrphans(isOwn: (Int32) -> Bool) -> Bool {
        guard let children = table.children() else { return true }
        var foundNew = false
        var stillEscaped: Set<Int32> = []
        for pid in children where !isOwn(pid) {
            // Adopted orphans are nobody's: reaped one by one, never by a wait for any child.
            if stepvisor_reap(pid) == 0 { continue }
            if escaped.contains(pid) {
                stillEscaped.insert(pid)
            } else {
                foundNew = true
            }
        }
        if !escaped.isEmpty { escaped = stillEscaped }
        return foundNew
    }

    /// Living members of a group, its leader left out.
    static func members(of group: Int32, among living: [ProcessFacts]) -> [ProcessFacts] {
        living.filter { $0.group == group && $0.pid != group }
    }

    /// Notes adopted processes outside all given groups, so that they are not looked at again.
    mutating func noteEscaped(
        isOwn: (Int32) -> Bool, groups: Set<Int32>, among living: [ProcessFacts]
    ) {
        let own = getpid()
        for facts in living
        where facts.parent == own && !isOwn(facts.pid) && !groups.contains(facts.group) {
            escaped.insert(facts.pid)
        }
    }

    /// Everything below this process that is not its own doing, whoever its parent is.
    ///
    /// Whatever outlived a step hangs from an adopted orphan, so without a strange child there is
    /// nothing, and all processes need not be looked at.
    func descendants(isOwn: (Int32) -> Bool) -> [ProcessFacts] {
        if let children = table.children(), children.allSatisfy(isOwn) { return [] }
        let living = ProcessTable.living()
        var found: [ProcessFacts] = []
        var parents: Set<Int32> = [getpid()]
        while true {
            let next = living.filter { parents.contains($0.parent) && !isOwn($0.pid) }
            if next.isEmpty { return found }
            found += next
            parents = Set(next.map(\.pid))
        }
    }

    /// The adopted processes that are known already, and what is below them.
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

    /// Which step a process came from, by what its environment says of the run.
    ///
    /// What a run inside of a step has left came from that step. A process in exec briefly shows an empty environment, so it is looked at again.
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

    /// The step of a run in an environment as the kernel has it.
    static func step(in environment: [UInt8], run: String) -> String? {
        func list(_ name: String) -> [Substring] {
            let beginning = Array("\(name)=".utf8)
            let entry = environment.split(separator: 0).first { $0.starts(with: beginning) }
            return String(decoding: entry?.dropFirst(beginning.count) ?? [], as: UTF8.self)
                .split(separator: ":", omittingEmptySubsequences: false)
        }
        let runs = list(RunCookie.variable)
        let steps = list(StepPreparation.enclosingSteps)
        // An outer run of an older version has no entry among the steps: the innermost ones fit.
        guard let index = runs.firstIndex(where: { $0 == run }),
            runs.count - index <= steps.count
        else { return nil }
        return String(steps[steps.count - (runs.count - index)])
    }
}
