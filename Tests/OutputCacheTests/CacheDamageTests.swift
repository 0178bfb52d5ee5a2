import Execution
import Foundation
import Testing
import TestSupport

@testable import OutputCache
@testable import StateStore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("An entry that is damaged or forged is a miss, removed, and said", .timeLimit(.minutes(20)))
struct CacheDamageTests {
    /// A project whose kept outputs are gone.
    private static func scene() throws -> CacheScene {
        let scene = try CacheScene()
        try scene.space.file("out/a", "content a").file("out/b", "content b")
            .file("out/big", String(repeating: "x", count: 100_000))
        symlink("a", scene.space.path("out/link"))
        try scene.writeLog("the log\n")
        try scene.run.writeResult(Array("n=1\n".utf8), of: "build")
        try scene.store()
        try scene.removeOutputs()
        return scene
    }

    /// Nothing of it may have been put in place.
    private static func expectMiss(
        _ scene: CacheScene, _ comment: Comment, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let answer = try scene.restore()
        let reason = answer.damage ?? ""
        #expect(
            reason.hasPrefix("an entry of the cache was removed: "), comment,
            sourceLocation: sourceLocation)
        #expect(!scene.space.exists("out"), comment, sourceLocation: sourceLocation)
        #expect(scene.log.isEmpty && scene.result == nil, comment, sourceLocation: sourceLocation)
        #expect(scene.staged.isEmpty, comment, sourceLocation: sourceLocation)
        #expect(
            !FileManager.default.fileExists(atPath: scene.entry()), comment,
            sourceLocation: sourceLocation)
        #expect(try scene.restore() == .miss, comment, sourceLocation: sourceLocation)
    }

    @Test("a flipped byte is found wherever it is")
    func flipped() throws {
        let scene = try Self.scene()
        let good = try scene.bytes()
        let manifest = try CacheManifest(decoding: good)
        let contents = manifest.parts.filter { $0.size > 0 }.flatMap {
            [Int($0.offset), Int($0.offset + $0.size) - 1]
        }
        let end = CacheManifest.headerSize + (try CacheManifest.lengths(of: good).manifest)
        for place in Array(stride(from: 0, to: end, by: 3)) + contents {
            var bytes = good
            bytes[place] ^= 0x20
            try scene.overwrite(bytes)
            try Self.expectMiss(scene, "byte \(place)")
        }
        try scene.overwrite(good)
        #expect(try scene.restore().entry != nil)
    }

    @Test("a part that is missing is found, and so is one too many")
    func truncated() throws {
        let scene = try Self.scene()
        let good = try scene.bytes()
        let lengths = [0, 1, 16, 63, 64, 100, 300, 4095, 4096, good.count / 2, good.count - 1]
        for length in lengths {
            try scene.overwrite(Array(good[..<length]))
            try Self.expectMiss(scene, "\(length) bytes")
        }
        try scene.overwrite(good + [0])
        try Self.expectMiss(scene, "a byte too many")
        try scene.overwrite([UInt8](repeating: 0, count: good.count))
        try Self.expectMiss(scene, "zeros, as after a loss of power")
    }

    /// Puts an entry together that is whole and sealed, and holds what a test wants.
    private static func forge(
        _ parts: [CacheManifest.Part], fingerprint: Digest = CacheScene.fingerprint
    ) -> [UInt8] {
        let content = Array("forged".utf8)
        var manifest = CacheManifest(
            fingerprint: fingerprint, run: "r", step: "build", project: "/p", parts: parts)
        let start = UInt64(manifest.encoded(total: 0).count)
        for number in manifest.parts.indices where manifest.parts[number].kind == .file {
            manifest.parts[number].offset = start
            manifest.parts[number].size = UInt64(content.count)
            manifest.parts[number].digest = Digest(of: content)
        }
        return manifest.encoded(total: start + UInt64(content.count)) + content
    }

    private static func file(_ path: String) -> CacheManifest.Part {
        CacheManifest.Part(kind: .file, path: Array(path.utf8), mode: 0o644)
    }

    @Test("an entry put together as stepvisor does it is taken")
    func control() throws {
        let scene = try Self.scene()
        try scene.overwrite(Self.forge([Self.file("out/a")]))
        #expect(try scene.restore().entry?.files == 1)
        #expect(scene.space.text("out/a") == "forged")
    }

    @Test(
        "a path that leads elsewhere is refused, be it an output by the step's own pattern",
        arguments: [
            "../x", "out/../../x", "/tmp/stepvisor-forged", "out/./x", "out//x", "out/", "",
            ".stepvisor/key", ".stepvisor/runs/x", "out/..", "other/x", ".git/hooks/pre-commit",
        ])
    func forgedPath(path: String) throws {
        for outputs in [["out/**"], ["**", "../**", "/tmp/**"]]
        where path != "other/x" || outputs.count == 1 {
            if outputs.count > 1, path == ".git/hooks/pre-commit" { continue }
            let scene = try CacheScene(["out/**"])
            try scene.space.file("out/a", "x")
            try scene.store()
            try scene.removeOutputs()
            let before = scene.space.tree()
            let outside = scene.space.root.deletingLastPathComponent().path + "/x"
            try scene.overwrite(Self.forge([Self.file(path)]))
            scene.outputs = outputs
            try Self.expectMiss(scene, "\(path) \(outputs)")
            #expect(!FileManager.default.fileExists(atPath: outside))
            #expect(!FileManager.default.fileExists(atPath: "/tmp/stepvisor-forged"))
            for (name, text) in before where !name.contains("cache/") {
                #expect(scene.space.tree()[name] == text, "\(name)")
            }
        }
    }

    @Test("parts that make no sense together are refused")
    func nonsense() throws {
        let scene = try Self.scene()
        let a = Self.file("out/a")
        var beyond = CacheManifest.Part(kind: .file, path: Array("out/a".utf8))
        beyond.offset = UInt64.max - 2
        beyond.size = 10
        var manifest = CacheManifest(
            fingerprint: CacheScene.fingerprint, run: "r", step: "build", project: "/p",
            parts: [beyond])
        let overflowing = manifest.encoded(total: UInt64(manifest.encoded(total: 0).count))
        manifest.parts[0].offset = 0
        manifest.parts[0].size = 64
        let inHeader = manifest.encoded(total: UInt64(manifest.encoded(total: 0).count))
        let forgeries = [
            Self.forge([a, a]), Self.forge([Self.file("out/b"), a]),
            Self.forge([.init(kind: .log), .init(kind: .log), a]),
            Self.forge([.init(kind: .log, path: Array("out/x".utf8))]),
            Self.forge([a], fingerprint: CacheScene.fingerprint(2)), overflowing, inHeader,
        ]
        for (number, bytes) in forgeries.enumerated() {
            try scene.overwrite(bytes)
            try Self.expectMiss(scene, "forgery \(number)")
        }
    }

    @Test("the form of another version is a miss that says so")
    func version() throws {
        let scene = try Self.scene()
        var bytes = try scene.bytes()
        bytes[16] = 2
        try scene.overwrite(bytes)
        #expect(try scene.restore().damage?.contains("another version of stepvisor (2)") == true)
        #expect(try scene.restore() == .miss)
    }

    @Test("an entry without something that the step declares by now is none")
    func otherOutputs() throws {
        let scene = try Self.scene()
        scene.outputs = ["out/**", "report.md"]
        #expect(try scene.restore().damage?.contains("nothing of the output `report.md`") == true)
        #expect(!scene.space.exists("out"))
    }

    /// Ways to put something else into the place of an entry.
    static let intruders: [(String, @Sendable (String, TestSpace) throws -> Void)] = [
        ("others than its owner may write to it", { entry, _ in chmod(entry, 0o666) }),
        (
            "it is no regular file",
            { entry, space in
                try FileManager.default.moveItem(atPath: entry, toPath: space.path("moved"))
                symlink(space.path("moved"), entry)
            }
        ),
        (
            "it is no regular file",
            { entry, _ in
                unlink(entry)
                mkfifo(entry, 0o600)
            }
        ),
        (
            "it is no regular file",
            { entry, space in
                unlink(entry)
                try FileManager.default.createDirectory(
                    atPath: "\(entry)/deep", withIntermediateDirectories: true)
                symlink(space.path("precious"), "\(entry)/deep/link")
            }
        ),
        (
            "it is no directory",
            { entry, space in
                let group = (entry as NSString).deletingLastPathComponent
                try FileManager.default.moveItem(atPath: group, toPath: space.path("group"))
                symlink(space.path("group"), group)
            }
        ),
    ]

    @Test(
        "what is no entry or may be another's is removed, said, and replaced; no link is followed",
        arguments: intruders.indices)
    func notOurs(number: Int) throws {
        let scene = try Self.scene()
        try scene.space.file("precious/file", "precious")
        let (reason, intrude) = Self.intruders[number]
        try intrude(scene.entry(), scene.space)
        let answer = try scene.restore()
        #expect(
            answer.damage == "an entry of the cache was removed: \(reason)", "\(answer)")
        #expect(!scene.space.exists("out"))
        #expect(scene.space.text("precious/file") == "precious")
        #expect(number != 1 || scene.space.exists("moved"))
        #expect(try scene.restore() == .miss)
        try scene.space.file("out/a", "x")
        #expect(try scene.store().size != nil)
        // `clean` does the same.
        try intrude(scene.entry(), try TestSpace())
        let report = try CacheCleaning.clean(
            root: scene.space.root.path, environment: [:], olderThan: nil)
        #expect(report.entries >= 1 && report.failures == 0, "\(report)")
        var facts = stat()
        #expect(lstat(scene.entry(), &facts) != 0)
        #expect(scene.space.text("precious/file") == "precious")
    }

    @Test("a directory of the cache that cannot be made is named by its whole path")
    func wholePath() throws {
        let scene = try CacheScene(["out/a"])
        try scene.space.file("out/a", "x")
        let group = (CacheDirectory.path(of: CacheScene.fingerprint) as NSString)
            .deletingLastPathComponent
        let cache = try scene.open()
        try scene.space.file(".stepvisor/cache/\(group)", "a file")
        let answer = cache.store(
            CacheScene.fingerprint, of: "a", outputs: ["out/a"], in: scene.run, renewing: true)
        #expect(answer.failure?.contains("`.stepvisor/cache/\(group)`") == true, "\(answer)")
    }

    @Test("of many entries that are none the first are named, and the others counted")
    func many() throws {
        let scene = try CacheScene(["out/**"])
        try scene.space.file("out/a", "x")
        for number in 0..<8 {
            try scene.store(CacheScene.fingerprint(number))
            chmod(scene.entry(CacheScene.fingerprint(number)), 0o666)
        }
        let cache = try scene.open()
        let run = try scene.state.makeRun()
        let answers = (0..<8).map { number in
            cache.restore(
                CacheScene.fingerprint(number), of: "a", outputs: ["out/**"], in: run)
        }
        #expect(answers.filter { $0.damage != nil }.count == 3)
        #expect(cache.unsaid()?.contains("5 more were removed") == true)
    }

    @Test(
        "an entry of another user is refused, unless the whole directory is that user's",
        .enabled(if: geteuid() == 0, "only root can give files away"))
    func otherUser() throws {
        let scene = try CacheScene(shared: "shared")
        try scene.space.file("out/a", "x")
        try scene.store()
        try scene.removeOutputs()
        chown(scene.entry(), 12345, 12345)
        #expect(try scene.restore().damage?.contains("another user (uid 12345)") == true)
        #expect(!scene.space.exists("out"))
        #expect(try scene.restore() == .miss)
        try scene.space.file("out/a", "x")
        try scene.store()
        try scene.removeOutputs()
        chown(scene.entry(), 12345, 12345)
        chown(scene.space.path("shared"), 12345, 12345)
        #expect(try scene.restore().entry != nil)
    }
}
