import WorkflowModel

/// Integers and floats.
extension TOMLParser {
    /// A word that begins with a digit or a sign, as a number.
    mutating func parseNumber(
        _ word: UnsafeBufferPointer<UInt8>, _ start: Int
    ) throws(AbandonedStatement) -> DocumentValue {
        let end = start + word.count
        let content: DocumentValue.Content
        switch Self.number(word) {
        case .integer(let value): content = .integer(value)
        case .float(let value): content = .float(value)
        case .notANumber:
            throw notAValue(start, end)
        case .wrong(let message, let help):
            throw fail(
                "`\(text(start, end))` \(message)", at: start, length: word.count, help: help)
        }
        at = end
        return DocumentValue(content, at: range(from: start))
    }

    private enum Number {
        case integer(Int64)
        case float(Double)
        case notANumber
        /// It looks like a number and is invalid: the mistake, and what to write.
        case wrong(String, String)

        static let tooLarge = wrong(
            "does not fit into 64 bits",
            "integers go from -9223372036854775808 to 9223372036854775807")
        static let leadingZero = wrong(
            "has a leading zero", "leave the zero out, or write `0o` before an octal number")
        static let underscore = wrong(
            "has a `_` that is not between two digits", "write for example `1_000`")
        static let dot = wrong(
            "needs digits on both sides of the dot", "write for example `0.5` or `1.0`")
    }

    private static func number(_ word: UnsafeBufferPointer<UInt8>) -> Number {
        let isSigned = word[0] == ASCII.plus || word[0] == ASCII.minus
        let digits = UnsafeBufferPointer(rebasing: word[(isSigned ? 1 : 0)...])
        guard let first = digits.first else { return .notANumber }
        if first == ASCII.zero, digits.count > 1 {
            switch digits[1] {
            case UInt8(ascii: "x"): return radixInteger(digits, 16, isSigned)
            case UInt8(ascii: "o"): return radixInteger(digits, 8, isSigned)
            case UInt8(ascii: "b"): return radixInteger(digits, 2, isSigned)
            default: break
            }
        }
        let isNegative = word[0] == ASCII.minus
        if digits.elementsEqual("inf".utf8) {
            return .float(isNegative ? -.infinity : .infinity)
        }
        if digits.elementsEqual("nan".utf8) { return .float(isNegative ? -.nan : .nan) }
        if digits.allSatisfy({ ASCII.isDigit($0) || $0 == ASCII.underscore }) {
            return decimalInteger(digits, isNegative)
        }
        return float(digits, isNegative)
    }

    private static func decimalInteger(
        _ digits: UnsafeBufferPointer<UInt8>, _ isNegative: Bool
    ) -> Number {
        guard hasProperUnderscores(digits) else { return .underscore }
        if digits[0] == ASCII.zero, digits.count > 1 { return .leadingZero }
        // Counted downwards, since the negative range is larger.
        var value: Int64 = 0
        for digit in digits where digit != ASCII.underscore {
            let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
            let (next, underflow) = tenfold.subtractingReportingOverflow(
                Int64(digit &- ASCII.zero))
            guard !overflow, !underflow else { return .tooLarge }
            value = next
        }
        if isNegative { return .integer(value) }
        return value == .min ? .tooLarge : .integer(-value)
    }

    private static func radixInteger(
        _ word: UnsafeBufferPointer<UInt8>, _ radix: Int64, _ isSigned: Bool
    ) -> Number {
        let digits = UnsafeBufferPointer(rebasing: word[2...])
        guard !digits.isEmpty else {
            return .wrong("has no digits", "write for example `0x1f`, `0o755` or `0b101`")
        }
        var value: Int64 = 0
        for digit in digits where digit != ASCII.underscore {
            guard let number = ASCII.hexValue(digit), Int64(number) < radix else {
                return .wrong(
                    "has a digit that base \(radix) does not have",
                    "write for example `0x1f`, `0o755` or `0b101`")
            }
            let (shifted, overflow) = value.multipliedReportingOverflow(by: radix)
            let (next, tooLarge) = shifted.addingReportingOverflow(Int64(number))
            guard !overflow, !tooLarge else { return .tooLarge }
            value = next
        }
        guard hasProperUnderscores(digits) else { return .underscore }
        if isSigned {
            return .wrong(
                "has a sign before its base prefix", "write negative numbers in decimal")
        }
        return .integer(value)
    }

    /// `digits [. digits] [e [sign] digits]` without sign, with at least one of the two optional
    /// parts.
    private static func float(
        _ word: UnsafeBufferPointer<UInt8>, _ isNegative: Bool
    ) -> Number {
        var at = 0
        func skipDigits() -> UnsafeBufferPointer<UInt8> {
            let start = at
            while at < word.count, ASCII.isDigit(word[at]) || word[at] == ASCII.underscore {
                at += 1
            }
            return UnsafeBufferPointer(rebasing: word[start..<at])
        }
        let whole = skipDigits()
        var parts = [whole]
        if at < word.count, word[at] == ASCII.dot {
            at += 1
            parts.append(skipDigits())
        }
        if at < word.count, word[at] | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at < word.count, word[at] == ASCII.plus || word[at] == ASCII.minus { at += 1 }
            let exponent = skipDigits()
            guard !exponent.isEmpty || at < word.count else {
                return .wrong("has no digits in its exponent", "write for example `1e6`")
            }
            parts.append(exponent)
        }
        guard at == word.count, parts.count > 1 else { return .notANumber }
        guard parts.allSatisfy({ !$0.isEmpty }) else { return .dot }
        guard parts.allSatisfy(hasProperUnderscores) else { return .underscore }
        if whole.count > 1, whole[0] == ASCII.zero { return .leadingZero }
        let text = String(
            decoding: word.filter { $0 != ASCII.underscore }, as: UTF8.self)
        guard let value = Double(text) else { return .notANumber }
        return .float(isNegative ? -value : value)
    }

    /// Whether each `_` is between two digits.
    private static func hasProperUnderscores(_ digits: UnsafeBufferPointer<UInt8>) -> Bool {
        var previous = ASCII.underscore
        for digit in digits {
            if digit == ASCII.underscore, previous == ASCII.underscore { return false }
            previous = digit
        }
        return previous != ASCII.underscore
    }
}
