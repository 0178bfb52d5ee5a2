import WorkflowModel

/// Parses JSON text (RFC 8259) and gives each key and value its place.
///
/// It stops at the first error and reports what was expected there: after an error the rest of a
/// JSON text has no reliable meaning.
struct JSONLocator {
    /// How deep arrays and objects may nest.
    static let depthLimit = 128

    private struct Abandoned: Error {}

    private let bytes: UnsafeBufferPointer<UInt8>
    private let file: Int
    private var at = 0
    private var depth = 0
    private(set) var problems = ProblemList()

    init(_ bytes: UnsafeBufferPointer<UInt8>, file: Int) {
        self.bytes = bytes
        self.file = file
    }

    /// The top-level object; nil when the text is invalid.
    mutating func locate() -> DocumentTable? {
        at = UTF8Check.byteOrderMarkLength(bytes)
        do {
            skipSpace()
            let start = at
            guard at < bytes.count else {
                throw fail("the file is empty", at: 0, length: 0, help: "write an object: `{ … }`")
            }
            let value = try value()
            skipSpace()
            if at < bytes.count {
                throw fail(
                    "text after the end of the object", at: at, help: "a file holds one object")
            }
            guard case .table(let table) = value.content else {
                throw fail(
                    "the top level is not an object", at: start, length: at - start,
                    help: "put all of it between `{` and `}`")
            }
            return table
        } catch {
            return nil
        }
    }

    // MARK: Values

    private mutating func value() throws(Abandoned) -> DocumentValue {
        let start = at
        switch current {
        case ASCII.openBrace:
            return try object()
        case ASCII.openBracket:
            return try array()
        case ASCII.quote:
            return DocumentValue(.string(try string()), at: range(from: start))
        case ASCII.minus, ASCII.zero...ASCII.nine:
            let content = try number()
            return DocumentValue(content, at: range(from: start))
        default:
            return DocumentValue(try word(), at: range(from: start))
        }
    }

    private mutating func word() throws(Abandoned) -> DocumentValue.Content {
        let start = at
        while ASCII.isLetter(current) || ASCII.isDigit(current) || current == ASCII.underscore
            || current == ASCII.minus || current >= 0x80
        {
            at += 1
        }
        let word = String(decoding: bytes[start..<min(at, start + 60)], as: UTF8.self)
        switch word {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "null": return .null
        case "": throw missingValue()
        default: break
        }
        let help =
            switch word.lowercased() {
            case "true", "false", "null": "write `\(word.lowercased())`, in lower case"
            case "none", "nil", "undefined": "write `null`, or leave the key out"
            case "nan", "inf", "infinity": "JSON has no such number"
            default: "strings need quotes: `\"\(word)\"`"
            }
        throw fail("`\(word)` is not a value", at: start, length: at - start, help: help)
    }

    private mutating func missingValue() -> Abandoned {
        switch current {
        case 0 where at >= bytes.count:
            return fail("the value is missing at the end of the file", at: at, length: 0)
        case ASCII.apostrophe:
            return fail("a string between `'` marks", at: at, help: "JSON uses `\"`")
        case ASCII.slash, ASCII.hash:
            return fail("JSON has no comments", at: at, help: "remove it")
        case ASCII.plus, ASCII.dot:
            return fail(
                "a number cannot begin with `\(character)`", at: at,
                help: "write for example `1` or `0.5`")
        case ASCII.closeBrace, ASCII.closeBracket, ASCII.comma:
            return fail(
                "a value is missing before `\(character)`", at: at,
                help: "write a value, or remove the comma before it")
        default:
            return fail("`\(character)` where a value belongs", at: at)
        }
    }

    private mutating func array() throws(Abandoned) -> DocumentValue {
        let open = at
        try enter()
        var values: [DocumentValue] = []
        skipSpace()
        if current != ASCII.closeBracket {
            repeat {
                skipSpace()
                values.append(try value())
                skipSpace()
            } while takeComma()
        }
        try leave(ASCII.closeBracket, "array", open)
        return DocumentValue(.array(values), at: range(from: open))
    }

    private mutating func object() throws(Abandoned) -> DocumentValue {
        let open = at
        try enter()
        var table = DocumentTable()
        var keys = KeySet()
        skipSpace()
        if current != ASCII.closeBrace {
            repeat {
                skipSpace()
                let key = try key()
                skipSpace()
                guard current == ASCII.colon else {
                    throw fail(
                        "`:` is missing after the key `\(key.text)`", at: at,
                        length: at < bytes.count ? 1 : 0, help: "write `\"\(key.text)\": …`")
                }
                at += 1
                skipSpace()
                let value = try value()
                if let first = keys.insert(key) {
                    report(
                        "the key `\(key.text)` is given twice", at: Int(key.range.offset),
                        length: Int(key.range.length), help: "keep one of the two",
                        related: [.init("first given here", at: first.range)])
                } else {
                    table.entries.append(
                        .init(key: key.text, keyRange: key.range, value: value))
                }
                skipSpace()
            } while takeComma()
        }
        try leave(ASCII.closeBrace, "object", open)
        return DocumentValue(.table(table), at: range(from: open))
    }

    private mutating func key() throws(Abandoned) -> SourceKey {
        let start = at
        if current == ASCII.quote { return SourceKey(try string(), at: range(from: start)) }
        if current == ASCII.closeBrace {
            throw fail("a key is missing before `}`", at: at, help: "remove the comma before it")
        }
        if current == ASCII.slash || current == ASCII.hash { throw missingValue() }
        while ASCII.isLetter(current) || ASCII.isDigit(current) || current == ASCII.underscore
            || current == ASCII.minus
        {
            at += 1
        }
        let word = String(decoding: bytes[start..<min(at, start + 60)], as: UTF8.self)
        guard !word.isEmpty else {
            throw fail("a key is missing", at: at, help: "write `\"key\": value`")
        }
        throw fail(
            "the key `\(word)` needs quotes", at: start, length: at - start,
            help: "write `\"\(word)\"`")
    }

    // MARK: Brackets

    private mutating func enter() throws(Abandoned) {
        guard depth < Self.depthLimit else {
            throw fail(
                "arrays and objects nested more than \(Self.depthLimit) deep", at: at,
                help: "flatten the value")
        }
        depth += 1
        at += 1
    }

    private mutating func leave(_ close: UInt8, _ what: String, _ open: Int) throws(Abandoned) {
        guard current == close else {
            let mark = close == ASCII.closeBrace ? "}" : "]"
            let opening = Diagnostic.Related(
                "the \(what) begins here", at: SourceRange(file: file, offset: open, length: 1))
            if at >= bytes.count {
                throw fail(
                    "the \(what) is not closed", at: at, length: 0, help: "add `\(mark)`",
                    related: [opening])
            }
            if current == ASCII.slash || current == ASCII.hash { throw missingValue() }
            var end = at
            while end > open, bytes[end - 1] <= ASCII.space { end -= 1 }
            throw fail(
                "`,` or `\(mark)` is missing in the \(what)", at: end, length: 0,
                help: "separate entries with `,`", related: [opening])
        }
        at += 1
        depth -= 1
    }

    private mutating func takeComma() -> Bool {
        guard current == ASCII.comma else { return false }
        at += 1
        return true
    }
}

/// Strings, numbers and the cursor.
extension JSONLocator {
    private mutating func string() throws(Abandoned) -> String {
        let start = at
        var hasEscapes = false
        at += 1
        while at < bytes.count, bytes[at] != ASCII.quote {
            let byte = bytes[at]
            if byte < ASCII.space {
                if byte == ASCII.newline || byte == ASCII.carriageReturn { break }
                throw fail(
                    "a control character in a string", at: at,
                    help: byte == ASCII.tab ? "write `\\t`" : "write it as `\\u00…`")
            }
            if byte == ASCII.backslash {
                hasEscapes = true
                at += 1
                guard "\"\\/bfnrtu".utf8.contains(current) else {
                    throw fail(
                        "no such escape sequence", at: at - 1, length: 2,
                        help: "for a backslash write `\\\\`")
                }
            }
            at += 1
        }
        guard current == ASCII.quote else {
            throw fail(
                "the string is not closed on its line", at: start, length: at - start,
                help: "add `\"` where it ends, or write `\\n` for a new line")
        }
        at += 1
        guard hasEscapes else {
            return String(decoding: bytes[(start + 1)..<(at - 1)], as: UTF8.self)
        }
        let literal = UnsafeBufferPointer(rebasing: bytes[start..<at])
        guard let text = JSONReader.unescaped(literal) else {
            throw fail(
                "a wrong `\\u` escape in the string", at: start, length: at - start,
                help: "four hexadecimal digits belong to it, surrogates in pairs")
        }
        return text
    }

    private mutating func number() throws(Abandoned) -> DocumentValue.Content {
        let start = at
        while ASCII.isDigit(current) || ASCII.isLetter(current)
            || "+-._".utf8.contains(current)
        {
            at += 1
        }
        let literal = bytes[start..<at]
        let text = String(decoding: literal, as: UTF8.self)
        guard Self.isNumber(literal) else {
            throw fail(
                "`\(text.prefix(60))` is not a number", at: start, length: at - start,
                help: "strings need quotes: `\"\(text.prefix(60))\"`")
        }
        let isInteger = literal.allSatisfy { ASCII.isDigit($0) || $0 == ASCII.minus }
        if isInteger {
            if let value = Int64(text) { return .integer(value) }
            report(
                "`\(text.prefix(60))` does not fit into 64 bits", at: start, length: at - start,
                help: "integers go from -9223372036854775808 to 9223372036854775807")
            return .integer(0)
        }
        return .float(Double(text) ?? .nan)
    }

    /// `[-] 0|1-9… [. digits] [e [±] digits]`.
    private static func isNumber(_ literal: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        var rest = literal
        func digits() -> Int {
            let run = rest.prefix(while: ASCII.isDigit)
            rest = rest.dropFirst(run.count)
            return run.count
        }
        if rest.first == ASCII.minus { rest = rest.dropFirst() }
        let startsWithZero = rest.first == ASCII.zero
        let whole = digits()
        guard whole == 1 || whole > 1 && !startsWithZero else { return false }
        if rest.first == ASCII.dot {
            rest = rest.dropFirst()
            guard digits() > 0 else { return false }
        }
        if let byte = rest.first, byte | 0x20 == UInt8(ascii: "e") {
            rest = rest.dropFirst()
            if rest.first == ASCII.plus || rest.first == ASCII.minus { rest = rest.dropFirst() }
            guard digits() > 0 else { return false }
        }
        return rest.isEmpty
    }

    private var current: UInt8 { at < bytes.count ? bytes[at] : 0 }

    /// The character at the cursor, for a message.
    private var character: String {
        let length = max(1, UTF8Check.sequenceLength(bytes, at))
        return String(decoding: bytes[at..<min(at + length, bytes.count)], as: UTF8.self)
    }

    private mutating func skipSpace() {
        while true {
            switch current {
            case ASCII.space, ASCII.tab, ASCII.newline, ASCII.carriageReturn: at += 1
            default: return
            }
        }
    }

    private func range(from start: Int) -> SourceRange {
        SourceRange(file: file, offset: start, length: at - start)
    }

    private mutating func report(
        _ message: String, at offset: Int, length: Int, help: String?,
        related: [Diagnostic.Related] = []
    ) {
        // At the end of the text there is nothing to point at.
        let range = SourceRange(
            file: file, offset: offset, length: min(length, bytes.count - offset))
        problems.add(.error(message, at: range, help: help, related: related), at: range)
    }

    private mutating func fail(
        _ message: String, at offset: Int, length: Int = 1, help: String? = nil,
        related: [Diagnostic.Related] = []
    ) -> Abandoned {
        report(message, at: offset, length: length, help: help, related: related)
        return Abandoned()
    }
}
