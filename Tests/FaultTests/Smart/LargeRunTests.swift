import Foundation
import Testing
import TestSupport

@Suite("A smart run of a large workflow", .timeLimit(.minutes(20)))
struct LargeRunTests {
    private static let steps = 700

    /// Steps that copy a file each, all of them done, with files that are old enough to be known by
    /// their looks.
    private func space() throws -> TestSpace {
        let space = try TestSpace()
        try space.directory("in")
        try space.directory("out")
        var text = ""
        for number in 0..<Self.steps {
            try space.file("in/\(number)", "\(number)\n")
            text += """
                [[steps]]
                id = "s\(number)"
                command = ["cp", "in/\(number)", "out/\(number)"]
                inputs = ["in/\(number)"]
                output_files = ["out/\(number)"]

                """
        }
        try space.workflow(text)
        #expect(try run(space) == Self.steps)
        try Self.grow(old: space)
        #expect(try run(space) == 0)
        return space
    }

    /// Waits, by the file system's own clock, until no file is young.
    private static func grow(old space: TestSpace) throws {
        let last =
            try FileManager.default.attributesOfItem(
                atPath: space.path("out/\(steps - 1)"))[.modificationDate] as? Date
        let end = try #require(last).addingTimeInterval(2.5)
        #expect(TestSpace.wait(seconds: 20) { Date() > end })
    }

    /// How many steps a smart run has run.
    private func run(_ space: TestSpace, _ options: String...) throws -> Int {
        let result = try space.start(["run", "--smart-execution"] + options).wait(seconds: 120)
        #expect(result.code == 0, "\(result)")
        let document = try #require(
            try JSONSerialization.jsonObject(
                with: Data(space.text(".stepvisor/latest/progress.json").utf8)) as? [String: Any])
        let tasks = document["tasks"] as? [[String: Any]] ?? []
        let phases = tasks.flatMap { $0["phases"] as? [[String: Any]] ?? [] }
        let steps = phases.flatMap { $0["steps"] as? [[String: Any]] ?? [] }
        let together = phases.flatMap { $0["skipped_together"] as? [[String: Any]] ?? [] }
        let skipped = together.compactMap { $0["count"] as? Int }.reduce(0, +)
        #expect(steps.count + skipped == Self.steps)
        return steps.count { $0["status"] as? String == "complete" }
    }

    private func isCopied(_ number: Int, in space: TestSpace) -> Bool {
        space.text("in/\(number)") == space.text("out/\(number)")
    }

    @Test(
        "what was edited, removed or written by hand runs, after a run with nothing to do and else")
    func edits() throws {
        let space = try space()
        // Every run but the first of these comes after one that has changed what is known.
        for (round, options) in [[], ["-j1"], [], ["--cache"]].enumerated() {
            let number = 10 + round * 200
            try space.file("in/\(number)", "edited \(round)\n")
            try FileManager.default.removeItem(atPath: space.path("out/\(number + 1)"))
            try space.file("out/\(number + 2)", "by hand\n")
            let result = try space.start(["run", "--smart-execution"] + options).wait(seconds: 120)
            #expect(result.code == 0, "\(result)")
            #expect(result.error.contains("697 up to date"), "\(result)")
            for step in number...(number + 2) { #expect(isCopied(step, in: space)) }
        }
        #expect(try run(space) == 0)
    }

    @Test("so does each of many, more than are listed")
    func manyEdits() throws {
        let space = try space()
        for number in stride(from: 0, to: Self.steps, by: 7) {
            try space.file("in/\(number)", "edited\n")
        }
        #expect(try run(space) == Self.steps / 7)
        #expect((0..<Self.steps).allSatisfy { isCopied($0, in: space) })
    }

    @Test("a workflow that cannot be read leaves the project free, and one that is held is told of")
    func refusals() throws {
        let space = try space()
        let text = space.text("workflow.toml")
        try space.workflow(text + "[[steps]]\nid = \"s1\"\n")
        let broken = try space.run("run", "--smart-execution")
        #expect(broken.code == 2, "\(broken)")
        try space.workflow(text + "# edited\n")
        #expect(try run(space) == 0)
        try space.file("other.toml", "[[steps]]\nid = \"wait\"\ncommand = \"sleep 300\"\n")
        let other = try space.start(["run", "-f", "other.toml"])
        defer { other.signal(SIGINT) }
        #expect(TestSpace.wait { space.exists(".stepvisor/latest/logs/wait.log") })
        let busy = try space.run("run", "--smart-execution")
        #expect(busy.code == 4, "\(busy)")
        #expect(busy.error.contains("another run holds this project"), "\(busy)")
    }
}
