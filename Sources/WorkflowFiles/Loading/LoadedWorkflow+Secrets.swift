import WorkflowModel

extension LoadedWorkflow {
    /// Length in bytes of the longest secret that is searched for in other places, too.
    private static let longestSecret = 4096

    /// Removes what may be a secret from the messages about files.
    ///
    /// Excerpts show marks in its place. A message that quotes part of such a line loses that part.
    mutating func concealSecrets() {
        var places = SecretPlaces()
        for file in files.files { places.learnNames(from: file.bytes) }
        // The content of a valid file is known; only a file with mistakes is searched by words.
        places.hasMistakes = diagnostics.contains { $0.severity == .error }
        if !places.hasMistakes { places.isListBroken = false }
        var quoted: [Int: ConcealedText] = [:]
        for index in files.files.indices {
            let bytes = files.files[index].bytes
            let ranges = places.ranges(in: bytes)
            guard !ranges.isEmpty else { continue }
            files.conceal(ranges, inFile: index)
            quoted[index] = ConcealedText(bytes, ranges)
            for range in ranges where range.count <= LoadedWorkflow.longestSecret {
                let text = bytes[range]
                // Also without what may follow it on the line.
                let word = text.prefix { $0 > 0x20 && $0 != UInt8(ascii: "\"") }
                secretTexts += [Array(text), Array(word)]
            }
        }
        secretNames = places.names.map { String(decoding: $0, as: UTF8.self) }
        guard !quoted.isEmpty else { return }
        diagnostics = diagnostics.map { diagnostic in
            guard let range = diagnostic.range, let text = quoted[Int(range.file)],
                text.touchesLines(of: range)
            else { return diagnostic }
            var concealed = diagnostic
            concealed.message = text.concealed(diagnostic.message)
            concealed.help = diagnostic.help.map(text.concealed)
            concealed.related = diagnostic.related.map {
                .init(text.concealed($0.message), at: $0.range)
            }
            return concealed
        }
    }
}

/// What is concealed of one file, to recognise it where a message quotes it.
private struct ConcealedText {
    private let bytes: [UInt8]
    private let ranges: [Range<Int>]
    /// Every few consecutive bytes of what is concealed; nil when there are too many.
    private let pieces: Set<[UInt8]>?
    private let holdsQuote: Bool

    /// Shorter pieces would occur in any text.
    private static let pieceLength = 4
    private static let maxBytes = 1 << 20

    init(_ bytes: [UInt8], _ ranges: [Range<Int>]) {
        self.bytes = bytes
        self.ranges = ranges
        holdsQuote = ranges.contains { bytes[$0].contains(UInt8(ascii: "`")) }
        guard ranges.reduce(0, { $0 + $1.count }) <= ConcealedText.maxBytes else {
            pieces = nil
            return
        }
        var pieces: Set<[UInt8]> = []
        for range in ranges {
            let length = ConcealedText.pieceLength
            guard range.count > length else {
                pieces.insert(Array(bytes[range]))
                continue
            }
            for start in range.lowerBound...(range.upperBound - length) {
                pieces.insert(Array(bytes[start..<(start + length)]))
            }
        }
        self.pieces = pieces
    }

    /// Whether a line of the range contains concealed bytes.
    func touchesLines(of range: SourceRange) -> Bool {
        let offset = min(Int(range.offset), bytes.count)
        let end = min(offset + Int(range.length), bytes.count)
        let start = bytes[..<offset].lastIndex(of: UInt8(ascii: "\n")) ?? 0
        let lineEnd = bytes[end...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        return ranges.contains { $0.lowerBound <= lineEnd && $0.upperBound >= start }
    }

    /// The message without quotations of concealed text.
    func concealed(_ message: String) -> String {
        let parts = message.split(separator: "`", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return message }
        // A quotation mark inside a quotation: the pairs are ambiguous.
        if holdsQuote, let first = parts.first, let last = parts.last {
            return "\(first)`***`\(last)"
        }
        return parts.enumerated().map { index, part in
            index.isMultiple(of: 2) || !quotes(part) ? String(part) : "***"
        }.joined(separator: "`")
    }

    private func quotes(_ text: Substring) -> Bool {
        guard let pieces else { return true }
        let text = Array(text.utf8)
        let length = ConcealedText.pieceLength
        for size in 1...length where text.count >= size {
            for start in 0...(text.count - size)
            where pieces.contains(Array(text[start..<(start + size)])) {
                return true
            }
        }
        return false
    }
}
