/// A token: the smallest piece of a condition.
struct ConditionToken: Hashable {
    /// The kind of token.
    enum Kind: Hashable {
        case number, string, word, comparison, mark, end
    }

    var kind: Kind
    /// As written.
    var text: String
    /// The value of a string token; empty for other kinds.
    var content = ""
    /// Byte offsets from the beginning of the condition.
    var place: Range<Int>

    func isMark(_ mark: String) -> Bool { kind == .mark && text == mark }

    func isWord(_ word: String) -> Bool { kind == .word && text == word }

    /// `and`, or `AND` as the source documents write it.
    func isKeyword(_ word: String) -> Bool { isWord(word) || isWord(word.uppercased()) }

    /// The text for a message; a long text is cut.
    var shown: String { Validation.shown(text) }
}

/// Cuts a condition into tokens.
struct ConditionLexer {
    private let bytes: [UInt8]
    private var at = 0
    /// After a `.` digits are a name, not the beginning of a number with a fraction.
    private var isAfterDot = false

    init(_ text: String) { bytes = Array(text.utf8) }

    mutating func next() throws(ConditionError) -> ConditionToken {
        while at < bytes.count, bytes[at] <= 0x20 { at += 1 }
        let start = at
        let isName = isAfterDot
        isAfterDot = false
        guard at < bytes.count else { return token(.end, from: start) }
        switch bytes[at] {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            return try string()
        case _ where Self.isWord(bytes[at]) && (isName || !Self.isDigit(bytes[at])):
            while Self.isWord(peek(0)) { at += 1 }
            return token(.word, from: start)
        case _ where Self.isDigit(bytes[at]),
            UInt8(ascii: "-") where Self.isDigit(peek(1)):
            return try number()
        case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "["), UInt8(ascii: "]"),
            UInt8(ascii: ","):
            at += 1
            return token(.mark, from: start)
        case UInt8(ascii: "."):
            at += 1
            if start > 0 && bytes[start - 1] <= 0x20 || at < bytes.count && bytes[at] <= 0x20 {
                throw ConditionError(
                    message: "a space beside `.`", place: start..<at,
                    help: "write names without a gap, as in `steps.review.score`")
            }
            isAfterDot = true
            return token(.mark, from: start)
        default:
            return try comparison()
        }
    }

    private mutating func comparison() throws(ConditionError) -> ConditionToken {
        let start = at
        while "=<>!&|".utf8.contains(peek(0)) { at += 1 }
        if at == start {
            // A whole character, however many bytes it has.
            repeat { at += 1 } while peek(0) & 0xC0 == 0x80
        }
        let token = token(.comparison, from: start)
        let help: String
        switch token.text {
        case "==", "!=", "<", "<=", ">", ">=": return token
        case "=", "===": help = "write `==`"
        case "<>", "!==": help = "write `!=`"
        case "=>", ">>": help = "write `>=` or `>`"
        case "=<", "<<": help = "write `<=` or `<`"
        case "&", "&&": help = "write `and`"
        case "|", "||": help = "write `or`"
        case "!": help = "write `not`"
        case "-": help = "for a step with `-` in its id write `steps[\"ID\"].FIELD`"
        default:
            help =
                "comparisons are `==`, `!=`, `<`, `<=`, `>` and `>=`; they are joined by `and`, "
                + "`or` and `not`"
        }
        throw ConditionError(
            message: "`\(token.shown)` is no operator", place: token.place, help: help)
    }

    private mutating func string() throws(ConditionError) -> ConditionToken {
        let start = at
        let quote = bytes[at]
        var content: [UInt8] = []
        at += 1
        while at < bytes.count, bytes[at] != quote {
            if bytes[at] == UInt8(ascii: "\\") {
                if let byte = try escape() { content.append(byte) }
            } else {
                content.append(bytes[at])
                at += 1
            }
        }
        guard at < bytes.count else {
            throw ConditionError(
                message: "the string is not closed", place: start..<bytes.count,
                help: "add `\(Character(Unicode.Scalar(quote)))` where it ends")
        }
        at += 1
        var token = token(.string, from: start)
        token.content = String(decoding: content, as: UTF8.self)
        return token
    }

    /// The character after a backslash; nil at the end of the text, where the string is not closed.
    private mutating func escape() throws(ConditionError) -> UInt8? {
        let start = at
        at += 1
        guard at < bytes.count else { return nil }
        let byte = bytes[at]
        repeat { at += 1 } while peek(0) & 0xC0 == 0x80
        switch byte {
        case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "'"): return byte
        case UInt8(ascii: "n"): return UInt8(ascii: "\n")
        case UInt8(ascii: "r"): return UInt8(ascii: "\r")
        case UInt8(ascii: "t"): return UInt8(ascii: "\t")
        default:
            let text = Validation.shown(String(decoding: bytes[start..<at], as: UTF8.self))
            throw ConditionError(
                message: "`\(text)` is no escape", place: start..<at,
                help: "for a backslash write two: `\\\\`")
        }
    }

    /// Digits, a fraction, an exponent.
    private mutating func number() throws(ConditionError) -> ConditionToken {
        let start = at
        at += 1
        while Self.isWord(peek(0)) || peek(0) == UInt8(ascii: ".")
            || "+-".utf8.contains(peek(0)) && bytes[at - 1] | 0x20 == UInt8(ascii: "e")
        {
            at += 1
        }
        let token = token(.number, from: start)
        guard ConditionNumber(token.text) != nil else {
            throw ConditionError(
                message: "`\(token.shown)` is no number", place: token.place,
                help: "write it as `0.8` or `12`, without a unit; text stands between quotes")
        }
        return token
    }

    private func token(_ kind: ConditionToken.Kind, from start: Int) -> ConditionToken {
        ConditionToken(
            kind: kind, text: String(decoding: bytes[start..<at], as: UTF8.self),
            place: start..<at)
    }

    private func peek(_ offset: Int) -> UInt8 {
        at + offset < bytes.count ? bytes[at + offset] : 0
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isWord(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte == UInt8(ascii: "_") || (0x61...0x7a).contains(byte | 0x20)
    }
}
