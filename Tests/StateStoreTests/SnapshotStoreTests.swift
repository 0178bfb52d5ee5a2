import Foundation
import TestSupport
import Testing

@testable import Platform
@testable import StateStore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("Where snapshots of workflows are kept", .timeLimit(.minutes(20)))
struct SnapshotStoreTests {
    private let space: TestSpace
    private let state: StateDirectory

    init() throws {
        space = try TestSpace()
        state = try StateDirectory(root: space.root.path, create: true)
    }

    private func read(_ name: String) -> [UInt8]? {
        SnapshotStore.read(name, root: space.root.path)
    }

    private func file() throws -> String {
        let folder = space.path(".stepvisor/workflows")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        return try folder + "/" + #require(names.first)
    }

    @Test("each workflow has its own, and few are kept")
    func each() throws {
        #expect(read("a") == nil)
        try SnapshotStore.write([1], as: "a", in: state)
        try SnapshotStore.write([2], as: "../b/ä", in: state)
        #expect(read("a") == [1])
        #expect(read("../b/ä") == [2])
        try SnapshotStore.write([3], as: "a", in: state)
        #expect(read("a") == [3])
        for number in 0..<40 { try SnapshotStore.write([4], as: "n\(number)", in: state) }
        #expect(read("n39") == [4])
        let names = try FileManager.default.contentsOfDirectory(
            atPath: space.path(".stepvisor/workflows"))
        #expect(names.count <= 16)
    }

    @Test("fault 147: it and its directories are for their user alone")
    func modes() throws {
        try SnapshotStore.write([1], as: "a", in: state)
        var facts = stat()
        #expect(lstat(try file(), &facts) == 0 && facts.st_mode & 0o777 == 0o600)
        #expect(
            lstat(space.path(".stepvisor/workflows"), &facts) == 0
                && facts.st_mode & 0o777 == 0o700)
    }

    @Test(
        "fault 147: one that others may have written is not used",
        arguments: [
            "chmod g+w FILE", "chmod o+w FILE", "chmod g+w .stepvisor/workflows",
            "chmod o+w .stepvisor/workflows", "chmod g+w .stepvisor", "ln FILE other",
            "mv FILE other; ln -s ../../other FILE", "rm FILE; mkdir FILE", "rm FILE; mkfifo FILE",
            "mv .stepvisor/workflows there; ln -s ../there .stepvisor/workflows",
        ])
    func open(change: String) throws {
        try SnapshotStore.write([1], as: "a", in: state)
        #expect(read("a") == [1])
        let result = try space.shell(change.replacing("FILE", with: try file()))
        #expect(result.code == 0, "\(result)")
        #expect(read("a") == nil)
    }

    @Test(
        "fault 147: one that belongs to another user is not used",
        .enabled(if: geteuid() == 0, "needs root"))
    func otherOwner() throws {
        try SnapshotStore.write([1], as: "a", in: state)
        #expect(chown(try file(), 12345, 12345) == 0)
        #expect(read("a") == nil)
    }
}
