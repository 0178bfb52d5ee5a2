import Execution
import Testing
import TestSupport
import WorkflowModel

@testable import FileState
@testable import Platform
@testable import StateStore
@testable import Supervisor

@Suite("Records in binary files")
struct RecordCodecTests {
    private static func file(_ word: String) -> FileRecord {
        FileRecord(
            path: Array("d/\(word)".utf8) + [0xff],
            facts: FileStamp(
                kind: .file, isExecutable: true, size: 7, modifiedAt: 5, changedAt: 6, inode: 9),
            digest: Digest(of: Array(word.utf8)), observedAt: 12)
    }

    private static let varints = [0, 127, 128, 16_384, -1, .min, .max]

    private static func body(_ writer: inout RecordWriter) {
        writer.number(UInt8(7))
        writer.number(Int64.min)
        writer.flag(true)
        for number in Self.varints { writer.varint(number) }
        writer.text("é\n")
        writer.blob([])
        writer.digest(Digest((1, 2, 3, 4)))
        writer.files([file("a"), file("b")])
        writer.products([OutputDigest(step: "s", digest: .zero)])
        writer.parts([FingerprintPart("name", "value")])
    }

    @Test("what was written is read, and nothing behind it")
    func both() throws {
        var writer = RecordWriter()
        Self.body(&writer)
        try RecordReader.read(writer.bytes[...]) { reader throws in
            #expect(try reader.number(UInt8.self) == 7)
            #expect(try reader.number(Int64.self) == .min)
            #expect(try reader.flag())
            for number in Self.varints { #expect(try reader.varint() == number) }
            #expect(try reader.text() == "é\n")
            #expect(try reader.blob().isEmpty)
            #expect(try reader.digest() == Digest((1, 2, 3, 4)))
            #expect(try reader.files() == [Self.file("a"), Self.file("b")])
            #expect(try reader.products() == [OutputDigest(step: "s", digest: .zero)])
            #expect(try reader.parts() == [FingerprintPart("name", "value")])
            #expect(reader.isAtEnd)
            #expect((try? reader.number(UInt8.self)) == nil && (try? reader.blob()) == nil)
            #expect((try? reader.raw(0))?.isEmpty == true && (try? reader.raw(-1)) == nil)
        }
    }

    @Test("numbers of parts that cannot be there ask for no memory")
    func counts() {
        var writer = RecordWriter()
        writer.number(UInt32.max)
        writer.raw([UInt8](repeating: 0xff, count: 300))
        RecordReader.read(writer.bytes[...]) { reader in
            var (files, products, parts, blob) = (reader, reader, reader, reader)
            #expect((try? files.files()) == nil && (try? products.products()) == nil)
            #expect((try? parts.parts()) == nil && (try? blob.blob()) == nil)
        }
    }

    @Test("a number that does not end, a flag that is neither, and a case that is none are damage")
    func senseless() {
        let endless = [UInt8](repeating: 0xff, count: 20)
        for length in 0...20 {
            _ = RecordReader.read(endless[..<length]) { reader in
                #expect(throws: DamagedBytes.self) { try reader.varint() }
            }
        }
        RecordReader.read([2]) { reader in
            var other = reader
            #expect(throws: DamagedBytes.self) { try reader.flag() }
            #expect((try? other.kind(FileStamp.Kind.self)) == .link)
        }
        _ = RecordReader.read([0xf0]) { reader in
            #expect(throws: DamagedBytes.self) { try reader.kind(FileStamp.Kind.self) }
        }
    }

    @Test("a frame with a flipped byte, or one that was cut, holds no record")
    func frames() {
        let record = RecordFrame.record(Self.body)
        #expect(Self.range(of: record) == RecordFrame.headSize..<record.count)
        for place in record.indices {
            for flip: UInt8 in [1, 0x10, 0x80, 0xff] {
                var bytes = record
                bytes[place] ^= flip
                #expect(Self.range(of: bytes) == nil, "byte \(place) ^ \(flip)")
                #expect(!Self.isCutOff(bytes), "byte \(place) ^ \(flip)")
            }
            let torn = Array(record.prefix(place))
            #expect(Self.range(of: torn) == nil && Self.isCutOff(torn), "\(place) bytes")
        }
        #expect(Self.isCutOff([UInt8](repeating: 0, count: 100)))
    }

    private static func range(of record: [UInt8]) -> Range<Int>? {
        record.withUnsafeBytes { RecordFrame.body(in: $0, at: 0) }
    }

    private static func isCutOff(_ record: [UInt8]) -> Bool {
        record.withUnsafeBytes { RecordFrame.isCutOff(in: $0, at: 0) }
    }

    @Test("what steps left is read up to the first record that is damaged, in every form")
    func left() {
        for (line, isOld) in [("stepvisor left 2\n", false), ("stepvisor left 1\n", true)] {
            let head = Array(line.utf8)
            let records = ["a", "b"].map { step -> [UInt8] in
                let record = RecordFrame.record { writer in
                    writer.text(step)
                    writer.files([Self.file(step)])
                }
                // Earlier versions wrote length and checksum only.
                return isOld ? Array(record.dropFirst(4)) : record
            }
            let whole = head + records.joined()
            let both = ["a": [Self.file("a")], "b": [Self.file("b")]]
            #expect(RunOutputs.read(whole) == both)
            for place in whole.indices {
                var bytes = whole
                bytes[place] ^= 0x41
                let found = RunOutputs.read(bytes)
                let first = head.count + records[0].count
                #expect(
                    found == (place < first ? [:] : ["a": [Self.file("a")]]), "byte \(place)")
                let torn = RunOutputs.read(Array(whole.prefix(place)))
                #expect(torn == (place < first ? [:] : ["a": [Self.file("a")]]))
            }
        }
        #expect(RunOutputs.read(Array("stepvisor left 3\n".utf8)).isEmpty)
    }
}
