import Execution
import SystemCalls

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The guardian of a run, as the run's stepvisor sees it.
struct Guardian {
    fileprivate var child: ChildProcess?
    /// The writing end of its pipe; -1 when there is none.
    fileprivate var lifeline: Int32 = -1
    fileprivate var startedAt: RunTime = .zero
    /// Guardians that ended soon after their start, one after the other.
    fileprivate var shortLives = 0
    /// When the next one is to be started.
    fileprivate(set) var due: RunTime?

    /// Its process id; nil when there is none.
    var pid: Int32? { child?.pid }
}

/// Keeping a guardian: a second process that ends the run's processes when this one is killed.
extension Supervisor {
    /// From so many guardians that ended soon on, the next one is long in coming, and no more is said.
    private static let manyShortLives = 5
    /// One that has lived so long did not end for a reason that will end the next one too.
    private static let longLife: Int64 = 10_000_000_000

    /// Time before the next start after so many that ended soon: none at first, and never for ever.
    private static func restartPause(after shortLives: Int) -> Int64 {
        switch shortLives {
        case ...2: 0
        case ..<manyShortLives: 100_000_000
        default: 5_000_000_000
        }
    }

    /// Starts one, where the run is to have one; a run does not fail for the lack of it.
    func startGuardian() {
        // First of all: a moment that stays due would keep the loop from ever waiting.
        guardian.due = nil
        // Where it could see no process, it could end none.
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
        // The inherited environment: outer runs are to find it, its own is not.
        let request = LaunchRequest(
            program: program, arguments: [GuardianMain.word, directory.id],
            environment: context.environment, directory: nil, output: alive.number)
        guardian.child = try launcher.launchHelper(
            request, standardInput: input.number, standardError: journal.number)
        guardian.lifeline = lifeline.release()
        loop.add(guardian.lifeline, .guardian)
    }

    /// It was killed, or could not do its duty: another one takes over.
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
            record(.warning(step: nil, "the guardian is gone (\(reason)); another one is started"))
        } else if guardian.shortLives == Supervisor.manyShortLives {
            record(
                .warning(
                    step: nil,
                    "no guardian lasts (\(reason)), one is started every few seconds: should "
                        + "stepvisor be killed in between, the next run of this project ends what "
                        + "it leaves"))
        }
    }

    /// Sends it home: the run has ended, and nothing of it lives.
    func dismissGuardian() {
        guardian.due = nil
        guard let child = guardian.child else { return }
        var byte = GuardianMain.farewell
        _ = Platform.write(guardian.lifeline, &byte, 1)
        // One that is still starting would keep a short run waiting. As long as it is our child
        // and not reaped, its number is no stranger's.
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
