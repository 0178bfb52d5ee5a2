/// A decimal number, compared exactly: `1e3` is `1000`, and no digit is ever rounded.
public struct ConditionNumber: Sendable, CustomStringConvertible {
    /// As written.
    public let description: String
    private let isNegative: Bool
    /// From the first to the last digit that is not 0; empty for zero.
    private let digits: ArraySlice<UInt8>
    /// The power of ten by which 0.DIGITS is multiplied.
    private let exponent: Int

    /// The largest absolute value of an exponent.
    private static let exponentLimit = 1_000_000

    /// Reads `-12`, `0.8` or `1e-3`; nil for any other text.
    public init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest.removeFirst() }
        let whole = rest.prefix(while: Self.isDigit)
        rest = rest.dropFirst(whole.count)
        guard !whole.isEmpty else { return nil }
        var fraction: ArraySlice<UInt8> = []
        if rest.first == UInt8(ascii: ".") {
            fraction = rest.dropFirst().prefix(while: Self.isDigit)
            rest = rest.dropFirst(1 + fraction.count)
            guard !fraction.isEmpty else { return nil }
        }
        guard let power = Self.power(rest) else { return nil }
        let all = (whole + fraction)[...]
        let significant = all.drop { $0 == UInt8(ascii: "0") }
        let zeros = all.count - significant.count
        let last = significant.lastIndex { $0 != UInt8(ascii: "0") }
        digits = last.map { significant[...$0] } ?? []
        exponent = digits.isEmpty ? 0 : whole.count - zeros + power
        description = text
    }

    /// The exponent behind the digits: nothing, or `e` and a whole number.
    private static func power(_ text: ArraySlice<UInt8>) -> Int? {
        guard let mark = text.first else { return 0 }
        guard mark | 0x20 == UInt8(ascii: "e") else { return nil }
        var digits = text.dropFirst()
        let sign = digits.first
        if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { digits.removeFirst() }
        guard !digits.isEmpty, digits.allSatisfy(isDigit),
            let power = Int(String(decoding: digits, as: UTF8.self)), power <= exponentLimit
        else { return nil }
        return sign == UInt8(ascii: "-") ? -power : power
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}

extension ConditionNumber: Hashable, Comparable {
    /// Whether both are the same number, however written.
    public static func == (a: ConditionNumber, b: ConditionNumber) -> Bool {
        a.sign == b.sign && a.exponent == b.exponent && a.digits == b.digits
    }

    /// Whether the first is the smaller number.
    public static func < (a: ConditionNumber, b: ConditionNumber) -> Bool {
        if a.sign != b.sign { return a.sign < b.sign }
        return a.sign < 0 ? b.isSmallerInSize(than: a) : a.isSmallerInSize(than: b)
    }

    /// Equal numbers have equal hashes.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(sign)
        hasher.combine(exponent)
        hasher.combine(digits)
    }

    private var sign: Int { digits.isEmpty ? 0 : isNegative ? -1 : 1 }

    private func isSmallerInSize(than other: ConditionNumber) -> Bool {
        if exponent != other.exponent { return exponent < other.exponent }
        return digits.lexicographicallyPrecedes(other.digits)
    }
}
