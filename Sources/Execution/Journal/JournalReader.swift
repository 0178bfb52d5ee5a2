/// A journal as read back: what can be trusted of it, and what was dropped.
public struct Journal: Sendable {
    /// What the run is.
    public let header: RunHeader
    /// All events in order, the first `runStarted` included.
    public let events: [RunEvent]
    /// What is wrong with the file, in its order.
    public let problems: [JournalProblem]

    /// The record that the events make.
    public var record: RunRecord {
        var record = RunRecord(header: header)
        for event in events { record.apply(event) }
        return record
    }
}

/// What was dropped when a journal was read.
public enum JournalProblem: Hashable, Sendable {
    /// The last line has no end: stepvisor died while it wrote, or is writing now.
    case tornLine(offset: Int, length: Int)
    /// The file ends in zeros: the machine died before its data reached the disk.
    case zeros(offset: Int, length: Int)
    /// A line cannot be read; it and everything after it is dropped.
    case damaged(line: Int, offset: Int, lostLines: Int, lostBytes: Int)
    /// Events that this version does not know were passed over.
    case unknownEvents(count: Int, first: String)

    /// Whether a healthy run that still writes shows the same.
    public var isOrdinaryWhileRunning: Bool {
        if case .tornLine = self { true } else { false }
    }

    /// The problem as a sentence, without the file's name.
    public var message: String {
        switch self {
        case .tornLine(let offset, let length):
            "the last line is cut off (\(length) bytes from byte \(offset)) and was ignored"
        case .zeros(let offset, let length):
            "the file ends in \(length) zero bytes from byte \(offset), which were ignored"
        case .damaged(let line, let offset, let lostLines, let lostBytes):
            "line \(line) (byte \(offset)) is damaged; it and what follows were dropped"
                + " (lines lost: \(lostLines), bytes lost: \(lostBytes))"
        case .unknownEvents(let count, let first):
            "events of a newer stepvisor were passed over (\(count); the first is `\(first)`)"
        }
    }
}

/// Why a journal cannot be read at all.
public enum JournalError: Error, Hashable, Sendable {
    /// Not one whole line.
    case empty
    /// The first line is not a run's header.
    case noHeader
    /// The file that lists the run's steps is gone.
    case noStepList
    /// The file that lists the run's steps is not as it was written.
    case damagedStepList
    /// A newer stepvisor wrote it.
    case newerSchema(Int)
    /// No stepvisor wrote it: there is no schema of this number.
    case unknownSchema(Int)

    /// The error as a sentence, without the file's name.
    public var message: String {
        switch self {
        case .empty:
            "the journal holds no whole line: the run ended before it began"
        case .noHeader:
            "the first line is not the header of a run: this is no journal, or it is damaged"
        case .noStepList:
            "the list of the run's steps (`\(StepList.fileName)` beside the journal) is missing"
        case .damagedStepList:
            "the list of the run's steps (`\(StepList.fileName)` beside the journal) is damaged"
        case .newerSchema(let version):
            "the journal has schema \(version), and this stepvisor reads up to"
                + " \(RunHeader.currentSchema); read it with a newer stepvisor"
        case .unknownSchema(let version):
            "the journal has schema \(version), which no stepvisor has written: it is damaged"
        }
    }
}

/// Reads journals: the good beginning is kept, whatever comes after it.
public enum JournalReader {
    /// Reads a journal's bytes.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - stepList: Reads the ``StepList`` file beside it; asked only where the journal refers to one.
    /// - Returns: Header, events and what was dropped.
    /// - Throws: ``JournalError`` when there is no header to begin with.
    public static func read(
        _ bytes: [UInt8], stepList: () -> [UInt8]? = { nil }
    ) throws(JournalError) -> Journal {
        let result = bytes.withUnsafeBufferPointer { buffer in
            Result { () throws(JournalError) -> Journal in
                var scan = JournalScan(buffer)
                return try scan.journal(stepList: stepList)
            }
        }
        return try result.get()
    }
}

extension JournalReader {
    /// The header alone, without the events after it.
    ///
    /// - Parameters:
    ///   - bytes: The whole file, or its first line.
    ///   - stepList: As for ``read(_:stepList:)``.
    /// - Returns: The header.
    /// - Throws: ``JournalError`` when there is no header to begin with.
    public static func header(
        of bytes: [UInt8], stepList: () -> [UInt8]? = { nil }
    ) throws(JournalError) -> RunHeader {
        let end = bytes.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.endIndex
        return try read(Array(bytes[..<end]), stepList: stepList).header
    }

    /// The workflow's file as the beginning of a journal names it; nil where it does not.
    ///
    /// It is not verified here: the seal of the line is checked when the journal is read.
    public static func workflowFile(inBeginning bytes: [UInt8]) -> String? {
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        // No text in JSON holds this: its quotation marks would have a backslash before them.
        let member = Array(#","workflow_file":""#.utf8)
        guard let place = line.firstRange(of: member) else { return nil }
        let first = place.upperBound
        var end = first
        while end < line.endIndex, line[end] != UInt8(ascii: "\"") {
            end += line[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard end < line.endIndex else { return nil }
        let text = line[(first - 1)...end].withUnsafeBufferPointer { JSONReader.value(of: $0) }
        guard case .string(let name)? = text else { return nil }
        return name
    }
}

/// One pass over a journal's lines.
private struct JournalScan {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    private var line = 0
    /// Whether every line has to carry a seal.
    private var isSealed = false

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func journal(stepList: () -> [UInt8]?) throws(JournalError) -> Journal {
        guard let first = nextLine() else { throw .empty }
        let seal = JournalSeal.verdict(on: first)
        guard seal != .broken else { throw .noHeader }
        isSealed = seal == .whole
        guard case .object(let members) = JSONReader.value(of: first),
            members.text("event") == "run_started"
        else { throw .noHeader }
        if let schema: Int = members.integer("schema") {
            guard schema <= RunHeader.currentSchema else { throw .newerSchema(schema) }
            guard schema >= RunHeader.oldestSchema else { throw .unknownSchema(schema) }
        }
        var listed: [JSONValue]?
        if let reference = JournalDecoder.stepList(members) {
            guard let file = stepList() else { throw .noStepList }
            listed = StepList.steps(in: file, reference)
            guard listed != nil else { throw .damagedStepList }
        }
        guard let header = JournalDecoder.header(members, listed: listed) else { throw .noHeader }
        let decoder = JournalDecoder(header: header)
        guard case .event(let start) = decoder.decode(members) else { throw .noHeader }

        var events = [start]
        // A line takes about 100 bytes.
        events.reserveCapacity(bytes.count / 128)
        var unknown = (count: 0, first: "")
        var damage: JournalProblem?
        while damage == nil {
            let offset = position
            guard let line = nextLine() else { break }
            guard isBelievable(line) else {
                damage = damaged(from: offset)
                break
            }
            switch decoder.decode(line) {
            case .event(let event):
                events.append(event)
            case .unknown(let name):
                if unknown.count == 0 { unknown.first = name }
                unknown.count += 1
            case .malformed:
                damage = damaged(from: offset)
            }
        }
        var problems: [JournalProblem] = []
        if unknown.count > 0 {
            problems.append(.unknownEvents(count: unknown.count, first: unknown.first))
        }
        problems += damage.map { [$0] } ?? tail()
        return Journal(header: header, events: events, problems: problems)
    }

    private func isBelievable(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
        switch JournalSeal.verdict(on: line) {
        case .whole: true
        case .broken: false
        case .missing: !isSealed
        }
    }

    /// The next whole line without its newline; nil at the end and at a line that has none.
    private mutating func nextLine() -> UnsafeBufferPointer<UInt8>? {
        let rest = bytes[position...]
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        defer { position = end + 1 }
        line += 1
        return UnsafeBufferPointer(rebasing: rest[..<end])
    }

    private func damaged(from offset: Int) -> JournalProblem {
        let lost = bytes[offset...]
        let newlines = lost.count { $0 == UInt8(ascii: "\n") }
        let isWhole = lost.last == UInt8(ascii: "\n")
        return .damaged(
            line: line, offset: offset, lostLines: newlines + (isWhole ? 0 : 1),
            lostBytes: lost.count)
    }

    /// What is left after the last newline: part of a line, zeros, or both.
    private func tail() -> [JournalProblem] {
        let rest = bytes[position...]
        let zeros = rest.lastIndex { $0 != 0 }.map { $0 + 1 } ?? position
        var problems: [JournalProblem] = []
        if zeros > position {
            problems.append(.tornLine(offset: position, length: zeros - position))
        }
        if zeros < bytes.count {
            problems.append(.zeros(offset: zeros, length: bytes.count - zeros))
        }
        return problems
    }
}
