import Execution
import WorkflowModel

/// The texts of a run with nothing to do, with stand-ins where runs differ.
struct IdleText {
    private let record: RunRecord
    private let standIns: IdleTemplate.StandIns

    /// Moments, lengths and numbers that no run has.
    private static let startedAt = WallTime(microseconds: 1_234_567_891_234_567)
    private static let length = RunTime(nanoseconds: 98_765_432_123_456_789)
    private static let runID = "00000000-000000-0000"
    private static let bootID = "00000000-0000-0000-0000-0000deadbeef"
    private static let pid: Int32 = 2_147_483_629
    private static let startTicks: UInt64 = 18_446_744_073_709_551_557

    /// The stand-ins for a run; nil where it was of another kind, or says what they say.
    init?(_ record: RunRecord) {
        guard record.status == .complete, record.warnings.isEmpty, !record.steps.isEmpty else {
            return nil
        }
        for step in record.steps {
            guard step.status == .skipped else { return nil }
            switch step.reason {
            case .upToDate, .notSelected: break
            default: return nil
            }
        }
        self.record = record
        let values = Self.values(
            runID: Self.runID, startedAt: Self.startedAt, end: Self.length, pid: Self.pid,
            bootID: Self.bootID, startTicks: Self.startTicks)
        standIns = IdleTemplate.Place.allCases.compactMap { place in
            values[place].flatMap { $0.count > 1 ? (place, $0) : nil }
        }
        let journal = journalLine(of: record.header) + lines
        guard !IdleTemplate.isAmbiguous(journal, standIns: standIns) else { return nil }
    }

    /// What is put in for a run.
    static func values(
        runID: String, startedAt: WallTime, end: RunTime, pid: Int32, bootID: String,
        startTicks: UInt64
    ) -> [IdleTemplate.Place: [UInt8]] {
        let endedAt = WallTime(microseconds: startedAt.microseconds + end.nanoseconds / 1000)
        let texts: [IdleTemplate.Place: String] = [
            .runID: runID, .startedAt: Timestamp.text(startedAt),
            .endedAt: Timestamp.text(endedAt), .milliseconds: String(end.milliseconds),
            .startedMicroseconds: String(startedAt.microseconds), .pid: String(pid),
            .bootID: bootID, .startTicks: String(startTicks),
            .duration: DurationText.measured(nanoseconds: end.nanoseconds),
        ]
        return texts.mapValues { Array($0.utf8) }
    }

    /// The last line of the journal.
    static func endLine(at time: RunTime) -> [UInt8] {
        line(of: RunEvent(.runEnded(.complete), at: time), header: nil)
    }

    private static func line(of event: RunEvent, header: RunHeader?) -> [UInt8] {
        var encoder = JournalEncoder(header: header ?? emptyHeader)
        var line: [UInt8] = []
        encoder.append(event, to: &line)
        JournalSeal.seal(&line)
        return line
    }

    private static var emptyHeader: RunHeader {
        RunHeader(
            runID: "", workflow: "", mode: .sequential, maxParallelSteps: 1,
            startedAt: WallTime(microseconds: 0), pid: 0, bootID: "", tasks: [], steps: [])
    }

    // MARK: Texts

    /// The header of the run, by stand-ins.
    private var standInHeader: RunHeader {
        var header = record.header
        header.runID = Self.runID
        header.startedAt = Self.startedAt
        header.pid = Self.pid
        header.bootID = Self.bootID
        header.startTicks = Self.startTicks
        return header
    }

    /// The decisions stand before the run.
    private var events: [RunEvent] {
        record.steps.enumerated().compactMap { index, step in
            step.reason.map { RunEvent(.skipped(step: index, $0), at: .zero) }
        }
    }

    /// The run as it would be with the stand-ins.
    private var standInRecord: RunRecord {
        var copy = RunRecord(header: standInHeader)
        for event in events { copy.apply(event) }
        copy.apply(RunEvent(.runEnded(.complete), at: Self.length))
        return copy
    }

    private func journalLine(of header: RunHeader) -> [UInt8] {
        var encoder = JournalEncoder(header: header)
        var line: [UInt8] = []
        encoder.append(RunEvent(.runStarted(header), at: .zero), to: &line)
        return line
    }

    /// The first line of the journal, not sealed.
    var header: IdleTemplate { template([journalLine(of: standInHeader)]) }

    /// The journal's lines of all steps.
    var lines: [UInt8] {
        var encoder = JournalEncoder(header: record.header)
        var all: [UInt8] = []
        var line: [UInt8] = []
        for event in events {
            line.removeAll(keepingCapacity: true)
            encoder.append(event, to: &line)
            JournalSeal.seal(&line)
            all += line
        }
        return all
    }

    /// `progress.json`.
    var progress: IdleTemplate {
        let copy = standInRecord
        var document = ProgressDocument(header: copy.header)
        var template = IdleTemplate()
        document.write(copy, at: Self.length) { template.append($0, standIns: standIns) }
        return template
    }

    /// What is printed.
    func summary(_ text: (RunRecord) -> String) -> IdleTemplate {
        template([Array(text(standInRecord).utf8)])
    }

    private func template(_ pieces: [[UInt8]]) -> IdleTemplate {
        var template = IdleTemplate()
        for piece in pieces { template.append(piece, standIns: standIns) }
        return template
    }
}
