import Execution
import Platform
import Processes
import StateStore
import SystemCalls

/// The guardian of a run, as the run's stepvisor knows it: a second process that ends the run's
/// processes when this one is killed.
///
/// Starts it beside the first steps, and starts it anew when somebody ends it. Used on the loop's
/// thread only.
final class Guardian {
    private let program: String?
    private let environment: [String: String]
    private let recorder: RunRecorder
    private let loop: EventLoop
    private let launcher: ProcessLauncher
    private var child: ChildProcess?
    /// The write end of its pipe; -1 when there is none.
    private var lifeline: Int32 = -1
    private var startedAt: RunTime = .zero
    /// Consecutive guardians that ended soon after their start.
    private var shortLives = 0
    /// When the next one must be started.
    private(set) var due: RunTime?

    /// For a run that begins; nothing is started yet.
    init(
        _ context: RunContext, recorder: RunRecorder, loop: EventLoop, launcher: ProcessLauncher
    ) {
        program = context.guardian
        environment = context.environment
        self.recorder = recorder
        self.loop = loop
        self.launcher = launcher
    }

    /// Its process id; nil when there is none.
    var pid: Int32? { child?.pid }

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
    func schedule() {
        due = recorder.clock.now().advanced(byNanoseconds: Guardian.delay)
    }

    /// Starts a guardian if it is time; also called after each launch, since the launches of many
    /// steps may take long.
    func startWhenDue() {
        if let due, due <= recorder.clock.now() { start() }
    }

    /// Starts a guardian if the run should have one; a run does not fail when it cannot.
    private func start() {
        // First of all: a time that stays due would keep the loop from ever waiting.
        due = nil
        // A guardian that can see no processes could end none.
        guard let program, ProcessView.isUsable else { return }
        startedAt = recorder.clock.now()
        do {
            try launch(program)
        } catch let failure as LaunchFailure {
            switch failure {
            case .permanent(let message), .temporary(let message): failed(message)
            }
        } catch {
            failed("\(error)")
        }
    }

    private func launch(_ program: String) throws {
        let alive = try AliveFile.locked(in: recorder.directory)
        var ends: [Int32] = [-1, -1]
        guard stepvisor_pipe(&ends, 0) == 0 else { throw SystemError("open", "pipe") }
        let input = Descriptor(owning: ends[0])
        let writeEnd = Descriptor(owning: ends[1])
        let journal = try Descriptor.open(
            JournalFile.name, in: recorder.directory.descriptor, flags: O_RDONLY | O_NONBLOCK)
        // The inherited environment: outer runs must be able to find the guardian, its own run must
        // not.
        let request = LaunchRequest(
            program: program, arguments: [GuardianMain.word, recorder.directory.id],
            environment: environment, directory: nil, output: alive.number)
        child = try launcher.launchHelper(
            request, standardInput: input.number, standardError: journal.number)
        lifeline = writeEnd.release()
        loop.add(lifeline, .guardian)
    }

    /// Handles the end of a guardian, which was killed or failed: starts another one.
    func ended() {
        release()
        failed("it was ended by somebody else")
    }

    private func failed(_ reason: String) {
        let lived = recorder.clock.now() - startedAt
        shortLives = lived < Guardian.longLife ? shortLives + 1 : 1
        let pause = Guardian.restartPause(after: shortLives)
        due = recorder.clock.now().advanced(byNanoseconds: pause)
        if shortLives < Guardian.manyShortLives {
            recorder.warn("the guardian is gone (\(reason)); another one is started")
        } else if shortLives == Guardian.manyShortLives {
            recorder.warn(
                "no guardian lasts (\(reason)), one is started every few seconds: should "
                    + "stepvisor be killed in between, the next run of this project ends what "
                    + "it leaves")
        }
    }

    /// Ends the guardian normally: the run has ended, and none of its processes lives.
    func dismiss() {
        due = nil
        guard let child else { return }
        var byte = GuardianMain.farewell
        _ = LibC.write(lifeline, &byte, 1)
        // A guardian that is still starting would make a short run wait. As long as it is an
        // unreaped child, its number cannot belong to another process.
        var status = stepvisor_child_status()
        if stepvisor_wait_status(child.pid, &status) == 0, status.state == 0 {
            kill(child.pid, SIGKILL)
        }
        release()
    }

    private func release() {
        if lifeline >= 0 {
            loop.remove(.guardian)
            close(lifeline)
            lifeline = -1
        }
        if let child { launcher.retire(child) }
        child = nil
    }
}
