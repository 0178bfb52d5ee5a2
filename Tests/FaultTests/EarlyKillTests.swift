import Foundation
import TestSupport
import Testing

@testable import Supervisor

/// The guardian starts a moment after the first step: before that, and until it is ready, the run has
/// none.
@Suite("A run that is killed before its guardian is ready", .serialized, .timeLimit(.minutes(20)))
struct EarlyKillTests {
    /// Milliseconds after which the first step kills its stepvisor: before the guardian is started,
    /// while it starts, and when it is ready.
    @Test(
        "what its first step has started is ended by the guardian, or by the next start",
        arguments: [0, 0, 2, 5, 8, 10, 12, 15, 20, 40])
    func killed(after milliseconds: Int) throws {
        let space = try TestSpace()
        // Two processes, one of which leaves the group of the step.
        try space.script(
            "first",
            """
            setsid sleep 1000 &
            sleep \(Double(milliseconds) / 1000)
            kill -9 $PPID
            exec sleep 1000
            """)
        try space.workflow("[[steps]]\nid = \"first\"\ncommand = \"./first\"\n")
        let command = try space.start(["run"])
        #expect(command.wait(seconds: 60).end == .signal(SIGKILL))
        let remains = try #require(space.latestRun())
        defer { remains.clear() }

        try space.workflow("[[steps]]\nid = \"next\"\ncommand = \"true\"\n")
        let next = try space.run("run")
        #expect(next.code == 0, "\(next)")
        #expect(remains.carriers.isEmpty, "left: \(remains.carriers)")
        #expect(remains.guardian == nil)
    }
}
