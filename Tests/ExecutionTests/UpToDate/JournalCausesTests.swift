import Execution
import Testing

@Suite("Journal: why steps run")
struct JournalCausesTests {
    private static let hostile = RunRecordSample.hostile
    private static let header = RunRecordSample.header

    private static func journal(_ kinds: [RunEvent.Kind]) -> [UInt8] {
        let events = ([.runStarted(header)] + kinds).map { RunEvent($0, at: .zero) }
        return RunRecordSample.journal(header, events)
    }

    private static var everyKind: [RunReason] {
        RunReason.Kind.allCases.flatMap { kind in
            [
                RunReason(kind),
                RunReason(
                    kind,
                    [
                        RunReason.Detail(hostile, change: "edited"), RunReason.Detail(""),
                        RunReason.Detail("x", old: hostile, new: ""),
                        RunReason.Detail("y", new: "2"), RunReason.Detail("z", old: "1"),
                    ], omitted: 3),
            ]
        }
    }

    @Test("every cause comes back as it was written")
    func roundTrip() throws {
        let kinds: [RunEvent.Kind] =
            Self.everyKind.map { .due(step: 1, [$0]) } + [
                .due(step: 0, Self.everyKind), .due(step: 2, []),
                .due(step: 99, [RunReason(.forced)]),
                .skipped(step: 1, .upToDate(run: Self.hostile)),
                .skipped(step: 1, .unchanged(since: Self.hostile)),
                .ended(
                    step: 1, StepEnd(status: .cached, reason: .restored(run: Self.hostile))),
            ]
        let journal = try JournalReader.read(Self.journal(kinds))
        #expect(journal.problems.isEmpty)
        #expect(journal.events.dropFirst().map(\.kind) == kinds)
    }

    @Test("a line reads as a person would write it")
    func line() {
        let cause = RunReason(
            .inputsChanged, [RunReason.Detail("docs/a.md", change: "edited")], omitted: 2)
        let bytes = RunRecordSample.journal(
            Self.header, [RunEvent(.due(step: 1, [cause]), at: RunTime(nanoseconds: 12_345_000))])
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == #"{"t":12.345,"event":"due","step":"graph","causes":[{"cause":"inputs_changed","#
                + #""details":[{"subject":"docs/a.md","change":"edited"}],"omitted":2}]}"# + "\n")
    }

    @Test("a cause of a newer version is left out, and the others are kept")
    func newer() throws {
        let cause = RunReason(.outputMissing, [RunReason.Detail("x")])
        let text = String(
            decoding: Self.journal([.due(step: 1, [RunReason(.forced), cause])]), as: UTF8.self)
        let newer = text.replacing(#""forced""#, with: #""moon_full","details":7"#)
        #expect(newer != text)
        let journal = try JournalReader.read(Array(newer.utf8))
        #expect(journal.problems.isEmpty)
        #expect(journal.events.last?.kind == .due(step: 1, [cause]))
    }

    @Test(
        "a header says what its run skips",
        arguments: [
            (SmartChoice.off, false), (.remembered, false), (.remembered, true),
            (.since(hostile), false), (.since("HEAD"), true),
        ])
    func header(choice: SmartChoice, usesCache: Bool) throws {
        var header = Self.header
        header.smart = choice
        header.usesCache = usesCache
        let bytes = RunRecordSample.journal(header, [RunEvent(.runStarted(header), at: .zero)])
        #expect(try JournalReader.read(bytes).header == header)
    }

    @Test("the record keeps why each step ran, and progress.json tells")
    func record() throws {
        let cause = RunReason(.dependencyDiffers, [RunReason.Detail("api_docs")])
        let journal = try JournalReader.read(
            Self.journal([.due(step: 1, [cause]), .skipped(step: 0, .upToDate(run: "r0"))]))
        var record = RunRecord(header: journal.header)
        for event in journal.events { record.apply(event) }
        #expect(record.causes == [1: [cause]])
        #expect(record.steps[0].isUpToDate)
        #expect(!record.steps[1].isUpToDate)
        var document = ProgressDocument(header: record.header)
        let progress = String(decoding: document.bytes(of: record, at: .zero), as: UTF8.self)
        #expect(progress.contains("dependency_differs"))
        #expect(progress.contains("up_to_date"))
    }

    @Test("secrets are hidden in what a cause tells")
    func masked() throws {
        let cause = RunReason(
            .environmentChanged,
            [RunReason.Detail("secret-value", old: "a secret-value b", new: "secret-value")])
        let mask = SecretMask(values: [Array("secret-value".utf8)])
        let kind = RunEvent.Kind.due(step: 0, [cause]).masked(by: mask)
        guard case .due(0, let causes) = kind else {
            Issue.record("\(kind)")
            return
        }
        #expect(!causes.text.contains("secret-value"))
        #expect(causes.first?.kind == .environmentChanged)
        #expect(causes.first?.details.first?.old != nil)
    }
}
