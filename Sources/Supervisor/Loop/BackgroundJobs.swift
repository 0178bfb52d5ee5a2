import Execution
import Platform
import Synchronization

/// What would hold up the loop and is done elsewhere: looking through large logs, and at many files
/// for a condition.
final class BackgroundJobs: Sendable {
    /// What came of one.
    struct Answer: Sendable {
        var step: Int
        var input: SchedulerInput
        /// Which piece of work it answers.
        var ticket = 0
        /// What the user should know.
        var warning: String?
        /// What a look at a step has found, from which its checkBeforeStart follows.
        var verdict: UpToDateChecker.Verdict?
        /// How the files that a step's condition asks about look.
        var looks: ConditionLooks = [:]
    }

    private let thread: WorkerThread<@Sendable () -> Answer, Answer>
    /// Work with a ticket up to this one is of no use any more.
    private let lastUnwanted = Atomic<Int>(0)

    init() throws(SystemError) {
        thread = try WorkerThread(name: "stepvisor-errands") { { job in job() } }
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

/// Work that another thread does for the loop.
struct JobTable {
    fileprivate var worker: BackgroundJobs?
    /// Work that is under way, by step.
    fileprivate var awaited: [Int: Awaited] = [:]
    /// The number of the last piece of work.
    fileprivate var lastTicket = 0

    fileprivate struct Awaited {
        /// An answer to an earlier piece of work for the same step counts for nothing.
        var ticket: Int
        /// What is answered where the run stops before the work is done.
        var substitute: SchedulerInput
    }
}

extension Supervisor {
    /// Gives work away.
    ///
    /// - Parameters:
    ///   - step: for which step.
    ///   - substitute: the answer where the run stops before it is done.
    ///   - job: the work, which is told how to find out whether it is still wanted.
    func send(
        for step: Int, otherwise substitute: SchedulerInput,
        _ job: @escaping @Sendable (_ isWanted: () -> Bool) -> BackgroundJobs.Answer
    ) {
        do {
            let worker = try errandWorker()
            errands.lastTicket += 1
            let ticket = errands.lastTicket
            errands.awaited[step] = .init(ticket: ticket, substitute: substitute)
            worker.send {
                var answer = job { worker.isWanted(ticket) }
                answer.ticket = ticket
                return answer
            }
        } catch {
            // Slow is better than never: the loop does it itself.
            take(job { true })
        }
    }

    private func errandWorker() throws(SystemError) -> BackgroundJobs {
        if let worker = errands.worker { return worker }
        let worker = try BackgroundJobs()
        loop.add(worker.descriptor, .errands)
        errands.worker = worker
        return worker
    }

    /// Takes what has been done.
    func takeErrands() {
        for answer in errands.worker?.take() ?? []
        // One that is not awaited any more was given up by a stop.
        where errands.awaited[answer.step]?.ticket == answer.ticket {
            errands.awaited[answer.step] = nil
            take(answer)
        }
    }

    func take(_ answer: BackgroundJobs.Answer) {
        if let warning = answer.warning { recorder.warn(warning, about: answer.step) }
        conditions.keep(answer.looks, of: answer.step)
        if let verdict = answer.verdict {
            conclude(answer.step, verdict)
        } else {
            queue.add(answer.input)
        }
    }

    /// What runs is being stopped, and what is looked for is of no use any more.
    ///
    /// Finalizers that run after the stop have errands of their own.
    func cancelJobs() {
        guard !errands.awaited.isEmpty else { return }
        errands.worker?.interrupt(upTo: errands.lastTicket)
        for (_, work) in errands.awaited.sorted(by: { $0.key < $1.key }) {
            queue.add(work.substitute)
        }
        errands.awaited = [:]
    }
}
