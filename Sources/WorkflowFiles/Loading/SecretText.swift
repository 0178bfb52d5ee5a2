/// The text of a file as words and lines, without parsing.
struct SecretText {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Runs of letters, digits, `_` and `-`.
    var words: [Range<Int>] {
        var words: [Range<Int>] = []
        var at = 0
        while at < bytes.count {
            guard isWordByte(bytes[at]) else {
                at += 1
                continue
            }
            let start = at
            while at < bytes.count, isWordByte(bytes[at]) { at += 1 }
            words.append(start..<at)
        }
        return words
    }

    private func isWordByte(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == ASCII.underscore
            || byte == UInt8(ascii: "-")
    }

    /// Whether some bytes contain `secret`, ignoring case.
    static func holdsSecret(_ bytes: [UInt8]) -> Bool {
        let word = Array("secret".utf8)
        return bytes.withUnsafeBufferPointer { bytes in
            var at = 0
            while at + word.count <= bytes.count {
                if bytes[at] | 0x20 == word[0],
                    word.indices.allSatisfy({ bytes[at + $0] | 0x20 == word[$0] })
                {
                    return true
                }
                at += 1
            }
            return false
        }
    }

    /// A word in lower case.
    func inSmallLetters(_ word: Range<Int>) -> [UInt8] {
        bytes[word].map { ASCII.isLetter($0) ? $0 | 0x20 : $0 }
    }

    // MARK: Places

    /// The offset behind the quotation mark that closes a key, if there is one here.
    func skipQuote(_ at: Int) -> Int {
        let byte = bytes[safe: at]
        return byte == ASCII.quote || byte == ASCII.apostrophe ? at + 1 : at
    }

    private func skipSpace(_ at: Int) -> Int {
        var at = at
        while let byte = bytes[safe: at], byte == ASCII.space || byte == ASCII.tab { at += 1 }
        return at
    }

    /// The offset behind the `=` or `:` after a key; nil when there is neither.
    func valueStart(behind word: Range<Int>) -> Int? {
        var at = skipSpace(skipQuote(word.upperBound))
        guard let sign = bytes[safe: at], sign == ASCII.equals || sign == UInt8(ascii: ":") else {
            return nil
        }
        while let byte = bytes[safe: at], byte == ASCII.equals || byte == UInt8(ascii: ":") {
            at += 1
        }
        return at
    }

    /// The offset behind the `]` of a header that ends with this name; nil when it is not a header.
    func headerEnd(behind word: Range<Int>) -> Int? {
        guard bytes[safe: commentMarkEnd(lineStart(word.lowerBound))] == ASCII.openBracket else {
            return nil
        }
        let end = skipSpace(skipQuote(word.upperBound))
        guard let byte = bytes[safe: end] else { return end }
        let isEnd =
            byte == ASCII.closeBracket || byte == ASCII.newline || byte == ASCII.hash
            || byte == ASCII.carriageReturn
        return isEnd ? lineEnd(end) : nil
    }

    /// The last word of a dotted key that contains this word.
    func lastPart(ofKeyWith word: Range<Int>) -> Range<Int> {
        var end = word.upperBound
        var start = word.lowerBound
        while true {
            let dot = skipSpace(skipQuote(end))
            guard bytes[safe: dot] == ASCII.dot else { return start..<end }
            start = skipQuote(skipSpace(dot + 1))
            end = start
            while let byte = bytes[safe: end], isWordByte(byte) { end += 1 }
            guard end > start else { return start..<end }
        }
    }

    private func lineStart(_ at: Int) -> Int {
        bytes[..<min(at, bytes.count)].lastIndex(of: ASCII.newline).map { $0 + 1 } ?? 0
    }

    private func lineEnd(_ at: Int) -> Int {
        guard at < bytes.count else { return bytes.count }
        return bytes[at...].firstIndex(of: ASCII.newline) ?? bytes.count
    }

    /// Where the text of a line begins, behind blanks and the comment mark of a step's header.
    private func commentMarkEnd(_ start: Int) -> Int {
        var at = skipSpace(start)
        for mark in ["#", "//", "--"] where bytes[min(at, bytes.count)...].starts(with: mark.utf8) {
            at = skipSpace(at + mark.utf8.count)
            break
        }
        return at
    }

    /// Whether only blanks, `export`, an opening quotation mark and earlier parts of the key come
    /// before a word on its line.
    func isFirstOnLine(_ word: Range<Int>) -> Bool {
        var start = commentMarkEnd(lineStart(word.lowerBound))
        if start < bytes.count, bytes[start...].starts(with: "export ".utf8) { start += 7 }
        start = skipQuote(start)
        guard start < word.lowerBound else { return true }
        let before = bytes[start..<word.lowerBound]
        return before.contains(ASCII.dot)
            && before.allSatisfy { isWordByte($0) || $0 == ASCII.dot || $0 == ASCII.quote }
    }

    /// The beginning of the next header line, or the end of the text.
    func nextHeader(from start: Int) -> Int {
        var line = lineEnd(start)
        while line < bytes.count {
            if isHeader(line + 1) { return line + 1 }
            line = lineEnd(line + 1)
        }
        return bytes.count
    }

    /// `[name` or `[[name`; no value without quotation marks begins so.
    private func isHeader(_ start: Int) -> Bool {
        var at = commentMarkEnd(start)
        guard bytes[safe: at] == ASCII.openBracket else { return false }
        if bytes[safe: at + 1] == ASCII.openBracket { at += 1 }
        return bytes[safe: skipSpace(at + 1)].map(ASCII.isLetter) ?? false
    }

    /// Whether a line looks like `key = value`, and not like the end of encoded data (`abc==`).
    private func isStatement(_ start: Int) -> Bool {
        var at = skipQuote(commentMarkEnd(start))
        let word = at
        while let byte = bytes[safe: at], isWordByte(byte) || byte == ASCII.dot { at += 1 }
        guard at > word else { return false }
        at = skipSpace(skipQuote(at))
        guard bytes[safe: at] == ASCII.equals else { return false }
        let value = skipSpace(at + 1)
        guard let byte = bytes[safe: value] else { return false }
        return byte != ASCII.equals && byte != ASCII.newline && byte != ASCII.carriageReturn
    }

    // MARK: Values

    /// The ranges of a value that begins here, one for each line.
    ///
    /// A string that is closed on its line ends there. An unclosed string, and a word without
    /// quotation marks, extends to the end of the line and over following lines that are not
    /// statements.
    func value(from start: Int) -> [Range<Int>] {
        var at = skipSpace(start)
        // The value may be on a line of its own.
        while let byte = bytes[safe: at], byte == ASCII.newline || byte == ASCII.carriageReturn {
            let next = skipSpace(at + 1)
            guard !isHeader(next), !isStatement(next) else { return [] }
            at = commentMarkEnd(next)
        }
        guard let first = bytes[safe: at] else { return [] }
        switch first {
        case ASCII.quote, ASCII.apostrophe:
            if bytes[safe: at + 1] == first, bytes[safe: at + 2] == first {
                return [at + 3..<closing(first, from: at + 3)]
            }
            guard let end = closingOnLine(first, from: at + 1) else { return open(from: at + 1) }
            return [at + 1..<end]
        case ASCII.openBracket, ASCII.openBrace:
            return [at + 1..<matching(at)]
        default:
            return open(from: at)
        }
    }

    /// The rest of a line behind a value, without closing marks, a comment and, inside a list or
    /// table, the next elements.
    func rest(behind end: Int, isStatement: Bool) -> Range<Int> {
        var at = end
        if let mark = bytes[safe: end], mark > ASCII.space {
            while bytes[safe: at] == mark { at += 1 }
        }
        at = skipSpace(at)
        guard let byte = bytes[safe: at], byte > ASCII.space, byte != ASCII.hash,
            isStatement || ![ASCII.comma, ASCII.closeBrace, ASCII.closeBracket].contains(byte)
        else { return at..<at }
        return at..<max(at, lineEnd(at))
    }

    /// The values of lines with one `key = value` each, and whatever else they hold.
    func values(ofLines lines: Range<Int>) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var line = lines.lowerBound
        while line < lines.upperBound {
            let start = commentMarkEnd(line)
            let end = min(lineEnd(line), lines.upperBound)
            if let sign = bytes[min(start, end)..<end].firstIndex(where: {
                $0 == ASCII.equals || $0 == UInt8(ascii: ":")
            }) {
                let value = self.value(from: sign + 1)
                ranges += value
                if let last = value.last?.upperBound {
                    ranges.append(rest(behind: last, isStatement: true))
                }
                // A string of several lines is one value.
                line = max(end, value.last.map { lineEnd($0.upperBound) } ?? end) + 1
            } else {
                ranges.append(min(start, end)..<end)
                line = end + 1
            }
        }
        return ranges
    }

    private func open(from start: Int) -> [Range<Int>] {
        var ranges = [start..<max(start, lineEnd(start))]
        var line = lineEnd(start) + 1
        while line < bytes.count {
            let end = lineEnd(line)
            let isBlank = bytes[line..<end].allSatisfy { $0 <= ASCII.space }
            guard !isBlank, !isHeader(line), !isStatement(line) else { break }
            ranges.append(line..<end)
            line = end + 1
        }
        return ranges
    }

    private func closingOnLine(_ quote: UInt8, from start: Int) -> Int? {
        var at = start
        while let byte = bytes[safe: at], byte != ASCII.newline {
            if byte == quote { return at }
            at += byte == ASCII.backslash && quote == ASCII.quote ? 2 : 1
        }
        return nil
    }

    private func closing(_ quote: UInt8, from start: Int) -> Int {
        var at = start
        while at + 2 < bytes.count {
            if bytes[at] == quote, bytes[at + 1] == quote, bytes[at + 2] == quote { return at }
            at += 1
        }
        return bytes.count
    }

    /// The closing bracket for the bracket that opens here; without one, the next header or the
    /// end.
    private func matching(_ start: Int) -> Int {
        var depth = 0
        var at = start
        while let byte = bytes[safe: at] {
            switch byte {
            case ASCII.openBracket, ASCII.openBrace: depth += 1
            case ASCII.closeBracket, ASCII.closeBrace:
                depth -= 1
                if depth == 0 { return at }
            case ASCII.quote, ASCII.apostrophe:
                at = closingOnLine(byte, from: at + 1) ?? at
            case ASCII.newline where isHeader(at + 1):
                return at
            default: break
            }
            at += 1
        }
        return bytes.count
    }

    /// The strings of a list, and whether it holds only strings.
    ///
    /// Of any other list, the words that could be names.
    func quotedList(from start: Int) -> (names: Set<[UInt8]>, isWhole: Bool) {
        var at = skipSpace(start)
        while let byte = bytes[safe: at], byte <= ASCII.space { at += 1 }
        var names: Set<[UInt8]> = []
        guard bytes[safe: at] == ASCII.openBracket else {
            return (wordNames(in: at..<lineEnd(at)), false)
        }
        let list = at + 1
        at = list
        while let byte = bytes[safe: at] {
            switch byte {
            case ASCII.quote, ASCII.apostrophe:
                guard let end = closingOnLine(byte, from: at + 1),
                    bytes[at + 1..<end].allSatisfy(isWordByte)
                else { return (names.union(wordNames(in: list..<lineEnd(at))), false) }
                names.insert(Array(bytes[at + 1..<end]))
                at = end
            case ASCII.closeBracket:
                return (names, true)
            case ASCII.hash:
                // In a step's header, or a comment: the list continues on the next line.
                at = max(at, lineStart(at) == at ? at : lineEnd(at) - 1)
            case ASCII.comma, 0...ASCII.space:
                break
            default:
                return (names.union(wordNames(in: list..<lineEnd(at))), false)
            }
            at += 1
        }
        return (names, false)
    }

    private func wordNames(in range: Range<Int>) -> Set<[UInt8]> {
        let part = SecretText(Array(bytes[range.clamped(to: bytes.indices)]))
        return Set(part.words.map { Array(part.bytes[$0]) })
    }
}

extension [UInt8] {
    subscript(safe index: Int) -> UInt8? {
        index >= 0 && index < count ? self[index] : nil
    }
}
