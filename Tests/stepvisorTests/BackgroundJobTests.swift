import Foundation
import Testing
import TestSupport

@Suite("Work that takes longer than a moment", .timeLimit(.minutes(20)))
struct BackgroundJobTests {
    @Test("a stop gives up what is being looked for, and a finalizer after it is looked at in full")
    func finalizerAfterSignal() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "long"
            command = "touch started; exec sleep 600"
            [[steps]]
            id = "clean"
            command = "head -c 100000 /dev/zero | tr '\\\\0' 'x'; echo; echo all clean"
            success_pattern = "^all clean$"
            always = true
            [[steps]]
            id = "report"
            command = "touch reported"
            condition = "changed(\\"docs/**\\")"
            always = true
            """)
        for number in 0..<3000 { try space.file("docs/\(number)", "x") }
        let command = try space.start(["run"])
        #expect(TestSpace.wait(seconds: 60) { space.exists("started") })
        command.signal(SIGINT)
        let result = command.wait(seconds: 120)
        #expect(result.end == .signal(SIGINT), "\(result)")
        let status = try space.run("status", "--json").output
        #expect(try steps(of: status) == ["long aborted", "clean complete", "report complete"])
        #expect(space.exists("reported"))
    }

    @Test("a halt waits for no log that is still being looked through")
    func haltDuringSearch() throws {
        let space = try TestSpace()
        // A hole of so many bytes takes minutes to be looked through.
        try space.workflow(
            """
            [[steps]]
            id = "big"
            command = "echo $$ > big.pid; truncate -s 400G \\"$STEPVISOR_LOG\\""
            success_pattern = "never"
            [[steps]]
            id = "bad"
            command = '''
            until [ -s big.pid ]; do sleep 0.01; done
            while kill -0 "$(cat big.pid)" 2> /dev/null; do sleep 0.01; done
            exit 7
            '''
            """)
        let result = try space.start(["run", "-j2", "--output", "none"]).wait(seconds: 60)
        #expect(result.code == 1, "\(result)")
        let status = try space.run("status", "--json").output
        #expect(try steps(of: status) == ["big aborted", "bad failed"])
    }

    private func steps(of status: String) throws -> [String] {
        let object = try JSONSerialization.jsonObject(with: Data(status.utf8))
        let tasks = (object as? [String: Any])?["tasks"] as? [[String: Any]] ?? []
        return tasks.flatMap { $0["phases"] as? [[String: Any]] ?? [] }
            .flatMap { $0["steps"] as? [[String: Any]] ?? [] }
            .map { "\($0["step_id"] as? String ?? "") \($0["status"] as? String ?? "")" }
    }
}
