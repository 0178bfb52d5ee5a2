/// Continues after a mistake, so that each is reported once and causes no others.
extension TOMLParser {
    /// Moves to where the next statement can begin.
    mutating func recover() {
        let brackets = depth
        depth = 0
        guard brackets > 0 else {
            skipToLineEnd()
            return
        }
        // Inside brackets the next line is not a statement, although it may look like one. If the
        // brackets are closed before the next header, continue after them; if not, the closing
        // bracket is missing, and the next line that looks like a statement is one.
        let start = at
        if skipToClosing(brackets) { return }
        at = start
        skipToLineEnd()
        while at < bytes.count {
            at += 1
            let line = at
            skipSpace()
            let isStatement = looksLikeKeyValue(at) || looksLikeHeader(at)
            at = line
            if isStatement { return }
            skipToLineEnd()
        }
    }

    /// Skips to the end of the line on which this many brackets have been closed.
    private mutating func skipToClosing(_ brackets: Int) -> Bool {
        var open = brackets
        let start = at
        defer { recoveryBudget -= at - start }
        while at < bytes.count, at - start < recoveryBudget {
            switch bytes[at] {
            case ASCII.openBracket, ASCII.openBrace:
                open += 1
            case ASCII.closeBracket, ASCII.closeBrace:
                open -= 1
                if open == 0 {
                    skipToLineEnd()
                    return true
                }
            case ASCII.quote, ASCII.apostrophe:
                skipQuoted()
                continue
            case ASCII.hash:
                skipToLineEnd()
                continue
            case ASCII.newline where looksLikeHeader(at + 1):
                return false
            default: break
            }
            at += 1
        }
        return false
    }

    /// Skips a string of one line without checking it; stops at the end of the line.
    private mutating func skipQuoted() {
        let quote = bytes[at]
        at += 1
        while at < bytes.count, bytes[at] != ASCII.newline {
            if bytes[at] == quote {
                at += 1
                return
            }
            at += bytes[at] == ASCII.backslash && quote == ASCII.quote ? 2 : 1
        }
        at = min(at, bytes.count)
    }

    /// Moves to the end of the line before the next header, or to the end of the file.
    mutating func skipToNextHeader() {
        skipToLineEnd()
        while at < bytes.count, !looksLikeHeader(at + 1) {
            at += 1
            skipToLineEnd()
        }
    }

    // MARK: What a line looks like

    /// Whether the cursor is at the first text of a line after `open`, and that line looks like a
    /// statement: then a bracket was left open.
    func isAtStatementOnNewLine(after open: Int) -> Bool {
        guard Self.isBareKeyByte(current) || current == ASCII.openBracket else { return false }
        guard isFirstOnLine(after: open) else { return false }
        return looksLikeKeyValue(at) || looksLikeHeader(at)
    }

    /// Whether a header begins at the cursor, at the very start of a line.
    func isAtHeader() -> Bool {
        current == ASCII.openBracket && at > 0 && bytes[at - 1] == ASCII.newline
            && looksLikeHeader(at)
    }

    private func isFirstOnLine(after open: Int) -> Bool {
        var start = at
        while start > open {
            switch bytes[start - 1] {
            case ASCII.newline: return true
            case ASCII.space, ASCII.tab: start -= 1
            default: return false
            }
        }
        return false
    }

    /// `key =` or `a."b".c =`.
    private func looksLikeKeyValue(_ start: Int) -> Bool {
        guard let end = keyPathEnd(from: start) else { return false }
        return end < bytes.count && bytes[end] == ASCII.equals
    }

    // `[key]` or `[[key]]` with nothing but a comment behind it. Not `["text"]`, which is more
    // likely the last value of an array of arrays.
    private func looksLikeHeader(_ start: Int) -> Bool {
        guard start < bytes.count, bytes[start] == ASCII.openBracket else { return false }
        let isArray = start + 1 < bytes.count && bytes[start + 1] == ASCII.openBracket
        let name = start + (isArray ? 2 : 1)
        guard name < bytes.count, ASCII.isLetter(bytes[name]), var end = keyPathEnd(from: name)
        else { return false }
        for _ in 0..<(isArray ? 2 : 1) {
            guard end < bytes.count, bytes[end] == ASCII.closeBracket else { return false }
            end += 1
        }
        while end < bytes.count, bytes[end] == ASCII.space || bytes[end] == ASCII.tab { end += 1 }
        guard end < bytes.count else { return true }
        return bytes[end] == ASCII.newline || bytes[end] == ASCII.carriageReturn
            || bytes[end] == ASCII.hash
    }

    /// The end of a dotted key that begins here, including spaces behind it; nil when there is no
    /// key.
    private func keyPathEnd(from start: Int) -> Int? {
        var end = start
        func byte() -> UInt8 { end < bytes.count ? bytes[end] : 0 }
        while true {
            let part = end
            if byte() == ASCII.quote || byte() == ASCII.apostrophe {
                let quote = byte()
                end += 1
                while byte() != quote {
                    guard end < bytes.count, byte() != ASCII.newline else { return nil }
                    end += byte() == ASCII.backslash && quote == ASCII.quote ? 2 : 1
                }
                end += 1
            } else {
                while Self.isBareKeyByte(byte()) { end += 1 }
            }
            guard end > part else { return nil }
            while byte() == ASCII.space || byte() == ASCII.tab { end += 1 }
            guard byte() == ASCII.dot else { return end }
            end += 1
            while byte() == ASCII.space || byte() == ASCII.tab { end += 1 }
        }
    }
}
