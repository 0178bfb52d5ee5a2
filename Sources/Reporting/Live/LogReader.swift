import Execution

/// Turns the bytes of one growing log into lines as they may be shown.
///
/// Holds at most one line, and of an endless one no more than its beginning.
struct LogReader {
    /// Bytes of a line that are shown; what is beyond is cut off.
    static let lineLimit = 4096

    /// Bytes taken so far: where to read on.
    private(set) var offset: Int64 = 0
    private let keepsColors: Bool
    /// Takes secrets out before anything is cut; nil where there are none.
    private var stream: SecretMask.Stream?
    private var line: [UInt8] = []
    private var isCut = false
    /// Whether the last byte was a carriage return, which only a further byte explains.
    private var isReturned = false
    /// Whether the present line began before what is read, and is left out.
    private var skipsLine = false

    init(keepsColors: Bool, mask: SecretMask = .none) {
        self.keepsColors = keepsColors
        stream = mask.isEmpty ? nil : SecretMask.Stream(mask)
    }

    /// A reader that begins in the middle of a log, with the first whole line.
    ///
    /// - Parameters:
    ///   - keepsColors: As for the other.
    ///   - mask: As for the other.
    ///   - start: Where to begin.
    ///   - lead: The bytes right before, as many as the mask needs to see what began there.
    init(keepsColors: Bool, mask: SecretMask, from start: Int64, behind lead: [UInt8]) {
        self.init(keepsColors: keepsColors, mask: mask)
        _ = stream?.take(lead)
        offset = start
        skipsLine = true
    }

    /// Takes the next bytes of the log and appends what lines they end to `lines`.
    mutating func take(_ bytes: [UInt8], to lines: inout [String]) {
        offset += Int64(bytes.count)
        split(stream?.take(bytes) ?? bytes, to: &lines)
    }

    /// The last lines, when no line end came behind them; to be taken where the log has ended.
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
