import Dispatch
import Foundation
import Synchronization
import SystemCalls

/// A thread that performs jobs one after another, so that the loop need not wait.
///
/// Created for the first job: most runs have none.
package final class WorkerThread<Job: Sendable, Answer: Sendable>: Sendable {
    private struct Desk {
        var jobs: [Job] = []
        var answers: [Answer] = []
        var isOver = false
    }

    /// Readable when there are answers.
    package let descriptor: Int32
    private let bell: Int32
    private let desk = Mutex(Desk())
    private let wakeUp = DispatchSemaphore(value: 0)
    private let isAnswered = DispatchSemaphore(value: 0)

    /// Starts the thread, which lives until ``end()``.
    ///
    /// - Parameters:
    ///   - name: as shown in the system's lists of threads.
    ///   - begin: called on the thread; returns the function that performs the jobs.
    /// - Throws: when the system has no thread or no pipe left.
    package init(
        name: String, _ begin: @escaping @Sendable () -> (Job) -> Answer
    ) throws(SystemError) {
        // `Thread` does not report a failed start, and every step would wait for its answer.
        let code = stepvisor_probe_threads(1)
        guard code == 0 else { throw SystemError("start", "a thread", code: code) }
        var ends: [Int32] = [-1, -1]
        guard stepvisor_pipe(&ends, 1) == 0 else { throw SystemError("open", "a pipe") }
        (descriptor, bell) = (ends[0], ends[1])
        let thread = Thread { [self] in work(begin()) }
        thread.name = name
        thread.start()
    }

    /// Adds a job to the queue.
    package func send(_ job: Job) {
        desk.withLock { $0.jobs.append(job) }
        wakeUp.signal()
    }

    /// Ends the thread after all jobs; answers that were not taken by then are lost.
    package func end() {
        desk.withLock { $0.isOver = true }
        wakeUp.signal()
    }

    deinit {
        LibC.close(descriptor)
        LibC.close(bell)
    }

    /// The answers since the last call, in the order of the jobs.
    package func take() -> [Answer] {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = buffer.count
        while LibC.read(descriptor, &buffer, count) == count {}
        return desk.withLock { desk in
            defer { desk.answers = [] }
            return desk.answers
        }
    }

    /// Waits for one more answer, at most 100 ms.
    package func wait() { _ = isAnswered.wait(timeout: .now() + .milliseconds(100)) }

    private func work(_ answer: (Job) -> Answer) {
        while true {
            wakeUp.wait()
            let (job, isOver) = desk.withLock { desk in
                (desk.jobs.isEmpty ? nil : desk.jobs.removeFirst(), desk.isOver)
            }
            guard let job else {
                if isOver { return }
                continue
            }
            let answer = answer(job)
            desk.withLock { $0.answers.append(answer) }
            isAnswered.signal()
            _ = [UInt8(1)].withUnsafeBytes { bytes in
                bytes.baseAddress.map { LibC.write(bell, $0, 1) }
            }
        }
    }
}
