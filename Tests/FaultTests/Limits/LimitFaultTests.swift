import Foundation
import Testing
import TestSupport

/// Limits end what takes too long, each with a reason of its own.
@Suite("Limits are named, and leave nothing behind", .timeLimit(.minutes(20)))
struct LimitFaultTests {
    /// A step that would go on for a minute, and tells who it is.
    private static let endless = "echo $$ >> pids.txt; exec sleep 60"

    private func space(_ execution: String, _ step: String = "") throws -> TestSpace {
        let space = try TestSpace()
        try space.workflow(
            """
            [execution]
            grace = 1
            \(execution)
            [[steps]]
            id = "endless"
            command = "\(Self.endless)"
            \(step)
            [[steps]]
            id = "after"
            command = "echo ran > after.txt"
            dependencies = ["endless"]
            """)
        return space
    }

    private func expectNothingLeft(_ space: TestSpace) throws {
        for pid in space.lines("pids.txt") {
            #expect(!RunRemains.lives(try #require(pid_t(pid))))
        }
        #expect(!space.lines("pids.txt").isEmpty && !space.exists("after.txt"))
    }

    @Test("fault 39: the limit of an attempt is named in the reason")
    func attempt() throws {
        let space = try space("", "timeout = 0.3")
        let result = try space.run()
        #expect(result.code == 1, "\(result)")
        #expect(result.error.contains("timed out after 300ms (attempt)"), "\(result)")
        try expectNothingLeft(space)
    }

    @Test("fault 39: the limit of silence ends a silent step, and not one that talks")
    func idle() throws {
        let space = try space("", "idle_timeout = 0.5")
        let result = try space.run()
        #expect(result.code == 1, "\(result)")
        #expect(result.error.contains("timed out after 500ms without output (idle)"), "\(result)")
        try expectNothingLeft(space)
        let talker = try TestSpace()
        try talker.workflow(
            """
            [[steps]]
            id = "talker"
            command = "for n in 1 2 3 4 5 6 7 8; do echo $n; sleep 0.5; done"
            idle_timeout = 2
            """)
        #expect(try talker.run().code == 0)
    }

    @Test("fault 39: the limit of the run ends it with exit code 124, and says so of every step")
    func run() throws {
        let space = try space("run_timeout = 0.5")
        let result = try space.run()
        #expect(result.code == 124, "\(result)")
        #expect(result.error.contains("the run took more than 500ms"), "\(result)")
        try expectNothingLeft(space)
        let progress = space.text(".stepvisor/latest/progress.json")
        #expect(progress.contains(#""status":"aborted","reason":"timed out: the run took"#))
        #expect(progress.contains(#""status":"skipped","reason":"timed out: the run took"#))
        #expect(progress.contains(#""reason_code":"timed_out""#))
    }

    @Test("fault 39: a phase that takes more than half as long again as it may is over")
    func phase() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [execution]
            grace = 1
            phase_timeout = 0.4
            [[steps]]
            id = "quick"
            command = "true"
            [[steps]]
            id = "endless"
            command = "\(Self.endless)"
            [[steps]]
            id = "after"
            command = "echo ran > after.txt"
            dependencies = ["quick"]
            """)
        let result = try space.run("-j", "2", "--barriers")
        #expect(result.code == 1, "\(result)")
        #expect(
            result.error.contains("timed out: phase 1 took more than 600ms (phase)"), "\(result)")
        try expectNothingLeft(space)
    }

    @Test(
        "fault 39: of several limits the one that is reached is named")
    func ownLimitWins() throws {
        let space = try space("timeout = 60\nidle_timeout = 60\nrun_timeout = 60", "timeout = 0.3")
        let result = try space.run()
        #expect(result.code == 1, "\(result)")
        #expect(result.error.contains("(attempt)"), "\(result)")
    }
}
