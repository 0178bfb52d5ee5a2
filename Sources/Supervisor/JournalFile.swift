import Execution

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// `events.ndjson` of a run that is being written: one `write` of one whole,
/// sealed line per event.
struct JournalFile: ~Copyable {
    static let name = "events.ndjson"

    private let file: Descriptor
    private let path: String
    private var encoder: JournalEncoder
    private var line: [UInt8] = []
    /// Bytes of the whole lines that are in the file.
    private var length: Int64 = 0

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
        line.removeAll(keepingCapacity: line.count < 1 << 16)
        encoder.append(event, to: &line)
        JournalSeal.seal(&line)
        do {
            try FileBytes.write(line, to: file.number, subject: path)
        } catch {
            // Half a line with another behind it would cost a reader everything from there on.
            _ = ftruncate(file.number, off_t(length))
            throw error
        }
        length += Int64(line.count)
    }
}
