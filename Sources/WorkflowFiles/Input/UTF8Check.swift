import WorkflowModel

/// Checks that bytes are text before any reader sees them: UTF-8, and no control characters but tab
/// and line ends.
///
/// One pass over the file, so no string, key or comment needs a check of its own.
enum UTF8Check {
    /// The result of the check.
    enum Verdict {
        /// Readable, apart from the mistakes listed (one a line).
        case text(ProblemList)
        /// Not UTF-8 text at all: reading on would only repeat that error.
        case notText(Diagnostic)
    }

    /// Checks a whole file; for JSON it skips control characters, for which JSON has its own rules.
    static func check(
        _ bytes: UnsafeBufferPointer<UInt8>, file: Int, allowsControls: Bool = false
    ) -> Verdict {
        if let problem = wrongEncoding(bytes, file: file) { return .notText(problem) }
        var problems = ProblemList()
        var at = 0
        while at < bytes.count, !problems.isHopeless {
            let byte = bytes[at]
            if byte >= ASCII.space && byte < ASCII.delete
                || byte == ASCII.newline || byte == ASCII.tab
            {
                at += 1
            } else if byte >= 0x80 {
                let length = sequenceLength(bytes, at)
                if length > 0 {
                    at += length
                } else {
                    let range = SourceRange(file: file, offset: at, length: 1)
                    problems.add(invalidEncoding(byte, at: range), at: range)
                    at = lineEnd(bytes, from: at)
                }
            } else if byte == ASCII.carriageReturn, at + 1 < bytes.count,
                bytes[at + 1] == ASCII.newline
            {
                at += 2
            } else if byte == 0 {
                return .notText(nulByte(at: SourceRange(file: file, offset: at, length: 1)))
            } else if allowsControls {
                at += 1
            } else {
                let range = SourceRange(file: file, offset: at, length: 1)
                problems.add(controlCharacter(byte, at: range), at: range)
                at = lineEnd(bytes, from: at)
            }
        }
        return .text(problems)
    }

    /// The length of the UTF-8 sequence that begins here, or 0 for an invalid one (Unicode 15,
    /// table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF).
    static func sequenceLength(_ bytes: UnsafeBufferPointer<UInt8>, _ at: Int) -> Int {
        func continues(_ offset: Int, _ low: UInt8 = 0x80, _ high: UInt8 = 0xBF) -> Bool {
            at + offset < bytes.count && bytes[at + offset] >= low && bytes[at + offset] <= high
        }
        switch bytes[at] {
        case 0x00...0x7F: return 1
        case 0xC2...0xDF: return continues(1) ? 2 : 0
        case 0xE0: return continues(1, 0xA0) && continues(2) ? 3 : 0
        case 0xED: return continues(1, 0x80, 0x9F) && continues(2) ? 3 : 0
        case 0xE1...0xEF: return continues(1) && continues(2) ? 3 : 0
        case 0xF0: return continues(1, 0x90) && continues(2) && continues(3) ? 4 : 0
        case 0xF1...0xF3: return continues(1) && continues(2) && continues(3) ? 4 : 0
        case 0xF4: return continues(1, 0x80, 0x8F) && continues(2) && continues(3) ? 4 : 0
        default: return 0
        }
    }

    /// The length of a byte order mark at the start: 3, or 0 when there is none.
    static func byteOrderMarkLength(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF ? 3 : 0
    }

    private static func lineEnd(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var at = start
        while at < bytes.count, bytes[at] != ASCII.newline {
            // A NUL ends the reading wherever it is, so do not skip it.
            if bytes[at] == 0 { break }
            at += 1
        }
        return at
    }

    private static func wrongEncoding(
        _ bytes: UnsafeBufferPointer<UInt8>, file: Int
    ) -> Diagnostic? {
        let mark = bytes.prefix(2)
        guard mark.elementsEqual([0xFF, 0xFE]) || mark.elementsEqual([0xFE, 0xFF]) else {
            return nil
        }
        return .error(
            "the file is encoded in UTF-16", at: SourceRange(file: file, offset: 0, length: 2),
            help: "save it as UTF-8")
    }

    private static func nulByte(at range: SourceRange) -> Diagnostic {
        .error(
            "the file holds a NUL byte, so it is not a text file", at: range,
            help: "save it as text in UTF-8, without NUL bytes")
    }

    private static func invalidEncoding(_ byte: UInt8, at range: SourceRange) -> Diagnostic {
        .error(
            "byte 0x\(hex(byte)) is not valid UTF-8 here", at: range,
            help: "save the file as UTF-8")
    }

    private static func controlCharacter(_ byte: UInt8, at range: SourceRange) -> Diagnostic {
        if byte == ASCII.carriageReturn {
            return .error(
                "a carriage return without a newline", at: range,
                help: "end lines with a newline, or with both; in a string write `\\r`")
        }
        return .error(
            "control character U+00\(hex(byte))", at: range,
            help: "remove it, or write it as `\\u00\(hex(byte))` in a string")
    }

    private static func hex(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.count < 2 ? "0" + digits : digits
    }
}
