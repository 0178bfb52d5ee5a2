import Dispatch
import Execution
import Foundation
import Synchronization
import SystemCalls

/// The thread that does what would hold up the loop: looking through large logs, and at many files
/// for a condition.
///
/// Made when the first such work comes up: most runs have none.
final class Errands: Sendable {
    /// What came of one.
    struct Answer: Sendable {
        var step: Int
        var input: SchedulerInput
        /// Which piece of work it answers.
        var ticket = 0
        /// What the user should know.
        var warning: String?
        /// How the files that a step's condition asks about look.
        var looks: ConditionLooks = [:]
    }

    private struct Desk {
        var jobs: [@Sendable () -> Answer] = []
        var answers: [Answer] = []
    }

    /// Readable when there are answers.
    let descriptor: Int32
    private let bell: Int32
    private let desk = Mutex(Desk())
    private let wakeUp = DispatchSemaphore(value: 0)
    /// Work with a ticket up to this one is of no use any more.
    private let lastUnwanted = Atomic<Int>(0)

    /// Starts the thread, which lives as long as this process.
    init() throws(SystemError) {
        // A thread that cannot start says nothing, and every step would wait for its answer.
        let code = stepvisor_probe_threads(1)
        guard code == 0 else { throw SystemError("start", "a thread", code: code) }
        var ends: [Int32] = [-1, -1]
        guard stepvisor_pipe(&ends, 1) == 0 else { throw SystemError("open", "a pipe") }
        (descriptor, bell) = (ends[0], ends[1])
        let thread = Thread { [self] in work() }
        thread.name = "stepvisor-errands"
        thread.start()
    }

    /// Hands work over.
    func send(_ job: @escaping @Sendable () -> Answer) {
        desk.withLock { $0.jobs.append(job) }
        wakeUp.signal()
    }

    /// What has been answered since the last call.
    func take() -> [Answer] {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = buffer.count
        while Platform.read(descriptor, &buffer, count) == count {}
        return desk.withLock { desk in
            defer { desk.answers = [] }
            return desk.answers
        }
    }

    /// Lets long work come to an end, up to that with this ticket: nobody waits for it any more.
    func interrupt(upTo ticket: Int) { lastUnwanted.store(ticket, ordering: .relaxed) }

    /// Whether work is still wanted.
    func isWanted(_ ticket: Int) -> Bool { ticket > lastUnwanted.load(ordering: .relaxed) }

    private func work() {
        while true {
            wakeUp.wait()
            let job = desk.withLock { $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }
            guard let job else { continue }
            let answer = job()
            desk.withLock { $0.answers.append(answer) }
            _ = [UInt8(1)].withUnsafeBytes { bytes in
                bytes.baseAddress.map { Platform.write(bell, $0, 1) }
            }
        }
    }
}

/// Work that another thread does for the loop.
struct ErrandDesk {
    fileprivate var worker: Errands?
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
        _ job: @escaping @Sendable (_ isWanted: () -> Bool) -> Errands.Answer
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

    private func errandWorker() throws(SystemError) -> Errands {
        if let worker = errands.worker { return worker }
        let worker = try Errands()
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

    func take(_ answer: Errands.Answer) {
        if let warning = answer.warning { record(.warning(step: answer.step, warning)) }
        conditions.keep(answer.looks, of: answer.step)
        inbox.append(answer.input)
    }

    /// What runs is being stopped, and what is looked for is of no use any more.
    ///
    /// Finalizers that run after the stop have errands of their own.
    func giveUpErrands() {
        guard !errands.awaited.isEmpty else { return }
        errands.worker?.interrupt(upTo: errands.lastTicket)
        for (_, work) in errands.awaited.sorted(by: { $0.key < $1.key }) {
            inbox.append(work.substitute)
        }
        errands.awaited = [:]
    }
}
