/// Writes JSON into bytes, one token after another, without Foundation.
///
/// The caller must write the tokens in a valid order; commas are added automatically.
package struct JSONWriter: Sendable {
    /// The bytes written so far.
    package var bytes: [UInt8]
    /// Whether members without a value are left out.
    package var leavesOutNulls = false

    package init(capacity: Int = 256) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// Begins an object: `{`.
    package mutating func beginObject() { beginValue(UInt8(ascii: "{")) }
    /// Ends an object: `}`.
    package mutating func endObject() { bytes.append(UInt8(ascii: "}")) }
    /// Begins an array: `[`.
    package mutating func beginArray() { beginValue(UInt8(ascii: "[")) }
    /// Ends an array: `]`.
    package mutating func endArray() { bytes.append(UInt8(ascii: "]")) }

    /// Writes a member's name, which must need no escapes.
    package mutating func key(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    /// Writes a member with a text.
    package mutating func member(_ name: StaticString, _ text: String) {
        key(name)
        string(text)
    }

    /// Writes a member with a number.
    package mutating func member(_ name: StaticString, _ number: some FixedWidthInteger) {
        key(name)
        integer(number)
    }

    /// Writes a member with a truth value.
    package mutating func member(_ name: StaticString, _ truth: Bool) {
        key(name)
        literal(truth ? "true" : "false")
    }

    /// Writes a text, escaped so that the line is also safe to show: no control character and no
    /// line separator stays raw.
    package mutating func string(_ text: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        escaped(text)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Writes a whole number.
    package mutating func integer(_ number: some FixedWidthInteger) {
        separate()
        digits(number)
    }

    /// Writes a member without a value.
    package mutating func null(_ name: StaticString) {
        if leavesOutNulls { return }
        key(name)
        literal("null")
    }

    /// Begins a new line before the next value, for people and `grep`.
    package mutating func newLine() {
        separate()
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Passes on the written bytes except the last, which decides about the next comma.
    package mutating func drain(to sink: ([UInt8]) throws -> Void) rethrows {
        guard let last = bytes.popLast() else { return }
        try sink(bytes)
        bytes.removeAll(keepingCapacity: true)
        bytes.append(last)
    }

    /// Writes `null`, `true` or `false`.
    package mutating func literal(_ text: StaticString) {
        separate()
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    /// Writes microseconds as milliseconds with three decimals.
    package mutating func thousandths(_ number: Int64) {
        separate()
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        let magnitude = number.magnitude
        digits(magnitude / 1000)
        bytes.append(UInt8(ascii: "."))
        let rest = Int(magnitude % 1000)
        bytes.append(UInt8(ascii: "0") + UInt8(rest / 100))
        bytes.append(UInt8(ascii: "0") + UInt8(rest / 10 % 10))
        bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
    }

    /// Escapes a text between quotes that the caller writes; adds no comma.
    package mutating func escaped(_ text: String) {
        var text = text
        text.withUTF8 { escape($0) }
    }

    /// Writes decimal digits; adds no comma.
    package mutating func digits(_ number: some FixedWidthInteger) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        decimal(UInt64(clamping: number.magnitude))
    }

    private mutating func decimal(_ number: UInt64) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { buffer in
            var rest = number
            var first = buffer.count
            repeat {
                first -= 1
                buffer[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[first...]))
        }
    }

    private mutating func beginValue(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
    }

    /// Writes a comma if the last token ended a value.
    private mutating func separate() {
        switch bytes.last {
        case nil, UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"), UInt8(ascii: "\n"):
            break
        default:
            bytes.append(UInt8(ascii: ","))
        }
    }

    private mutating func escape(_ text: UnsafeBufferPointer<UInt8>) {
        var clean = 0
        var index = 0
        while index < text.count {
            let (length, code) = Self.sequenceToEscape(in: text, at: index)
            if length > 0 {
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[clean..<index]))
                escape(code)
                index += length
                clean = index
            } else {
                index += 1
            }
        }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[clean...]))
    }

    /// Length and code point of what must be escaped at `index`; length 0 when nothing must.
    private static func sequenceToEscape(
        in text: UnsafeBufferPointer<UInt8>, at index: Int
    ) -> (length: Int, code: UInt16) {
        let byte = text[index]
        if byte >= 0x20, byte < 0x7F {
            let isSpecial =
                byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
                || byte == UInt8(ascii: "[") && endsInCommandMark(text[..<index])
            return (isSpecial ? 1 : 0, UInt16(byte))
        }
        if byte < 0x80 { return (1, UInt16(byte)) }
        // C1 controls, U+0080 to U+009F.
        if byte == 0xC2, index + 1 < text.count, text[index + 1] < 0xA0 {
            return (2, UInt16(text[index + 1]))
        }
        // U+200B to U+200F and U+2028 to U+202E: invisible characters, line separators of
        // JavaScript, direction controls; U+2060 to U+206F: more of them.
        if byte == 0xE2, index + 2 < text.count {
            let last = text[index + 2]
            switch (text[index + 1], last) {
            case (0x80, 0x8B...0x8F), (0x80, 0xA8...0xAE): return (3, 0x2000 + UInt16(last - 0x80))
            case (0x81, 0xA0...0xAF): return (3, 0x2040 + UInt16(last - 0x80))
            default: break
            }
        }
        return (0, 0)
    }

    /// Whether this text followed by a bracket would be a build service's command: `##[`, `##vso[`.
    private static func endsInCommandMark(
        _ text: Slice<UnsafeBufferPointer<UInt8>>
    ) -> Bool {
        var end = text.endIndex
        while end > 0, (0x61...0x7A).contains(text[end - 1] | 0x20), text.endIndex - end < 12 {
            end -= 1
        }
        let mark = UInt8(ascii: "#")
        return end > 1 && text[end - 1] == mark && text[end - 2] == mark
    }

    private mutating func escape(_ code: UInt16) {
        bytes.append(UInt8(ascii: "\\"))
        switch code {
        case 0x22, 0x5C: bytes.append(UInt8(truncatingIfNeeded: code))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        default:
            bytes.append(UInt8(ascii: "u"))
            for shift in [12, 8, 4, 0] as [UInt16] {
                let digit = UInt8(truncatingIfNeeded: code >> shift & 0xF)
                bytes.append(digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10))
            }
        }
    }
}
