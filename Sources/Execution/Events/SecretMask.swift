import DependencyGraph

/// Replaces declared secrets by `***` wherever they occur in text that is shown or recorded.
///
/// A value is searched for as it is, in base64, URL-encoded, as JSON and Mermaid escape it, and, if
/// it has several lines, line by line. Line ends inside an occurrence do not hide it. Without
/// secrets every text is returned untouched, at no cost.
public struct SecretMask: Sendable {
    /// The replacement for a secret.
    public static let replacement = "***"
    /// Bytes of the shortest value that is masked: shorter ones occur everywhere in ordinary text.
    public static let shortestValue = 6

    private let automaton: PatternAutomaton?
    private let values: [[UInt8]]

    /// Masks nothing.
    public static let none = SecretMask(values: [])

    /// A mask for these values, as bytes; values shorter than ``shortestValue`` are ignored.
    public init(values: [[UInt8]]) {
        self.values = values
        let forms = Set(values.flatMap(SecretForms.all))
        automaton =
            forms.isEmpty
            ? nil : PatternAutomaton(forms.sorted { $0.lexicographicallyPrecedes($1) })
    }

    /// A mask for these values as well.
    public func adding(_ more: [[UInt8]]) -> SecretMask { SecretMask(values: values + more) }

    /// Whether there is nothing to mask.
    public var isEmpty: Bool { automaton == nil }

    /// Bytes before a position that are needed to tell whether a secret extends across it.
    public var reach: Int { automaton.map { 2 * $0.longestPattern } ?? 0 }

    /// Whether a value without surrounding blanks is shorter than ``shortestValue``.
    static func isTooShort(_ value: [UInt8]) -> Bool {
        SecretForms.trimmed(value).count < shortestValue
    }

    /// The text without secrets.
    public func masked(_ text: String) -> String {
        guard automaton != nil, !text.isEmpty else { return text }
        let bytes = Array(text.utf8)
        let masked = masked(bytes)
        return masked == bytes ? text : String(decoding: masked, as: UTF8.self)
    }

    /// The bytes without secrets.
    public func masked(_ bytes: [UInt8]) -> [UInt8] {
        guard automaton != nil else { return bytes }
        var stream = Stream(self)
        return stream.take(bytes) + stream.finish()
    }

    /// The end of a longer text without secrets, including one that is cut by its beginning.
    ///
    /// - Parameters:
    ///   - bytes: The wanted part, preceded by up to ``reach`` bytes.
    ///   - lead: How many bytes precede it.
    /// - Returns: The wanted part, masked.
    public func masked(_ bytes: [UInt8], afterLead lead: Int) -> [UInt8] {
        guard automaton != nil else { return Array(bytes.dropFirst(lead)) }
        var stream = Stream(self)
        _ = stream.take(Array(bytes.prefix(lead)))
        return stream.take(Array(bytes.dropFirst(lead))) + stream.finish()
    }

    /// Masks a text that arrives in pieces; a possible beginning of a secret is held back.
    public struct Stream: Sendable {
        private let automaton: PatternAutomaton?
        private var state = PatternAutomaton.start
        /// Bytes since the last position at which no pattern had begun.
        private var pending: [UInt8] = []
        /// Positions in ``pending`` of the bytes that count: all but line ends.
        private var places: [Int] = []
        /// The ranges of ``pending`` to mask, in order and not touching.
        private var spans: [Range<Int>] = []
        /// Whether the previous output byte was masked: a run of masked bytes becomes one `***`.
        private var isMasking = false

        /// A stream at its beginning.
        public init(_ mask: SecretMask) { automaton = mask.automaton }

        /// The next piece without secrets, as far as it can be decided.
        public mutating func take(_ bytes: [UInt8]) -> [UInt8] {
            guard let automaton else { return bytes }
            var output: [UInt8] = []
            output.reserveCapacity(bytes.count)
            for byte in bytes {
                if state == PatternAutomaton.start, !automaton.mayStart(with: byte) {
                    output.append(byte)
                    isMasking = false
                    continue
                }
                pending.append(byte)
                if Stream.isLineEnd(byte) { continue }
                places.append(pending.count - 1)
                state = automaton.state(after: state, byte)
                let length = automaton.longestMatch(at: state)
                if length > 0 { mark(from: places[places.count - length]) }
                let depth = automaton.depth(of: state)
                if depth == 0 {
                    release(upTo: pending.count, to: &output)
                } else if pending.count > 8192, places.count > 2 * depth {
                    release(upTo: places[places.count - depth], to: &output)
                }
            }
            let depth = automaton.depth(of: state)
            if depth > 0, places.count > depth {
                release(upTo: places[places.count - depth], to: &output)
            }
            return output
        }

        /// The bytes that were held back.
        public mutating func finish() -> [UInt8] {
            var output: [UInt8] = []
            release(upTo: pending.count, to: &output)
            state = PatternAutomaton.start
            isMasking = false
            return output
        }

        private static func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

        /// Marks everything pending from an index on as secret.
        private mutating func mark(from start: Int) {
            var start = start
            while let last = spans.last, last.upperBound >= start {
                start = min(start, last.lowerBound)
                spans.removeLast()
            }
            spans.append(start..<pending.count)
        }

        private mutating func release(upTo end: Int, to output: inout [UInt8]) {
            var spansLeft = spans[...]
            for (index, byte) in pending[..<end].enumerated() {
                while let first = spansLeft.first, first.upperBound <= index {
                    spansLeft.removeFirst()
                }
                // Line ends are kept, so lines stay separate.
                if Stream.isLineEnd(byte) || !(spansLeft.first?.contains(index) ?? false) {
                    output.append(byte)
                    isMasking = false
                } else if !isMasking {
                    output += Array(SecretMask.replacement.utf8)
                    isMasking = true
                }
            }
            pending.removeFirst(end)
            places = places.compactMap { $0 >= end ? $0 - end : nil }
            spans = spans.compactMap { span in
                span.upperBound > end
                    ? max(0, span.lowerBound - end)..<(span.upperBound - end) : nil
            }
        }
    }
}

/// The forms in which a secret may appear.
private enum SecretForms {
    /// All of them, without line ends; none for a value that is too short.
    static func all(of value: [UInt8]) -> [[UInt8]] {
        let value = trimmed(value)
        guard value.count >= SecretMask.shortestValue else { return [] }
        var forms = [value]
        for alphabet in [standardAlphabet, urlAlphabet] {
            for offset in 0..<3 { forms.append(base64(value, offset: offset, alphabet)) }
        }
        for plus in [false, true] {
            for digits in [Array("0123456789ABCDEF".utf8), Array("0123456789abcdef".utf8)] {
                forms.append(percentEncoded(value, digits, plusForBlank: plus))
            }
        }
        let text = String(decoding: value, as: UTF8.self)
        var writer = JSONWriter(capacity: value.count + 16)
        writer.string(text)
        forms.append(Array(writer.bytes.dropFirst().dropLast()))
        forms.append(Array(text.replacing("'", with: "'\\''").utf8))
        forms.append(Array(MermaidText.escape(text).utf8))
        let lines = value.split { $0 == 0x0A || $0 == 0x0D }
        if lines.count > 1 {
            forms += lines.map { trimmed(Array($0)) }.filter { isTelling($0) }
        }
        return forms.map { form in form.filter { $0 != 0x0A && $0 != 0x0D } }
            .filter { $0.count >= SecretMask.shortestValue }
    }

    /// Whether a line identifies the secret: `-----BEGIN …` does not.
    private static func isTelling(_ line: [UInt8]) -> Bool {
        line.count >= SecretMask.shortestValue && !line.starts(with: Array("-----".utf8))
    }

    static func trimmed(_ value: [UInt8]) -> [UInt8] {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        let start = value.drop(while: isBlank)
        let end = start.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? start.startIndex
        return Array(start[..<end])
    }

    private static let standardAlphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let urlAlphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// The characters of a value in base64 behind `offset` unknown bytes, without those that depend
    /// on the neighbours.
    private static func base64(_ value: [UInt8], offset: Int, _ alphabet: [UInt8]) -> [UInt8] {
        var letters: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in [UInt8](repeating: 0, count: offset) + value {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                letters.append(alphabet[Int(bits >> UInt32(count)) & 0x3F])
            }
            bits &= 0x3F
        }
        return Array(letters.dropFirst(offset == 0 ? 0 : offset + 1))
    }

    /// RFC 3986: everything but letters, digits and `-._~` as `%XX`.
    private static func percentEncoded(
        _ value: [UInt8], _ digits: [UInt8], plusForBlank: Bool
    ) -> [UInt8] {
        var text: [UInt8] = []
        for byte in value {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                text.append(byte)
            case 0x20 where plusForBlank:
                text.append(UInt8(ascii: "+"))
            default:
                text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return text
    }
}
