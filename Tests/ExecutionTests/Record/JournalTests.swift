import Execution
import Foundation
import Testing
import TestSupport

@Suite("Journal")
struct JournalTests {
    private static let header = RunRecordSample.header
    private static let start = RunEvent(.runStarted(header), at: .zero)

    private static func events(_ kinds: [RunEvent.Kind]) -> [RunEvent] {
        [start]
            + kinds.enumerated().map { index, kind in
                RunEvent(kind, at: RunTime(nanoseconds: Int64(index) * 1_234_567_000))
            }
    }

    private static func text(_ event: RunEvent) -> String {
        String(decoding: RunRecordSample.journal(header, [event]), as: UTF8.self)
    }

    @Test("every kind of event comes back as it was written")
    func roundTrip() throws {
        let events = Self.events(RunRecordSample.everyKind)
        let journal = try JournalReader.read(RunRecordSample.journal(Self.header, events))
        #expect(journal.header == Self.header)
        #expect(journal.problems.isEmpty)
        #expect(journal.events.count == events.count)
        for (read, written) in zip(journal.events, events) { #expect(read == written) }
    }

    @Test(
        "a line reads as a person would write it",
        arguments: [
            (
                .started(step: 0, pid: 4711, startTicks: 123_456),
                #"{"t":12.345,"event":"started","step":"api_docs","pid":4711,"start":123456}"#
            ),
            (
                .launched(step: 1, attempt: 1, method: .primary, execution: 2),
                #"{"t":12.345,"event":"launched","step":"graph","attempt":1,"#
                    + #""method":"primary","execution":2}"#
            ),
            (
                .ended(
                    step: 1, StepEnd(status: .failed, reason: .exited(7), exit: .exited(7))),
                #"{"t":12.345,"event":"ended","step":"graph","status":"failed","exit_code":7,"#
                    + #""reason":{"code":"exited","exit_code":7}}"#
            ),
            (
                .skipped(step: 2, .dependencyFailed(1)),
                #"{"t":12.345,"event":"skipped","step":"report","#
                    + #""reason":{"code":"dependency_failed","cause":"graph"}}"#
            ),
            (
                .started(step: 1, pid: 2, startTicks: 3, basis: RunRecordSample.basis),
                #"{"t":12.345,"event":"started","step":"graph","pid":2,"start":3,"basis":"#
                    + #""0000000000000000ffffffffffffffff0123456789abcdef"}"#
            ),
            (
                .skipped(step: 1, .doneEarlier(run: "r1", basis: nil)),
                #"{"t":12.345,"event":"skipped","step":"graph","#
                    + #""reason":{"code":"done_earlier","run":"r1"}}"#
            ),
            (
                .ended(step: 2, StepEnd(status: .failed, reason: .outputsMissing(["a", "b/*"]))),
                #"{"t":12.345,"event":"ended","step":"report","status":"failed","#
                    + #""reason":{"code":"outputs_missing","patterns":["a","b/*"]}}"#
            ),
            (
                .limitReached(.run, limitMilliseconds: 90),
                #"{"t":12.345,"event":"limit_reached","limit":"run","limit_ms":90}"#
            ),
            (
                .barrierPassed(task: 1, phase: 2),
                #"{"t":12.345,"event":"barrier_passed","task":1,"phase":2}"#
            ),
            (.suspended, #"{"t":12.345,"event":"suspended"}"#),
            (.resumed(after: 1_234_567), #"{"t":12.345,"event":"resumed","after_ns":1234567}"#),
            (.killed(step: 99), #"{"t":12.345,"event":"killed","step":99}"#),
            (.runEnded(.complete), #"{"t":12.345,"event":"run_ended","status":"complete"}"#),
            (
                .warning(step: nil, "a\u{1B}[2J\u{2028}\u{9B}\"\\\n"),
                #"{"t":12.345,"event":"warning","text":"a\u001b[2J\u2028\u009b\"\\\n"}"#
            ),
        ] as [(RunEvent.Kind, String)])
    func line(kind: RunEvent.Kind, text: String) {
        let event = RunEvent(kind, at: RunTime(nanoseconds: 12_345_999))
        #expect(Self.text(event) == text + "\n")
    }

    @Test("the run that this one goes on with is in the header")
    func resumes() throws {
        var header = Self.header
        header.resumes = RunRecordSample.hostile
        let bytes = RunRecordSample.journal(header, [RunEvent(.runStarted(header), at: .zero)])
        #expect(try JournalReader.read(bytes).header == header)
    }

    @Test(
        "what is not 48 digits is no basis",
        arguments: ["", "0", String(repeating: "0", count: 47), String(repeating: "g", count: 48)])
    func noBasis(text: String) {
        #expect(StepBasis(text: text) == nil)
        #expect(StepBasis(text: RunRecordSample.basis.text) == RunRecordSample.basis)
    }

    @Test("times before the run and at the ends of what numbers hold are written and read")
    func extremeTimes() throws {
        for time in [-1, -1000, -999_999, 1, .max, .min] as [Int64] {
            let event = RunEvent(.killed(step: 0), at: RunTime(nanoseconds: time))
            let journal = try JournalReader.read(
                RunRecordSample.journal(Self.header, [Self.start, event]))
            guard let read = journal.events.last, journal.events.count == 2 else {
                // Rounding down from the smallest number leaves what numbers hold.
                #expect(time == .min)
                continue
            }
            #expect(read.time.nanoseconds <= time && time - read.time.nanoseconds < 1000)
        }
    }

    @Test("every line is JSON to others too, and holds no newline inside")
    func foundationAgrees() throws {
        let bytes = RunRecordSample.journal(
            Self.header, Self.events(RunRecordSample.everyKind))
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        #expect(lines.count == RunRecordSample.everyKind.count + 1)
        for line in lines {
            let object = try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]
            #expect(object?["t"] is NSNumber && object?["event"] is String)
        }
        let first = try JSONSerialization.jsonObject(with: Data(lines[0])) as? [String: Any]
        let steps = first?["steps"] as? [[String: Any]]
        #expect(steps?.first?["description"] as? String == RunRecordSample.hostile)
    }

    @Test("folding what was read gives what folding the events gives", arguments: 0..<100)
    func sameFold(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed + 1))
        var events = [Self.start]
        for _ in 0..<40 {
            let time = RunTime(nanoseconds: Int64.random(in: 0...1_000_000, using: &random) * 1000)
            events.append(RunRecordSample.event(using: &random, at: time))
        }
        var folded = RunRecord(header: Self.header)
        for event in events { folded.apply(event) }
        let journal = try JournalReader.read(RunRecordSample.journal(Self.header, events))
        #expect(journal.record == folded)
    }

    @Test("nesting without end is refused before the stack is")
    func nesting() {
        let bytes = [UInt8](repeating: UInt8(ascii: "["), count: 100_000) + Array("\n".utf8)
        #expect(throws: JournalError.noHeader) { try JournalReader.read(bytes) }
    }

    /// A short journal, for tests that read it once for each of its bytes.
    private static var short: [UInt8] {
        let end = StepEnd(status: .failed, reason: .exited(7), exit: .exited(7))
        return RunRecordSample.journal(
            header,
            events([
                .launched(step: 0, attempt: 1, method: .primary, execution: 1),
                .warning(step: 0, RunRecordSample.hostile), .ended(step: 0, end),
                .runEnded(.failed),
            ]))
    }

    @Test("cut at any byte, a journal keeps every whole line and says what was cut")
    func cutAnywhere() throws {
        let bytes = Self.short
        let newline = UInt8(ascii: "\n")
        let headerEnd = try #require(bytes.firstIndex(of: newline)) + 1
        var wholeLines = 0
        var lineStart = 0
        for length in 0...bytes.count {
            if length > 0, bytes[length - 1] == newline {
                wholeLines += 1
                lineStart = length
            }
            let cut = [UInt8](bytes.prefix(length))
            guard length >= headerEnd else {
                #expect(throws: JournalError.empty) { try JournalReader.read(cut) }
                continue
            }
            let journal = try JournalReader.read(cut)
            #expect(journal.events.count == wholeLines)
            #expect(
                journal.problems
                    == (length == lineStart
                        ? [] : [.tornLine(offset: lineStart, length: length - lineStart)]))
        }
    }

    @Test("zeros at the end are told from a torn line, and both are ignored")
    func zeros() throws {
        let bytes = RunRecordSample.journal(Self.header, Self.events([.killed(step: 0)]))
        let zeros = [UInt8](repeating: 0, count: 100)
        let clean = try JournalReader.read(bytes + zeros)
        #expect(clean.problems == [.zeros(offset: bytes.count, length: 100)])
        #expect(clean.events.count == 2)
        let torn = try JournalReader.read(bytes + Array("{\"t\":".utf8) + zeros)
        #expect(
            torn.problems == [
                .tornLine(offset: bytes.count, length: 5),
                .zeros(offset: bytes.count + 5, length: 100),
            ])
        #expect(torn.problems.map(\.isOrdinaryWhileRunning) == [true, false])
    }

    @Test("a damaged line keeps what is before it, and says what is lost after it")
    func damage() throws {
        let kinds: [RunEvent.Kind] = [
            .killed(step: 0), .killed(step: 1), .killed(step: 2), .killed(step: 0),
        ]
        let bytes = RunRecordSample.journal(Self.header, Self.events(kinds))
        let ends = bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }
        for (damaged, byte) in [(0x00, 5), (0xFF, 12), (0x7D, 1), (0x22, 6)] as [(UInt8, Int)] {
            var broken = bytes
            broken[ends[1] + 1 + byte] = damaged
            let journal = try JournalReader.read(broken)
            #expect(journal.events.count == 2)
            #expect(
                journal.problems == [
                    .damaged(
                        line: 3, offset: ends[1] + 1, lostLines: 3,
                        lostBytes: bytes.count - ends[1] - 1)
                ])
        }
    }

    @Test("any flipped byte gives events or an error, and never a trap")
    func flips() {
        let bytes = Self.short
        for index in bytes.indices {
            for mask in [0x01, 0x20, 0x80] as [UInt8] {
                var broken = bytes
                broken[index] ^= mask
                if let journal = try? JournalReader.read(broken) {
                    #expect(journal.record.counts.total == journal.header.steps.count)
                }
            }
        }
    }

    @Test("events of a newer version are passed over and counted")
    func unknownEvents() throws {
        let known = RunRecordSample.journal(Self.header, Self.events([.killed(step: 0)]))
        let newer = #"{"t":1,"event":"paused","how":{"deep":[1,2.5,null,true]}}"# + "\n"
        let journal = try JournalReader.read(known + Array(newer.utf8) + Array(newer.utf8))
        #expect(journal.events.count == 2)
        #expect(journal.problems == [.unknownEvents(count: 2, first: "paused")])
    }

    @Test("a reason of a newer version keeps its name")
    func unknownReason() throws {
        let known = RunRecordSample.journal(Self.header, [Self.start])
        let newer =
            #"{"t":1.000,"event":"skipped","step":"graph","reason":{"code":"tide_was_wrong"}}"#
        let journal = try JournalReader.read(known + Array((newer + "\n").utf8))
        #expect(journal.record.steps[1].reason == .other("tide_was_wrong"))
    }

    @Test("a newer schema is refused in words that say what to do")
    func newerSchema() {
        var header = Self.header
        header.schemaVersion = RunHeader.currentSchema + 1
        let bytes = RunRecordSample.journal(
            header, [RunEvent(.runStarted(header), at: .zero)])
        #expect(throws: JournalError.newerSchema(RunHeader.currentSchema + 1)) {
            try JournalReader.read(bytes)
        }
        #expect(JournalError.newerSchema(2).message.contains("newer stepvisor"))
    }

    @Test(
        "what is no journal is refused",
        arguments: [
            "\n", "{}\n", "[1]\n", "hello\n", "{\"t\":0.000,\"event\":\"killed\",\"step\":0}\n",
            "{\"t\":0.000,\"event\":\"run_started\",\"schema\":1}\n",
        ])
    func noJournal(text: String) {
        #expect(throws: JournalError.noHeader) { try JournalReader.read(Array(text.utf8)) }
    }
}
