import Execution
import Foundation
import Testing
import TestSupport
import WorkflowModel

@testable import OutputCache
@testable import Platform

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("The cache is kept small and young, and can be emptied", .timeLimit(.minutes(20)))
struct CacheCleaningTests {
    /// A cache with entries of two blocks each, the first one used longest ago.
    private static func scene(_ count: Int) throws -> CacheScene {
        let scene = try CacheScene()
        for number in 0..<count {
            try scene.space.file("out/a", String(repeating: "\(number)", count: 5000))
            try #require(try scene.store(CacheScene.fingerprint(number)).size != nil)
            use(scene.entry(CacheScene.fingerprint(number)), secondsAgo: (count - number) * 3600)
        }
        return scene
    }

    private static func use(_ path: String, secondsAgo: Int) {
        let time = timespec(tv_sec: time(nil) - secondsAgo, tv_nsec: 0)
        utimensat(AT_FDCWD, path, [time, time], 0)
    }

    private static func left(_ scene: CacheScene, of count: Int) -> [Int] {
        (0..<count).filter {
            FileManager.default.fileExists(atPath: scene.entry(CacheScene.fingerprint($0)))
        }
    }

    /// Stores one more, and trims as the end of a run does.
    private static func trim(
        _ scene: CacheScene, restoring: [Int] = []
    ) throws -> CleanReport {
        let cache = try scene.open()
        for number in restoring {
            let answer = cache.restore(
                CacheScene.fingerprint(number), of: "b", outputs: ["out/**"], in: scene.run)
            try #require(answer.entry != nil)
        }
        let storing = cache.store(
            CacheScene.fingerprint(99), of: "b", outputs: ["out/**"], in: scene.run)
        try #require(storing.size != nil)
        return cache.trim()
    }

    @Test("the least recently used go first, and what is used anew stays")
    func size() throws {
        let scene = try Self.scene(6)
        scene.limits.maxSize = 4 * 8192
        let report = try Self.trim(scene, restoring: [0])
        // Those used by this run, and of the others the two that were used last.
        #expect(Self.left(scene, of: 6) == [0, 4, 5])
        #expect(report.entries == 3 && report.bytes == 3 * 8192)
        #expect(report.keptEntries == 4 && report.keptBytes == 4 * 8192)
    }

    @Test("what this run has used or kept stays, however little there may be")
    func ownEntries() throws {
        let scene = try Self.scene(3)
        scene.limits.maxSize = 10_000
        let report = try Self.trim(scene, restoring: [1])
        #expect(Self.left(scene, of: 100) == [1, 99])
        #expect(report.entries == 2)
    }

    @Test("what was not used for long goes, whatever there is")
    func age() throws {
        let scene = try Self.scene(5)
        scene.limits.maxAge = .seconds(3 * 3600 - 60)
        let report = try Self.trim(scene)
        #expect(Self.left(scene, of: 5) == [3, 4])
        #expect(report.entries == 3)
    }

    @Test("a run that has kept nothing removes nothing")
    func nothingStored() throws {
        let scene = try Self.scene(3)
        scene.limits.maxSize = 1
        #expect(try scene.open().trim() == CleanReport())
        #expect(Self.left(scene, of: 3) == [0, 1, 2])
    }

    @Test("clean removes all, or what is older, and says how much")
    func clean() throws {
        let scene = try Self.scene(4)
        let older = try CacheCleaning.clean(
            root: scene.space.root.path, environment: [:], olderThan: .seconds(3 * 3600 - 60))
        #expect(older.entries == 2 && older.bytes == 2 * 8192 && older.keptEntries == 2)
        #expect(Self.left(scene, of: 4) == [2, 3])
        let all = try CacheCleaning.clean(
            root: scene.space.root.path, environment: [:], olderThan: nil)
        #expect(all.entries == 2 && all.keptEntries == 0)
        #expect(DirectoryListing.names(of: scene.space.path(".stepvisor/cache")) == [])
        #expect(try scene.store().size != nil)
    }

    @Test("where there is no cache there is nothing to clean, and none is made")
    func nothing() throws {
        let scene = try CacheScene()
        let report = try CacheCleaning.clean(
            root: scene.space.root.path, environment: [:], olderThan: nil)
        #expect(report == CleanReport() && !scene.space.exists(".stepvisor/cache"))
    }

    @Test("what is no entry is left alone, in a directory that somebody named by mistake")
    func strangers() throws {
        let scene = try CacheScene(shared: "home")
        let strangers = [
            "home/thesis.txt", "home/v1/ab/x", "home/v1-x/ab/notes", "home/ab/abc",
            "home/writing/novel.txt",
            "home/v2-linux-x86_64/zz/\(String(repeating: "a", count: 64))",
        ]
        for name in strangers { try scene.space.file(name, "mine") }
        try scene.space.file("out/a", "x")
        try scene.store()
        // Another version's entries are cleaned too.
        let other = "home/v2-linux-x86_64/ab/\(String(repeating: "a", count: 64))"
        try scene.space.file(other, "x")
        let report = try CacheCleaning.clean(
            root: scene.space.root.path, environment: scene.environment, olderThan: nil)
        #expect(report.entries == 2 && !scene.space.exists(other))
        for name in strangers { #expect(scene.space.text(name) == "mine", "\(name)") }
    }

    @Test("what a killed writer has left is removed, what somebody is writing is not")
    func abandoned() throws {
        let scene = try Self.scene(1)
        let cache = try scene.open()
        let living = try cache.directory.temporary()
        let names = ["w-1-dead", "w-2-fresh", living.name]
        for name in names.dropLast() {
            try scene.space.file(".stepvisor/cache/writing/\(name)", "half")
        }
        for name in [names[0], names[2]] {
            Self.use(scene.space.path(".stepvisor/cache/writing/\(name)"), secondsAgo: 300)
        }
        _ = try CacheCleaning.clean(
            root: scene.space.root.path, environment: [:], olderThan: nil)
        let left = DirectoryListing.names(of: scene.space.path(".stepvisor/cache/writing")) ?? []
        #expect(left.sorted() == [living.name, "w-2-fresh"].sorted())
        #expect(living.file.size == 0)
    }

    @Test("an entry that is cleaned away while it is read is read to its end")
    func cleanedWhileRead() throws {
        let scene = try Self.scene(1)
        try scene.removeOutputs()
        let root = scene.space.root.path
        scene.beforePlacing = { _ in
            _ = try? CacheCleaning.clean(root: root, environment: [:], olderThan: nil)
        }
        try scene.writeLog("x")
        #expect(try scene.restore(CacheScene.fingerprint(0)).entry != nil)
        #expect(scene.space.text("out/a").count == 5000)
        #expect(Self.left(scene, of: 1).isEmpty)
    }
}
