import Execution
import Foundation
import Testing
import TestSupport
import WorkflowModel

@testable import OutputCache
@testable import Platform
@testable import StateStore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite(
    "All outputs of an entry are put in place, inside the project, or none",
    .timeLimit(.minutes(20)))
struct CachePlaceTests {
    private static func scene(_ files: [String] = ["out/a", "out/sub/b"]) throws -> CacheScene {
        let scene = try CacheScene()
        for name in files { try scene.space.file(name, "new \(name)") }
        try scene.store()
        return scene
    }

    @Test("a directory that has become a link is not followed, wherever it leads")
    func parentIsLink() throws {
        for (outputs, reason) in [
            (["out/**"], "`out/sub` is a link, or no directory"),
            (["out/a", "out/sub/b"], "`out/sub`: it is a link, or no directory"),
        ] {
            for leadsOut in [true, false] {
                let scene = try CacheScene(outputs)
                try scene.space.file("out/a", "new").file("out/sub/b", "new").directory("inside")
                try scene.store()
                let outside = try TestSpace()
                try FileManager.default.removeItem(atPath: scene.space.path("out/sub"))
                symlink(leadsOut ? outside.root.path : "../inside", scene.space.path("out/sub"))
                try scene.space.file("out/a", "old")
                let answer = try scene.restore()
                #expect(answer.unfitness?.contains(reason) == true, "\(answer)")
                #expect(outside.tree().isEmpty && !scene.space.exists("inside/b"))
                #expect(scene.space.text("out/a") == "old")
                #expect(scene.staged.isEmpty && scene.log.isEmpty)
            }
        }
    }

    @Test("a root of the outputs that has become a link is not followed")
    func rootIsLink() throws {
        let scene = try Self.scene()
        let outside = try TestSpace()
        try scene.removeOutputs()
        symlink(outside.root.path, scene.space.path("out"))
        #expect(try scene.restore().unfitness != nil)
        #expect(outside.tree().isEmpty)
        // Nor is anything kept through it.
        try outside.file("a", "x")
        let storing = try scene.store(CacheScene.fingerprint(2))
        #expect(storing.refusal?.contains("it is a link") == true, "\(storing)")
    }

    @Test("a directory in a file's place, or a file in a directory's, leaves all as it was")
    func wrongKind() throws {
        for blocked in ["out/z", "out/sub"] {
            let scene = try Self.scene(["out/a", "out/sub/b", "out/z"])
            try scene.removeOutputs()
            if blocked == "out/z" {
                try scene.space.file("out/z/mine", "mine")
            } else {
                try scene.space.file("out/sub", "mine")
            }
            let before = scene.space.tree().filter { $0.key.hasPrefix("out") }
            let answer = try scene.restore()
            #expect(answer.unfitness != nil, "\(answer)")
            #expect(scene.space.tree().filter { $0.key.hasPrefix("out") } == before)
            #expect(scene.staged.isEmpty && scene.log.isEmpty && scene.result == nil)
            // The entry is as good as before elsewhere.
            try scene.removeOutputs()
            #expect(try scene.restore().entry != nil)
        }
    }

    @Test("directories that were made for nothing are removed")
    func madeForNothing() throws {
        let scene = try CacheScene(["new/**", "z/x"])
        try scene.space.file("new/deep/er/a", "x").file("z/x", "x")
        try scene.store()
        for name in ["new", "z"] {
            try FileManager.default.removeItem(atPath: scene.space.path(name))
        }
        try scene.space.file("z", "a file")
        #expect(try scene.restore().unfitness != nil)
        #expect(!scene.space.exists("new"))
        #expect(scene.space.text("z") == "a file")
    }

    @Test(
        "a kill in the middle leaves every file old or new as a whole, and the next start none of it"
    )
    func killed() async throws {
        let scene = try Self.scene(["out/a", "out/b", "out/c", "out/d"])
        for name in ["a", "b", "c", "d"] { try scene.space.file("out/\(name)", "old") }
        let root = scene.space.root.path
        for victim in 0..<4 {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [root = root as String, victim = victim as Int] in
                let state = try StateDirectory(root: root, create: true)
                let cache = try StepCache(
                    state: state, environment: [:], limits: .init(),
                    beforePlacing: { if $0 == victim { raise(SIGKILL) } })
                _ = cache.restore(
                    CacheScene.fingerprint, of: "build", outputs: ["out/**"],
                    in: try state.makeRun())
            }
            let texts = ["a", "b", "c", "d"].map { scene.space.text("out/\($0)") }
            let fresh = ["a", "b", "c", "d"].map { "new out/\($0)" }
            #expect(
                texts == Array(fresh.prefix(victim)) + Array(repeating: "old", count: 4 - victim))
            #expect(DirectoryListing.names(of: scene.space.path("out"))?.count == 4)
            #expect(scene.staged.count == 4 - victim)
            _ = try scene.open()
            #expect(scene.staged.isEmpty)
            for name in ["a", "b", "c", "d"] { try scene.space.file("out/\(name)", "old") }
        }
        #expect(try scene.restore().entry != nil)
        #expect(scene.space.text("out/d") == "new out/d")
    }

    @Test("a name that cannot be given in the middle is no hit, and nothing waits any more")
    func failedPlacing() throws {
        let scene = try Self.scene(["out/a", "out/b", "out/c"])
        try scene.removeOutputs()
        try scene.run.writeResult(Array("x=1\n".utf8), of: "build")
        let path = scene.space.path("out/b")
        scene.beforePlacing = { if $0 == 1 { mkdir(path, 0o755) } }
        let answer = try scene.restore()
        #expect(answer.unfitness?.contains("`out/b`") == true, "\(answer)")
        #expect(scene.staged.isEmpty && scene.log.isEmpty && scene.result == nil)
        #expect(!scene.space.exists("out/c"))
    }

    @Test(
        "paths are taken apart as the system would",
        arguments: [
            ("a", 1), ("a/b", 2), ("..a/b..", 2), ("a/...", 2), (".x", 1), ("", 0), ("/a", 0),
            ("a/", 0), ("a//b", 0), ("./a", 0), ("a/..", 0), ("..", 0), (".stepvisor", 0),
            (".stepvisor/x", 0), ("a/.stepvisor", 2), ("a\u{0}b", 0),
            (String(repeating: "x", count: 256), 0),
            (String(repeating: "x/", count: 2048) + "x", 0),
        ])
    func paths(text: String, names: Int) {
        #expect(ProjectPath(Array(text.utf8))?.names.count ?? 0 == names)
    }
}
