import Execution
import Foundation
import Testing
import TestSupport

@testable import Processes

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("Commands whose output is wanted end in time", .timeLimit(.minutes(20)))
struct CapturedCommandTests {
    private func shell(in space: TestSpace) -> CapturedCommand {
        CapturedCommand(
            program: "/bin/sh", environment: ["PATH": "/usr/bin:/bin"], directory: space.root.path)
    }

    @Test("one that is too slow is ended with what it has started")
    func slow() throws {
        let space = try TestSpace()
        var command = shell(in: space)
        command.limit = 0.3
        let launcher = try ProcessLauncher()
        #expect(throws: CapturedCommand.Failure.tooSlow) {
            try command.run(["-c", "sleep 300 & echo $! > pid; sleep 300"], with: launcher)
        }
        let pid = try #require(
            Int32(space.text("pid").trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(TestSpace.wait { kill(pid, 0) != 0 })
    }

    @Test("what it writes beyond the limit is dropped, not kept back")
    func flood() throws {
        let space = try TestSpace()
        var command = shell(in: space)
        command.maxOutputBytes = 1000
        let launcher = try ProcessLauncher()
        let result = try command.run(
            ["-c", "head -c 3000000 /dev/zero; echo no >&2; exit 3"], with: launcher)
        #expect(result.exit == .exited(3))
        #expect(result.output == [UInt8](repeating: 0, count: 1000))
        #expect(result.error == Array("no\n".utf8))
    }
}
