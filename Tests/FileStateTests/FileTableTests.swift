import Foundation
import Testing
import TestSupport

@testable import FileState
@testable import Platform

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("The table of all files", .timeLimit(.minutes(20)))
struct FileTableTests {
    private func add(_ path: String, to table: inout FileTable) -> Int {
        Array(path.utf8).withUnsafeBytes { table.add($0) }
    }

    @Test("each file has one row, however many there are, and what is there")
    func rows() throws {
        let space = try TestSpace()
        var table = FileTable()
        let names = (0..<3000).map { "f\($0)" }
        for name in names where name.hasSuffix("7") { try space.file(name, name) }
        for (row, name) in names.enumerated() { #expect(add(name, to: &table) == row) }
        for (row, name) in names.enumerated() { #expect(add(name, to: &table) == row) }
        #expect(table.count == names.count)
        #expect(table.stamp(of: Array("f7".utf8)) == nil, "nobody has asked yet")
        let root = try Descriptor.open(space.root.path, flags: O_RDONLY | O_DIRECTORY)
        table.look(in: root.number)
        for (row, name) in names.enumerated() {
            #expect(table[row].isAbsent == !name.hasSuffix("7"), "\(name)")
            #expect(table.stamp(of: Array(name.utf8)) == table[row])
            if name.hasSuffix("7") {
                #expect(table[row].kind == .file && table[row].size == name.utf8.count)
            }
        }
        #expect(table.stamp(of: Array("f".utf8)) == nil)
        #expect(table.stamp(of: []) == nil)
    }

    @Test("links are not followed, and a path below a file is absent")
    func kinds() throws {
        let space = try TestSpace()
        try space.file("file", "x")
        try space.directory("directory")
        #expect(symlink("file", space.path("link")) == 0)
        var table = FileTable()
        let rows = ["file", "directory", "link", "file/below", "."].map { add($0, to: &table) }
        let root = try Descriptor.open(space.root.path, flags: O_RDONLY | O_DIRECTORY)
        table.look(in: root.number)
        #expect(rows.map { table[$0].kind } == [.file, .directory, .link, .unreadable, .directory])
        #expect(table[rows[3]].isAbsent)
    }
}
