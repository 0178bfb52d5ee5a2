import Foundation
import Synchronization
import Testing

@testable import Supervisor

/// What acts on a scenario while it runs, from a thread of its own.
final class Conductor: Sendable {
    let project: Project
    private let outcome = Mutex<Result<Void, any Error>?>(nil)

    init(project: Project) { self.project = project }

    fileprivate struct Timeout: Error { var what: String }

    func start(_ conduct: @escaping @Sendable (Conductor) throws -> Void) {
        Thread.detachNewThread { [self] in
            let result = Result { try conduct(self) }
            outcome.withLock { $0 = result }
        }
    }

    func finish() async throws {
        while true {
            if let result = outcome.withLock({ $0 }) { return try result.get() }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    /// Waits until something is true; gives up after 40 s, when any loaded machine has done it.
    func wait(until what: String, _ condition: () -> Bool) throws {
        let end = ContinuousClock.now + .seconds(40)
        while !condition() {
            guard ContinuousClock.now < end else { throw Timeout(what: what) }
            usleep(2000)
        }
    }

    /// Waits until a file has at least so many lines.
    func wait(for name: String, lines count: Int = 1) throws {
        try wait(until: "\(count) lines in \(name)") { project.lines(name).count >= count }
    }

    /// Waits until the journal that is being written holds a text.
    func waitForJournal(toHold text: String) throws {
        try wait(until: "\(text) in the journal") {
            let runs = DirectoryListing.names(of: "\(project.root)/.stepvisor/runs") ?? []
            return runs.contains { run in
                project.read(".stepvisor/runs/\(run)/events.ndjson")?.contains(text) ?? false
            }
        }
    }

    /// Sends a signal to the process that runs the scenario.
    func signal(_ signal: Int32) throws {
        try wait(for: "driver.pid")
        let pid = try #require(Int32(project.read("driver.pid") ?? ""))
        kill(pid, signal)
    }
}
