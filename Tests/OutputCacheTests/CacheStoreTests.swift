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

@Suite("What is kept, what is not, and where", .timeLimit(.minutes(20)))
struct CacheStoreTests {
    @Test("what cannot be put in place again keeps the whole step out, by its name")
    func kinds() throws {
        let cases: [(String, (CacheScene) throws -> Void)] = [
            ("`out/x` is a pipe", { mkfifo($0.space.path("out/x"), 0o600) }),
            (
                "`out/x` is a socket",
                { scene in
                    var address = sockaddr_un()
                    address.sun_family = sa_family_t(AF_UNIX)
                    #if canImport(Glibc)
                        let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
                    #else
                        let number = socket(AF_UNIX, SOCK_STREAM, 0)
                    #endif
                    let path = Array(scene.space.path("out/x").utf8)
                    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
                    let code = withUnsafePointer(to: &address) { pointer in
                        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                            bind(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                        }
                    }
                    close(number)
                    try #require(code == 0)
                }
            ),
        ]
        for (reason, make) in cases {
            let scene = try CacheScene()
            try scene.space.file("out/a", "x")
            try make(scene)
            let storing = try scene.store()
            #expect(storing.refusal?.contains(reason) == true, "\(storing)")
            #expect(try scene.restore() == .miss)
        }
    }

    @Test("an output outside of the project, or in stepvisor's own, is not kept")
    func outside() throws {
        let other = try TestSpace()
        try other.file("x", "x")
        for output in [other.path("x"), ".stepvisor/x"] {
            let scene = try CacheScene([output])
            try scene.space.file(".stepvisor/x", "x")
            #expect(try scene.store().refusal?.contains("does not lie in the project") == true)
        }
    }

    @Test("a declared output that is a link is kept only with what it leads to")
    func declaredLink() throws {
        let scene = try CacheScene(["latest", "out/"])
        try scene.space.file("out/v1/a", "x").file("elsewhere", "y")
        symlink("out/v1", scene.space.path("latest"))
        #expect(try scene.store().size != nil)
        for target in ["elsewhere", "/etc", "out/../elsewhere", "../x"] {
            let scene = try CacheScene(["latest", "out/"])
            try scene.space.file("out/v1/a", "x").file("elsewhere", "y")
            symlink(target, scene.space.path("latest"))
            #expect(
                try scene.store().refusal?.contains("`latest` is a link to what is not kept")
                    == true)
        }
    }

    @Test(
        "an output that holds a secret is not kept; one in the log is masked, in a result refused")
    func secrets() throws {
        let secret = "hunter2hunter2"
        let scene = try CacheScene()
        scene.mask = SecretMask(values: [Array(secret.utf8)])
        try scene.space.file("out/a", "plain")
        try scene.writeLog("token \(secret) used\n")
        #expect(try scene.store().size != nil)
        let kept = try scene.bytes()
        #expect(kept.firstRange(of: Array(secret.utf8)) == nil)
        #expect(try scene.restore().entry?.logBytes == UInt64("token *** used\n".utf8.count))
        #expect(scene.log.hasSuffix("token *** used\n"))

        let filler = String(repeating: "x", count: (1 << 18) - 5)
        try scene.space.file("out/env", filler + secret)
        let storing = try scene.store(CacheScene.fingerprint(1))
        #expect(storing.refusal == "`out/env` holds the value of a secret")
        unlink(scene.space.path("out/env"))
        try scene.space.file("out/\(secret)", "x")
        #expect(try scene.store(CacheScene.fingerprint(1)).refusal?.contains("name") == true)
        unlink(scene.space.path("out/\(secret)"))
        try scene.run.writeResult(Array("token=\(secret)\n".utf8), of: "build")
        #expect(try scene.store(CacheScene.fingerprint(1)).refusal?.contains("result") == true)
    }

    @Test("what is larger than the whole cache may be is not kept")
    func tooLarge() throws {
        let scene = try CacheScene()
        scene.limits.maxSize = 100_000
        try scene.space.file("out/a", String(repeating: "x", count: 100_001))
        #expect(try scene.store().refusal?.contains("max_size") == true)
        try scene.space.file("out/a", "x")
        try scene.writeLog(String(repeating: "x", count: 100_001))
        #expect(try scene.store().refusal?.contains("max_size") == true)
        #expect(try scene.open().directory.list().isEmpty)
        #expect(DirectoryListing.names(of: scene.space.path(".stepvisor/cache/writing")) == [])
    }

    @Test("a cache that cannot be written is said once, and no step fails for it")
    func cannotWrite() throws {
        let scene = try CacheScene()
        try scene.space.file("out/a", "x").file(".stepvisor/cache/writing", "in the way")
        let cache = try scene.open()
        let first = cache.store(CacheScene.fingerprint, of: "a", outputs: ["out/**"], in: scene.run)
        #expect(
            first.failure?.contains("nothing more is kept in the cache during this run") == true)
        let second = cache.store(
            CacheScene.fingerprint(2), of: "b", outputs: ["out/**"], in: scene.run)
        #expect(second == .present)
    }

    @Test("the cache is where STEPVISOR_CACHE says, relative to the project root or absolute")
    func places() throws {
        let other = try TestSpace()
        for place in ["my/cache", other.path("deep/er")] {
            let scene = try CacheScene(shared: place)
            try scene.space.file("out/a", "x")
            #expect(try scene.store().size != nil)
            #expect(FileManager.default.fileExists(atPath: scene.entry()), "\(place)")
            #expect(!scene.space.exists(".stepvisor/cache"))
            var facts = stat()
            #expect(stat(scene.entry(), &facts) == 0 && facts.st_mode & 0o777 == 0o600)
        }
        let scene = try CacheScene(shared: "")
        try scene.store()
        #expect(scene.space.exists(".stepvisor/cache"))
    }

    @Test("a cache that its owner has opened to a group is read by the group")
    func openToGroup() throws {
        let scene = try CacheScene(shared: "shared")
        try scene.space.directory("shared", mode: 0o750)
        chmod(scene.space.path("shared"), 0o2750)
        try scene.space.file("out/a", "x")
        try scene.store()
        var facts = stat()
        #expect(stat(scene.entry(), &facts) == 0 && facts.st_mode & 0o777 == 0o640)
        let parent = URL(fileURLWithPath: scene.entry()).deletingLastPathComponent().path
        #expect(stat(parent, &facts) == 0 && facts.st_mode & 0o7777 == 0o2750)
        #expect(try scene.restore().entry != nil)
    }

    @Test("another project gets what the first one has produced, and is told where it is from")
    func otherProject() throws {
        let place = try TestSpace()
        let first = try CacheScene(shared: place.path("cache"))
        let second = try CacheScene(shared: place.path("cache"))
        try first.space.file("out/a", "x")
        try first.store()
        let entry = try #require(try second.restore().entry)
        #expect(second.space.text("out/a") == "x")
        #expect(entry.project == first.space.root.path && entry.run == first.run.id)
    }

    @Test("several processes that keep and restore the same at once have whole entries only")
    func together() async throws {
        let place = try TestSpace()
        await withTaskGroup(of: Void.self) { group in
            for process in 0..<4 {
                let cache = place.path("cache")
                let root = place.path("p\(process)")
                group.addTask {
                    await #expect(processExitsWith: .success) {
                        [root = root as String, cache = cache as String] in
                        try CacheStoreTests.keepAndRestore(root: root, cache: cache)
                    }
                }
            }
        }
        let scene = try CacheScene(shared: place.path("cache"))
        #expect(try scene.open().directory.list().count == 20)
        #expect(DirectoryListing.names(of: place.path("cache/writing")) == [])
    }

    /// What one process of several does: each entry holds the same for all of them.
    private static func keepAndRestore(root: String, cache: String) throws {
        let files = FileManager.default
        try files.createDirectory(atPath: "\(root)/out", withIntermediateDirectories: true)
        let state = try StateDirectory(root: root, create: true)
        let steps = try StepCache(
            state: state, environment: ["STEPVISOR_CACHE": cache], limits: .init())
        let run = try state.makeRun()
        for round in 0..<60 {
            let number = round % 20
            let fingerprint = CacheScene.fingerprint(number)
            let content = Data(repeating: UInt8(number), count: 70_000)
            switch steps.restore(fingerprint, of: "s", outputs: ["out/a"], in: run) {
            case .restored:
                guard files.contents(atPath: "\(root)/out/a") == content else { exit(3) }
            case .miss:
                try content.write(to: URL(fileURLWithPath: "\(root)/out/a"))
                let storing = steps.store(fingerprint, of: "s", outputs: ["out/a"], in: run)
                guard storing == .present || storing.size != nil else { exit(4) }
            case .damaged, .unfit: exit(5)
            }
        }
    }
}
