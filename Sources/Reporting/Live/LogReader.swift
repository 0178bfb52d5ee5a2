import Execution

/// Turns the bytes of one growing log into lines that are safe to show.
///
/// Holds at most one line, and of an endless line only its beginning.
struct LogReader {
    /// Bytes of a line that are shown; the rest is cut off.
    static let lineLimit = 4096

    /// Bytes read so far: the offset of the next read.
    private(set) var offset: Int64 = 0
    private let keepsColors: Bool
    /// Masks secrets before anything is cut; nil when there are no secrets.
    private var stream: SecretMask.Stream?
    private var line: [UInt8] = []
    private var isCut = false
    /// Whether the last byte was a carriage return, whose meaning depends on the next byte.
    private var isReturned = false
    /// Whether the current line began before `start` and is left out.
    private var skipsLine = false

    init(keepsColors: Bool, mask: SecretMask = .none) {
        self.keepsColors = keepsColors
        stream = mask.isEmpty ? nil : SecretMask.Stream(mask)
    }

    /// A reader that begins in the middle of a log, with the first whole line.
    ///
    /// - Parameters:
    ///   - keepsColors: As for the other initializer.
    ///   - mask: As for the other initializer.
    ///   - start: Where to begin.
    ///   - lead: The bytes right before, as many as the mask needs to recognise a secret that began
    ///     there.
    init(keepsColors: Bool, mask: SecretMask, from start: Int64, behind lead: [UInt8]) {
        self.init(keepsColors: keepsColors, mask: mask)
        _ = stream?.take(lead)
        offset = start
        skipsLine = true
    }

    /// Reads the next bytes of the log and appends the lines that they complete to `lines`.
    mutating func take(_ bytes: [UInt8], to lines: inout [String]) {
        offset += Int64(bytes.count)
        split(stream?.take(bytes) ?? bytes, to: &lines)
    }

    /// Appends the last line when it has no line end; call this once the log has ended.
    mutating func finish(to lines: inout [String]) {
        if let held = stream?.finish() { split(held, to: &lines) }
        if !line.isEmpty, !skipsLine { lines.append(endLine()) }
    }

    private mutating func split(_ bytes: [UInt8], to lines: inout [String]) {
        var rest = bytes[...]
        while let end = rest.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) {
            append(rest[..<end])
            if bytes[end] == 0x0A {
                let text = endLine()
                if !skipsLine { lines.append(text) }
                skipsLine = false
            } else {
                isReturned = true
            }
            rest = rest[(end + 1)...]
        }
        append(rest)
    }

    private mutating func append(_ bytes: ArraySlice<UInt8>) {
        guard !bytes.isEmpty else { return }
        if isReturned {
            // What follows a return overwrites the line.
            line.removeAll(keepingCapacity: true)
            isCut = false
            isReturned = false
        }
        let room = LogReader.lineLimit - line.count
        line += bytes.prefix(room)
        if bytes.count > room, !isCut {
            isCut = true
            dropPartialScalar()
        }
    }

    private mutating func endLine() -> String {
        let text = Sanitizer.line(bytes: line, keepingColors: keepsColors)
        let end = isCut ? "…" : ""
        line.removeAll(keepingCapacity: true)
        isCut = false
        isReturned = false
        return text + end
    }

    /// A cut in the middle of a scalar would show as a replacement character.
    private mutating func dropPartialScalar() {
        guard let start = line.suffix(4).lastIndex(where: { $0 & 0xC0 != 0x80 }) else { return }
        let length =
            switch line[start] {
            case 0xF0...: 4
            case 0xE0...: 3
            case 0xC0...: 2
            default: 1
            }
        if line.count - start < length { line.removeSubrange(start...) }
    }
}
