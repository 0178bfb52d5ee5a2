import Dispatch
import Foundation
import Synchronization
import SystemCalls

/// The thread that looks at the files of steps that read much, so that the loop need not wait.
///
/// Made when the first such step is to start: most runs have none.
final class InputWorker: Sendable {
    /// What is to be looked at.
    struct Job: Sendable {
        var step: Int
        var patterns: InputPatterns
        /// Whether the step has ended, so that only the signature is asked.
        var isAfter: Bool
    }

    /// What was seen.
    struct Answer: Sendable {
        var step: Int
        /// Nil after the step has ended.
        var look: InputLook?
        var signature: Int
    }

    private struct Desk {
        var jobs: [Job] = []
        var answers: [Answer] = []
    }

    /// Readable when there are answers.
    let descriptor: Int32
    private let bell: Int32
    private let desk = Mutex(Desk())
    private let wakeUp = DispatchSemaphore(value: 0)
    private let isAnswered = DispatchSemaphore(value: 0)

    /// Starts the thread, which lives as long as this process.
    init(root: String) throws(SystemError) {
        // A thread that cannot start says nothing, and every step would wait for its answer.
        let code = stepvisor_probe_threads(1)
        guard code == 0 else { throw SystemError("start", "a thread", code: code) }
        var ends: [Int32] = [-1, -1]
        guard stepvisor_pipe(&ends, 1) == 0 else { throw SystemError("open", "a pipe") }
        (descriptor, bell) = (ends[0], ends[1])
        let thread = Thread { [self] in work(InputLooker(root: root)) }
        thread.name = "stepvisor-inputs"
        thread.start()
    }

    /// Hands a job over.
    func send(_ job: Job) {
        desk.withLock { $0.jobs.append(job) }
        wakeUp.signal()
    }

    /// What has been seen since the last call.
    func take() -> [Answer] {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = buffer.count
        while Platform.read(descriptor, &buffer, count) == count {}
        return desk.withLock { desk in
            defer { desk.answers = [] }
            return desk.answers
        }
    }

    /// Waits for one more answer, at most a moment.
    func wait() { _ = isAnswered.wait(timeout: .now() + .milliseconds(100)) }

    private func work(_ looker: InputLooker) {
        var looker = looker
        while true {
            wakeUp.wait()
            let job = desk.withLock { $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }
            guard let job else { continue }
            let answer: Answer
            if job.isAfter {
                answer = Answer(
                    step: job.step, look: nil, signature: looker.signature(of: job.patterns))
            } else {
                let look = looker.look(at: job.patterns) ?? InputLooker.nothing
                answer = Answer(step: job.step, look: look, signature: look.signature)
            }
            desk.withLock { $0.answers.append(answer) }
            isAnswered.signal()
            _ = [UInt8(1)].withUnsafeBytes { bytes in
                bytes.baseAddress.map { Platform.write(bell, $0, 1) }
            }
        }
    }
}
