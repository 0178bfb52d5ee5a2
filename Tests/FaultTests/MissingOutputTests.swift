import Testing
import TestSupport

/// What a step says that it writes has to be there when it has ended well.
@Suite("Declared outputs are looked for", .timeLimit(.minutes(20)))
struct MissingOutputTests {
    private func run(_ command: String, outputs: String) throws -> (TestSpace, CommandResult) {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "writer"
            command = '''\(command)'''
            output_files = \(outputs)
            [[steps]]
            id = "reader"
            command = "touch read"
            dependencies = ["writer"]
            """)
        return (space, try space.run())
    }

    @Test(
        "fault 25: a declared output that is not there fails the step, and nothing depends on it",
        arguments: [
            ("true", #"["out.txt"]"#, "out.txt"),
            ("mkdir out; touch out/b.md", #"["out/*.txt"]"#, "out/*.txt"),
            ("touch a", #"["a", "b"]"#, "b"),
            ("ln -s nowhere link", #"["link"]"#, "link"),
            ("mkdir d; ln -s nowhere d/link", #"["d/*"]"#, "d/*"),
            ("mkdir -p d/sub", #"["d/**/*.o"]"#, "d/**/*.o"),
            ("mkdir d; touch d/tmp", #"["d/*", "!d/tmp"]"#, "d/*"),
            ("mkdir empty", #"["empty/"]"#, "empty/"),
            ("mkdir d; touch d/x; ln -s d loop", #"["loop/*/x"]"#, "loop/*/x"),
        ])
    func missing(command: String, outputs: String, pattern: String) throws {
        let (space, result) = try run(command, outputs: outputs)
        #expect(result.code == 1, "\(result)")
        #expect(
            result.error.contains("exited with 0, but declared output `\(pattern)` is missing"),
            "\(result)")
        #expect(!space.exists("read"))
        #expect(
            space.text(".stepvisor/latest/progress.json").contains(
                #""reason_code":"outputs_missing""#))
    }

    @Test(
        "fault 25: an output that is there is enough, empty or not, by name or by pattern",
        arguments: [
            (": > out.txt", #"["out.txt"]"#), ("mkdir -p a/b; : > a/b/c.o", #"["a/**/*.o"]"#),
            ("mkdir out; : > out/x", #"["out/"]"#), ("mkdir out", #"["out"]"#),
            (": > file; ln -s file link", #"["link"]"#),
            ("mkdir d; : > d/tmp; : > d/y", #"["d/*", "!d/tmp"]"#),
            (": > a.md; : > b.txt", #"["*.{md,rst}", "b.???"]"#),
            (": > 'odd [name'", #"['odd \[name']"#),
        ])
    func present(command: String, outputs: String) throws {
        let (space, result) = try run(command, outputs: outputs)
        #expect(result.code == 0, "\(result)")
        #expect(space.exists("read"))
    }

    @Test("fault 25: a step that failed is told by its own failure, not by what it did not write")
    func ownFailureFirst() throws {
        let (_, result) = try run("exit 3", outputs: #"["out.txt"]"#)
        #expect(result.error.contains("exit code 3"), "\(result)")
        #expect(!result.error.contains("missing"))
    }
}
