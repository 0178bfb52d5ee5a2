import Execution
import Foundation
import Testing
import TestSupport

/// What starts when, and what does not, as the journal of real runs tells it.
@Suite("Steps start when they may, and never else", .timeLimit(.minutes(20)))
struct SchedulingFaultTests {
    private func space(_ steps: [(id: String, command: String, needs: [String])]) throws
        -> TestSpace
    {
        let space = try TestSpace()
        try space.workflow(
            steps.map { step in
                let needs = step.needs.map { "\"\($0)\"" }.joined(separator: ", ")
                return """
                    [[steps]]
                    id = "\(step.id)"
                    command = '''\(step.command)'''
                    dependencies = [\(needs)]
                    """
            }.joined(separator: "\n"))
        return space
    }

    private func journal(_ space: TestSpace) throws -> Journal {
        try JournalReader.read(Array(space.text(".stepvisor/latest/events.ndjson").utf8))
    }

    // MARK: - 71

    @Test(
        "fault 71: what is no graph is refused with the path of what is wrong",
        arguments: [
            (
                [("a", ["c"]), ("b", ["a"]), ("c", ["b"])],
                "steps wait for each other: a -> c -> b -> a"
            ),
            ([("a", ["a"])], "step `a` depends on itself"),
            ([("build", []), ("b", ["bild"])], "depends on an unknown step `bild`"),
            ([("x", []), ("x", [])], "step `x` is declared twice"),
            ([("x", []), ("X", [])], "the ids `x` and `X` differ only in case"),
        ] as [([(String, [String])], String)])
    func refused(steps: [(String, [String])], message: String) throws {
        let space = try space(steps.map { ($0.0, "touch ran", $0.1) })
        for command in ["check", "run"] {
            let result = try space.run(command)
            #expect(result.code == 2, "\(result)")
            #expect(result.error.contains(message), "\(result)")
        }
        #expect(!space.exists("ran") && !space.exists(".stepvisor"))
    }

    @Test("fault 71: two steps that write one file and are not ordered are told, and kept apart")
    func overlappingOutputs() throws {
        let space = try TestSpace()
        try space.workflow(
            (1...2).map {
                """
                [[steps]]
                id = "w\($0)"
                command = "mkdir busy && sleep 0.2 && echo x > out.md && rmdir busy"
                output_files = ["\($0 == 1 ? "out.md" : "*.md")"]
                """
            }.joined(separator: "\n"))
        let check = try space.run("check")
        #expect(
            check.output.contains("Steps w1 and w2 cannot run in parallel (shared output: out.md)"),
            "\(check)")
        #expect(try space.run("-j", "4").code == 0)
    }

    // MARK: - 72, 73, 74

    @Test("fault 72: what several steps need runs once, and all of them wait for its end")
    func diamond() throws {
        let space = try space([
            ("base", "echo begin >> log; sleep 0.3; echo end >> log", []),
            ("left", "echo left >> log", ["base"]), ("right", "echo right >> log", ["base"]),
            ("far", "echo far >> log", ["base"]), ("join", "echo join >> log", ["left", "right"]),
        ])
        #expect(try space.run("-j", "8").code == 0)
        let log = space.lines("log")
        #expect(log.prefix(2) == ["begin", "end"])
        #expect(log.sorted() == ["begin", "end", "far", "join", "left", "right"])
    }

    @Test("fault 73: what needs a step that failed is skipped for it, however far behind, and told")
    func dependencyFailed() throws {
        let space = try space([
            ("bad", "exit 1", []), ("next", "touch next", ["bad"]),
            ("last", "touch last", ["next"]), ("free", "touch free", []),
        ])
        let result = try space.run("-k", "-j", "4")
        #expect(result.code == 1, "\(result)")
        let record = try journal(space).record
        #expect(record.steps.map(\.status) == [.failed, .skipped, .skipped, .complete])
        #expect(record.steps[1].reason == .dependencyFailed(0))
        #expect(record.counts[.pending] == 0 && record.counts[.running] == 0)
        #expect(!space.exists("next") && !space.exists("last"))
    }

    @Test("fault 74: `--keep-going` runs all that does not need a failure, and only that")
    func keepGoing() throws {
        let space = try space([
            ("bad", "exit 1", []), ("a", "touch a", ["bad"]), ("b", "touch b", []),
            ("c", "touch c", ["b"]), ("d", "touch d", ["c", "a"]),
        ])
        #expect(try space.run("-k").code == 1)
        #expect(["a", "b", "c", "d"].map { space.exists($0) } == [false, true, true, false])
        #expect(try space.run("-q").code == 1)
        #expect(try journal(space).record.steps[2].status == .skipped, "without it nothing starts")
    }

    // MARK: - 75

    @Test(
        "fault 75: never more steps at once than the limit, as the journal tells",
        arguments: [1, 2, 5])
    func limit(jobs: Int) throws {
        let space = try space(
            (0..<20).map { ("s\($0)", $0 % 4 == 0 ? "exit 1" : "sleep 0.0\($0 % 5)", []) })
        #expect(try space.run("-k", "-j", "\(jobs)").code == 1)
        var running: Set<Int> = []
        var most = 0
        for event in try journal(space).events {
            switch event.kind {
            case .launched(let step, _, _, _): running.insert(step)
            case .ended(let step, _): running.remove(step)
            default: break
            }
            most = max(most, running.count)
        }
        #expect(most == jobs)
    }

    @Test(
        "fault 75: one at a time is the order of declaration, as far as the edges allow, every time"
    )
    func stableOrder() throws {
        let space = try space([
            ("late", "echo late >> log", ["c"]), ("b", "echo b >> log", []),
            ("c", "echo c >> log", []), ("a", "echo a >> log", []),
        ])
        for _ in 0..<3 {
            #expect(try space.run("-j", "1").code == 0)
        }
        #expect(
            space.lines("log") == [
                "b", "c", "late", "a", "b", "c", "late", "a", "b", "c", "late", "a",
            ])
    }

    // MARK: - 77

    @Test(
        "fault 77: where nothing has to run that is said, with exit 0; a name that is none is not")
    func nothing() throws {
        let space = try space([("a", "touch a", []), ("b", "touch b", ["a"])])
        let unknown = try space.run("nosuch")
        #expect(unknown.code == 2 && unknown.error.contains("no step `nosuch`"), "\(unknown)")
        let none = try space.run("--from", "a", "--skip", "a,b")
        #expect(none.code == 2 && none.error.contains("no step is left to run"), "\(none)")
        #expect(!space.exists("a") && !space.exists(".stepvisor"))
        #expect(try space.run().code == 0)
        let failed = try space.run("--failed")
        #expect(failed.code == 0 && failed.error.contains("nothing"), "\(failed)")
        try space.workflow("name = \"empty\"\n")
        #expect(try space.run().code == 2)
    }

    // MARK: - 78

    @Test(
        "fault 78: random graphs of failing, dying and slow steps keep every rule in their journals",
        arguments: 0..<12)
    func randomRuns(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed + 1))
        func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
        let commands = ["true", "true", "true", "sleep 0.05", "exit 3", "kill -9 $$", "sleep 60"]
        let count = 6 + below(10)
        let space = try TestSpace()
        let needs = (0..<count).map { step in (0..<step).filter { _ in below(100) < 15 } }
        let resources = (0..<count).map { _ in below(4) == 0 }
        try space.workflow(
            (0..<count).map { step in
                """
                [[steps]]
                id = "s\(step)"
                command = '''\(commands[below(commands.count)])'''
                dependencies = [\(needs[step].map { "\"s\($0)\"" }.joined(separator: ", "))]
                critical = \(below(8) == 0)
                timeout = 0.4
                resources_required = [\(resources[step] ? "\"db\"" : "")]
                """
            }.joined(separator: "\n"))
        let jobs = 1 + below(4)
        _ = try space.run("-j", "\(jobs)", seconds: 60)
        let journal = try journal(space)
        try check(journal, needs: needs, exclusive: resources, jobs: jobs)
    }

    private func check(
        _ journal: Journal, needs: [[Int]], exclusive: [Bool], jobs: Int
    ) throws {
        var ended: [Int: StepStatus] = [:]
        var running: Set<Int> = []
        var isHalting = false
        for event in journal.events {
            switch event.kind {
            case .launched(let step, _, _, _):
                #expect(!isHalting && ended[step] == nil)
                #expect(needs[step].allSatisfy { ended[$0] == .complete })
                if exclusive[step] { #expect(!running.contains { exclusive[$0] }) }
                #expect(running.insert(step).inserted && running.count <= jobs)
            case .ended(let step, let end):
                #expect(running.remove(step) != nil && ended[step] == nil)
                ended[step] = end.status
            case .skipped(let step, _):
                #expect(!running.contains(step) && ended[step] == nil)
                ended[step] = .skipped
            case .skippedTogether(let steps, _):
                for step in steps {
                    #expect(!running.contains(step) && ended[step] == nil)
                    ended[step] = .skipped
                }
            case .halting: isHalting = true
            case .runEnded: #expect(running.isEmpty && ended.count == needs.count)
            default: break
            }
        }
        #expect(journal.problems.isEmpty && journal.record.endedAt != nil)
    }
}
