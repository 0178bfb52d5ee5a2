import Execution
import Platform
import Synchronization

/// The thread for work that would hold up the loop: searching large logs, checking many files, and
/// placing outputs from the cache.
final class BackgroundJobs: Sendable {
    /// The result of a piece of work.
    struct Answer: Sendable {
        var step: Int
        var input: SchedulerInput
        /// Which piece of work it answers.
        var ticket = 0
        /// What the user should know.
        var warning: String?
        /// What the check of a step has found, from which it follows whether it has to run.
        var verdict: UpToDateChecker.Verdict?
        /// The states of the files that a step's condition asks about.
        var looks: ConditionLooks = [:]
    }

    /// A piece of work for a step that waits for its answer.
    struct Job: Sendable {
        var step: Int
        /// What is answered where the run stops before the work is done.
        var substitute: SchedulerInput
        /// The work, which is told how to find out whether it is still wanted.
        var work: @Sendable (_ isWanted: () -> Bool) -> Answer
    }

    private let thread: WorkerThread<@Sendable () -> Answer, Answer>
    /// Work with a ticket up to this one is of no use any more.
    private let lastUnwanted = Atomic<Int>(0)

    init() throws(SystemError) {
        thread = try WorkerThread(name: "stepvisor-jobs") { { job in job() } }
    }

    deinit { thread.end() }

    /// Readable when there are answers.
    var descriptor: Int32 { thread.descriptor }

    /// Hands work over.
    func send(_ job: @escaping @Sendable () -> Answer) { thread.send(job) }

    /// What has been answered since the last call.
    func take() -> [Answer] { thread.take() }

    /// Lets long work come to an end, up to that with this ticket: nobody waits for it any more.
    func interrupt(upTo ticket: Int) { lastUnwanted.store(ticket, ordering: .relaxed) }

    /// Whether work is still wanted.
    func isWanted(_ ticket: Int) -> Bool { ticket > lastUnwanted.load(ordering: .relaxed) }
}

/// The answer to a question that the scheduler has about a step, or only the way to it.
enum StepAnswer {
    /// What the scheduler is told.
    case input(SchedulerInput)
    /// The same, with what is to be done beside it.
    case found(BackgroundJobs.Answer)
    /// Work that takes too long for the loop.
    case work(BackgroundJobs.Job)
}

/// Work that another thread does for the loop, and that steps wait for.
///
/// Used on the loop's thread only.
final class JobTable {
    private let loop: EventLoop
    private var worker: BackgroundJobs?
    /// Work that is under way, by step.
    private var awaited: [Int: Awaited] = [:]
    /// The number of the last piece of work.
    private var lastTicket = 0

    private struct Awaited {
        /// An answer to an earlier piece of work for the same step counts for nothing.
        var ticket: Int
        /// What is answered where the run stops before the work is done.
        var substitute: SchedulerInput
    }

    /// Without a thread, which the first piece of work starts.
    init(loop: EventLoop) { self.loop = loop }

    /// Gives work away.
    ///
    /// - Returns: the answer where there is no thread to be had, and the work was done at once; nil
    ///   where ``take()`` will have it.
    func send(_ job: BackgroundJobs.Job) -> BackgroundJobs.Answer? {
        do {
            let worker = try startedWorker()
            lastTicket += 1
            let ticket = lastTicket
            awaited[job.step] = .init(ticket: ticket, substitute: job.substitute)
            worker.send {
                var answer = job.work { worker.isWanted(ticket) }
                answer.ticket = ticket
                return answer
            }
            return nil
        } catch {
            // Slow is better than never: the loop does it itself.
            return job.work { true }
        }
    }

    private func startedWorker() throws(SystemError) -> BackgroundJobs {
        if let worker { return worker }
        let started = try BackgroundJobs()
        loop.add(started.descriptor, .jobs)
        worker = started
        return started
    }

    /// Takes what has been done and is still awaited.
    func take() -> [BackgroundJobs.Answer] {
        (worker?.take() ?? []).filter { answer in
            // One that is not awaited any more was given up by a stop.
            guard awaited[answer.step]?.ticket == answer.ticket else { return false }
            awaited[answer.step] = nil
            return true
        }
    }

    /// Running steps are being stopped, and the answers are of no use any more.
    ///
    /// Finalizers that run after the stop have jobs of their own.
    ///
    /// - Returns: what the scheduler is told instead of the answers.
    func cancel() -> [SchedulerInput] {
        guard !awaited.isEmpty else { return [] }
        worker?.interrupt(upTo: lastTicket)
        defer { awaited = [:] }
        return awaited.sorted { $0.key < $1.key }.map(\.value.substitute)
    }
}
