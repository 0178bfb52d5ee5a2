import Execution
import Foundation
import TestSupport
import Testing

@testable import Supervisor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("What a run with nothing to do is made of", .timeLimit(.minutes(20)))
struct IdleTemplateTests {
    private let standIns: IdleTemplate.StandIns = [
        (.runID, Array("0-0".utf8)), (.milliseconds, Array("987".utf8)),
    ]

    private func filled(_ template: IdleTemplate, _ values: [IdleTemplate.Place: [UInt8]]) -> String
    {
        var bytes: [UInt8] = []
        template.literal.withUnsafeBytes { literal in
            template.marks.withUnsafeBufferPointer { marks in
                IdleTemplate.fill(literal: literal, marks: marks, values: values) { bytes += $0 }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(
        "values of any length stand where the stand-ins were",
        arguments: [
            ("0-0", "run"), ("a 0-0 b 987 c", "a run b 5 c"), ("0-00-0", "runrun"),
            ("00-0 98 9987", "0run 98 95"), ("", ""), ("plain 0-", "plain 0-"),
        ])
    func filling(text: String, expected: String) {
        var template = IdleTemplate()
        template.append(Array(text.utf8), standIns: standIns)
        let values: [IdleTemplate.Place: [UInt8]] = [
            .runID: Array("run".utf8), .milliseconds: Array("5".utf8),
        ]
        #expect(filled(template, values) == expected)
    }

    @Test("a long text comes out whole, in pieces")
    func pieces() {
        var template = IdleTemplate()
        let part = String(repeating: "x", count: 100_003) + "0-0"
        for _ in 0..<20 { template.append(Array(part.utf8), standIns: standIns) }
        let text = filled(template, [.runID: Array("RUN".utf8)])
        #expect(text.utf8.count == 20 * part.utf8.count)
        #expect(text == String(repeating: part.dropLast(3) + "RUN", count: 20))
    }

    @Test("text that holds a stand-in is told")
    func ambiguity() {
        #expect(IdleTemplate.isAmbiguous(Array("x 987".utf8), standIns: standIns))
        #expect(!IdleTemplate.isAmbiguous(Array("x 98 0-1".utf8), standIns: standIns))
    }

    @Test(
        "one changed file among thousands is found, wherever it stands",
        arguments: [0, 511, 512, 1999])
    func watching(changed: Int) throws {
        let space = try TestSpace()
        var watched = WatchedFiles()
        for number in 0..<2000 {
            try space.file("f\(number)", "x")
            watched.add(Array("f\(number)".utf8), nil)
        }
        let root = try Descriptor.open(space.root.path, flags: O_RDONLY | O_DIRECTORY)
        // As if the run had begun long after they were written.
        let later = WallTime(microseconds: RunClock.wallTime().microseconds + 10_000_000)
        let isSettledNow = watched.look(in: root.number, startedAt: RunClock.wallTime())
        #expect(!isSettledNow)
        let isSettledLater = watched.look(in: root.number, startedAt: later)
        #expect(isSettledLater)
        try compare(watched, in: space) { comparison in
            comparison.begin(threads: 1)
            #expect(comparison.holds())
            #expect(comparison.changed() == [])
        }
        try space.file("f\(changed)", "longer")
        try compare(watched, in: space) { comparison in
            comparison.begin(threads: 1)
            #expect(!comparison.holds())
            #expect(comparison.changed() == [Array("f\(changed)".utf8)])
        }
        // Nobody else has to be there.
        try compare(watched, in: space) { comparison in
            #expect(!comparison.holds())
            #expect(comparison.changed() == [Array("f\(changed)".utf8)])
        }
    }

    @Test("of many changed files none is listed")
    func manyChanges() throws {
        let space = try TestSpace()
        var watched = WatchedFiles()
        let names = (0...FileComparison.maxListed).map { "f\($0)" }
        for name in names { try space.file(name, "x") }
        for name in names { watched.add(Array(name.utf8), nil) }
        let root = try Descriptor.open(space.root.path, flags: O_RDONLY | O_DIRECTORY)
        let later = WallTime(microseconds: RunClock.wallTime().microseconds + 10_000_000)
        let isOldEnough = watched.look(in: root.number, startedAt: later)
        #expect(isOldEnough)
        for name in names.dropFirst() { try space.file(name, "longer") }
        func listed() throws -> [[UInt8]]? {
            var list: [[UInt8]]?
            try compare(watched, in: space) { list = $0.changed() }
            return list
        }
        #expect(try listed()?.count == FileComparison.maxListed)
        try space.file(names[0], "longer")
        #expect(try listed() == nil)
    }

    /// The threads of a comparison are done when it has said what has changed.
    private func compare(
        _ watched: WatchedFiles, in space: TestSpace, _ body: (FileComparison) -> Void
    ) throws {
        try watched.facts.withUnsafeBufferPointer { facts in
            try watched.starts.withUnsafeBufferPointer { starts in
                try watched.paths.withUnsafeBytes { paths in
                    let root = try Descriptor.open(
                        space.root.path, flags: O_RDONLY | O_DIRECTORY)
                    let comparison = FileComparison(
                        facts: facts, starts: starts, paths: paths, in: root, owner: nil)
                    body(try #require(comparison))
                }
            }
        }
    }
}
