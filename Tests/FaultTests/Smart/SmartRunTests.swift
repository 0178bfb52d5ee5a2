import Execution
import Foundation
import Testing
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("Smart execution runs what a change touches, and nothing else", .timeLimit(.minutes(20)))
struct SmartRunTests {
    /// Steps that note their runs in `ran`: `pre` always, `build` of the documents, `test` of what
    /// that makes, `lint` of one document, and `gate` after `lint`.
    private static let workflow = """
        [[steps]]
        id = "pre"
        command = "echo pre >> ran"
        [[steps]]
        id = "build"
        dependencies = ["pre"]
        inputs = ["docs/**/*.md", "!docs/draft*"]
        output_files = ["out/build"]
        command = "echo build >> ran; cat docs/*.md > out/build; echo size=1 > $STEPVISOR_OUTPUT"
        [[steps]]
        id = "test"
        inputs = ["out/build"]
        output_files = ["out/test"]
        command = "echo test >> ran; wc -l < out/build > out/test; cat $STEPVISOR_OUTPUTS/build >> out/test"
        [[steps]]
        id = "lint"
        inputs = ["docs/b.md"]
        command = "echo lint >> ran"
        [[steps]]
        id = "gate"
        dependencies = ["lint"]
        inputs = ["docs/a.md"]
        command = "echo gate >> ran"
        """

    private static func project() throws -> TestSpace {
        let space = try TestSpace()
        try space.workflow(workflow)
        try space.file("docs/a.md", "a\n").file("docs/b.md", "b\n").directory("out")
        return space
    }

    /// The steps that a run of `stepvisor` ran.
    private func ran(
        _ space: TestSpace, _ arguments: [String] = ["--smart-execution"]
    ) throws -> [String] {
        try space.file("ran", "")
        let result = try space.start(arguments).wait()
        #expect(result.code == 0, "\(result)")
        return space.lines("ran")
    }

    /// Something that happens between two runs, and the steps that the second one runs.
    struct Change: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let ran: [String]
        let make: @Sendable (TestSpace) throws -> Void

        init(
            _ name: String, _ ran: [String], _ make: @escaping @Sendable (TestSpace) throws -> Void
        ) {
            testDescription = name
            self.ran = ran
            self.make = make
        }
    }

    static let changes = [
        Change("nothing", ["pre"]) { _ in },
        Change("one document edited", ["pre", "build", "test", "gate"]) {
            try $0.file("docs/a.md", "A\n")
        },
        Change("one touched only", ["pre"]) {
            try FileManager.default.setAttributes(
                [.modificationDate: Date()], ofItemAtPath: $0.path("docs/a.md"))
        },
        Change("one edited and put back", ["pre"]) {
            try $0.file("docs/a.md", "A\n").file("docs/a.md", "a\n")
        },
        Change("one that a pattern excludes", ["pre"]) { try $0.file("docs/draft.md", "x") },
        Change("a new one", ["pre", "build", "test"]) { try $0.file("docs/c.md", "c\n") },
        Change("a new one that changes no output", ["pre", "build"]) {
            try $0.file("docs/c.md", "")
        },
        Change("one removed", ["pre", "build", "test", "gate"]) {
            try FileManager.default.removeItem(atPath: $0.path("docs/a.md"))
        },
        Change("one renamed within the order", ["pre", "build", "gate"]) {
            try FileManager.default.moveItem(
                atPath: $0.path("docs/a.md"), toPath: $0.path("docs/aa.md"))
        },
        Change("one made executable", ["pre", "build", "gate"]) {
            try $0.file("docs/a.md", "a\n", mode: 0o755)
        },
        Change("a fifo in its place, which holds nobody up", ["pre", "build", "test", "gate"]) {
            try FileManager.default.removeItem(atPath: $0.path("docs/a.md"))
            #expect(mkfifo($0.path("docs/a.md"), 0o644) == 0)
            try $0.workflow(
                SmartRunTests.workflow.replacing("cat docs/*.md", with: "cat docs/b.md"))
        },
        Change("the command of one", ["pre", "gate"]) {
            try $0.workflow(SmartRunTests.workflow.replacing("echo gate", with: "echo  gate"))
        },
        Change("an output removed", ["pre", "build"]) {
            try FileManager.default.removeItem(atPath: $0.path("out/build"))
        },
        Change("an output edited", ["pre", "build"]) { try $0.file("out/build", "x") },
        Change("the last output removed", ["pre", "test"]) {
            try FileManager.default.removeItem(atPath: $0.path("out/test"))
        },
        Change("all runs removed", ["pre"]) {
            try FileManager.default.removeItem(atPath: $0.path(".stepvisor/runs"))
        },
        Change("all state removed", ["pre", "build", "test", "lint", "gate"]) {
            try FileManager.default.removeItem(atPath: $0.path(".stepvisor"))
        },
        Change("a byte of what is known", ["pre", "build", "test", "lint", "gate"]) {
            let url = $0.root.appendingPathComponent(".stepvisor/known/workflow.toml/steps")
            var bytes = try Data(contentsOf: url)
            bytes[bytes.count / 2] ^= 1
            try bytes.write(to: url)
        },
    ]

    @Test(
        "after a change exactly what it touches runs, in sequence and in parallel",
        arguments: changes)
    func change(_ change: Change) throws {
        for options in [["--smart-execution"], ["--smart-execution", "-j", "4"]] {
            let space = try Self.project()
            #expect(try ran(space, options).sorted() == ["build", "gate", "lint", "pre", "test"])
            #expect(try ran(space, options) == ["pre"], "before anything has changed")
            try change.make(space)
            #expect(try ran(space, options).sorted() == change.ran.sorted(), "\(options)")
            #expect(try ran(space, options) == ["pre"], "after it")
        }
    }

    @Test("a run without the option is remembered as well, and skips nothing")
    func plain() throws {
        let space = try Self.project()
        #expect(try ran(space, ["run"]).count == 5)
        #expect(try ran(space, ["run"]).count == 5)
        #expect(try ran(space) == ["pre"])
        #expect(try ran(space, ["--smart-execution", "--force"]).count == 5)
    }

    @Test("what a step that does not run wrote to STEPVISOR_OUTPUT is there for those that do")
    func results() throws {
        let space = try Self.project()
        _ = try ran(space)
        try FileManager.default.removeItem(atPath: space.path("out/test"))
        try FileManager.default.removeItem(atPath: space.path(".stepvisor/runs"))
        #expect(try ran(space) == ["pre", "test"])
        #expect(space.lines("out/test").last == "size=1")
        let result = space.path(".stepvisor/known/workflow.toml/results/build")
        try FileManager.default.removeItem(atPath: result)
        #expect(try ran(space) == ["pre", "build"])
    }

    @Test("a step that fails, or is killed with its run, runs again although nothing has changed")
    func failed() throws {
        let space = try TestSpace()
        try space.file("in", "1")
        try space.workflow(
            """
            [[steps]]
            id = "a"
            inputs = ["in"]
            command = "echo a >> ran; [ ! -e bad ]"
            """)
        #expect(try ran(space) == ["a"])
        try space.file("bad", "")
        #expect(try space.run("--smart-execution", "--force").code == 1)
        try FileManager.default.removeItem(atPath: space.path("bad"))
        #expect(try ran(space) == ["a"])
        #expect(try ran(space) == [])
    }

    @Test("a success by a retry or a backup counts like any other")
    func recovered() throws {
        let space = try TestSpace()
        try space.file("in", "1")
        try space.workflow(
            """
            [execution.retry]
            delay = 0.01
            [[steps]]
            id = "again"
            inputs = ["in"]
            retries = 1
            command = "echo again >> ran; [ $STEPVISOR_ATTEMPT = 2 ]"
            [[steps]]
            id = "other"
            inputs = ["in"]
            command = "echo other >> ran; false"
            backups = ["echo backup >> ran"]
            """)
        #expect(try ran(space).sorted() == ["again", "again", "backup", "other"])
        #expect(try ran(space) == [])
    }

    @Test("where an input changes while its step runs, the success is told and not kept")
    func moved() throws {
        let space = try TestSpace()
        try space.file("in", "1")
        try space.workflow(
            """
            [[steps]]
            id = "a"
            inputs = ["in"]
            command = "echo a >> ran; [ -e quiet ] || echo 2 >> in"
            """)
        #expect(try ran(space) == ["a"])
        try space.file("quiet", "")
        #expect(try ran(space) == ["a"])
        #expect(space.text(".stepvisor/latest/events.ndjson").contains("inputs_moved"))
        #expect(try ran(space) == [])
    }

    @Test("a step of which nobody could tell later that it was started is not started")
    func unmarked() throws {
        let space = try TestSpace()
        try space.chain()
        try space.file(".stepvisor/known", "in the way")
        let result = try space.run("run")
        #expect(result.code != 0 && result.error.contains(".stepvisor/known"), "\(result)")
        #expect(!space.exists("ran") && !space.exists("made"))
    }

    @Test("nor where that cannot be told any more in the middle of a run")
    func unmarkedMeanwhile() throws {
        let space = try TestSpace()
        try space.file("in", "x")
        try space.workflow(
            """
            [[steps]]
            id = "first"
            command = "rm -rf .stepvisor/known; echo > .stepvisor/known"
            [[steps]]
            id = "second"
            command = "echo second >> ran"
            inputs = ["in"]
            """)
        let result = try space.run("run")
        #expect(result.code == 5 && result.error.contains(".stepvisor/known"), "\(result)")
        #expect(!space.exists("ran"))
    }

    @Test("where a file changes that a link among the inputs leads to, that is seen as well")
    func movedBehindLink() throws {
        let space = try TestSpace()
        try space.file("behind", "1\n").directory("in")
        symlink("../behind", space.path("in/link"))
        try space.workflow(
            """
            [[steps]]
            id = "a"
            inputs = ["in/*"]
            output_files = ["out"]
            command = "echo a >> ran; [ -e quiet ] || echo 2 > behind; cat in/link > out"
            """)
        #expect(try ran(space, ["--cache"]) == ["a"])
        #expect(space.text("out") == "2\n")
        // As it was when the step was started: what it made then is of another content.
        try space.file("behind", "1\n").file("quiet", "")
        #expect(try ran(space, ["--cache"]) == ["a"])
        #expect(space.text("out") == "1\n")
        #expect(try ran(space) == [])
    }

    @Test("what needs a step without declared outputs runs again when its inputs changed meanwhile")
    func movedNeed() throws {
        let space = try TestSpace()
        try space.file("in", "1\n").file("other", "")
        try space.workflow(
            """
            [[steps]]
            id = "a"
            inputs = ["in"]
            command = "echo a >> ran; [ -e quiet ] || echo 2 > in; cat in > hidden"
            [[steps]]
            id = "b"
            inputs = ["other"]
            dependencies = ["a"]
            command = "echo b >> ran; cat hidden > out"
            """)
        #expect(try ran(space) == ["a", "b"])
        try space.file("in", "1\n").file("quiet", "")
        #expect(try ran(space) == ["a", "b"])
        #expect(space.text("out") == "1\n")
        #expect(try ran(space) == [])
    }

    @Test("the environment that counts, and what tools say, are inputs; other variables are not")
    func surroundings() throws {
        let space = try TestSpace()
        try space.file("in", "1").script("tool", "echo asked >> asked; cat version")
        try space.file("version", "1.0\n")
        try space.workflow(
            """
            [[steps]]
            id = "a"
            inputs = ["in"]
            env_inputs = ["LEVEL"]
            tools = ["./tool"]
            command = "echo a >> ran"
            [[steps]]
            id = "b"
            inputs = ["in"]
            tools = ["./tool"]
            command = "echo b >> ran"
            """)
        #expect(try ran(space) == ["a", "b"])
        #expect(space.lines("asked") == ["asked"], "a tool is asked once a run")
        space.environment["OTHER"] = "x"
        #expect(try ran(space) == [])
        space.environment["LEVEL"] = "2"
        #expect(try ran(space) == ["a"])
        #expect(cause("a", in: space).contains("LEVEL: (none) → 2"))
        try space.file("version", "1.1\n")
        #expect(try ran(space) == ["a", "b"])
        #expect(cause("b", in: space) == "tool changed: ./tool: 1.0 → 1.1")
    }

    private func cause(_ step: String, in space: TestSpace) -> String {
        guard let run = try? LatestRun(in: space),
            let index = run.record.header.steps.firstIndex(where: { $0.id == step })
        else { return "" }
        return run.record.causes[index]?.text ?? ""
    }

    @Test("the script of a step file is one of its inputs, its header included")
    func script() throws {
        let space = try TestSpace()
        try space.file("in", "1")
        try space.step("a.sh", ["inputs = [\"in\"]"], "echo a >> ran")
        #expect(try ran(space) == ["a"])
        #expect(try ran(space) == [])
        try space.step("a.sh", ["inputs = [\"in\"]", "description = \"x\""], "echo a >> ran")
        #expect(try ran(space) == ["a"])
        #expect(cause("a", in: space) == "inputs changed: steps/a.sh (edited)")
    }

    @Test("a step whose dependency failed is not remembered, and runs when that is mended")
    func failedDependency() throws {
        let space = try TestSpace()
        try space.file("in", "1")
        try space.workflow(
            """
            [execution]
            error_propagation = "continue_and_log"
            [[steps]]
            id = "a"
            inputs = ["in"]
            output_files = ["made"]
            command = "echo a >> ran; cp in made; [ ! -e bad ]"
            [[steps]]
            id = "b"
            dependencies = ["a"]
            inputs = ["in"]
            command = "echo b >> ran"
            """)
        try space.file("bad", "")
        #expect(try space.run("--smart-execution").code == 1)
        #expect(space.lines("ran") == ["a", "b"])
        try FileManager.default.removeItem(atPath: space.path("bad"))
        #expect(try ran(space) == ["a", "b"])
        #expect(try ran(space) == [])
    }

    @Test("two workflows of one project do not forget each other's steps")
    func twoWorkflows() throws {
        let space = try TestSpace()
        try space.file("in", "1")
        for name in ["x", "y"] {
            try space.file(
                "\(name).toml",
                """
                [[steps]]
                id = "a"
                inputs = ["in"]
                command = "echo \(name) >> ran"
                """)
        }
        #expect(try ran(space, ["--smart-execution", "-f", "x.toml"]) == ["x"])
        #expect(try ran(space, ["--smart-execution", "-f", "y.toml"]) == ["y"])
        #expect(try ran(space, ["--smart-execution", "-f", "x.toml"]) == [])
        #expect(try ran(space, ["--smart-execution", "-f", "y.toml"]) == [])
    }
}
