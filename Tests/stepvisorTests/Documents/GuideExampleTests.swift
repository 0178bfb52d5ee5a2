import Testing
import TestSupport

/// The files of a section, and its first text: what a `plan` of them prints.
private struct GuideExample {
    let section: Document
    let space: TestSpace

    /// Writes the files of a section: each block of TOML says its name in its first line.
    init(section heading: String, in directory: String) throws {
        section = try Document("docs/guide.md").section(heading)
        space = try TestSpace()
        for block in section.blocks("toml") {
            let name = try #require(block.split(separator: "\n").first?.dropFirst(2))
            try space.file("\(directory)/\(name)", block)
        }
        for block in section.blocks("sh") where block.hasPrefix("#!/bin/sh") {
            try space.file("\(directory)/agent", block + "\n", mode: 0o755)
        }
        let shown = try #require(section.blocks("text").first)
        let lines = shown.split(separator: "\n", maxSplits: 1).map(String.init)
        let words = try #require(lines.first).split(separator: " ").dropFirst(2).map(String.init)
        let plan = try space.start(words, in: directory).wait()
        #expect(plan.code == 0, "\(plan)")
        // What follows depends on what has been measured.
        #expect(plan.output.hasPrefix(lines[1] + "\n\ncritical path"), "\(plan)")
    }
}

@Suite("The guide's worked examples of several files, items and SPECS", .timeLimit(.minutes(20)))
struct GuideExampleTests {
    @Test("a step for several items")
    func items() throws {
        let example = try GuideExample(
            section: "One step for several items", in: "items")
        let run = try example.space.start([], in: "items").wait()
        #expect(run.code == 0, "\(run)")
        let log = try example.space.start(["logs", "test.ui"], in: "items").wait()
        #expect(log.output == "testing ui\n", "\(log)")
        let one = try example.space.start(["run", "lint.ui"], in: "items").wait()
        #expect(one.error.contains("complete: 1 complete of 1 step"), "\(one)")
    }

    @Test("several files, and a part by itself")
    func files() throws {
        let example = try GuideExample(section: "Several files", in: "files")
        let run = try example.space.start(["--parallel"], in: "files").wait()
        #expect(run.code == 0, "\(run)")
        let log = try example.space.start(["logs", "api.spelling"], in: "files").wait()
        #expect(log.output == "spelling in en\n", "\(log)")
        let part = try example.space.start(["check", "-f", "parts/docs.toml"], in: "files").wait()
        #expect(part.code == 0, "\(part)")
    }

    @Test("a SPECS file with a runner")
    func specs() throws {
        let example = try GuideExample(section: "SPECS files", in: "specs")
        let check = try example.space.start(["check", "-f", "spec_module.md"], in: "specs").wait()
        #expect(check.code == 0 && check.error.contains("3 steps have no command"), "\(check)")
        let commands = example.section.blocks("sh").flatMap(Document.commands)
        let command = try #require(commands.first { $0.hasPrefix("stepvisor run") })
        let words = command.split(separator: " ").dropFirst().map(String.init)
        let run = try example.space.start(words + ["-f", "spec_module.md"], in: "specs").wait()
        #expect(run.code == 0, "\(run)")
        let log = try example.space.start(["logs", "1.1"], in: "specs").wait()
        #expect(
            log.output
                == "1.1, primary: Extract the API documentation\nexpected: A list of functions\n",
            "\(log)")
        // The backup is for the runner, too.
        let failing = "test $STEPVISOR_METHOD = 'backup[1]' || exit 3"
        let backup = try example.space.start(
            ["-f", "parameters_module.toml", "1.1", "--runner", failing], in: "specs"
        ).wait()
        #expect(backup.code == 0, "\(backup)")
        #expect(
            example.space.text("specs/.stepvisor/latest/progress.json").contains(
                "\"method_used\": \"backup[1]\"")
                || example.space.text("specs/.stepvisor/latest/progress.json").contains(
                    "\"method_used\":\"backup[1]\"")
        )
    }
}
