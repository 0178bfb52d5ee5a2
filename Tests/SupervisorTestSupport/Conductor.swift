@testable import Platform

// A release build with static libraries has no `Testing`, and needs no tests.
#if canImport(Testing)
    import Foundation
    import Testing

    import Supervisor

    /// What acts on a scenario while it runs, from a thread of its own.
    final class Conductor: Sendable {
        let project: Project
        private let outcome: AsyncStream<Result<Void, any Error>>
        private let report: AsyncStream<Result<Void, any Error>>.Continuation

        init(project: Project) {
            self.project = project
            (outcome, report) = AsyncStream.makeStream()
        }

        fileprivate struct Timeout: Error { var what: String }

        func start(_ conduct: @escaping @Sendable (Conductor) throws -> Void) {
            Thread.detachNewThread { [self] in
                report.yield(Result { try conduct(self) })
                report.finish()
            }
        }

        func finish() async throws {
            for await result in outcome { try result.get() }
        }

        /// Waits until something is true; gives up after 40 s, when any loaded machine has done it.
        func wait(until what: String, _ condition: () -> Bool) throws {
            let end = ContinuousClock.now + .seconds(40)
            while !condition() {
                guard ContinuousClock.now < end else { throw Timeout(what: what) }
                // Asked again in 2 ms: what is waited for happens in other processes.
                poll(nil, 0, 2)
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
#endif
