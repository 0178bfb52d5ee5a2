package import Execution
package import Platform
import SystemCalls

/// `events.ndjson` of a run that is being written: whole, sealed lines, one per event, each in the file
/// before anything is done upon it.
package struct JournalFile: ~Copyable {
    package static let name = "events.ndjson"

    private let file: Descriptor
    private let path: String
    private var encoder: JournalEncoder
    private var line: [UInt8] = []
    /// Bytes of the whole lines that are in the file.
    private var length: Int64 = 0
    /// Lines that nothing is done upon, to be written with the next one.
    private var held: [UInt8] = []
    /// Up to where the disk has room for certain; nil where the system promises none.
    private var reservedEnd: Int64?

    private static let maxHeld = 1 << 20

    package init(
        in directory: RunDirectory, header: RunHeader, stepList: StepList? = nil
    ) throws(SystemError) {
        let path = "\(directory.path)/\(JournalFile.name)"
        file = try PrivateFile.open(
            JournalFile.name, in: directory.descriptor, flags: O_WRONLY | O_CREAT | O_APPEND,
            shown: path)
        self.path = path
        encoder = JournalEncoder(header: header, stepList: stepList)
        reservedEnd = reserve(from: 0) == nil ? JournalFile.reserved : nil
    }

    /// Room on the disk that is taken ahead, so that a run which a full disk stops can still put on
    /// record what stopped it.
    private static let reserved: Int64 = 1 << 16
    /// With less than this ahead, more is taken.
    private static let leastReserve: Int64 = 1 << 15

    /// Takes room on the disk; returns what stood in the way.
    private func reserve(from offset: Int64) -> SystemError? {
        guard stepvisor_reserve(file.number, offset, JournalFile.reserved) != 0 else { return nil }
        return SystemError("write", path)
    }

    /// Takes more room where little is left; throws when the disk has none, while what is written now
    /// still finds its place.
    private mutating func keepReserve() throws(SystemError) {
        guard let end = reservedEnd, end - length < JournalFile.leastReserve else { return }
        guard let problem = reserve(from: length) else {
            reservedEnd = length + JournalFile.reserved
            return
        }
        reservedEnd = nil
        if problem.code == ENOSPC || problem.code == EDQUOT { throw problem }
    }

    /// Nothing more is written: gives back the room that was taken ahead.
    package mutating func finish() {
        reservedEnd = nil
        _ = ftruncate(file.number, off_t(length))
    }

    /// Writes one event; when it returns, the line outlives this process.
    package mutating func append(_ event: RunEvent) throws(SystemError) {
        // The first line holds all steps; its megabyte is not kept for the short ones.
        encode(event)
        guard held.isEmpty else {
            held += line
            try writeHeld()
            return
        }
        try write(line)
        // Nothing follows the end of a run that would need it.
        if case .runEnded = event.kind { return }
        try keepReserve()
    }

    /// Keeps the line of an event for the next `write`: one that tells of 10,000 steps is as quick as
    /// one that tells of a single one.
    package mutating func hold(_ event: RunEvent) throws(SystemError) {
        encode(event)
        held += line
        if held.count > JournalFile.maxHeld { try writeHeld() }
    }

    /// Writes what is held.
    package mutating func writeHeld() throws(SystemError) {
        guard !held.isEmpty else { return }
        let bytes = held
        held = []
        try write(bytes)
    }

    private mutating func encode(_ event: RunEvent) {
        line.removeAll(keepingCapacity: line.count < 1 << 16)
        encoder.append(event, to: &line)
        JournalSeal.seal(&line)
    }

    private mutating func write(_ bytes: [UInt8]) throws(SystemError) {
        do {
            try FileBytes.write(bytes, to: file.number, subject: path)
        } catch {
            // Half a line with another behind it would cost a reader everything from there on.
            _ = ftruncate(file.number, off_t(length))
            throw error
        }
        length += Int64(bytes.count)
    }
}
