import Execution
import Platform
import Processes
import SystemCalls

/// The processes of steps, from the start of a leader until its group is empty and its number is given
/// back.
///
/// Used on the loop's thread only.
final class RunningSteps {
    private let recorder: RunRecorder
    private let loop: EventLoop
    private let launcher: ProcessLauncher
    private let guardian: Guardian
    private let leftovers: StepLeftovers
    /// Leaders that live, or are pinned as zombies until their group is empty; by step.
    private var children: [Int: ChildProcess] = [:]
    private var stepOfLeader: [Int32: Int] = [:]
    /// Steps whose leader is gone and whose group is not empty.
    private(set) var settling: Set<Int> = []
    /// Steps without a pidfd, each asked at every SIGCHLD.
    ///
    /// With few steps that is cheaper than descriptors, each of which every launch has to close in
    /// the child; elsewhere than on Linux, or where Foundation was quicker, there is no other way.
    private(set) var unwatched: Set<Int> = []
    /// Leaders whose status is taken.
    ///
    /// Foundation gets them back just before the next wait, so that its thread closes sockets
    /// while this one sleeps, not while it makes the next pair.
    private var retired: [ChildProcess] = []
    /// Leaders of steps that cannot be killed.
    private var abandoned: [ChildProcess] = []
    private var terminalWatch = TerminalWatch()

    /// More steps than this at once are watched by a pidfd each.
    private static let maxUnwatched = 16

    /// How often steps without a pidfd are asked, should a signal not tell.
    private static let unwatchedInterval: Int64 = 500_000_000

    /// How often a group with leftovers is looked at when no signal tells.
    private static let settleInterval: Int64 = 20_000_000

    /// Without a running step.
    init(
        leftovers: StepLeftovers, guardian: Guardian, recorder: RunRecorder, loop: EventLoop,
        launcher: ProcessLauncher
    ) {
        self.leftovers = leftovers
        self.guardian = guardian
        self.recorder = recorder
        self.loop = loop
        self.launcher = launcher
    }

    // MARK: - Start

    /// Starts the process of a step, and watches it.
    ///
    /// - Parameters:
    ///   - step: the step, none of whose processes runs.
    ///   - request: the process to start.
    /// - Returns: the process.
    /// - Throws: why it could not be started.
    func start(
        _ step: Int, _ request: LaunchRequest
    ) throws(LaunchFailure) -> ChildProcess {
        let manyRun = children.count >= RunningSteps.maxUnwatched
        let child = try launcher.launch(request, watched: manyRun)
        children[step] = child
        stepOfLeader[child.pid] = step
        if child.pidDescriptor >= 0 {
            loop.add(child.pidDescriptor, .exit(step: step))
        } else {
            unwatched.insert(step)
        }
        return child
    }

    /// Whether this process has started another one itself, and still has its number.
    private func isOwn(_ pid: Int32) -> Bool {
        stepOfLeader[pid] != nil || guardian.pid == pid || launcher.isRetiring(pid)
            || retired.contains { $0.pid == pid }
    }

    // MARK: - Waiting

    /// Nanoseconds until leaders and groups are to be asked; nil when a descriptor tells.
    var patience: Int64? {
        var patience = settling.isEmpty ? nil : RunningSteps.settleInterval
        if !unwatched.isEmpty {
            // A leader that is held cannot end without SIGCHLD; one that is not, Foundation may reap.
            let isSure = unwatched.allSatisfy { children[$0]?.isHeld ?? false }
            patience = min(
                patience ?? .max,
                isSure ? RunningSteps.unwatchedInterval : RunningSteps.settleInterval)
        }
        return patience
    }

    /// Gives back the leaders that have ended; called just before the loop waits.
    func handBackRetired() {
        for child in retired { launcher.retire(child) }
        retired.removeAll(keepingCapacity: true)
    }

    /// Waits until all leaders that were given back are gone; at the end of the run.
    func drain() { launcher.drain() }

    /// Steps that have been stopped for reading or writing the terminal, each once, with the signal.
    func stoppedForTerminal(at now: RunTime) -> [(step: Int, signal: Int32)] {
        let leaders = children.filter { !settling.contains($0.key) }
            .map { (step: $0.key, pid: $0.value.pid) }.sorted { $0.step < $1.step }
        return terminalWatch.stopped(leaders, at: now)
    }

    // MARK: - Signals

    /// Signals the processes of a step, in its group and outside of it.
    func signal(_ step: Int, _ signal: Int32) {
        // The leader is alive or a zombie that we hold: its number cannot be a stranger's.
        guard let child = children[step] else { return }
        kill(-child.pid, signal)
        if signal == SIGTERM { kill(-child.pid, SIGCONT) }
        leftovers.signal(of: step, signal)
    }

    /// Stops the groups of all steps by STOP.
    ///
    /// - Returns: the groups that were stopped, for ``letGoOn(_:)``.
    func suspend() -> [Int32] {
        // One that has stopped itself is not to go on only because this process does.
        let groups = children.values.map(\.pid).filter { stepvisor_stop_signal($0) <= 0 }
        for group in groups { kill(-group, SIGSTOP) }
        return groups
    }

    /// Lets groups go on.
    func letGoOn(_ groups: [Int32]) {
        for group in groups { kill(-group, SIGCONT) }
    }

    // MARK: - Ends

    /// A leader that has ended.
    struct End {
        var step: Int
        var child: ChildProcess
        var exit: ExitStatus
        var usage: ResourceUsage?
    }

    /// What was found when leaders had ended.
    struct Survey {
        /// All processes, as far as they were looked at.
        fileprivate var living: [ProcessFacts]
        fileprivate var foundOrphans: Bool
        /// Whether no other step ran.
        fileprivate var wasAlone: Bool
    }

    /// What the end of a leader has left.
    struct Remainder {
        /// Living members of its group.
        var members: [Leftover]
        /// Processes outside of it.
        var escaped: [ProcessFacts]
        /// Whether the step has to wait for none of them.
        var isOver: Bool
    }

    /// Which of some leaders have ended, and how, and what processes there are after that.
    func ends(among steps: [Int]) -> (ends: [End], survey: Survey) {
        // Asked before the orphans are looked at: what a leader leaves becomes ours at its end, so
        // the look after it sees all of it; the other way round, one that ends in between hides it.
        let ends = steps.compactMap { step in
            children[step].flatMap { child in
                child.exitStatus().map {
                    End(step: step, child: child, exit: $0.exit, usage: $0.usage)
                }
            }
        }
        let (foundOrphans, living) = leftovers.survey(
            after: ends.map(\.step), groups: { Set(children.values.map(\.pid)) }, isOwn: isOwn)
        return (
            ends,
            Survey(
                living: living, foundOrphans: foundOrphans, wasAlone: children.count == 1)
        )
    }

    /// Takes the end of a leader; its group is settling when something is left that the step has to
    /// wait for.
    func take(_ end: End, _ survey: Survey) -> Remainder {
        loop.remove(.exit(step: end.step))
        unwatched.remove(end.step)
        let members = StepLeftovers.members(of: end.child, among: survey.living)
        let escaped =
            leftovers.wantsEscapees(of: end.step)
            ? leftovers.escaped(
                from: end.step, end.child, survey.living, isAlone: survey.wasAlone, isOwn: isOwn)
            : []
        let isHeldBack = leftovers.holdsBack(end.step, escaped)
        let isOver = members.isEmpty && !isHeldBack
        if isOver {
            if survey.foundOrphans { killStragglers(end.child) }
        } else {
            settling.insert(end.step)
        }
        return Remainder(members: members, escaped: escaped, isOver: isOver)
    }

    /// Whether nothing is left of a settling step any more, which then settles no longer.
    func hasSettled(_ step: Int, among living: [ProcessFacts]) -> Bool {
        guard let child = children[step],
            StepLeftovers.members(of: child, among: living).isEmpty,
            !leftovers.hasEscapees(step, child, among: living, isOwn: isOwn)
        else { return false }
        settling.remove(step)
        leftovers.forget(step)
        killStragglers(child)
        return true
    }

    /// Ends what the look at all processes, which takes a while, may have missed of a group that
    /// counts as empty: children of children that were forked behind it.
    private func killStragglers(_ child: ChildProcess) {
        // Its leader is dead and pinned: the number is no stranger's.
        if child.isHeld { kill(-child.pid, SIGKILL) }
    }

    /// Lets go of a step whose processes have all ended.
    ///
    /// - Returns: whether its process was still watched.
    func retire(_ step: Int) -> Bool {
        guard let child = children.removeValue(forKey: step) else { return false }
        terminalWatch.remove(step)
        stepOfLeader[child.pid] = nil
        retired.append(child)
        return true
    }

    /// Watches a step no longer whose processes outlive KILL.
    ///
    /// Its leader is never given back to Foundation, whose thread would wait for it for ever.
    ///
    /// - Returns: whether its process was still watched.
    func abandon(_ step: Int) -> Bool {
        guard let child = children.removeValue(forKey: step) else { return false }
        loop.remove(.exit(step: step))
        unwatched.remove(step)
        settling.remove(step)
        leftovers.forget(step)
        terminalWatch.remove(step)
        abandoned.append(child)
        return true
    }

    /// Ends, at the end of the run, processes that left their group and outlived their step; the run
    /// does not wait for what cannot be killed.
    ///
    /// - Parameter meanwhile: called again and again while they end.
    func endEscaped(meanwhile: () -> Void) {
        leftovers.endEscaped(
            isOwn: isOwn, isAbandoned: { group in abandoned.contains { $0.pid == group } },
            meanwhile: meanwhile)
    }
}
