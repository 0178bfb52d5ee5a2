import Execution
import Platform
import Processes
import StateStore
import SystemCalls

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The guardian of a run, as the run's stepvisor knows it.
struct Guardian {
    fileprivate var child: ChildProcess?
    /// The write end of its pipe; -1 when there is none.
    fileprivate var lifeline: Int32 = -1
    fileprivate var startedAt: RunTime = .zero
    /// Consecutive guardians that ended soon after their start.
    fileprivate var shortLives = 0
    /// When the next one must be started.
    fileprivate(set) var due: RunTime?

    /// Its process id; nil when there is none.
    var pid: Int32? { child?.pid }
}

/// Starting and restarting the guardian: a second process that ends the run's processes when this
/// one is killed.
extension Supervisor {
    /// After this many guardians that ended soon, the next one starts after a long pause, and no
    /// further warnings are given.
    private static let manyShortLives = 5
    /// Nanoseconds of life after which the reason of a guardian's end is unlikely to end the next
    /// one too.
    private static let longLife: Int64 = 10_000_000_000

    /// The pause before the next start after this many that ended soon: zero at first, and always
    /// finite.
    private static func restartPause(after shortLives: Int) -> Int64 {
        switch shortLives {
        case ...2: 0
        case ..<manyShortLives: 100_000_000
        default: 5_000_000_000
        }
    }

    /// Time from the beginning of a run to the start of its guardian.
    ///
    /// A run that is over by then needs none. If stepvisor is killed before, the journal names what
    /// it has started, and the next start ends that, as when the guardian was killed too.
    private static let delay: Int64 = 10_000_000

    /// Called when the run begins: the guardian starts soon, beside the first steps.
    func scheduleGuardian() {
        guardian.due = clock.now().advanced(byNanoseconds: Supervisor.delay)
    }

    /// Starts a guardian if it is time; also called after each launch, since the launches of many
    /// steps may take long.
    func startGuardianWhenDue() {
        if let due = guardian.due, due <= clock.now() { startGuardian() }
    }

    /// Starts a guardian if the run should have one; a run does not fail when it cannot.
    private func startGuardian() {
        // First of all: a time that stays due would keep the loop from ever waiting.
        guardian.due = nil
        // A guardian that can see no processes could end none.
        guard let program = context.guardian, ProcessView.isUsable else { return }
        guardian.startedAt = clock.now()
        do {
            try launchGuardian(program)
        } catch let failure as LaunchFailure {
            switch failure {
            case .permanent(let message), .temporary(let message): guardianFailed(message)
            }
        } catch {
            guardianFailed("\(error)")
        }
    }

    private func launchGuardian(_ program: String) throws {
        let alive = try AliveFile.locked(in: directory)
        var ends: [Int32] = [-1, -1]
        guard stepvisor_pipe(&ends, 0) == 0 else { throw SystemError("open", "pipe") }
        let input = Descriptor(owning: ends[0])
        let lifeline = Descriptor(owning: ends[1])
        let journal = try Descriptor.open(
            JournalFile.name, in: directory.descriptor, flags: O_RDONLY | O_NONBLOCK)
        // The inherited environment: outer runs must be able to find the guardian, its own run must
        // not.
        let request = LaunchRequest(
            program: program, arguments: [GuardianMain.word, directory.id],
            environment: context.environment, directory: nil, output: alive.number)
        guardian.child = try launcher.launchHelper(
            request, standardInput: input.number, standardError: journal.number)
        guardian.lifeline = lifeline.release()
        loop.add(guardian.lifeline, .guardian)
    }

    /// Handles the end of a guardian, which was killed or failed: starts another one.
    func guardianEnded() {
        releaseGuardian()
        guardianFailed("it was ended by somebody else")
    }

    private func guardianFailed(_ reason: String) {
        let lived = clock.now() - guardian.startedAt
        guardian.shortLives = lived < Supervisor.longLife ? guardian.shortLives + 1 : 1
        let pause = Supervisor.restartPause(after: guardian.shortLives)
        guardian.due = clock.now().advanced(byNanoseconds: pause)
        if guardian.shortLives < Supervisor.manyShortLives {
            recorder.warn("the guardian is gone (\(reason)); another one is started")
        } else if guardian.shortLives == Supervisor.manyShortLives {
            recorder.warn(
                "no guardian lasts (\(reason)), one is started every few seconds: should "
                    + "stepvisor be killed in between, the next run of this project ends what "
                    + "it leaves")
        }
    }

    /// Ends the guardian normally: the run has ended, and none of its processes lives.
    func dismissGuardian() {
        guardian.due = nil
        guard let child = guardian.child else { return }
        var byte = GuardianMain.farewell
        _ = LibC.write(guardian.lifeline, &byte, 1)
        // A guardian that is still starting would make a short run wait. As long as it is an
        // unreaped child, its number cannot belong to another process.
        var status = stepvisor_child_status()
        if stepvisor_wait_status(child.pid, &status) == 0, status.state == 0 {
            kill(child.pid, SIGKILL)
        }
        releaseGuardian()
    }

    private func releaseGuardian() {
        if guardian.lifeline >= 0 {
            loop.remove(.guardian)
            close(guardian.lifeline)
            guardian.lifeline = -1
        }
        if let child = guardian.child { launcher.retire(child) }
        guardian.child = nil
    }
}
