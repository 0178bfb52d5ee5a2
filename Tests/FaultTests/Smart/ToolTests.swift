import Foundation
import Testing
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("Tools that are asked for their version leave nothing behind", .timeLimit(.minutes(20)))
struct ToolTests {
    private func space(tool: String) throws -> TestSpace {
        let space = try TestSpace()
        try space.script("tool", tool)
        try space.file("in", "x")
        try space.workflow(
            """
            [[steps]]
            id = "a"
            command = "true"
            inputs = ["in"]
            tools = ["./tool"]
            """)
        return space
    }

    private func isGone(_ file: String, in space: TestSpace) -> Bool {
        guard let pid = Int32(space.text(file).trimmingCharacters(in: .whitespacesAndNewlines))
        else { return false }
        return TestSpace.wait { kill(pid, 0) != 0 }
    }

    @Test("what a tool starts beside its answer neither holds up the run nor lives on")
    func daemon() throws {
        let space = try space(tool: "sleep 300 & echo $! > pid; echo v1")
        let result = try space.run("run", "--smart-execution")
        #expect(result.code == 0, "\(result)")
        #expect(isGone("pid", in: space))
        #expect(try space.run("why", "a").output.contains("need not run"))
    }

    @Test(
        "a signal ends a tool that gives no answer, whichever command waits for it",
        arguments: ["plan", "run"], [SIGINT, SIGTERM])
    func signal(command: String, number: Int32) throws {
        let space = try space(tool: "echo $$ > pid.new; mv pid.new pid; exec sleep 300")
        let running = try space.start([command, "--smart-execution"])
        #expect(TestSpace.wait { space.exists("pid") })
        running.signal(number)
        let result = running.wait()
        #expect(result.end == .signal(number), "\(result)")
        #expect(isGone("pid", in: space))
        #expect(!space.exists(".stepvisor/latest"))
    }
}
