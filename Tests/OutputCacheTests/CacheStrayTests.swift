import Execution
import Foundation
import Testing
import TestSupport

@testable import OutputCache
@testable import Platform

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite(
    "After a restore the outputs are what was kept, and nothing else", .timeLimit(.minutes(20)))
struct CacheStrayTests {
    /// `out/a` is kept, and the step's last success has left more.
    private static func scene(_ outputs: [String]) throws -> CacheScene {
        let scene = try CacheScene(outputs)
        try scene.space.file("out/a", "kept")
        try scene.store()
        try scene.space.file("out/a", "later").file("out/b", "later")
            .file("out/sub/c", "later").directory("out/empty")
        symlink("/nowhere/at/all", scene.space.path("out/link"))
        try scene.noteLeft()
        return scene
    }

    @Test(
        "what the last success has left and nobody has touched goes",
        arguments: [["out/**"], ["out"], ["out/", "!out/none"]])
    func removed(outputs: [String]) throws {
        let scene = try Self.scene(outputs)
        let answer = try scene.restore()
        #expect(answer.entry != nil, "\(answer)")
        #expect(DirectoryListing.names(of: scene.space.path("out")) == ["a"])
        #expect(scene.space.text("out/a") == "kept")
        #expect(scene.staged.isEmpty)
    }

    @Test("what a pattern does not mean stays, with the directory that it is in")
    func unmeant() throws {
        let scene = try Self.scene(["out/*"])
        try scene.space.file("out/sub/mine", "mine")
        let answer = try scene.restore()
        #expect(answer.unfitness?.contains("`out/sub`") == true, "\(answer)")
        #expect(scene.space.text("out/b") == "later" && scene.space.text("out/a") == "later")
        #expect(scene.space.text("out/sub/mine") == "mine")
    }

    @Test(
        "somebody's own file, and one that was edited, make it a miss that is said, and nothing changes",
        arguments: ["out/mine", "out/b", "out/sub/c", "out/sub/d"])
    func kept(path: String) throws {
        let scene = try Self.scene(["out/**"])
        try scene.space.file(path, "by hand")
        let answer = try scene.restore()
        #expect(answer.unfitness?.contains("`\(path)` is not in it") == true, "\(answer)")
        #expect(scene.space.text(path) == "by hand" && scene.space.text("out/a") == "later")
        #expect(scene.space.exists("out/empty") && scene.staged.isEmpty)
        #expect(scene.log.isEmpty && scene.result == nil)
        let outlook = CachePrediction.outlook(
            CacheScene.fingerprint, scene.outputs, left: scene.left,
            in: try scene.open().directory, root: scene.space.root.path)
        guard case .unfit(let reason) = outlook else {
            Issue.record("\(outlook)")
            return
        }
        #expect(reason.contains("`\(path)`"))
    }

    @Test("one that is changed while the others get their names stays, and it is no hit")
    func race() throws {
        let scene = try Self.scene(["out/**"])
        let path = scene.space.path("out/b")
        scene.beforePlacing = { number in
            guard number == 1 else { return }
            _ = FileManager.default.createFile(atPath: path, contents: Data("edited just now".utf8))
        }
        let answer = try scene.restore()
        #expect(answer.unfitness?.contains("`out/b` is being changed") == true, "\(answer)")
        #expect(scene.space.text("out/b") == "edited just now")
    }
}
