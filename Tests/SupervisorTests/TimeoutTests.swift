import Execution
import Foundation
import Testing

@testable import SupervisorTestSupport

extension Supervision {
    @Suite("Timeouts")
    struct TimeoutTests {
        /// Nanoseconds between two events of a step, the first of each kind.
        private func time(
            in run: FinishedRun, of id: String, from: (RunEvent.Kind) -> Bool,
            to: (RunEvent.Kind) -> Bool
        ) throws -> Int64 {
            let index = try run.index(of: id)
            let events = run.journal.events.filter { $0.kind.step == index }
            let first = try #require(events.first { from($0.kind) })
            let second = try #require(events.first { to($0.kind) })
            return second.time - first.time
        }

        private static func isLaunched(_ kind: RunEvent.Kind) -> Bool {
            if case .launched = kind { true } else { false }
        }

        private static func isTerminating(_ kind: RunEvent.Kind) -> Bool {
            if case .terminating = kind { true } else { false }
        }

        private static func isKilled(_ kind: RunEvent.Kind) -> Bool {
            if case .killed = kind { true } else { false }
        }

        private static func isEnded(_ kind: RunEvent.Kind) -> Bool {
            if case .ended = kind { true } else { false }
        }

        @Test("a step over its limit gets TERM, and is failed for the limit however it ends")
        func terminated() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.shell("sleeper", "sleep 60") { $0.timeout = 200 }
                scenario.shell("polite", "trap 'exit 0' TERM; sleep 60 & wait") {
                    $0.timeout = 1500
                }
                scenario.shell("stopped", "kill -STOP $$") { $0.timeout = 200 }
                scenario.shell("quick", "true") { $0.timeout = 30_000 }
                let run = try await project.run(scenario)
                for (id, limit) in [("sleeper", 200), ("polite", 1500), ("stopped", 200)] {
                    let step = try run.step(id)
                    #expect(step.status == .failed)
                    #expect(step.reason == .timedOut(.attempt, limitMilliseconds: Int64(limit)))
                    #expect(try run.signals(id) == [SIGTERM])
                    let waited = try time(
                        in: run, of: id, from: Self.isLaunched, to: Self.isTerminating)
                    #expect(waited >= Int64(limit) * 1_000_000)
                    #expect(waited < Int64(limit) * 1_000_000 + 10_000_000_000)
                }
                #expect(try run.step("sleeper").exit == .signalled(SIGTERM, coreDumped: false))
                #expect(try run.step("polite").exit == .exited(0))
                #expect(try run.step("stopped").exit == .signalled(SIGTERM, coreDumped: false))
                #expect(try run.step("quick").status == .complete)
            }
        }

        @Test("a step that ignores TERM gets KILL when the grace is over")
        func killed() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.shell("deaf", "trap '' TERM; while :; do sleep 60; done") {
                    $0.timeout = 1500
                    $0.grace = 300
                }
                let run = try await project.run(scenario)
                let step = try run.step("deaf")
                #expect(step.exit == .signalled(SIGKILL, coreDumped: false))
                #expect(step.reason == .timedOut(.attempt, limitMilliseconds: 1500))
                #expect(try run.signals("deaf") == [SIGTERM, SIGKILL])
                let grace = try time(
                    in: run, of: "deaf", from: Self.isTerminating, to: Self.isKilled)
                // The stage is counted from the decision, which the journal has a moment later.
                #expect(grace >= 200_000_000 && grace < 10_000_000_000)
                let end = try time(in: run, of: "deaf", from: Self.isKilled, to: Self.isEnded)
                #expect(end < 10_000_000_000)
            }
        }
    }
}
