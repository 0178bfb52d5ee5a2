import Execution

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// `events.ndjson` of a run that is being written: whole, sealed lines, one per event, each in the file
/// before anything is done upon it.
struct JournalFile: ~Copyable {
    static let name = "events.ndjson"

    private let file: Descriptor
    private let path: String
    private var encoder: JournalEncoder
    private var line: [UInt8] = []
    /// Bytes of the whole lines that are in the file.
    private var length: Int64 = 0
    /// Lines that nothing is done upon, to be written with the next one.
    private var held: [UInt8] = []

    private static let mostHeld = 1 << 20

    init(in directory: RunDirectory, header: RunHeader) throws(SystemError) {
        let path = "\(directory.path)/\(JournalFile.name)"
        file = try PrivateFile.open(
            JournalFile.name, in: directory.descriptor, flags: O_WRONLY | O_CREAT | O_APPEND,
            shown: path)
        self.path = path
        encoder = JournalEncoder(header: header)
    }

    /// Writes one event; when it returns, the line outlives this process.
    mutating func append(_ event: RunEvent) throws(SystemError) {
        // The first line holds all steps; its megabyte is not kept for the short ones.
        encode(event)
        guard held.isEmpty else {
            held += line
            try writeHeld()
            return
        }
        try write(line)
    }

    /// Keeps the line of an event for the next `write`: one that tells of 10,000 steps is as quick as
    /// one that tells of a single one.
    mutating func hold(_ event: RunEvent) throws(SystemError) {
        encode(event)
        held += line
        if held.count > JournalFile.mostHeld { try writeHeld() }
    }

    /// Writes what is held.
    mutating func writeHeld() throws(SystemError) {
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
