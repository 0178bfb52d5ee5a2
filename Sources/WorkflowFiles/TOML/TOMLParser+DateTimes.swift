import WorkflowModel

/// Dates and times (RFC 3339, and TOML's local forms of it).
extension TOMLParser {
    /// Whether a word that begins with a digit was meant as a date or a time.
    static func isDateOrTime(_ word: UnsafeBufferPointer<UInt8>) -> Bool {
        func digits(_ count: Int) -> Bool { word.prefix(count).allSatisfy(ASCII.isDigit) }
        if word.count > 2, word[2] == ASCII.colon { return digits(2) }
        return word.count > 7 && word[4] == ASCII.minus && digits(4)
    }

    /// Reads the date or time at the cursor; its first word is known already.
    mutating func parseDateTime(
        _ word: UnsafeBufferPointer<UInt8>
    ) throws(AbandonedStatement) -> DocumentValue {
        let start = at
        var end = start + word.count
        // A space may stand between date and time.
        if word.count == 10, word[4] == ASCII.minus, end + 3 < bytes.count,
            bytes[end] == ASCII.space, ASCII.isDigit(bytes[end + 1]),
            ASCII.isDigit(bytes[end + 2]), bytes[end + 3] == ASCII.colon
        {
            end += 1
            while end < bytes.count, Self.isTimeByte(bytes[end]) { end += 1 }
        }
        var scanner = DateTimeScanner(UnsafeBufferPointer(rebasing: bytes[start..<end]))
        guard let value = scanner.scan() else {
            throw fail(
                "`\(text(start, end))` is not a valid date or time: \(scanner.problem)",
                at: start, length: end - start,
                help: "write `2026-01-31`, `08:30:00` or `2026-01-31T08:30:00Z`; "
                    + "text needs quotes")
        }
        at = end
        return DocumentValue(.dateTime(value), at: range(from: start))
    }

    private static func isTimeByte(_ byte: UInt8) -> Bool {
        ASCII.isDigit(byte) || ASCII.isLetter(byte) || byte == ASCII.colon || byte == ASCII.dot
            || byte == ASCII.plus || byte == ASCII.minus
    }
}

/// Reads one date or time of known extent.
private struct DateTimeScanner {
    private let word: UnsafeBufferPointer<UInt8>
    private var at = 0
    private var text = ""
    /// The mistake, once ``scan()`` has returned nil.
    private(set) var problem = "its form is wrong"

    init(_ word: UnsafeBufferPointer<UInt8>) { self.word = word }

    mutating func scan() -> DocumentDateTime? {
        guard word.count > 2 else { return nil }
        if word[2] == ASCII.colon {
            guard time(), at == word.count else { return nil }
            return DocumentDateTime(kind: .localTime, text: text)
        }
        guard date() else { return nil }
        if at == word.count { return DocumentDateTime(kind: .localDate, text: text) }
        guard take(ASCII.space) || take(UInt8(ascii: "T")) || take(UInt8(ascii: "t")) else {
            return nil
        }
        text.append("T")
        guard time() else { return nil }
        if at == word.count { return DocumentDateTime(kind: .localDateTime, text: text) }
        guard offset(), at == word.count else { return nil }
        return DocumentDateTime(kind: .offsetDateTime, text: text)
    }

    private mutating func date() -> Bool {
        guard let year = number(4, 0...9999, "year"), literal(ASCII.minus),
            let month = number(2, 1...12, "month"), literal(ASCII.minus),
            let day = number(2, 1...31, "day")
        else { return false }
        let isLeapYear = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeapYear ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        if day > days[month - 1] {
            problem = "that month has \(days[month - 1]) days"
            return false
        }
        return true
    }

    private mutating func time() -> Bool {
        guard number(2, 0...23, "hour") != nil, literal(ASCII.colon),
            number(2, 0...59, "minute") != nil
        else { return false }
        guard take(ASCII.colon) else {
            // TOML 1.1 allows leaving out the seconds, which means zero.
            text.append(":00")
            return true
        }
        text.append(":")
        // 60 is a leap second, which RFC 3339 allows.
        guard number(2, 0...60, "second") != nil else { return false }
        guard take(ASCII.dot) else { return true }
        let start = at
        while at < word.count, ASCII.isDigit(word[at]) { at += 1 }
        if at == start {
            problem = "digits are missing after the dot"
            return false
        }
        text.append(".")
        text.append(String(decoding: word[start..<at], as: UTF8.self))
        return true
    }

    private mutating func offset() -> Bool {
        if take(UInt8(ascii: "Z")) || take(UInt8(ascii: "z")) {
            text.append("Z")
            return true
        }
        guard at < word.count, word[at] == ASCII.plus || word[at] == ASCII.minus else {
            return false
        }
        return literal(word[at]) && number(2, 0...23, "hour of the offset") != nil
            && literal(ASCII.colon) && number(2, 0...59, "minute of the offset") != nil
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard at < word.count, word[at] == byte else { return false }
        at += 1
        return true
    }

    private mutating func literal(_ byte: UInt8) -> Bool {
        guard take(byte) else { return false }
        text.unicodeScalars.append(Unicode.Scalar(byte))
        return true
    }

    private mutating func number(
        _ count: Int, _ allowed: ClosedRange<Int>, _ name: String
    ) -> Int? {
        guard at + count <= word.count, word[at..<at + count].allSatisfy(ASCII.isDigit) else {
            problem = "the \(name) needs \(count) digits"
            return nil
        }
        let digits = word[at..<at + count]
        let value = digits.reduce(0) { $0 * 10 + Int($1 &- ASCII.zero) }
        guard allowed.contains(value) else {
            problem = "the \(name) goes from \(allowed.lowerBound) to \(allowed.upperBound)"
            return nil
        }
        text.append(String(decoding: digits, as: UTF8.self))
        at += count
        return value
    }
}
