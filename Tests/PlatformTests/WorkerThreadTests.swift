import Testing
import TestSupport

@testable import Platform

@Suite("A thread that works for the loop", .timeLimit(.minutes(20)))
struct WorkerThreadTests {
    @Test("does what it was given before it ends, and leaves nothing behind")
    func ends() throws {
        weak var left: WorkerThread<Int, Int>?
        var answers: [Int] = []
        do {
            let worker = try WorkerThread<Int, Int>(name: "test") { { $0 * 2 } }
            left = worker
            for number in 1...3 { worker.send(number) }
            worker.end()
            #expect(
                TestSpace.wait(seconds: 20) {
                    answers += worker.take()
                    return answers.count == 3
                })
        }
        #expect(answers == [2, 4, 6])
        #expect(TestSpace.wait(seconds: 20) { left == nil })
    }
}
