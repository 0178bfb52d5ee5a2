import Execution
import Foundation
import Testing
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Something that happens between two runs, and the steps that have to run then.
struct ChangeScene: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var change: String
    var ran: [String]
    var options: [String] = []
    var environment: [String: String] = [:]

    init(
        _ name: String, _ change: String, runs ran: [String] = [], options: [String] = [],
        environment: [String: String] = [:]
    ) {
        testDescription = name
        self.change = change
        self.ran = ran
        self.options = options
        self.environment = environment
    }

    static let all: [ChangeScene] = [
        ChangeScene("an input is edited", "echo new > in/a", runs: ["a"]),
        ChangeScene(
            "an input is edited, with its size and time of before",
            "touch -r in/a t; printf 'A\\n' > in/a; touch -r t in/a", runs: ["a"]),
        ChangeScene("an input is touched", "touch in/a"),
        ChangeScene(
            "an input is exchanged for another of the same content",
            "cp in/a t && touch -r in/a t && mv t in/a"),
        ChangeScene("an input goes", "rm in/b2", runs: ["b"]),
        ChangeScene("an input becomes executable", "chmod +x in/a", runs: ["a"]),
        ChangeScene(
            "a link takes the place of an input", "mv in/a x; ln -s ../x in/a", runs: ["a"]),
        ChangeScene("an output goes", "rm out/b", runs: ["b"]),
        ChangeScene("an output is edited", "echo x > out/b", runs: ["b"]),
        ChangeScene(
            "a command is edited", "sed -i.bak 's/cat in.a/cat ..in.a/' workflow.toml",
            runs: ["a"]),
        ChangeScene("a comment is added", "echo '# more' >> workflow.toml"),
        ChangeScene(
            "a variable is set that a step reads", "true", runs: ["b"], environment: ["WANTED": "2"]
        ),
        ChangeScene("a variable is set that nobody reads", "true", environment: ["OTHER": "2"]),
        ChangeScene("everything is forced", "true", runs: ["a", "b"], options: ["--force"]),
        ChangeScene("what is known is removed", "rm -r .stepvisor/known", runs: ["a", "b"]),
        ChangeScene(
            "a file of an earlier version lies in the state directory",
            "head -c 4096 /dev/zero > .stepvisor/idle"),
        ChangeScene(
            "a link lies in the state directory", "echo x > x; ln -s ../x .stepvisor/idle"),
        ChangeScene("a fifo lies in the state directory", "mkfifo .stepvisor/idle"),
        ChangeScene("all runs are removed", "rm -r .stepvisor/runs .stepvisor/latest"),
        ChangeScene("nothing", "true"),
    ]

    static let patterns: [ChangeScene] = [
        ChangeScene("nothing", "true"),
        ChangeScene("a file is added", "echo n > in/new.txt", runs: ["a"]),
        ChangeScene("a file is added further down", "echo n > in/deep/new.txt", runs: ["a"]),
        ChangeScene(
            "a file is added in a new directory", "mkdir in/b; echo n > in/b/n.txt", runs: ["a"]),
        ChangeScene("a file goes", "rm in/deep/2.txt", runs: ["a"]),
        ChangeScene("a file is renamed", "mv in/1.txt in/9.txt", runs: ["a"]),
        ChangeScene("a file is edited", "echo n > in/deep/2.txt", runs: ["a"]),
        ChangeScene("a directory is exchanged", "mv in/deep x; cp -R x in/deep"),
        ChangeScene("a directory becomes a link", "mv in/deep x; ln -s ../x in/deep", runs: ["a"]),
        ChangeScene("what is left out is edited", "echo n > in/not/3.txt; echo n > in/not/4.txt"),
        ChangeScene("what no pattern means is added", "echo n > in/new.md"),
        ChangeScene("a file that was not there is", "echo n > maybe", runs: ["a"]),
        ChangeScene("a directory is where nothing was", "mkdir maybe", runs: ["a"]),
        ChangeScene(
            "a file is added to a directory that is named", "mkdir tree/y; echo > tree/y/z",
            runs: ["a"]),
        ChangeScene("an output is added", "echo n > out/b", runs: ["a"]),
        ChangeScene("an output goes", "rm out/a", runs: ["a"]),
        ChangeScene("another pattern", "sed -i.bak 's/\"maybe\", //' workflow.toml"),
        ChangeScene(
            "a pattern that means more", "sed -i.bak 's/[*].txt\", /*.md\", /' workflow.toml",
            runs: ["a"]),
    ]
}

/// A run in which every step is up to date, and what it takes for a step to run again.
@Suite("A run with nothing to do", .timeLimit(.minutes(20)))
struct NothingToDoTests {
    private static let command = ["run", "--smart-execution", "-j", "2"]

    /// A project in which nothing has to run, with files that are older than two seconds or not: only
    /// of old ones the time is enough to say that they are the same.
    private func project(isOld: Bool) throws -> TestSpace {
        let space = try TestSpace().workflow(
            """
            name = "nothing"
            [[steps]]
            id = "a"
            description = "00000000-000000 1234567891234 in words"
            command = "cat in/a > out/a; echo a >> ran"
            inputs = ["in/a"]
            output_files = ["out/a"]
            [[steps]]
            id = "b"
            command = "cat in/b1 in/b2 > out/b; echo b >> ran"
            inputs = ["in/b1", "in/b2"]
            output_files = ["out/b"]
            env_inputs = ["WANTED"]
            """)
        for name in ["a", "b1", "b2"] { try space.file("in/\(name)", "\(name.prefix(1))\n") }
        try space.directory("out")
        space.environment["WANTED"] = "1"
        try #require(try space.start(Self.command).wait().code == 0)
        if isOld {
            let areOld = TestSpace.wait(seconds: 120) {
                ["in/a", "in/b1", "in/b2", "out/a", "out/b"].allSatisfy {
                    age(of: $0, in: space) > 3
                }
            }
            try #require(areOld)
        }
        try #require(try space.start(Self.command).wait().code == 0)
        try #require(space.lines("ran").sorted() == ["a", "b"])
        return space
    }

    private func age(of name: String, in space: TestSpace) -> Int {
        var facts = stat()
        guard lstat(space.path(name), &facts) == 0 else { return 0 }
        #if canImport(Darwin)
            return time(nil) - facts.st_ctimespec.tv_sec
        #else
            return time(nil) - facts.st_ctim.tv_sec
        #endif
    }

    @Test("it is recorded as any other run", arguments: [false, true])
    func record(isOld: Bool) throws {
        let space = try project(isOld: isOld)
        let first = try LatestRun(in: space)
        let firstDocument = try document(in: space)
        let result = try space.start(Self.command).wait()
        #expect(result.code == 0 && result.output.isEmpty, "\(result)")
        #expect(result.error.contains("nothing to do"), "\(result)")
        let second = try LatestRun(in: space)
        #expect(second.record.header.runID != first.record.header.runID)
        #expect(result.error.contains(second.record.header.runID))
        #expect(second.record.header.startedAt > first.record.header.startedAt)
        #expect(second.record.header.steps == first.record.header.steps)
        #expect(second.record.header.smart == .remembered)
        #expect(second.record.status == .complete)
        #expect(second.record.steps.map(\.reason) == first.record.steps.map(\.reason))
        let secondDocument = try document(in: space)
        #expect(Set(secondDocument.keys) == Set(firstDocument.keys))
        #expect(secondDocument["run_id"] as? String == second.record.header.runID)
        let length = try #require(secondDocument["duration_ms"] as? Int)
        #expect((0..<60_000).contains(length))
        let status = try space.run("status")
        #expect(status.code == 0 && status.output.contains("2 steps: 2 up to date"), "\(status)")
        #expect(space.exists(".stepvisor/latest/logs"))
    }

    @Test("a terminal and a pipe are each given what is theirs")
    func terminal() throws {
        let space = try project(isOld: false)
        let terminal = try space.startOnTerminal(Self.command)
        let result = terminal.wait()
        #expect(result.code == 0, "\(result)")
        #expect(terminal.shown.contains("nothing to do"), "\(terminal.shown)")
        let piped = try space.start(Self.command).wait()
        #expect(piped.code == 0 && !piped.error.contains("\u{1B}"), "\(piped)")
        #expect(piped.error.contains("nothing to do"))
        #expect(space.lines("ran").sorted() == ["a", "b"])
    }

    private func document(in space: TestSpace) throws -> [String: Any] {
        let bytes = Data(space.text(".stepvisor/latest/progress.json").utf8)
        return try #require(JSONSerialization.jsonObject(with: bytes) as? [String: Any])
    }

    @Test(
        "what has changed since is run, and nothing else", arguments: ChangeScene.all,
        [false, true])
    func change(scene: ChangeScene, isOld: Bool) throws {
        let space = try project(isOld: isOld)
        try space.file("ran", "")
        #expect(try space.shell(scene.change).code == 0)
        for (name, value) in scene.environment { space.environment[name] = value }
        let result = try space.start(Self.command + scene.options).wait()
        #expect(result.code == 0, "\(result)")
        #expect(space.lines("ran").sorted() == scene.ran, "\(result)")
    }

    @Test(
        "what a pattern means is as it was, or its step runs", arguments: ChangeScene.patterns,
        [false, true])
    func patterns(scene: ChangeScene, isOld: Bool) throws {
        let space = try TestSpace().workflow(
            """
            [[steps]]
            id = "a"
            command = "cat in/*.txt > out/a; echo a >> ran"
            inputs = ["in/**/*.txt", "!in/not/**", "maybe", "tree"]
            output_files = ["out/*"]
            """)
        for name in ["in/1.txt", "in/deep/2.txt", "in/not/3.txt", "in/other.md", "tree/x"] {
            try space.file(name, "\(name)\n")
        }
        try space.directory("out")
        try require(space, runs: ["a"])
        if isOld {
            let names = [
                "in", "in/1.txt", "in/deep", "in/deep/2.txt", "tree", "tree/x", "out/a", "out",
            ]
            let areOld = TestSpace.wait(seconds: 120) {
                names.allSatisfy { age(of: $0, in: space) > 3 }
            }
            try #require(areOld)
        }
        try require(space, runs: [])
        try require(space, runs: [])
        #expect(try space.shell(scene.change).code == 0)
        try require(space, runs: scene.ran)
        try require(space, runs: [])
    }

    private func require(_ space: TestSpace, runs ran: [String]) throws {
        try space.file("ran", "")
        let result = try space.start(Self.command).wait()
        #expect(result.code == 0, "\(result)")
        #expect(space.lines("ran") == ran, "\(result)")
    }

    @Test("what is known with a flipped or missing byte is not believed")
    func damage() throws {
        let space = try project(isOld: true)
        let path = space.path(".stepvisor/known/workflow.toml/steps")
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        var random = SeededGenerator(seed: 11)
        for number in 0..<40 {
            var bytes = whole
            let place = Int.random(in: 0..<(number % 2 == 0 ? 136 : bytes.count), using: &random)
            bytes[place] ^= UInt8(1) << UInt8.random(in: 0..<8, using: &random)
            if number % 5 == 4 { bytes = bytes.prefix(place) }
            try bytes.write(to: URL(fileURLWithPath: path))
            chmod(path, 0o600)
            try space.file("in/a", "changed \(number)\n")
            try space.file("ran", "")
            let result = try space.start(Self.command).wait()
            #expect(result.code == 0, "byte \(place): \(result)")
            #expect(try LatestRun(in: space).record.status == .complete)
            #expect(space.lines("ran").contains("a"), "byte \(place)")
        }
    }

    @Test("a variable that differs from start to start decides where a step reads it")
    func passing() throws {
        let space = try project(isOld: false)
        let workflow = space.text("workflow.toml")
        try space.file("other.toml", workflow.replacing("WANTED", with: "SHLVL"))
        space.environment["SHLVL"] = "1"
        let command = Self.command + ["-f", "other.toml"]
        #expect(try space.start(command).wait().code == 0)
        try space.file("ran", "")
        #expect(try space.start(command).wait().code == 0)
        #expect(space.lines("ran") == [])
        space.environment["SHLVL"] = "2"
        #expect(try space.start(command).wait().code == 0)
        #expect(space.lines("ran") == ["b"])
    }

    @Test("it waits for the run that holds the project, or says who does")
    func busy() throws {
        let space = try project(isOld: false)
        try space.file(
            "other.toml",
            "[[steps]]\nid = \"x\"\ncommand = \"touch up; until [ -e go ]; do sleep 0.02; done\"\n")
        let other = try space.start(["run", "-f", "other.toml"])
        #expect(TestSpace.wait(seconds: 40) { space.exists("up") })
        let refused = try space.start(Self.command).wait()
        #expect(refused.code == 4 && refused.error.contains("another run holds"), "\(refused)")
        try space.file("go", "")
        #expect(other.wait().code == 0)
    }

    @Test(
        "one changed file among thousands is found, wherever it stands",
        arguments: ["in/0", "in/511", "out/512", "out/1999"])
    func watching(changed: String) throws {
        let space = try TestSpace()
        let steps = (0..<2000).map { number in
            "[[steps]]\nid = \"s\(number)\"\ncommand = \"exit 1\"\n"
                + "inputs = [\"in/\(number)\"]\noutput_files = [\"out/\(number)\"]\n"
        }
        try space.workflow(steps.joined())
        for number in 0..<2000 {
            try space.file("in/\(number)", "x")
            try space.file("out/\(number)", "x")
        }
        let names = (0..<2000).map { "s\($0)" }
        try #require(try space.start(["mark"] + names).wait(seconds: 120).code == 0)
        #expect(try space.start(["plan", "--exit-code"]).wait(seconds: 120).code == 0)
        try space.file(changed, "longer")
        let step = try #require(changed.split(separator: "/").last.flatMap { Int($0) })
        #expect(try space.start(Self.command).wait(seconds: 120).code == 1)
        let run = try LatestRun(in: space)
        for (index, state) in run.record.steps.enumerated() {
            #expect((state.status == .failed) == (index == step), "s\(index)")
        }
    }
}
