import Testing

@testable import Execution

@Suite("A journal that refers to a list of its steps")
struct StepListTests {
    private static let count = 100

    private static func header(_ change: (inout StepHeader) -> Void = { _ in }) -> RunHeader {
        var steps = (0..<count).map { index in
            StepHeader(
                id: "step_\(index)", description: index == 3 ? RunRecordSample.hostile : "",
                phase: 1 + index % 2, dependencies: index > 0 ? [Int32(index - 1)] : [],
                outputs: ["out/\(index)"])
        }
        change(&steps[7])
        return RunRecordSample.header(steps: steps)
    }

    private static func journal(
        _ header: RunHeader, _ list: StepList?, _ kinds: [RunEvent.Kind] = []
    ) -> [UInt8] {
        var encoder = JournalEncoder(header: header, stepList: list)
        var bytes: [UInt8] = []
        for kind in [.runStarted(header)] + kinds {
            var line: [UInt8] = []
            encoder.append(RunEvent(kind, at: RunTime(nanoseconds: 5000)), to: &line)
            JournalSeal.seal(&line)
            bytes += line
        }
        return bytes
    }

    @Test("it is read as if its first line named them, and is short")
    func roundTrip() throws {
        let header = Self.header()
        let list = try #require(StepList(header.steps))
        let kinds: [RunEvent.Kind] = [
            .skipped(step: 2, .notSelected),
            .skippedTogether(StepRanges(Array(10..<90)), .upToDate(run: "r")),
            .runEnded(.complete),
        ]
        let bytes = Self.journal(header, list, kinds)
        let journal = try JournalReader.read(bytes, stepList: { list.bytes })
        let inline = try JournalReader.read(Self.journal(header, nil, kinds))
        #expect(journal.header.steps == header.steps)
        #expect(journal.events.dropFirst() == inline.events.dropFirst())
        #expect(journal.record.steps == inline.record.steps)
        #expect(journal.problems.isEmpty)
        #expect(bytes.count < 1000)
        #expect(journal.header.schemaVersion == RunHeader.currentSchema)
        #expect(inline.header.schemaVersion == RunHeader.oldestSchema)
    }

    @Test("the list says nothing of the run, so that runs of the same steps have the same")
    func sameForAll() {
        var other = Self.header()
        other.runID = "run-2"
        other.pid = 1
        #expect(StepList(other.steps)?.bytes == StepList(Self.header().steps)?.bytes)
    }

    @Test("few steps stand in the journal itself")
    func few() {
        #expect(StepList(Array(Self.header().steps.prefix(StepList.leastSteps - 1))) == nil)
        #expect(StepList(Array(Self.header().steps.prefix(StepList.leastSteps))) != nil)
    }

    @Test("without its list, or with that of other steps, it is refused")
    func foreign() throws {
        let header = Self.header()
        let list = try #require(StepList(header.steps))
        let bytes = Self.journal(header, list)
        #expect(throws: JournalError.noStepList) { try JournalReader.read(bytes) }
        for change in [
            { (step: inout StepHeader) in step.id = "step_seven" },
            { $0.isFinalizer = true }, { $0.dependencies = [1] },
        ] {
            let other = try #require(StepList(Self.header(change).steps))
            #expect(other.bytes != list.bytes)
            #expect(throws: JournalError.damagedStepList) {
                try JournalReader.read(bytes, stepList: { other.bytes })
            }
        }
        let longer = try #require(StepList(header.steps + [StepHeader(id: "more")]))
        #expect(throws: JournalError.damagedStepList) {
            try JournalReader.read(bytes, stepList: { longer.bytes })
        }
    }

    @Test("a list with any byte flipped, or cut anywhere, is refused")
    func damage() throws {
        let header = Self.header()
        let list = try #require(StepList(header.steps))
        let bytes = Self.journal(header, list)
        for index in list.bytes.indices {
            for bit in index.isMultiple(of: 37) ? Array(0..<8) : [index % 8] {
                var broken = list.bytes
                broken[index] ^= 1 << UInt8(bit)
                #expect(throws: JournalError.damagedStepList) {
                    try JournalReader.read(bytes, stepList: { broken })
                }
            }
            if index.isMultiple(of: 11) {
                #expect(throws: JournalError.damagedStepList) {
                    try JournalReader.read(bytes, stepList: { Array(list.bytes[..<index]) })
                }
            }
        }
    }
}
