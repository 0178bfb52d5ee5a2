/// A JSON value, as far as the journal needs one.
enum JSONValue: Equatable {
    case null
    case truth(Bool)
    case integer(Int64)
    /// A whole number above `Int64.max`.
    case large(UInt64)
    /// A number with decimals, in thousandths; further digits are dropped.
    case thousandths(Int64)
    /// A number as written, if the reader keeps them so.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object(JSONMembers)
}

/// The members of an object, in their order.
struct JSONMembers: Equatable {
    private(set) var names: [String] = []
    private(set) var values: [JSONValue] = []

    mutating func append(_ name: String, _ value: JSONValue) {
        names.append(name)
        values.append(value)
    }

    /// The first member with this name; linear, since objects here are small.
    subscript(name: String) -> JSONValue? {
        names.firstIndex(of: name).map { values[$0] }
    }

    func text(_ name: String) -> String? {
        if case .string(let text) = self[name] { text } else { nil }
    }

    func array(_ name: String) -> [JSONValue]? {
        if case .array(let values) = self[name] { values } else { nil }
    }

    func truth(_ name: String) -> Bool { self[name] == .truth(true) }

    /// A whole number that fits the requested type; otherwise nil.
    func integer<Number: FixedWidthInteger>(_ name: String) -> Number? {
        switch self[name] {
        case .integer(let number): Number(exactly: number)
        case .large(let number): Number(exactly: number)
        default: nil
        }
    }
}

/// Reads one JSON value from a range of bytes; nil when they are not exactly one.
///
/// The depth is limited, so no line can overflow the stack.
struct JSONReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    /// The current offset; after a failure, the place of the error.
    private(set) var position = 0
    /// Whether numbers are kept as written, with every digit and exponent.
    private let keepsNumbers: Bool
    static let maximumDepth = 16

    init(_ bytes: UnsafeBufferPointer<UInt8>, keepingNumbers: Bool = false) {
        self.bytes = bytes
        keepsNumbers = keepingNumbers
    }

    /// The value of the whole text.
    static func value(of bytes: UnsafeBufferPointer<UInt8>) -> JSONValue? {
        var reader = JSONReader(bytes)
        return reader.document()
    }

    /// The value of the whole text.
    mutating func document() -> JSONValue? {
        guard let value = value(depth: 0) else { return nil }
        skipBlanks()
        return position == bytes.count ? value : nil
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipBlanks() {
        while let byte = current, byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A {
            position += 1
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        position += 1
        return true
    }

    private mutating func take(word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        guard bytes.count - position >= length else { return false }
        let found = word.withUTF8Buffer { $0.elementsEqual(bytes[position..<position + length]) }
        if found { position += length }
        return found
    }

    private mutating func value(depth: Int) -> JSONValue? {
        guard depth < Self.maximumDepth else { return nil }
        skipBlanks()
        switch current {
        case UInt8(ascii: "{"): return object(depth: depth)
        case UInt8(ascii: "["): return array(depth: depth)
        case UInt8(ascii: "\""): return string().map { .string($0) }
        case UInt8(ascii: "t"): return take(word: "true") ? .truth(true) : nil
        case UInt8(ascii: "f"): return take(word: "false") ? .truth(false) : nil
        case UInt8(ascii: "n"): return take(word: "null") ? .null : nil
        default: return keepsNumbers ? numberAsWritten() : number()
        }
    }

    /// A number in the grammar of RFC 8259, section 6.
    private mutating func numberAsWritten() -> JSONValue? {
        let first = position
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")), !skipDigits() { return nil }
        if take(UInt8(ascii: ".")), !skipDigits() { return nil }
        if let mark = current, mark | 0x20 == UInt8(ascii: "e") {
            position += 1
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            guard skipDigits() else { return nil }
        }
        return .number(String(decoding: bytes[first..<position], as: UTF8.self))
    }

    /// Skips digits; false when there was none.
    private mutating func skipDigits() -> Bool {
        let first = position
        while let byte = current, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
            position += 1
        }
        return position > first
    }

    private mutating func object(depth: Int) -> JSONValue? {
        position += 1
        var members = JSONMembers()
        skipBlanks()
        if take(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            skipBlanks()
            guard let name = string() else { return nil }
            skipBlanks()
            guard take(UInt8(ascii: ":")), let value = value(depth: depth + 1) else { return nil }
            members.append(name, value)
            skipBlanks()
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}")) ? .object(members) : nil
    }

    private mutating func array(depth: Int) -> JSONValue? {
        position += 1
        var values: [JSONValue] = []
        skipBlanks()
        if take(UInt8(ascii: "]")) { return .array(values) }
        repeat {
            guard let value = value(depth: depth + 1) else { return nil }
            values.append(value)
            skipBlanks()
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "]")) ? .array(values) : nil
    }

    private mutating func number() -> JSONValue? {
        let isNegative = take(UInt8(ascii: "-"))
        guard let whole = digits() else { return nil }
        guard take(UInt8(ascii: ".")) else {
            guard isNegative else {
                return Int64(exactly: whole).map { .integer($0) } ?? .large(whole)
            }
            return whole == 0 ? .integer(0) : negative(whole).map { .integer($0) }
        }
        var thousandths: UInt64 = 0
        var scale: UInt64 = 100
        let first = position
        while let byte = current, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
            thousandths += UInt64(byte - UInt8(ascii: "0")) * scale
            scale /= 10
            position += 1
        }
        let (scaled, overflow) = whole.multipliedReportingOverflow(by: 1000)
        let (magnitude, carry) = scaled.addingReportingOverflow(thousandths)
        guard position > first, !overflow, !carry else { return nil }
        let number = isNegative ? negative(magnitude) : Int64(exactly: magnitude)
        return number.map { .thousandths($0) }
    }

    private func negative(_ magnitude: UInt64) -> Int64? {
        guard magnitude > 0 else { return 0 }
        return Int64(exactly: magnitude - 1).map { -$0 - 1 }
    }

    private mutating func digits() -> UInt64? {
        let first = position
        var number: UInt64 = 0
        while let byte = current, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
            let (scaled, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = scaled.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            guard !overflow, !carry else { return nil }
            number = sum
            position += 1
        }
        return position > first ? number : nil
    }

    private mutating func string() -> String? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let first = position
        var bits: UInt8 = 0
        while let byte = current, byte >= 0x20, byte != UInt8(ascii: "\\") {
            if byte == UInt8(ascii: "\"") {
                defer { position += 1 }
                return Self.text(bytes[first..<position], isASCII: bits < 0x80)
            }
            bits |= byte
            position += 1
        }
        return stringWithEscapes(from: first)
    }

    private mutating func stringWithEscapes(from first: Int) -> String? {
        var text = [UInt8](bytes[first..<position])
        while let byte = current, byte >= 0x20 {
            position += 1
            if byte == UInt8(ascii: "\"") { return String(validating: text, as: UTF8.self) }
            if byte != UInt8(ascii: "\\") {
                text.append(byte)
            } else if let scalar = escape() {
                text.append(contentsOf: String(Character(scalar)).utf8)
            } else {
                return nil
            }
        }
        return nil
    }

    private static func text(
        _ slice: Slice<UnsafeBufferPointer<UInt8>>, isASCII: Bool
    ) -> String? {
        let bytes = UnsafeBufferPointer(rebasing: slice)
        // Most texts are ASCII, and cannot contain an invalid sequence.
        return isASCII
            ? String(decoding: bytes, as: UTF8.self) : String(validating: bytes, as: UTF8.self)
    }

    private mutating func escape() -> Unicode.Scalar? {
        guard let byte = current else { return nil }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return hexadecimal().flatMap { scalar(from: $0) }
        default: return nil
        }
    }

    /// The character of an escape; the next escape completes a surrogate pair.
    private mutating func scalar(from code: UInt32) -> Unicode.Scalar? {
        guard (0xD800..<0xDC00).contains(code) else { return Unicode.Scalar(code) }
        guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")), let low = hexadecimal(),
            (0xDC00..<0xE000).contains(low)
        else { return nil }
        return Unicode.Scalar(0x10000 + (code - 0xD800) << 10 + (low - 0xDC00))
    }

    /// Four digits.
    private mutating func hexadecimal() -> UInt32? {
        guard bytes.count - position >= 4 else { return nil }
        var code: UInt32 = 0
        for byte in bytes[position..<position + 4] {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: return nil
            }
            code = code << 4 | UInt32(digit)
        }
        position += 4
        return code
    }
}
