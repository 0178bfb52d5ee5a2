import Foundation
import Testing

@testable import Execution

/// Journals in `Tests/Recorded`, written before events had a table: their bytes are a promise.
@Suite("Journals that were recorded earlier")
struct RecordedJournalTests {
    private static func bytes(_ name: String) throws -> [UInt8] {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent()
        return Array(try Data(contentsOf: tests.appending(path: "Recorded/\(name).ndjson")))
    }

    private static func line(_ event: RunEvent, _ encoder: inout JournalEncoder) -> [UInt8] {
        var line: [UInt8] = []
        encoder.append(event, to: &line)
        return line
    }

    @Test(
        "a run's journal is read whole, and written again byte by byte",
        arguments: ["failures", "halt", "resumed"])
    func run(_ name: String) throws {
        let bytes = try Self.bytes(name)
        let journal = try JournalReader.read(bytes)
        #expect(journal.problems.isEmpty)
        #expect(journal.record.endedAt != nil)
        var encoder = JournalEncoder(header: journal.header)
        var again: [UInt8] = []
        for event in journal.events {
            var line = Self.line(event, &encoder)
            JournalSeal.seal(&line)
            again += line
        }
        #expect(
            String(decoding: again, as: UTF8.self).split(separator: "\n")
                == String(decoding: bytes, as: UTF8.self).split(separator: "\n"))
    }

    @Test("every kind of event, with and without its optional parts, has the bytes that it had")
    func everyEvent() throws {
        let recorded = try Self.bytes("every-event")
        let time = RunTime(nanoseconds: 12_345_678)
        var encoder = JournalEncoder(header: RunRecordSample.header)
        let written = RunRecordSample.everyKind.map { kind in
            String(
                decoding: Self.line(RunEvent(kind, at: time), &encoder).dropLast(), as: UTF8.self)
        }
        let lines = String(decoding: recorded, as: UTF8.self).split(separator: "\n").map(
            String.init)
        #expect(lines.count == 186)
        #expect(Set(lines).subtracting(written).isEmpty)

        let journal = try JournalReader.read(recorded)
        #expect(journal.problems.isEmpty)
        #expect(journal.events.count == lines.count)
        for (line, event) in zip(lines, journal.events) {
            let again = Self.line(event, &encoder).dropLast()
            #expect(String(decoding: again, as: UTF8.self) == line)
        }
    }

    @Test("each event and each reason has a name of its own")
    func names() {
        #expect(JournalEvents.byName.count == JournalEvents.all.count)
        #expect(JournalReasons.byCode.count == JournalReasons.all.count)
        for kind in RunRecordSample.everyKind {
            #expect(JournalEvents.all.count { $0.matches(kind) } == 1, "\(kind)")
        }
        for reason in RunRecordSample.reasons {
            #expect(JournalReasons.all.count { $0.matches(reason) } == 1, "\(reason)")
        }
    }
}
