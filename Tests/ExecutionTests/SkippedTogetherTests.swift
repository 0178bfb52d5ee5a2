import Testing

@testable import Execution

@Suite("Steps that are skipped together")
struct SkippedTogetherTests {
    private static let header: RunHeader = {
        var header = RunRecordSample.header(
            steps: (0..<200).map {
                StepHeader(id: "s\($0)", phase: 1 + $0 / 150, outputs: ["o/\($0)"])
            })
        header.smart = .remembered
        return header
    }()

    private static let time = RunTime(nanoseconds: 7_000_000)

    private static let kinds: [RunEvent.Kind] = [
        .runStarted(header),
        .skippedTogether(StepRanges([3, 4, 5, 199]), .notSelected),
        .skippedTogether(StepRanges(Array(20..<120)), .upToDate(run: "r1")),
        .skippedTogether(StepRanges(Array(120..<140)), .doneEarlier(run: "r0", basis: nil)),
        .skippedTogether(StepRanges([150, 152]), .unchanged(since: "main")),
        // A step ends once, whatever comes after it.
        .skippedTogether(StepRanges([4, 6]), .decided(.skip)),
    ]

    private static func journal(_ kinds: [RunEvent.Kind]) throws -> Journal {
        try JournalReader.read(
            RunRecordSample.journal(header, kinds.map { RunEvent($0, at: time) }))
    }

    @Test("a journal comes back as it was written, and says the same as one event for each would")
    func asSingle() throws {
        let together = try Self.journal(Self.kinds)
        let single = try Self.journal(Self.kinds.flatMap(\.parts))
        #expect(together.events.map(\.kind) == Self.kinds)
        #expect(together.events.flatMap(\.kind.parts) == single.events.map(\.kind))
        #expect(together.record == single.record)
        let (a, b) = (EarlierRun(together), EarlierRun(single))
        for step in Self.header.steps {
            #expect(a.standing(of: step.id) == b.standing(of: step.id))
        }
        #expect(ReplayOrder(together).neverStarted == ReplayOrder(single).neverStarted)
    }

    @Test(
        "ranges that are none, or of steps that the run has not, are damage",
        arguments: ["[]", "[1]", "[3,2]", "[0,200]", "[0,5,5,6]", "[-1,3]", "[0,\"1\"]", "7"])
    func refused(ranges: String) throws {
        var bytes = RunRecordSample.journal(
            Self.header, [RunEvent(.runStarted(Self.header), at: .zero)])
        bytes += Array(
            (#"{"t":1.000,"event":"skipped_together","steps":\#(ranges),"#
                + #""reason":{"code":"not_selected"}}"# + "\n").utf8)
        let journal = try JournalReader.read(bytes)
        #expect(journal.events.count == 1)
        #expect(journal.problems.count == 1)
    }

    @Test("progress.json names many together and each of few; written whole, each of all")
    func progress() throws {
        let record = try Self.journal(Self.kinds).record
        var short = ProgressDocument(header: Self.header, isWhole: false)
        var whole = ProgressDocument(header: Self.header)
        let text = String(decoding: short.bytes(of: record, at: Self.time), as: UTF8.self)
        #expect(
            text.contains(
                #""skipped_together":[{"count":100,"positions":[20,119],"#
                    + #""status":"skipped","reason":"up to date since run r1","#
                    + #""reason_code":"up_to_date","completed_at":"2025-11-02T"#))
        #expect(text.components(of: "skipped_together") == 1)
        #expect(text.components(of: "step_id") == 100)
        #expect(!text.contains(#""step_id":"s20""#) && text.contains(#""step_id":"s120""#))
        let all = String(decoding: whole.bytes(of: record, at: Self.time), as: UTF8.self)
        #expect(!all.contains("skipped_together"))
        #expect(all.components(of: "step_id") == 200)
    }

    @Test("a step of which more is to be said has its own entry")
    func apart() throws {
        let kinds: [RunEvent.Kind] = [
            .due(step: 30, [RunReason(.inputsChanged)]),
            .waiting(step: 31, holder: LockHolder(resource: "db")),
        ]
        let record = try Self.journal([Self.kinds[0]] + kinds + Self.kinds.dropFirst()).record
        var short = ProgressDocument(header: Self.header, isWhole: false)
        let text = String(decoding: short.bytes(of: record, at: Self.time), as: UTF8.self)
        #expect(text.contains(#""positions":[20,29,32,119]"#))
        #expect(text.contains(#""step_id":"s30""#) && text.contains(#""step_id":"s31""#))
    }

    @Test("a complete document is as good a record of the run as a short one")
    func evidence() throws {
        let journal = try Self.journal(Self.kinds + [.runEnded(.complete)])
        for isWhole in [true, false] {
            var document = ProgressDocument(header: Self.header, isWhole: isWhole)
            let bytes = document.bytes(of: journal.record, at: Self.time)
            #expect(
                SafetyEvidence.Logging(journal: journal, document: bytes)
                    == .whole(run: "run-1", events: journal.events.count))
            let text = String(decoding: bytes, as: UTF8.self)
            let other = text.replacing("[20,119]", with: "[20,118]")
            guard !isWhole else { continue }
            guard
                case .broken = SafetyEvidence.Logging(
                    journal: journal, document: Array(other.utf8))
            else {
                Issue.record("steps that are named nowhere count as recorded")
                return
            }
        }
    }
}

extension String {
    /// How often a text stands in this one.
    fileprivate func components(of text: String) -> Int { ranges(of: text).count }
}
