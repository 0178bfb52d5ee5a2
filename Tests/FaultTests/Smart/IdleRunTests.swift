import Execution
import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Something that happens between two runs, and the steps that have to run then.
struct IdleScene: CustomTestStringConvertible, Sendable {
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

    static let all: [IdleScene] = [
        IdleScene("an input is edited", "echo new > in/a", runs: ["a"]),
        IdleScene(
            "an input is edited, with its size and time of before",
            "touch -r in/a t; printf 'A\\n' > in/a; touch -r t in/a", runs: ["a"]),
        IdleScene("an input is touched", "touch in/a"),
        IdleScene(
            "an input is exchanged for another of the same content",
            "cp in/a t && touch -r in/a t && mv t in/a"),
        IdleScene("an input goes", "rm in/b2", runs: ["b"]),
        IdleScene("an input becomes executable", "chmod +x in/a", runs: ["a"]),
        IdleScene("a link takes the place of an input", "mv in/a x; ln -s ../x in/a", runs: ["a"]),
        IdleScene("an output goes", "rm out/b", runs: ["b"]),
        IdleScene("an output is edited", "echo x > out/b", runs: ["b"]),
        IdleScene(
            "a command is edited", "sed -i.bak 's/cat in.a/cat ..in.a/' workflow.toml",
            runs: ["a"]),
        IdleScene("a comment is added", "echo '# more' >> workflow.toml"),
        IdleScene(
            "a variable is set that a step reads", "true", runs: ["b"], environment: ["WANTED": "2"]
        ),
        IdleScene("a variable is set that nobody reads", "true", environment: ["OTHER": "2"]),
        IdleScene("everything is forced", "true", runs: ["a", "b"], options: ["--force"]),
        IdleScene("what is known is removed", "rm -r .stepvisor/known", runs: ["a", "b"]),
        IdleScene("what is kept is removed", "rm .stepvisor/idle"),
        IdleScene("what is kept is empty", ": > .stepvisor/idle"),
        IdleScene(
            "a link takes the place of what is kept",
            "mv .stepvisor/idle x; ln -s ../x .stepvisor/idle"),
        IdleScene(
            "a fifo takes the place of what is kept", "rm .stepvisor/idle; mkfifo .stepvisor/idle"),
        IdleScene("all runs are removed", "rm -r .stepvisor/runs .stepvisor/latest"),
        IdleScene("nothing", "true"),
    ]
}

/// A run that has nothing to do may take a short way; that it did must not be seen but by its speed.
@Suite("The short way of a run with nothing to do", .timeLimit(.minutes(20)))
struct IdleRunTests {
    private static let command = ["run", "--smart-execution", "-j", "2"]

    /// A project in which nothing has to run, and of which that is kept.
    private func project() throws -> TestSpace {
        let space = try TestSpace().workflow(
            """
            name = "idle"
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
        // Files have to be some seconds old before their looks prove anything.
        let isKept = TestSpace.wait(seconds: 120) {
            (try? space.start(Self.command).wait().code) == 0 && space.exists(".stepvisor/idle")
        }
        try #require(isKept)
        try #require(space.lines("ran").sorted() == ["a", "b"])
        return space
    }

    /// Whether the latest run went the short way, whose decisions all stand before its beginning.
    private func isShort(_ run: LatestRun) -> Bool {
        run.events.allSatisfy { event in
            if case .skipped = event.kind { event.time == .zero } else { true }
        }
    }

    @Test("its record is that of the long way, but for id and times")
    func record() throws {
        let space = try project()
        let long = try LatestRun(in: space)
        let longDocument = try document(in: space)
        let result = try space.start(Self.command).wait()
        #expect(result.code == 0 && result.output.isEmpty, "\(result)")
        #expect(result.error.contains("nothing to do"), "\(result)")
        let short = try LatestRun(in: space)
        #expect(isShort(short) && !isShort(long))
        #expect(short.record.header.runID != long.record.header.runID)
        #expect(result.error.contains(short.record.header.runID))
        #expect(short.record.header.startedAt > long.record.header.startedAt)
        #expect(short.record.header.steps == long.record.header.steps)
        #expect(short.record.header.smart == .remembered)
        #expect(short.record.status == .complete)
        #expect(short.record.steps.map(\.reason) == long.record.steps.map(\.reason))
        let shortDocument = try document(in: space)
        #expect(Set(shortDocument.keys) == Set(longDocument.keys))
        #expect(shortDocument["run_id"] as? String == short.record.header.runID)
        let length = try #require(shortDocument["duration_ms"] as? Int)
        #expect((0..<60_000).contains(length))
        let status = try space.run("status")
        #expect(status.code == 0 && status.output.contains("2 steps: 2 up to date"), "\(status)")
        #expect(space.exists(".stepvisor/latest/logs"))
    }

    @Test("on a terminal it says what the long way says, and nothing else is taken for it")
    func terminal() throws {
        let space = try project()
        func shown() throws -> (text: String, run: LatestRun) {
            let terminal = try space.startOnTerminal(Self.command)
            let result = terminal.wait()
            #expect(result.code == 0, "\(result)")
            let run = try LatestRun(in: space)
            let text = terminal.shown.replacing(run.record.header.runID, with: "RUN")
                .replacing(/[0-9.]+ ?m?s\b/, with: "TIME")
            return (text, run)
        }
        let long = try shown()
        let short = try shown()
        #expect(!isShort(long.run) && isShort(short.run))
        #expect(short.text.contains("nothing to do"))
        // On a busy machine the long way may draw something that it takes away again.
        let lines = short.text.split(separator: "\r\n")
        #expect(lines.count == 2)
        for line in lines { #expect(long.text.contains(line)) }
        // What was kept for a terminal is not for a pipe.
        let piped = try space.start(Self.command).wait()
        #expect(piped.code == 0 && !piped.error.contains("\u{1B}"), "\(piped)")
        #expect(!isShort(try LatestRun(in: space)))
    }

    private func document(in space: TestSpace) throws -> [String: Any] {
        let bytes = Data(space.text(".stepvisor/latest/progress.json").utf8)
        return try #require(JSONSerialization.jsonObject(with: bytes) as? [String: Any])
    }

    @Test("what has changed since is run, and nothing else", arguments: IdleScene.all)
    func change(scene: IdleScene) throws {
        let space = try project()
        #expect(try space.start(Self.command).wait().code == 0)
        #expect(isShort(try LatestRun(in: space)))
        try space.file("ran", "")
        #expect(try space.shell(scene.change).code == 0)
        for (name, value) in scene.environment { space.environment[name] = value }
        let result = try space.start(Self.command + scene.options).wait()
        #expect(result.code == 0, "\(result)")
        #expect(space.lines("ran").sorted() == scene.ran, "\(result)")
    }

    @Test("a kept file with a flipped byte is not believed")
    func damage() throws {
        let space = try project()
        let path = space.path(".stepvisor/idle")
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        var random = SeededGenerator(seed: 11)
        for number in 0..<40 {
            var bytes = whole
            // The header too, which is short.
            let place = Int.random(in: 0..<(number % 2 == 0 ? 136 : bytes.count), using: &random)
            bytes[place] ^= UInt8(1) << UInt8.random(in: 0..<8, using: &random)
            if number % 5 == 4 { bytes = bytes.prefix(place) }
            try bytes.write(to: URL(fileURLWithPath: path))
            chmod(path, 0o600)
            let result = try space.start(Self.command).wait()
            #expect(result.code == 0, "byte \(place): \(result)")
            let run = try LatestRun(in: space)
            #expect(run.record.status == .complete)
            #expect(!isShort(run), "byte \(place)")
        }
        #expect(space.lines("ran").sorted() == ["a", "b"])
    }

    @Test("there is none where a step reads a variable that differs from start to start")
    func passing() throws {
        let space = try project()
        let workflow = space.text("workflow.toml")
        try space.file("other.toml", workflow.replacing("WANTED", with: "SHLVL"))
        space.environment["SHLVL"] = "1"
        let command = Self.command + ["-f", "other.toml"]
        let known = space.path(".stepvisor/known/other.toml/steps")
        // All that it would be kept by has to be old enough.
        let isOldEnough = TestSpace.wait(seconds: 120) {
            guard (try? space.start(command).wait().code) == 0,
                let facts = try? FileManager.default.attributesOfItem(atPath: known),
                let date = facts[.modificationDate] as? Date
            else { return false }
            return date.timeIntervalSinceNow < -4
        }
        try #require(isOldEnough)
        try FileManager.default.removeItem(atPath: space.path(".stepvisor/idle"))
        try space.file("ran", "")
        #expect(try space.start(command).wait().code == 0)
        #expect(!space.exists(".stepvisor/idle"))
        #expect(space.lines("ran") == [])
        space.environment["SHLVL"] = "2"
        #expect(try space.start(command).wait().code == 0)
        #expect(space.lines("ran") == ["b"])
    }

    @Test("it waits for the run that holds the project, or says who does")
    func busy() throws {
        let space = try project()
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
}
