import Execution
import Platform
import Processes
import SystemCalls

/// A step's process group, as recorded in the journal of a run.
struct RecordedGroup: Hashable {
    /// The process id of the group and of its leader.
    var pid: Int32
    /// The start of the leader in clock ticks since boot; 0 if unknown.
    var startTicks: UInt64
}

extension Journal {
    /// The groups of the steps that were running when the journal ended.
    var livingGroups: [RecordedGroup] {
        var groups: [Int: RecordedGroup] = [:]
        for event in events {
            switch event.kind {
            case .started(let step, let pid, let ticks, _),
                .checkStarted(let step, let pid, let ticks):
                // 0 and 1 belong to no step, and signalling them would reach every process.
                if pid > 1 { groups[step] = RecordedGroup(pid: pid, startTicks: ticks) }
            case .ended(let step, _), .attemptFailed(let step, _), .launched(let step, _, _, _):
                groups[step] = nil
            default: break
            }
        }
        return Array(groups.values)
    }
}

/// Ends exactly what a dead run has left: the processes with its marker, and the groups that its
/// journal records as alive.
struct OrphanCleanup {
    private let marker: RunMarker
    private var groups: [RecordedGroup] = []
    /// Clock ticks since boot at which stepvisor still pinned the process ids of its groups.
    private let latestBirth: UInt64
    /// Whether the passes so far have certainly found no carrier.
    private var foundNone = false
    private let begin = RunClock.monotonicNanoseconds()
    private let ownProgram = ProgramIdentity(of: "self")

    /// Nanoseconds that other guardians get to end their own runs, whose groups only they know;
    /// most need a hundredth of it.
    private static let guardianPatience: Int64 = 5_000_000_000
    /// Nanoseconds after which processes that multiply faster than they can be stopped are killed
    /// instead.
    private static let freezeLimit: Int64 = 100_000_000
    /// Nanoseconds for which passes continue that find nothing but are not certain: on a busy
    /// machine other processes end all the time, and a process without any environment stays
    /// unclear.
    private static let doubtLimit: Int64 = 500_000_000
    /// Microseconds between two passes that found nothing: a step that stepvisor was just starting
    /// may show stepvisor's own environment until its exec.
    private static let quietPause: UInt32 = 20_000

    /// Prepares to end a run.
    ///
    /// - Parameters:
    ///   - run: its id.
    ///   - earliestBirth: clock ticks since boot at which the run's stepvisor started; 0 if
    ///     unknown.
    ///   - latestBirth: clock ticks since boot at which the run's stepvisor still lived. An older
    ///     member of a leaderless group proves that the number is still the run's.
    init(run: String, earliestBirth: UInt64, latestBirth: UInt64) {
        marker = RunMarker(run: run, earliestBirth: earliestBirth)
        self.latestBirth = latestBirth
    }

    private var age: Int64 { RunClock.monotonicNanoseconds() - begin }

    /// Stops all carriers before any of them dies: a process that loses its child must not continue
    /// with the next line of its script, and one that forks must not reuse the freed process ids.
    ///
    /// - Returns: the process ids found.
    mutating func freeze() -> [Int32] {
        var known: Set<ProcessFacts.Identity> = []
        var foundNew = true
        while foundNew, age < OrphanCleanup.freezeLimit {
            foundNew = false
            let isSure = marker.forEachCarrier { pid in
                guard let facts = signalCarrier(pid, SIGSTOP) else { return }
                if known.insert(facts.identity).inserted { foundNew = true }
            }
            foundNone = isSure && known.isEmpty
        }
        return known.map(\.pid)
    }

    /// Kills the carriers once, first: finding the other processes takes longer.
    mutating func killCarriers() {
        if !pass().living.isEmpty { foundNone = false }
    }

    /// Kills in passes until two of them find nothing and are certain of it.
    ///
    /// - Parameters:
    ///   - groups: the groups that the journal records as alive.
    ///   - limit: nanoseconds after which unkillable processes are given up.
    /// - Returns: everything that was found, and what is left of it.
    mutating func kill(
        groups: [RecordedGroup], limit: Int64
    ) -> (found: Set<ProcessFacts.Identity>, left: [Int32]) {
        self.groups = groups
        var found: Set<ProcessFacts.Identity> = []
        var quiet = 0
        var quietSince: Int64?
        if foundNone, groups.isEmpty {
            // That was the first of the two.
            quiet = 1
            usleep(OrphanCleanup.quietPause)
        }
        while true {
            let (living, isSure) = pass()
            found.formUnion(living)
            quietSince = living.isEmpty ? quietSince ?? age : nil
            quiet = living.isEmpty && isSure ? quiet + 1 : 0
            let isLongQuiet = quietSince.map { age - $0 >= OrphanCleanup.doubtLimit } ?? false
            if quiet == 2 || isLongQuiet { return (found, []) }
            if age >= limit { return (found, living.map(\.pid)) }
            // Held by the kernel: check less and less often.
            usleep(
                living.isEmpty ? OrphanCleanup.quietPause : UInt32(clamping: 2_000 + age / 10_000))
        }
    }

    /// Kills once; returns which processes were alive, and whether these were certainly all.
    private mutating func pass() -> (living: [ProcessFacts.Identity], isSure: Bool) {
        var living: [ProcessFacts.Identity] = []
        let isSure = marker.forEachCarrier { pid in
            if let facts = signalCarrier(pid, SIGKILL) { living.append(facts.identity) }
        }
        return (living + killGroups(), isSure)
    }

    private func signalCarrier(_ pid: Int32, _ signal: Int32) -> ProcessFacts? {
        var isSpared = false
        let facts = ProcessTable.signal(pid, signal) { _ in
            guard marker.find(in: pid) == .carrier else { return false }
            isSpared = age < OrphanCleanup.guardianPatience && isGuardian(pid)
            return !isSpared
        }
        return isSpared ? ProcessTable.facts(of: pid) : facts
    }

    /// Whether a process is the guardian of an inner run.
    private func isGuardian(_ pid: Int32) -> Bool {
        guard let ownProgram, ProgramIdentity(of: "\(pid)") == ownProgram,
            let line = FileBytes.contents(of: "/proc/\(pid)/cmdline", limit: 4096)
        else { return false }
        let words = line.split(separator: 0, omittingEmptySubsequences: false)
        return words.count > 1 && words[1].elementsEqual(GuardianMain.word.utf8)
    }

    private mutating func killGroups() -> [ProcessFacts.Identity] {
        // Without a member the number is free, and whatever gets it next is unrelated.
        groups.removeAll { LibC.kill(-$0.pid, 0) == -1 && errno == ESRCH }
        guard !groups.isEmpty else { return [] }
        let living = ProcessTable.living()
        var killed: [ProcessFacts.Identity] = []
        var ours: [RecordedGroup] = []
        for group in groups {
            let members = living.filter { $0.group == group.pid }
            guard isOurs(group, members) else { continue }
            ours.append(group)
            for member in members {
                let facts = ProcessTable.signal(member.pid, SIGKILL) {
                    $0.identity == member.identity && $0.group == member.group
                }
                if let facts { killed.append(facts.identity) }
            }
        }
        groups = ours
        return killed
    }

    /// A group's number cannot be reused while one of its members lives.
    private func isOurs(_ group: RecordedGroup, _ members: [ProcessFacts]) -> Bool {
        if let leader = ProcessTable.facts(of: group.pid) {
            return leader.startTicks == group.startTicks && leader.startTicks != 0
        }
        return members.contains { $0.startTicks <= latestBirth }
    }
}

/// The file that a process executes.
private struct ProgramIdentity: Equatable {
    private let device: UInt64
    private let inode: UInt64

    init?(of process: String) {
        var facts = stat()
        guard stat("/proc/\(process)/exe", &facts) == 0 else { return nil }
        device = UInt64(truncatingIfNeeded: facts.st_dev)
        inode = UInt64(facts.st_ino)
    }
}
