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
        /// What the user should know.
        var warning: String?
        /// How the files that a step's condition asks about look, by the patterns.
        var digests: [String: String] = [:]
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
    private let isInterrupted = Atomic<Bool>(false)

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

    /// Lets long work come to an end: nobody waits for it any more.
    func interrupt() { isInterrupted.store(true, ordering: .relaxed) }

    /// Whether work is still wanted.
    var isWanted: Bool { !isInterrupted.load(ordering: .relaxed) }

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
    /// What is answered where the run stops before the work is done, by step.
    fileprivate var awaited: [Int: SchedulerInput] = [:]
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
            errands.awaited[step] = substitute
            worker.send { job { worker.isWanted } }
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
        where errands.awaited.removeValue(forKey: answer.step) != nil { take(answer) }
    }

    func take(_ answer: Errands.Answer) {
        if let warning = answer.warning { record(.warning(step: answer.step, warning)) }
        noteDigests(answer.digests, of: answer.step)
        inbox.append(answer.input)
    }

    /// The run was stopped: what is looked for is of no use any more.
    func giveUpErrands() {
        guard !errands.awaited.isEmpty else { return }
        errands.worker?.interrupt()
        for (_, substitute) in errands.awaited.sorted(by: { $0.key < $1.key }) {
            inbox.append(substitute)
        }
        errands.awaited = [:]
    }
}
