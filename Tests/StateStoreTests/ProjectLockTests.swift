import Execution
import Foundation
import Testing
import TestSupport

@testable import Platform
@testable import StateStore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("A project is held by one run at a time", .timeLimit(.minutes(20)))
struct ProjectLockTests {
    private static let since = "2026-01-01T00:00:00Z"

    @Test("a second run learns which run has the project, and gets it when that one is over")
    func second() throws {
        let space = try TestSpace()
        let state = try StateDirectory(root: space.root.path, create: true)
        let lock = try ProjectLock.tryAcquire(state, since: Self.since).get()
        lock.name(run: "r-1", at: space.path(".stepvisor/runs/r-1"))
        let busy = #expect(throws: ProjectBusy.self) {
            _ = try ProjectLock.tryAcquire(state, since: Self.since).get()
        }
        #expect(busy?.holder.runID == "r-1")
        #expect(busy?.holder.since == Self.since)
        #expect(busy?.holder.isEnding == false)
        lock.release()
        let next = try ProjectLock.tryAcquire(state, since: Self.since).get()
        next.release()
    }
}

@Suite("A log that a step writes itself shows whether it was cut", .timeLimit(.minutes(20)))
struct LogMarkTests {
    /// Writes a log and opens it.
    private static func log(_ text: String, in space: TestSpace) throws -> Descriptor {
        try space.file("log", text)
        return try Descriptor.open(space.path("log"), flags: O_RDONLY)
    }

    @Test("what is appended leaves the mark whole, and what is cut does not")
    func cut() throws {
        let space = try TestSpace()
        let line = String(decoding: LogSection.firstLine(of: "a", in: "r-1"), as: UTF8.self)
        var mark: LogMark
        do {
            let log = try Self.log(line + "one\n", in: space)
            mark = LogMark(first: Array(line.utf8), in: log)
        }
        do {
            let log = try Self.log(line + "one\ntwo\n", in: space)
            let stands = mark.check(log)
            #expect(stands)
        }
        do {
            let log = try Self.log(
                "three, which is longer than what stood there before\n", in: space)
            let stands = mark.check(log)
            #expect(!stands)
        }
    }

    @Test("a step's own output begins after the line of its own run, and of no other")
    func start() throws {
        let space = try TestSpace()
        let line = String(decoding: LogSection.firstLine(of: "a", in: "r-1"), as: UTF8.self)
        let log = try Self.log(line + "one\n", in: space)
        let starts = [("a", "r-1"), ("a", "r-2"), ("b", "r-1")].map { step, run in
            LogSection.start(of: log, step: step, run: run)
        }
        #expect(starts == [Int64(line.utf8.count), 0, 0])
    }
}
