import WorkflowModel

/// Thrown when a statement is abandoned; the mistake was reported before.
struct AbandonedStatement: Error {}

/// The cursor over a document and the statements: key/value lines and headers.
///
/// ``UTF8Check`` must have checked the text. It contains no NUL byte, so ``current`` is 0 only at
/// the end of the file.
struct TOMLParser {
    /// How deep arrays, inline tables and dotted keys may nest.
    ///
    /// Reader and decoder recurse, so this keeps a hostile file from overflowing the stack.
    static let depthLimit = 128

    let bytes: UnsafeBufferPointer<UInt8>
    let file: Int
    /// The lines on which ``UTF8Check`` found a mistake: these are not reported again.
    private let troubledLines: [ClosedRange<Int>]

    var at = 0
    /// The number of open arrays and inline tables at the cursor.
    var depth = 0
    var tree: TOMLTree
    var problems = ProblemList()
    /// Bytes that ``recover()`` may still read in search of closing brackets.
    var recoveryBudget: Int
    /// The parts of the key being read; the array is reused.
    var path: [SourceKey] = []
    /// The table to which key/value lines are added.
    private var section = TOMLTree.root

    init(_ bytes: UnsafeBufferPointer<UInt8>, file: Int, textProblems: ProblemList) {
        self.bytes = bytes
        self.file = file
        troubledLines = textProblems.lines(in: bytes)
        tree = TOMLTree(file: file)
        recoveryBudget = 2 * bytes.count
    }

    // MARK: Statements

    mutating func parseDocument() {
        at = UTF8Check.byteOrderMarkLength(bytes)
        while true {
            skipBlankLines()
            guard at < bytes.count, !problems.isHopeless else { return }
            do {
                if current == ASCII.openBracket {
                    try parseHeader()
                } else {
                    try parseKeyValue(into: section)
                }
                try expectLineEnd()
            } catch {
                recover()
            }
        }
    }

    /// `key = value`, on a line or in an inline table.
    mutating func parseKeyValue(into table: TOMLTree.TableID) throws(AbandonedStatement) {
        let start = at
        try parseKeyPath()
        skipSpace()
        guard current == ASCII.equals else { throw missingEquals(keyStart: start) }
        at += 1
        skipSpace()
        guard let (target, key) = resolvePath(from: table) else {
            // Already reported; the value is still read, to find the mistakes in it.
            _ = try parseValue()
            return
        }
        do {
            let value = try parseValue()
            tree.insert(key, .value(value), into: target)
        } catch {
            tree.insert(key, .broken, into: target)
            throw error
        }
    }

    /// `[table]` or `[[array of tables]]`.
    private mutating func parseHeader() throws(AbandonedStatement) {
        let start = at
        // Until the header has proved valid, what follows it is discarded.
        section = tree.addTable(.detached, at: range(from: start))
        let isArray = peek(1) == ASCII.openBracket
        at += isArray ? 2 : 1
        skipSpace()
        if current == ASCII.closeBracket {
            throw fail(
                "the name of the table is missing", at: start, length: at + 1 - start,
                help: isArray ? "write for example `[[steps]]`" : "write for example `[execution]`")
        }
        try parseKeyPath()
        skipSpace()
        let close = isArray ? "]]" : "]"
        guard current == ASCII.closeBracket, !isArray || peek(1) == ASCII.closeBracket else {
            throw fail(
                "`\(close)` is missing after the name of the table", at: at,
                length: isAtLineEnd ? 0 : 1,
                help: "write `\(text(start, previousTextEnd))\(close)`")
        }
        at += close.utf8.count
        section = openSection(isArray: isArray, header: range(from: start)) ?? section
    }

    private mutating func expectLineEnd() throws(AbandonedStatement) {
        skipSpace()
        if current == ASCII.hash { skipToLineEnd() }
        guard !isAtLineEnd else { return }
        let help =
            switch current {
            case ASCII.slash where peek(1) == ASCII.slash: "comments begin with `#`"
            case ASCII.semicolon, ASCII.comma: "remove it: a line holds one `key = value`"
            case _ where bytes[max(0, at - 1)] == ASCII.apostrophe:
                "text with an apostrophe goes between `\"` marks"
            default: "a line holds one `key = value`; a comment begins with `#`"
            }
        throw fail(
            "unexpected text after the end of the statement", at: at,
            length: trimmedLineEnd(from: at) - at, help: help)
    }

    // MARK: Cursor

    /// The byte at the cursor, 0 at the end.
    var current: UInt8 {
        @inline(__always) get { at < bytes.count ? bytes[at] : 0 }
    }

    @inline(__always)
    func peek(_ offset: Int) -> UInt8 {
        at + offset < bytes.count ? bytes[at + offset] : 0
    }

    /// Whether the cursor is at a newline, at its carriage return, or at the end.
    var isAtLineEnd: Bool {
        let byte = current
        return byte == ASCII.newline || byte == ASCII.carriageReturn || at >= bytes.count
    }

    @inline(__always)
    mutating func skipSpace() {
        while current == ASCII.space || current == ASCII.tab { at += 1 }
    }

    mutating func skipToLineEnd() {
        while at < bytes.count, bytes[at] != ASCII.newline { at += 1 }
    }

    /// Skips spaces, line ends and comments.
    mutating func skipBlankLines() {
        while at < bytes.count {
            switch bytes[at] {
            case ASCII.space, ASCII.tab, ASCII.newline, ASCII.carriageReturn: at += 1
            case ASCII.hash: skipToLineEnd()
            default: return
            }
        }
    }

    @inline(__always)
    func range(from start: Int) -> SourceRange {
        SourceRange(file: file, offset: start, length: at - start)
    }

    // MARK: Reporting

    /// Reports a mistake.
    mutating func report(
        _ message: String, at offset: Int, length: Int = 1, help: String? = nil,
        related: [Diagnostic.Related] = []
    ) {
        guard !troubledLines.contains(where: { $0.contains(offset) }) else { return }
        let start = min(offset, bytes.count)
        let range = SourceRange(
            file: file, offset: start, length: min(length, bytes.count - start))
        problems.add(.error(message, at: range, help: help, related: related), at: range)
    }

    /// Reports a mistake and returns what to throw.
    mutating func fail(
        _ message: String, at offset: Int, length: Int = 1, help: String? = nil,
        related: [Diagnostic.Related] = []
    ) -> AbandonedStatement {
        report(message, at: offset, length: length, help: help, related: related)
        return AbandonedStatement()
    }

    /// Part of the document for a message; a long one is cut.
    func text(_ start: Int, _ end: Int) -> String {
        let limit = 60
        let cut = end - start > limit
        let slice = bytes[start..<max(start, cut ? start + limit : end)]
        return String(decoding: slice, as: UTF8.self) + (cut ? "…" : "")
    }

    /// Where the text before the cursor ends, without spaces.
    var previousTextEnd: Int {
        var end = at
        while end > 0, bytes[end - 1] == ASCII.space || bytes[end - 1] == ASCII.tab { end -= 1 }
        return end
    }

    /// Where the line's text ends, without trailing spaces.
    func trimmedLineEnd(from start: Int) -> Int {
        var end = start
        while end < bytes.count, bytes[end] != ASCII.newline { end += 1 }
        while end > start, bytes[end - 1] <= ASCII.space { end -= 1 }
        return end
    }
}
