import WorkflowModel

/// The four kinds of strings.
extension TOMLParser {
    /// Reads a string of any kind that begins at the cursor.
    mutating func parseString() throws(AbandonedStatement) -> String {
        let quote = current
        if peek(1) == quote, peek(2) == quote { return try parseMultiLineString(quote) }
        let open = at
        at += 1
        let start = at
        while at < bytes.count {
            let byte = bytes[at]
            if byte == quote {
                let text = String(decoding: bytes[start..<at], as: UTF8.self)
                at += 1
                return text
            }
            if byte == ASCII.newline { break }
            if byte == ASCII.backslash, quote == ASCII.quote {
                return try parseEscapedString(open: open, start: start)
            }
            at += 1
        }
        throw unterminated(open, quote)
    }

    /// The rest of a basic string, from its first backslash on.
    private mutating func parseEscapedString(
        open: Int, start: Int
    ) throws(AbandonedStatement) -> String {
        var content = Array(bytes[start..<at])
        while at < bytes.count, bytes[at] != ASCII.newline {
            let byte = bytes[at]
            if byte == ASCII.quote {
                at += 1
                return String(decoding: content, as: UTF8.self)
            }
            if byte == ASCII.backslash {
                // The line ends here: "the string is not closed" is the only message needed.
                if peek(1) == ASCII.newline || at + 1 == bytes.count { break }
                parseEscape(into: &content)
            } else {
                content.append(byte)
                at += 1
            }
        }
        throw unterminated(open, ASCII.quote)
    }

    private mutating func parseMultiLineString(
        _ quote: UInt8
    ) throws(AbandonedStatement) -> String {
        let open = at
        at += 3
        // A newline right after the delimiter is not part of the text.
        if current == ASCII.carriageReturn, peek(1) == ASCII.newline { at += 1 }
        if current == ASCII.newline { at += 1 }
        var content: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            if byte == quote, peek(1) == quote, peek(2) == quote {
                var count = 3
                while count < 5, peek(count) == quote { count += 1 }
                // Up to two quotation marks may stand right before the closing three.
                content.append(contentsOf: repeatElement(quote, count: count - 3))
                at += count
                return String(decoding: content, as: UTF8.self)
            }
            if byte == ASCII.backslash, quote == ASCII.quote {
                if !skipLineContinuation() { parseEscape(into: &content) }
            } else if byte == ASCII.carriageReturn, peek(1) == ASCII.newline {
                // Both line ends become a newline: a shell would fail on a carriage return.
                at += 1
            } else {
                content.append(byte)
                at += 1
            }
        }
        at = open
        let mark = quote == ASCII.quote ? "\"\"\"" : "'''"
        let problem = fail(
            "the string is never closed", at: open, length: 3,
            help: "add `\(mark)` where it ends")
        at = open + 3
        skipToNextHeader()
        throw problem
    }

    /// A backslash at the end of a line: skips it and all space up to the next text.
    private mutating func skipLineContinuation() -> Bool {
        var end = at + 1
        while end < bytes.count, bytes[end] == ASCII.space || bytes[end] == ASCII.tab { end += 1 }
        if end < bytes.count, bytes[end] == ASCII.carriageReturn { end += 1 }
        guard end < bytes.count, bytes[end] == ASCII.newline else { return false }
        at = end
        while current == ASCII.space || current == ASCII.tab || current == ASCII.newline
            || current == ASCII.carriageReturn
        {
            at += 1
        }
        return true
    }

    /// Reads an escape sequence; an invalid one is reported and left out, and the string continues.
    private mutating func parseEscape(into content: inout [UInt8]) {
        let start = at
        let kind = peek(1)
        at += 2
        switch kind {
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "t"): content.append(ASCII.tab)
        case UInt8(ascii: "n"): content.append(ASCII.newline)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "r"): content.append(ASCII.carriageReturn)
        case UInt8(ascii: "e"): content.append(0x1B)
        case ASCII.quote, ASCII.backslash: content.append(kind)
        case UInt8(ascii: "x"): parseScalar(digits: 2, start, into: &content)
        case UInt8(ascii: "u"): parseScalar(digits: 4, start, into: &content)
        case UInt8(ascii: "U"): parseScalar(digits: 8, start, into: &content)
        default: rejectEscape(start, kind)
        }
    }

    private mutating func rejectEscape(_ start: Int, _ kind: UInt8) {
        // The next character may be the string's end, the line's end or a longer character.
        at = start + 1
        if kind > ASCII.space, kind < ASCII.delete {
            let pair = text(start, start + 2)
            report(
                "`\(pair)` is no escape sequence", at: start, length: 2,
                help: "for a backslash write `\\\\`, or use '…', where it is an ordinary character")
            at += 1
        } else {
            report(
                "a backslash that escapes nothing", at: start,
                help: "for a backslash write `\\\\`, or use '…', where it is an ordinary character")
        }
    }

    private mutating func parseScalar(digits: Int, _ start: Int, into content: inout [UInt8]) {
        var value: UInt32 = 0
        for count in 0..<digits {
            guard let digit = ASCII.hexValue(current) else {
                report(
                    "`\(text(start, at))` needs \(digits) hexadecimal digits, and \(count) follow",
                    at: start, length: at - start,
                    help: "fill up with zeros in front, as in `\\u00e9`")
                return
            }
            value = value << 4 | UInt32(digit)
            at += 1
        }
        guard let scalar = Unicode.Scalar(value) else {
            report(
                "`\(text(start, at))` is no Unicode character", at: start, length: at - start,
                help: "surrogates (D800 to DFFF) and numbers above 10FFFF cannot be written")
            return
        }
        content.append(contentsOf: UTF8.encode(scalar)?.map { $0 } ?? [])
    }

    private mutating func unterminated(_ open: Int, _ quote: UInt8) -> AbandonedStatement {
        let end = trimmedLineEnd(from: open)
        let mark = quote == ASCII.quote ? "\"" : "'"
        let isApostropheInside = quote == ASCII.apostrophe && depth == 0 && end > open + 1
        return fail(
            "the string is not closed on its line", at: open, length: end - open,
            help: isApostropheInside
                ? "add `'` where it ends; text with an apostrophe goes between `\"` marks"
                : "add `\(mark)` where it ends; text of several lines goes between "
                    + "`\(mark)\(mark)\(mark)` marks")
    }
}
