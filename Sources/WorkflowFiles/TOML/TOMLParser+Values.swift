import WorkflowModel

/// Reads values: the kind that begins here, arrays, inline tables, and invalid words.
extension TOMLParser {
    mutating func parseValue() throws(AbandonedStatement) -> DocumentValue {
        let start = at
        switch current {
        case ASCII.quote, ASCII.apostrophe:
            let text = try parseString()
            return DocumentValue(.string(text), at: range(from: start))
        case ASCII.openBracket:
            return try parseArray()
        case ASCII.openBrace:
            return try parseInlineTable()
        case 0, ASCII.newline, ASCII.carriageReturn, ASCII.hash:
            throw fail(
                "the value is missing", at: previousTextEnd, length: 0,
                help: "write a value after `=`; an empty string is `\"\"`")
        default:
            return try parseWord()
        }
    }

    // MARK: Words

    /// Reads a value without quotes or brackets: a number, a boolean or a date; reports anything
    /// else.
    private mutating func parseWord() throws(AbandonedStatement) -> DocumentValue {
        let start = at
        let end = wordEnd(from: at)
        let word = UnsafeBufferPointer(rebasing: bytes[start..<end])
        guard let first = word.first else {
            throw fail(
                "a value is missing before `\(text(at, at + 1))`", at: at,
                help: "an empty string is `\"\"`")
        }
        if ASCII.isDigit(first) {
            if Self.isDateOrTime(word) { return try parseDateTime(word) }
            return try parseNumber(word, start)
        }
        if first == ASCII.plus || first == ASCII.minus { return try parseNumber(word, start) }
        let content: DocumentValue.Content
        if word.elementsEqual("true".utf8) {
            content = .boolean(true)
        } else if word.elementsEqual("false".utf8) {
            content = .boolean(false)
        } else if word.elementsEqual("inf".utf8) {
            content = .float(.infinity)
        } else if word.elementsEqual("nan".utf8) {
            content = .float(.nan)
        } else {
            throw notAValue(start, end)
        }
        at = end
        return DocumentValue(content, at: range(from: start))
    }

    private func wordEnd(from start: Int) -> Int {
        var end = start
        while end < bytes.count {
            switch bytes[end] {
            case ASCII.space, ASCII.tab, ASCII.newline, ASCII.carriageReturn, ASCII.comma,
                ASCII.semicolon, ASCII.closeBracket, ASCII.closeBrace, ASCII.hash, ASCII.equals:
                return end
            default: end += 1
            }
        }
        return end
    }

    mutating func notAValue(_ start: Int, _ end: Int) -> AbandonedStatement {
        let word = text(start, end)
        if bytes[start..<end].starts(with: "\u{201C}".utf8)
            || bytes[start..<end].starts(with: "\u{2018}".utf8)
        {
            return fail(
                "curly quotation marks do not make a string", at: start, length: end - start,
                help: "use the straight mark `\"`")
        }
        switch word.lowercased() {
        case "true", "false":
            return fail(
                "`\(word)` is not a value", at: start, length: end - start,
                help: "write `\(word.lowercased())`, in lower case")
        case "yes", "on":
            return fail(
                "`\(word)` is not a value", at: start, length: end - start,
                help: "write `true`, or `\"\(word)\"` for the text")
        case "no", "off":
            return fail(
                "`\(word)` is not a value", at: start, length: end - start,
                help: "write `false`, or `\"\(word)\"` for the text")
        case "null", "nil", "none":
            return fail(
                "`\(word)` is not a value", at: start, length: end - start,
                help: "leave the key out instead: TOML has no word for nothing")
        default:
            // Outside of brackets, the text up to the end of the line was meant.
            let textEnd = depth == 0 ? unquotedTextEnd(from: start, atLeast: end) : end
            let meant = text(start, textEnd)
            let needsLiteral = meant.utf8.contains { $0 == ASCII.quote || $0 == ASCII.backslash }
            return fail(
                "`\(meant)` is not a value", at: start, length: textEnd - start,
                help: "strings need quotes: " + (needsLiteral ? "`'\(meant)'`" : "`\"\(meant)\"`"))
        }
    }

    private func unquotedTextEnd(from start: Int, atLeast end: Int) -> Int {
        var last = end
        var cursor = end
        while cursor < bytes.count, bytes[cursor] != ASCII.newline, bytes[cursor] != ASCII.hash {
            cursor += 1
            if cursor - 1 >= start, bytes[cursor - 1] > ASCII.space { last = cursor }
        }
        return last
    }

    // MARK: Brackets

    private mutating func parseArray() throws(AbandonedStatement) -> DocumentValue {
        let open = at
        try enter()
        var values: [DocumentValue] = []
        while true {
            skipBlankLines()
            if current == ASCII.closeBracket { break }
            if at >= bytes.count || isAtStatementOnNewLine(after: open) {
                throw unclosed(open, "array", "]")
            }
            if current == ASCII.equals { throw unclosed(open, "array", "]") }
            if values.isEmpty { values.reserveCapacity(4) }
            values.append(try parseValue())
            skipBlankLines()
            if current == ASCII.comma {
                at += 1
                continue
            }
            guard current != ASCII.closeBracket else { break }
            if at >= bytes.count || isAtStatementOnNewLine(after: open) {
                throw unclosed(open, "array", "]")
            }
            throw fail(
                "`,` or `]` is missing in the array", at: previousValueEnd, length: 0,
                help: "separate values with `,`",
                related: [.init("the array begins here", at: place(open))])
        }
        at += 1
        depth -= 1
        return DocumentValue(.array(values), at: range(from: open))
    }

    private mutating func parseInlineTable() throws(AbandonedStatement) -> DocumentValue {
        let open = at
        try enter()
        let table = tree.addTable(.inline, at: place(open))
        while true {
            skipBlankLines()
            if current == ASCII.closeBrace { break }
            if at >= bytes.count { throw unclosed(open, "inline table", "}") }
            if isAtHeader() { throw unclosed(open, "inline table", "}") }
            try parseKeyValue(into: table)
            skipBlankLines()
            if current == ASCII.comma {
                at += 1
                continue
            }
            guard current != ASCII.closeBrace else { break }
            if at >= bytes.count || isAtHeader() { throw unclosed(open, "inline table", "}") }
            throw fail(
                "`,` or `}` is missing in the inline table", at: previousValueEnd, length: 0,
                help: "separate the keys with `,`",
                related: [.init("the inline table begins here", at: place(open))])
        }
        at += 1
        depth -= 1
        let content = tree.frozen(table)
        tree.removeTables(from: table)
        return DocumentValue(.table(content), at: range(from: open))
    }

    private mutating func enter() throws(AbandonedStatement) {
        guard depth < Self.depthLimit else {
            throw fail(
                "arrays and inline tables nested more than \(Self.depthLimit) deep", at: at,
                help: "flatten the value")
        }
        at += 1
        depth += 1
    }

    private func place(_ open: Int) -> SourceRange {
        SourceRange(file: file, offset: open, length: 1)
    }

    /// Reports an unclosed bracket, and continues as if outside of it.
    private mutating func unclosed(
        _ open: Int, _ what: String, _ close: String
    ) -> AbandonedStatement {
        let end = previousValueEnd
        let problem = fail(
            "the \(what) is not closed", at: end, length: 0, help: "add `\(close)`",
            related: [.init("the \(what) begins here", at: place(open))])
        if at < bytes.count {
            // Back to the end of the previous line, so that the statement here is read as one.
            while at > open, bytes[at - 1] != ASCII.newline { at -= 1 }
            if at > open { at -= 1 }
        }
        depth = 0
        return problem
    }

    /// Where the text before the cursor ends, without spaces, empty lines and comments.
    private var previousValueEnd: Int {
        var end = at
        while end > 0 {
            while end > 0, bytes[end - 1] <= ASCII.space { end -= 1 }
            // A comment can only be recognised from the start of its line.
            var start = end
            while start > 0, bytes[start - 1] != ASCII.newline { start -= 1 }
            var first = start
            while first < end, bytes[first] <= ASCII.space { first += 1 }
            guard first < end, bytes[first] == ASCII.hash else { return end }
            end = start
        }
        return at
    }
}
