import Execution
import Foundation
import Testing
import TestSupport

@Suite("A phase begins when all of the one before it has ended", .timeLimit(.minutes(20)))
struct BarrierRunTests {
    @Test("also what depends on nothing that still runs waits, and the journal has the barrier")
    func holds() throws {
        let space = try TestSpace()
        let ended = "grep -q '\"ended\".*\"step\":\"a\"' .stepvisor/latest/events.ndjson"
        try space.workflow(
            "[execution]\nbarriers = true\n" + TestSpace.step("a", "echo a >> ran")
                + TestSpace.step(
                    "b", "until \(ended); do sleep 0.02; done; sleep 0.2; echo b >> ran")
                + TestSpace.step("c", "echo c >> ran", "dependencies = [\"a\"]"))
        let result = try space.run("run", "--parallel", "-j", "3")
        #expect(result.code == 0, "\(result)")
        #expect(space.lines("ran") == ["a", "b", "c"])
        let run = try LatestRun(in: space)
        let passed = try #require(
            run.events.firstIndex { $0.kind == .barrierPassed(task: 0, phase: 1) })
        let launched = try #require(
            run.events.firstIndex {
                if case .launched(2, _, _, _) = $0.kind { true } else { false }
            })
        #expect(passed < launched)
        #expect(
            space.text(".stepvisor/latest/progress.json").contains("\"synchronisation_points\":1"))
    }

    @Test("an output that is missing keeps the next phase from starting")
    func outputs() throws {
        let space = try TestSpace()
        try space.workflow(
            "[execution]\nbarriers = true\n"
                + TestSpace.step("a", "true", "output_files = [\"one\"]")
                + TestSpace.step("b", "echo b >> ran")
                + TestSpace.step("c", "echo c >> ran", "dependencies = [\"b\"]"))
        let result = try space.run("run", "--parallel", "-j", "1")
        #expect(result.code == 1, "\(result)")
        #expect(space.lines("ran").isEmpty)
        #expect(try LatestRun(in: space).step("a").reason == .outputsMissing(["one"]))
    }

    /// What `error_propagation` makes of a phase that is over.
    static let strategies: [(propagation: String, code: Int32)] = [
        ("halt_on_critical", 1), ("collaborative_review", 3), ("continue_and_log", 1),
    ]

    @Test(
        "a phase is over after one and a half times its limit, and the next one does not start",
        arguments: strategies)
    func overdue(propagation: String, code: Int32) throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [execution]
            barriers = true
            phase_timeout = 0.4
            error_propagation = "\(propagation)"

            """ + TestSpace.step("a", "echo a >> ran")
                + TestSpace.step("b", "sleep 600 & wait")
                + TestSpace.step(
                    "c", "echo c >> ran", "dependencies = [\"a\", \"b\"]"))
        let result = try space.run("run", "--parallel", "-j", "3")
        #expect(result.code == code, "\(result)")
        #expect(space.lines("ran") == ["a"])
        let run = try LatestRun(in: space)
        #expect(try run.step("b").status == .failed)
        #expect(try run.step("b").reason == .timedOut(.phase, limitMilliseconds: 600))
        let started = try #require(try run.step("a").launchedAt)
        let over = try run.time { if case .limitReached(.phase, _, _) = $0 { true } else { false } }
        // Events are dated when they are written, which may be later than they happened.
        #expect(over - started >= 300_000_000)
        #expect(space.living.isEmpty)
    }
}
