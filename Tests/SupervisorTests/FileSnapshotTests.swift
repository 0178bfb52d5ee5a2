import DependencyGraph
import Execution
import Foundation
import Synchronization
import Testing
import TestSupport
import WorkflowModel

@testable import FileState
@testable import Platform
@testable import Processes
@testable import Supervisor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A step in a directory of its own, and how what it reads looks.
final class InputScene {
    let space: TestSpace
    var step: Step
    private var looker: FileHasher

    init(inputs: [String], _ change: (inout Step) -> Void = { _ in }) throws {
        space = try TestSpace()
        step = Step(id: StepID("a"))
        step.command = .arguments(["true"])
        step.inputs = inputs.map { FilePattern($0) }
        change(&step)
        looker = FileHasher(root: space.root.path)
    }

    func patterns() throws -> InputPatterns {
        var workflow = Workflow(name: "test")
        workflow.tasks = [WorkflowTask(id: "")]
        workflow.steps = [step]
        let resolved = ResolvedWorkflow(
            workflow: workflow, graph: try .init(validating: [(step.id, [StepID]())]),
            inferredEdges: [], conflicts: [])
        let plan = try RunPlan.make(resolved: resolved, options: RunOptions())
        return InputPatterns(of: 0, plan: plan, root: space.root.path)
    }

    func look() throws -> FileSnapshot {
        try #require(looker.look(at: try patterns()))
    }

    func digest() throws -> UInt64 { try look().digest }

    func paths() throws -> [String] {
        let entries = FileScanner.entries(of: try patterns(), root: space.root.path)
        return try #require(entries).map { String(decoding: $0.path, as: UTF8.self) }
    }

    /// Puts a file's times back to a moment that all files of the scene share.
    func settle(_ name: String) {
        let time = timespec(tv_sec: 1_000_000_000, tv_nsec: 0)
        utimensat(AT_FDCWD, space.path(name), [time, time], AT_SYMLINK_NOFOLLOW)
    }
}

@Suite("What a step reads is looked at by content", .timeLimit(.minutes(20)))
struct FileSnapshotTests {
    @Test(
        "a directory that cannot be gone through makes all of it unreadable, though it is seen itself"
    )
    func closedDirectory() throws {
        let scene = try InputScene(inputs: ["in"])
        let deep = (["in"] + Array(repeating: "d", count: 201)).joined(separator: "/")
        try scene.space.file("\(deep)/x", "x").file("in/a", "a")
        let look = try scene.look()
        #expect(!look.isReadable)
        #expect(look.unreadable.count == 1)
    }

    @Test(
        "a directory that may not be entered is no directory without files",
        .enabled(if: geteuid() != 0, "root may enter all"), arguments: [0, 0o400] as [mode_t])
    func closedToUs(mode: mode_t) throws {
        let scene = try InputScene(inputs: ["in"])
        try scene.space.file("in/d/x", "x").file("in/a", "a")
        chmod(scene.space.path("in/d"), mode)
        defer { chmod(scene.space.path("in/d"), 0o700) }
        #expect(try !scene.look().isReadable)
    }

    @Test(
        "patterns mean files, directories whole, and exclusions win",
        arguments: [
            (["in/*.md"], ["in/a.md", "in/b.md"]),
            (["in/**"], ["in", "in/a.md", "in/b.md", "in/c.txt", "in/sub", "in/sub/d.md"]),
            (["in/**/*.md"], ["in/a.md", "in/b.md", "in/sub/d.md"]),
            (["in"], ["in", "in/a.md", "in/b.md", "in/c.txt", "in/sub", "in/sub/d.md"]),
            (["in/**", "!in/sub/**", "!in/sub"], ["in", "in/a.md", "in/b.md", "in/c.txt"]),
            (["!in/b.md", "in/*.md"], ["in/a.md"]),
            (["in/a.md", "./in//a.md", "in/{a,b}.md"], ["in/a.md", "in/b.md"]),
            (["none", "none/**", "in/a.md/x"], []),
            (["**/d.md"], ["in/sub/d.md"]),
            (["in/s*/d.md"], ["in/sub/d.md"]),
            ([".", "!in"], ["x.md"]), (["./", "!./in/"], ["in", "x.md"]),
            (["in/.."], ["in", "in/a.md", "in/b.md", "in/c.txt", "in/sub", "in/sub/d.md", "x.md"]),
            (["in/sub/../*.md", "in/sub/."], ["in/a.md", "in/b.md", "in/sub", "in/sub/d.md"]),
        ])
    func patterns(inputs: [String], found: [String]) throws {
        let scene = try InputScene(inputs: inputs)
        for name in ["in/a.md", "in/b.md", "in/c.txt", "in/sub/d.md", "x.md"] {
            try scene.space.file(name, name)
        }
        try scene.space.file(".stepvisor/d.md", "state").file(".git/d.md", "git")
        #expect(try scene.paths() == found)
    }

    @Test("an edit, a new, a renamed and a removed file are changes; a touch is none")
    func changes() throws {
        let scene = try InputScene(inputs: ["in/**"])
        try scene.space.file("in/a", "one").file("in/b", "two")
        let first = try scene.digest()
        try scene.space.file("in/a", "eno")
        let edited = try scene.digest()
        try scene.space.file("in/a", "one")
        scene.settle("in/a")
        #expect(try scene.digest() == first)
        try scene.space.file("in/c", "")
        let added = try scene.digest()
        try FileManager.default.moveItem(
            atPath: scene.space.path("in/c"), toPath: scene.space.path("in/d"))
        let renamed = try scene.digest()
        try FileManager.default.removeItem(atPath: scene.space.path("in/b"))
        let removed = try scene.digest()
        #expect(Set([first, edited, added, renamed, removed]).count == 5)
    }

    @Test("two files that swap their contents have changed")
    func swapped() throws {
        let scene = try InputScene(inputs: ["in/*"])
        try scene.space.file("in/a", "one").file("in/b", "two")
        let first = try scene.digest()
        try scene.space.file("in/a", "two").file("in/b", "one")
        #expect(try scene.digest() != first)
    }

    @Test("a large file that is edited in the same second, and put back in time, is read again")
    func sameSecond() throws {
        let scene = try InputScene(inputs: ["big"])
        try scene.space.file("big", String(repeating: "a", count: 1 << 17))
        scene.settle("big")
        let first = try scene.digest()
        try scene.space.file("big", String(repeating: "b", count: 1 << 17))
        scene.settle("big")
        #expect(try scene.digest() != first)
    }

    @Test("its own script counts, and so does one that its command names")
    func scripts() throws {
        let commands: [(Command, String?)] = [
            (.script("steps/a.sh"), nil), (.arguments(["./steps/a.sh", "x"]), nil),
            (.shell("sh steps/a.sh"), nil), (.arguments(["python3", "steps/a.sh"]), nil),
            (.arguments(["sh", "a.sh"]), "steps"),
        ]
        for (command, directory) in commands {
            let scene = try InputScene(inputs: []) {
                $0.command = command
                $0.workingDirectory = directory
            }
            try scene.space.file("steps/a.sh", "one")
            let first = try scene.digest()
            try scene.space.file("steps/a.sh", "two")
            #expect(try scene.digest() != first, "\(command)")
        }
    }

    @Test("a command of the system reads nothing of the project")
    func system() throws {
        for command in [
            Command.arguments(["/bin/true"]), .shell("echo x > out"),
            .arguments(["sh", "-c", "a"]),
        ] {
            let scene = try InputScene(inputs: []) { $0.command = command }
            #expect(try scene.patterns().isEmpty, "\(command)")
            #expect(try scene.look().count == 0)
        }
    }

    @Test("a right to execute is part of a file, a time is not")
    func modes() throws {
        let scene = try InputScene(inputs: ["run"])
        try scene.space.file("run", "x")
        let first = try scene.digest()
        try scene.space.file("run", "x", mode: 0o755)
        #expect(try scene.digest() != first)
        try scene.space.file("run", "x", mode: 0o600)
        #expect(try scene.digest() == first)
    }

    @Test("a link counts by its text and by the file that it leads to")
    func links() throws {
        let scene = try InputScene(inputs: ["in/**"])
        try scene.space.file("one", "1").file("two", "1").directory("in")
        let link = scene.space.path("in/link")
        symlink("../one", link)
        let first = try scene.digest()
        unlink(link)
        symlink("../two", link)
        let second = try scene.digest()
        try scene.space.file("two", "2")
        let third = try scene.digest()
        #expect(Set([first, second, third]).count == 3)
        unlink(link)
        symlink("nowhere", link)
        #expect(try scene.look().isReadable)
    }

    @Test("only what the step does not write itself counts as changed while it ran")
    func ownWork() throws {
        let scene = try InputScene(inputs: ["in/**"]) {
            $0.outputFiles = [FilePattern("in/out*")]
            $0.modifies = [FilePattern("in/own*")]
        }
        try scene.space.file("in/a", "one")
        let first = try scene.look()
        // An output is no input at all.
        try scene.space.file("in/out1", "made")
        #expect(try scene.look().signature == first.signature)
        #expect(try scene.look().digest == first.digest)
        try scene.space.file("in/own1", "made")
        let made = try scene.look()
        #expect(made.signature == first.signature)
        #expect(made.digest != first.digest)
        try scene.space.file("in/a", "two")
        #expect(try scene.look().signature != first.signature)
    }

    @Test("its outputs are no inputs, however the two are spelled")
    func spellings() throws {
        for (input, output) in [
            (".", "build/"), ("./", "./build/**"), ("in/..", "in/../build"), ("**", "build/."),
            ("./**", "x/../build/x"),
        ] {
            let scene = try InputScene(inputs: [input]) { $0.outputFiles = [FilePattern(output)] }
            try scene.space.file("in/a", "one").directory("build")
            let first = try scene.look()
            try scene.space.file("build/x", "made")
            #expect(try scene.look().digest == first.digest, "\(input) \(output)")
            #expect(try scene.look().signature == first.signature, "\(input) \(output)")
            try scene.space.file("in/a", "two")
            #expect(try scene.look().digest != first.digest, "\(input) \(output)")
        }
    }

    @Test("whether a file is too young to be known by its looks is asked when its reading begins")
    func reading() throws {
        let scene = try InputScene(inputs: ["in/*"])
        for name in ["in/1", "in/2", "in/3"] { try scene.space.file(name, name) }
        let ends = Mutex<[Int64]>([])
        var looker = FileHasher(root: scene.space.root.path)
        // Asked when a part of a file has been read: no part is read within one tick of the clock.
        looker.isWanted = {
            let before = RunClock.wallTime().microseconds
            var now = before
            while now == before { now = RunClock.wallTime().microseconds }
            ends.withLock { $0.append(now &* 1000) }
            return true
        }
        let files = try #require(looker.look(at: try scene.patterns())).files
        #expect(files.count == 3)
        for (end, next) in zip(ends.withLock { $0 }, files.dropFirst()) {
            #expect(next.observedAt >= end)
        }
        #expect(files[0].observedAt < ends.withLock { $0[0] })
    }

    @Test("what is too much for the loop is left to the worker, with the same result")
    func budget() throws {
        let scene = try InputScene(inputs: ["in/**"])
        for number in 0..<20 { try scene.space.file("in/\(number)", "\(number)") }
        let patterns = try scene.patterns()
        var looker = FileHasher(root: scene.space.root.path)
        #expect(looker.look(at: patterns, budget: InputBudget(names: 19, bytes: .max)) == nil)
        #expect(looker.look(at: patterns, budget: InputBudget(names: .max, bytes: 10)) == nil)
        let look = looker.look(at: patterns, budget: StepBases.budget)
        let worker = try InputWorker(root: scene.space.root.path)
        worker.send(.init(step: 3, patterns: patterns, purpose: .start))
        var answers: [InputAnswer] = []
        #expect(
            TestSpace.wait {
                answers += worker.take()
                return !answers.isEmpty
            })
        #expect(answers.first?.step == 3)
        #expect(answers.first?.look?.digest == look?.digest)
        #expect(answers.first?.signature == look?.signature)
    }
}
