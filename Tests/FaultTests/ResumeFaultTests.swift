import Execution
import Foundation
import Testing
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What survives when stepvisor, its record or its workflow changes under a run.
@Suite("Faults of what is kept and gone on with", .timeLimit(.minutes(20)))
struct ResumeFaultTests {
    @Test("fault 36: a step that ended, and whose end was not written, runs again")
    func unwrittenEnd() throws {
        let space = try TestSpace().workflow(
            """
            [[steps]]
            id = "first"
            command = "echo first >> ran"
            [[steps]]
            id = "killer"
            command = "echo killer >> ran; test -e once || { touch once; kill -9 $PPID; }"
            dependencies = ["first"]
            [[steps]]
            id = "last"
            command = "echo last >> ran"
            dependencies = ["killer"]
            """)
        #expect(try space.run("run").end == .signal(SIGKILL))
        let resumed = try space.run("run", "--resume")
        #expect(resumed.code == 0, "\(resumed)")
        #expect(
            resumed.error.contains("`killer` runs again: it was running when stepvisor died"))
        #expect(space.lines("ran") == ["first", "killer", "killer", "last"])
    }

    @Test("fault 36: without the last line of its end a step is not done, however it ended")
    func lostEnd() throws {
        let space = try TestSpace().workflow(
            "[[steps]]\nid = \"a\"\ncommand = \"echo a >> ran\"\n"
                + "[[steps]]\nid = \"b\"\ncommand = \"echo b >> ran\"\ndependencies = [\"a\"]\n")
        #expect(try space.run("run").code == 0)
        let path = ".stepvisor/latest/events.ndjson"
        let lines = space.lines(path)
        let end = try #require(
            lines.firstIndex { $0.contains(#""event":"ended","step":"b""#) })
        // Whole, torn in the middle, and without its newline only.
        for rest in ["", String(lines[end].prefix(20)), lines[end]] {
            let runs = space.lines("ran").count { $0 == "b" }
            try space.file(path, lines[..<end].map { $0 + "\n" }.joined() + rest)
            let result = try space.run("run", "-n", "--resume")
            #expect(result.error.contains("`b` runs again: it was running"), "\(result)")
            #expect(result.error.contains("1 step is done, 1 to run"))
            #expect(space.lines("ran").count { $0 == "b" } == runs)
        }
    }

    @Test("fault 54: a reader in a tight loop never sees part of a document")
    func tightReader() throws {
        let steps = (0..<60).map { number in
            "[[steps]]\nid = \"s\(number)\"\ncommand = \"sleep 0.0\(number % 5 + 3)\"\n"
        }
        let space = try TestSpace().workflow(steps.joined())
        let run = try space.start(["run", "-j2"])
        let path = space.path(".stepvisor/latest/progress.json")
        #expect(TestSpace.wait { FileManager.default.fileExists(atPath: path) })
        var reads = 0
        var documents: Set<Data> = []
        var status = "running"
        while status == "running", reads < 1_000_000 {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            reads += 1
            guard documents.insert(bytes).inserted else { continue }
            let object = try JSONSerialization.jsonObject(with: bytes) as? [String: Any]
            status = try #require(object?["status"] as? String)
            let tasks = object?["tasks"] as? [[String: Any]] ?? []
            let phases = tasks.flatMap { $0["phases"] as? [[String: Any]] ?? [] }
            #expect(phases.flatMap { $0["steps"] as? [Any] ?? [] }.count == 60)
        }
        #expect(run.wait().code == 0)
        #expect(status == "complete")
        #expect(reads > 100, "a reader that sees one or two documents proves nothing")
        #expect(documents.count > 2)
    }

    @Test("fault 56: a journal of a newer version is refused, its unknown events are said")
    func newer() throws {
        let space = try TestSpace().workflow(
            "[[steps]]\nid = \"a\"\ncommand = \"echo a >> ran\"\n"
                + "[[steps]]\nid = \"b\"\ncommand = \"false\"\n")
        #expect(try space.run("run").code == 1)
        let path = ".stepvisor/latest/events.ndjson"
        let whole = space.lines(path).map(unsealed)
        var header = whole
        header[0] = header[0].replacingOccurrences(of: "\"schema\":1", with: "\"schema\":99")
        try space.file(path, header.map { $0 + "\n" }.joined())
        for words in [["run", "--resume"], ["run", "--failed"], ["status"]] {
            let result = try space.start(words).wait()
            #expect(result.code == 5, "\(result)")
            #expect(result.error.contains("schema 99"), "\(result)")
        }
        #expect(space.lines("ran") == ["a"])
        var events = whole
        events.insert(#"{"t":1.000,"event":"teleported","step":"a"}"#, at: 2)
        try space.file(path, events.map { $0 + "\n" }.joined())
        let result = try space.run("run", "--resume")
        #expect(result.error.contains("events of a newer stepvisor were passed over"))
        #expect(space.lines("ran") == ["a"])
    }

    @Test(
        "fault 56: a journal of a version that did not say what steps were made from proves nothing"
    )
    func older() throws {
        let space = try TestSpace().workflow(
            "[[steps]]\nid = \"a\"\ncommand = \"echo a >> ran\"\n"
                + "[[steps]]\nid = \"b\"\ncommand = \"false\"\n")
        #expect(try space.run("run").code == 1)
        let path = ".stepvisor/latest/events.ndjson"
        let old = space.lines(path).map { line in
            unsealed(line).replacing(#/,"basis":"[0-9a-f]*"/#, with: "")
        }
        try space.file(path, old.map { $0 + "\n" }.joined())
        let result = try space.run("run", "--resume")
        #expect(
            result.error.contains(
                "`a` runs again: it is not recorded what it was started from"), "\(result)")
        #expect(space.lines("ran") == ["a", "a"])
    }

    /// A line without its check sum, as versions before the sums wrote them.
    private func unsealed(_ line: String) -> String {
        line.replacing(#/,"crc":"[0-9a-f]{8}"}$/#, with: "}")
    }

    @Test("fault 64: a success at a later attempt, or by another method, is as done as any")
    func laterAttempt() throws {
        let basis = StepBasis(command: 1, settings: 2, inputs: 3)
        let header = RunHeader(
            runID: "r1", workflow: "w", mode: .sequential, maxParallelSteps: 1,
            startedAt: WallTime(microseconds: 0), pid: 1, bootID: "", tasks: [],
            steps: [StepHeader(id: "a")])
        let failed = StepEnd(status: .failed, reason: .exited(1), exit: .exited(1))
        for method in [StepMethod.primary, .backup(1)] {
            let kinds: [RunEvent.Kind] = [
                .runStarted(header),
                .launched(step: 0, attempt: 1, method: .primary, execution: 1),
                .started(step: 0, pid: 1, startTicks: 1, basis: nil),
                .ended(step: 0, failed),
                .launched(step: 0, attempt: 2, method: method, execution: 2),
                .started(step: 0, pid: 2, startTicks: 2, basis: basis),
                .ended(step: 0, StepEnd(status: .complete, exit: .exited(0))),
            ]
            var encoder = JournalEncoder(header: header)
            var bytes: [UInt8] = []
            for kind in kinds { encoder.append(RunEvent(kind, at: .zero), to: &bytes) }
            let earlier = EarlierRun(try JournalReader.read(bytes))
            #expect(
                earlier.standing(of: "a") == .done(DoneEarlier(run: "r1", basis: basis)))
        }
    }

    @Test("fault 67: what only looks writes nothing, before and after a run")
    func onlyLooking() throws {
        let space = try TestSpace().workflow(
            "[[steps]]\nid = \"a\"\ncommand = \"echo a\"\ninputs = [\"workflow.toml\"]\n"
                + "[[steps]]\nid = \"b\"\ncommand = \"false\"\ndependencies = [\"a\"]\n")
        let lookers = [
            ["run", "-n"], ["run", "-n", "--resume"], ["run", "-n", "--failed"], ["plan"],
            ["graph"], ["graph", "--run"], ["check"], ["status"], ["status", "--json"],
            ["timeline"], ["logs"], ["logs", "a"], ["help"],
        ]
        for _ in 0..<2 {
            let tree = space.tree()
            for words in lookers {
                let result = try space.start(words).wait()
                #expect(space.tree() == tree, "\(words): \(result)")
            }
            _ = try space.run("run")
            #expect(space.tree() != tree)
        }
    }

    @Test("fault 69: a run keeps the workflow that it has read; resume says what changed since")
    func editedDuringRun() throws {
        let space = try TestSpace().workflow(
            """
            [[steps]]
            id = "one"
            command = "touch begun; until test -e go; do sleep 0.01; done; echo one >> ran"
            [[steps]]
            id = "two"
            command = "echo old >> ran"
            dependencies = ["one"]
            [[steps]]
            id = "three"
            command = "false"
            dependencies = ["two"]
            """)
        let run = try space.start(["run"])
        #expect(TestSpace.wait { space.exists("begun") })
        let text = space.text("workflow.toml")
        try space.workflow(text.replacingOccurrences(of: "echo old", with: "echo new"))
        try space.file("go", "")
        #expect(run.wait().code == 1)
        #expect(space.lines("ran") == ["one", "old"])
        let resumed = try space.run("run", "--resume")
        #expect(resumed.error.contains("1 step is done, 2 to run"), "\(resumed)")
        #expect(resumed.error.contains("`two` runs again: its command changed"))
        #expect(space.lines("ran") == ["one", "old", "new"])
    }

    @Test("fault 70: under another graph only what is provably unchanged is taken over")
    func otherGraph() throws {
        func step(_ id: String, after: [String] = [], _ line: String = "") -> String {
            let needed = after.map { "\"\($0)\"" }.joined(separator: ", ")
            return "[[steps]]\nid = \"\(id)\"\ncommand = \"echo \(id) >> ran\"\n"
                + "dependencies = [\(needed)]\n\(line)\n"
        }
        let space = try TestSpace().workflow(
            step("same") + step("gone") + step("loses", after: ["gone"]) + step("gains")
                + step("behind", after: ["gains"]) + step("old")
                + "[[steps]]\nid = \"fails\"\ncommand = \"false\"\n")
        #expect(try space.run("run").code == 1)
        try space.workflow(
            step("same") + step("loses") + step("fresh") + step("gains", after: ["fresh"])
                + step("behind", after: ["gains"]) + step("new"))
        let result = try space.run("run", "--resume")
        #expect(result.code == 0, "\(result)")
        for line in [
            "1 step is done, 5 to run", "`loses` runs again: its settings changed",
            "`fresh` is new", "`gains` runs again: it depends on `fresh`, which runs",
            "`behind` runs again: it depends on `gains`, which runs", "`new` is new",
            "`gone` is no step of the workflow any more",
            "`old` is no step of the workflow any more",
            "`fails` is no step of the workflow any more",
        ] {
            #expect(result.error.contains(line), "\(line)\n\(result)")
        }
        #expect(space.lines("ran").count { $0 == "same" } == 1)
    }
}
