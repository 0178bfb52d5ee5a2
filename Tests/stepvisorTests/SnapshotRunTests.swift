import Foundation
import TestSupport
import Testing

@Suite("The workflow is kept from start to start", .timeLimit(.minutes(20)))
struct SnapshotRunTests {
    private func space(_ more: String = "") throws -> TestSpace {
        try TestSpace().workflow(
            "\(more)\n[[steps]]\nid = \"a\"\ncommand = \"echo a >> ran\"\n")
    }

    /// The snapshots of a project.
    private func kept(_ space: TestSpace) -> [String] {
        let folder = space.path(".stepvisor/workflows")
        return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
            .map { ".stepvisor/workflows/" + $0 }
    }

    private func size(_ space: TestSpace, _ name: String) -> Int? {
        (try? Data(contentsOf: space.root.appendingPathComponent(name)))?.count
    }

    @Test("a run keeps it; all commands say the same with it and without")
    func sameWords() throws {
        let space = try space("[[steps]]\nid = \"b\"\ndependencies = [\"a\"]\ncommand = \"true\"")
        let commands = [
            ["plan"], ["plan", "-v"], ["graph"], ["why", "a"], ["status"], ["run", "-n"], ["check"],
            ["plan", "-f", "./workflow.toml"],
        ]
        #expect(try space.run("run").code == 0)
        let name = try #require(kept(space).first)
        for words in commands {
            let known = try space.start(words).wait()
            try FileManager.default.moveItem(
                atPath: space.path(name), toPath: space.path("aside"))
            let parsed = try space.start(words).wait()
            try FileManager.default.moveItem(
                atPath: space.path("aside"), toPath: space.path(name))
            #expect(known.output == parsed.output, "\(words)")
            #expect(known.error == parsed.error, "\(words)")
            #expect(known.code == parsed.code)
        }
    }

    @Test("what is edited counts at once, also when size and time stay the same")
    func edited() throws {
        let space = try space()
        #expect(try space.run("run").code == 0)
        for letter in ["b", "c", "d"] {
            try space.workflow("\n[[steps]]\nid = \"a\"\ncommand = \"echo \(letter) >> ran\"\n")
            #expect(try space.shell("touch -d 2020-01-01 workflow.toml").code == 0)
            #expect(try space.run("run").code == 0)
            #expect(try space.run("run").code == 0)
        }
        #expect(space.lines("ran") == ["a", "b", "b", "c", "c", "d", "d"])
    }

    @Test(
        "damage is passed over, and mended",
        arguments: ["echo x > FILE", ": > FILE", "truncate -s -1 FILE", "printf x >> FILE"])
    func damaged(change: String) throws {
        let space = try space()
        #expect(try space.run("run").code == 0)
        let name = try #require(kept(space).first)
        let whole = size(space, name)
        #expect(try space.shell(change.replacing("FILE", with: name)).code == 0)
        let result = try space.run("run")
        #expect(result.code == 0 && !result.error.contains("warning"), "\(result)")
        #expect(space.lines("ran") == ["a", "a"])
        #expect(size(space, name) == whole)
    }

    @Test("warnings are shown each time, and nothing is kept")
    func warnings() throws {
        let space = try space("[execution]\nphase_timeout = 5")
        try space.file("steps/a.sh", "#!/bin/sh\n# /// step\n# ///\ntrue\n", mode: 0o755)
        try space.file("steps/tool", "#!/bin/sh\ntrue\n", mode: 0o755)
        for _ in 0..<2 {
            let result = try space.run("run", "-f", "steps")
            #expect(result.code == 0)
            #expect(result.error.contains("`steps/tool` has no header"), "\(result)")
        }
        #expect(kept(space).isEmpty)
    }

    @Test("nothing is kept that holds the value of a secret")
    func secrets() throws {
        let space = try space(
            "[execution]\nsecrets = [\"TOKEN\"]\n[environment]\nTOKEN = \"hunter2hunter2\"")
        #expect(try space.run("run").code == 0)
        #expect(kept(space).isEmpty)
        #expect(try space.shell("grep -r hunter2hunter2 .stepvisor").code == 1)
    }

    @Test("what only looks keeps nothing, and needs nothing that can be written")
    func onlyLooking() throws {
        let space = try space()
        let commands = [["plan"], ["run", "-n"], ["graph"], ["check"], ["status"], ["why", "a"]]
        for words in commands {
            _ = try space.start(words).wait()
            #expect(!space.exists(".stepvisor"), "\(words)")
        }
        #expect(try space.run("run").code == 0)
        try space.workflow("[[steps]]\nid = \"z\"\ncommand = \"true\"\n")
        let tree = space.tree()
        for words in commands {
            _ = try space.start(words).wait()
            #expect(space.tree() == tree, "\(words)")
        }
        #expect(try space.run("plan").output.contains("z"))
    }
}
