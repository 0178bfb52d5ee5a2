import Foundation
import Testing
import TestSupport

/// Files made to eat time or memory are refused, or read in bounded time and memory.
@Suite("Workflow files that are bombs", .timeLimit(.minutes(20)))
struct BombTests {
    /// Runs `check` with so much address space at most, in MiB.
    private func check(
        _ space: TestSpace, _ file: String = "workflow.toml", megabytes: Int = 4096
    ) throws -> CommandResult {
        try space.shell(
            "ulimit -v \(megabytes * 1024); \"$STEPVISOR\" check -f \(file)", seconds: 60)
    }

    @Test("fault 89: a file of 100 MB is refused unread", arguments: ["workflow.toml", "w.json"])
    func size(name: String) throws {
        let space = try TestSpace()
        #expect(try space.shell("head -c 100000000 /dev/zero | tr '\\\\0' '#' > \(name)").code == 0)
        let result = try check(space, name, megabytes: 1024)
        #expect(result.code == 2, "\(result)")
        #expect(result.error.contains("is too large: 95 MiB, at most 64 MiB are read"), "\(result)")
    }

    @Test("fault 89: an endless file, a pipe and a device are refused without waiting")
    func endless() throws {
        let space = try TestSpace()
        #expect(try space.shell("mkfifo pipe.toml; ln -s /dev/zero zero.toml").code == 0)
        for name in ["pipe.toml", "zero.toml"] {
            let result = try check(space, name)
            #expect(result.code == 2, "\(result)")
            #expect(result.error.contains("not a regular file"), "\(result)")
        }
    }

    @Test(
        "fault 89: nesting without end is an error, not a crash",
        arguments: [
            ("workflow.toml", "x = " + String(repeating: "[", count: 200_000)),
            ("workflow.toml", "x = " + String(repeating: "{a=", count: 100_000)),
            (
                "workflow.toml",
                "[" + String(repeating: "a.", count: 100_000) + "a]"
            ),
            ("w.json", String(repeating: "[", count: 200_000)),
            ("w.json", String(repeating: "{\"a\":", count: 100_000)),
        ])
    func nesting(name: String, text: String) throws {
        let space = try TestSpace()
        try space.file(name, text)
        let result = try check(space, name)
        #expect(result.code == 2, "\(result.end)")
        #expect(!result.error.isEmpty && result.error.utf8.count < 100_000)
    }

    @Test("fault 89: mistakes without end are counted, not all printed")
    func mistakes() throws {
        let space = try TestSpace()
        try space.workflow(String(repeating: "= \u{1}\n", count: 500_000))
        let result = try check(space)
        #expect(result.code == 2, "\(result.end)")
        #expect(result.error.utf8.count < 100_000)
        #expect(result.error.contains(" more "))
    }

    @Test("fault 89: 100,000 steps are read in bounded time and memory")
    func manySteps() throws {
        let space = try TestSpace()
        let text = (0..<100_000).map { "[[steps]]\nid = \"s\($0)\"\ncommand = \"true\"\n" }
        try space.workflow(text.joined())
        let result = try check(space, megabytes: 1500)
        #expect(result.code == 0, "\(result)")
        #expect(result.output.contains("100,000 steps") || result.output.contains("100000 steps"))
    }

    @Test("fault 89: a chain and a fan of many steps end in a result, not in a crash")
    func shapes() throws {
        let space = try TestSpace()
        let chain = (0..<20_000).map { number in
            let needs = number == 0 ? "" : "dependencies = [\"s\(number - 1)\"]\n"
            return "[[steps]]\nid = \"s\(number)\"\ncommand = \"true\"\n\(needs)"
        }
        try space.file("chain.toml", chain.joined())
        #expect(try check(space, "chain.toml").code == 0)
        let all = (0..<5_000).map { "\"s\($0)\"" }.joined(separator: ", ")
        try space.file(
            "fan.toml",
            chain.prefix(5_000).joined()
                + (0..<20).map {
                    "[[steps]]\nid = \"f\($0)\"\ncommand = \"true\"\ndependencies = [\(all)]\n"
                }.joined())
        #expect(try check(space, "fan.toml").code == 0)
    }
}
