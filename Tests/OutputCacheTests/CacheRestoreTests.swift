import Execution
import Foundation
import Testing
import TestSupport

@testable import OutputCache
@testable import Platform
@testable import StateStore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("What a step produced is kept, and put in place again", .timeLimit(.minutes(20)))
struct CacheRestoreTests {
    @Test("files, directories, links and modes come back, with log and result")
    func all() throws {
        let scene = try CacheScene(["out/**", "report.md"])
        let big = String(repeating: "0123456789abcde\n", count: 20_000)
        try scene.space.file("out/tool", "#!/bin/sh\n", mode: 0o755)
            .file("out/sub/secret", "s", mode: 0o600).file("out/sub/big", big)
            .file("out/sub/none", "").file("report.md", "done")
        try scene.space.directory("out/empty", mode: 0o700)
        symlink("sub/big", scene.space.path("out/latest"))
        symlink("/nowhere/at/all", scene.space.path("out/away"))
        try scene.writeLog("one\ntwo\n")
        try scene.run.writeResult(Array("score=7\n".utf8), of: "build")
        #expect(try scene.store().size != nil)
        let before = scene.space.tree().filter { !$0.key.hasPrefix(".stepvisor") }
        try scene.removeOutputs()
        unlink(scene.space.path("report.md"))

        let answer = try scene.restore()
        let entry = try #require(answer.entry, "\(answer)")
        #expect(scene.space.tree().filter { !$0.key.hasPrefix(".stepvisor") } == before)
        #expect(entry.run == scene.run.id)
        #expect(entry.project == scene.space.root.path)
        #expect(entry.files == 9 && entry.logBytes == 8 && entry.concern == nil)
        #expect(scene.mode("out/tool") == 0o755)
        #expect(scene.mode("out/sub/secret") == 0o600)
        #expect(scene.mode("out/empty") == 0o700)
        #expect(scene.target("out/latest") == "sub/big")
        #expect(scene.target("out/away") == "/nowhere/at/all")
        #expect(scene.log == "stepvisor: replayed from run \(scene.run.id)\none\ntwo\n")
        #expect(scene.result == "score=7\n")
        #expect(scene.staged.isEmpty)
    }

    @Test("what was changed since is replaced whole, whatever it was")
    func replaced() throws {
        let scene = try CacheScene()
        try scene.space.file("out/a", "new").file("out/b", "new").file("out/c", "new")
            .file("elsewhere", "mine")
        symlink("a", scene.space.path("out/d"))
        try scene.store()
        try scene.space.file("out/a", "old and longer", mode: 0o777)
        unlink(scene.space.path("out/b"))
        symlink("../elsewhere", scene.space.path("out/b"))
        unlink(scene.space.path("out/c"))
        mkfifo(scene.space.path("out/c"), 0o600)
        unlink(scene.space.path("out/d"))
        try scene.space.file("out/d", "a file")
        #expect(try scene.restore().entry != nil)
        #expect(scene.space.text("out/a") == "new" && scene.mode("out/a") == 0o644)
        #expect(scene.space.text("out/b") == "new" && scene.target("out/b") == nil)
        #expect(scene.space.text("elsewhere") == "mine")
        #expect(scene.space.text("out/c") == "new")
        #expect(scene.target("out/d") == "a")
    }

    @Test("a directory that is closed to writing is filled first and closed then")
    func closedDirectory() throws {
        let scene = try CacheScene(["out/"])
        try scene.space.file("out/deep/er/a", "x")
        chmod(scene.space.path("out/deep/er"), 0o555)
        chmod(scene.space.path("out/deep"), 0o555)
        try scene.store()
        chmod(scene.space.path("out/deep"), 0o755)
        chmod(scene.space.path("out/deep/er"), 0o755)
        try scene.removeOutputs()
        #expect(try scene.restore().entry != nil)
        #expect(scene.space.text("out/deep/er/a") == "x")
        #expect(scene.mode("out/deep") == 0o555 && scene.mode("out/deep/er") == 0o555)
    }

    @Test("a step without outputs has its log and its result, and one without a log a line")
    func noOutputs() throws {
        let scene = try CacheScene([])
        #expect(try scene.store().size != nil)
        let first = try scene.restore()
        #expect(first.entry?.files == 0 && first.entry?.logBytes == 0)
        #expect(scene.log == "stepvisor: replayed from run \(scene.run.id)\n")
        #expect(scene.result == nil)
    }

    @Test("nothing is a miss, and so is what was made from something else")
    func miss() throws {
        let scene = try CacheScene()
        try scene.space.file("out/a", "x")
        #expect(try scene.restore() == .miss)
        try scene.store()
        #expect(try scene.restore(CacheScene.fingerprint(1)) == .miss)
        #expect(try scene.restore().entry != nil)
    }

    @Test("names need be no text")
    func bytes() throws {
        let scene = try CacheScene()
        try scene.space.directory("out")
        let names: [[UInt8]] = [
            [0xff, 0xfe], Array("line\nend".utf8), Array("-n".utf8), [0xc3, 0x28],
            Array("é \"x\"".utf8),
        ]
        let directory = Array(scene.space.path("out").utf8)
        func path(_ name: [UInt8]) -> [CChar] {
            (directory + [UInt8(ascii: "/")] + name + [0]).map(CChar.init(bitPattern:))
        }
        for name in names {
            let number = open(path(name), O_WRONLY | O_CREAT, 0o644)
            try #require(number >= 0)
            #expect(write(number, name, name.count) == name.count)
            close(number)
        }
        try scene.store()
        for name in names { #expect(unlink(path(name)) == 0) }
        #expect(try scene.restore().entry?.files == names.count)
        for name in names {
            let number = open(path(name), O_RDONLY)
            try #require(number >= 0, "\(name)")
            #expect(FileBytes.read(number, offset: 0, limit: 100) == name)
            close(number)
        }
    }

    @Test("steps that share a directory keep what their own patterns mean, and nothing else")
    func sharedDirectory() throws {
        let scene = try CacheScene(["out/*.js", "!out/vendor.js"])
        try scene.space.file("out/a.js", "a").file("out/b.css", "other step")
            .file("out/vendor.js", "vendored").file("out/sub/c.js", "deeper")
        try scene.store()
        try scene.removeOutputs()
        try scene.space.file("out/b.css", "newer").file("out/vendor.js", "newer")
        #expect(try scene.restore().entry?.files == 1)
        #expect(scene.space.text("out/a.js") == "a")
        #expect(scene.space.text("out/b.css") == "newer")
        #expect(scene.space.text("out/vendor.js") == "newer")
        #expect(!scene.space.exists("out/sub"))
    }

    @Test("a later attempt is kept with its own part of the log")
    func partOfLog() throws {
        let scene = try CacheScene([])
        try scene.writeLog("failed\ngood\n")
        let answer = try scene.open().store(
            CacheScene.fingerprint, of: "build", outputs: [], in: scene.run, log: 7..<12)
        #expect(answer.size != nil)
        #expect(try scene.restore().entry?.logBytes == 5)
        #expect(scene.log.hasSuffix("\ngood\n") && !scene.log.contains("failed"))
    }

    @Test("a replay is added to a log that has begun")
    func logBegun() throws {
        let scene = try CacheScene([])
        try scene.writeLog("again\n")
        try scene.store()
        #expect(try scene.restore(into: scene.run).entry != nil)
        #expect(scene.log == "again\nstepvisor: replayed from run \(scene.run.id)\nagain\n")
    }

    @Test("an entry that is there is not written again")
    func present() throws {
        let scene = try CacheScene()
        try scene.space.file("out/a", "first")
        #expect(try scene.store().size != nil)
        let first = try scene.bytes()
        try scene.space.file("out/a", "second")
        #expect(try scene.store() == .present)
        #expect(try scene.bytes() == first)
    }
}
