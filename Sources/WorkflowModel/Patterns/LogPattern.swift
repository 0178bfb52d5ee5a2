import RegularExpressions

/// Why a text is not a ``LogPattern``.
public struct LogPatternError: Error, Hashable {
    /// What is wrong: a clause.
    public var message: String
    /// What to write instead, when there is better advice than that a character may need a `\`.
    public var help: String?
}

/// A POSIX extended regular expression that is searched for in the lines of logs.
///
/// Used by one thread at a time: the system's regular expressions change their state while they
/// match.
public final class LogPattern {
    private let expression: OpaquePointer
    /// The text to search for when the pattern has no special character: far quicker.
    private let literal: [UInt8]?

    /// The longest pattern, in bytes.
    public static let maxBytes = 4096
    /// The largest number of opening brackets: the regular expression compiler recurses for each.
    public static let maxBrackets = 100
    /// The most memory that compiling a pattern may need, in bytes.
    public static let maxMemory = 16 << 20

    /// Compiles a pattern; throws ``LogPatternError`` with what is wrong.
    public init(_ text: String) throws(LogPatternError) {
        try LogPattern.check(Array(text.utf8))
        var words = [CChar](repeating: 0, count: 256)
        guard let compiled = stepvisor_regex_compile(text, &words, words.count) else {
            let message = String(
                decoding: words.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            throw LogPatternError(message: message.prefix(1).lowercased() + message.dropFirst())
        }
        expression = compiled
        let bytes = Array(text.utf8)
        literal =
            bytes.isEmpty || bytes.contains(where: LogPattern.meaningful.contains) ? nil : bytes
    }

    deinit { stepvisor_regex_free(expression) }

    /// Whether a line, or a part of one, contains a match.
    ///
    /// - Parameters:
    ///   - line: its bytes, without the line end.
    ///   - isStart: whether the line begins with them.
    ///   - isEnd: whether the line ends with them.
    /// - Returns: true when it contains one.
    public func isFound(
        in line: UnsafeRawBufferPointer, isStart: Bool = true, isEnd: Bool = true
    ) -> Bool {
        // An empty buffer may have no address, and an empty line can still match.
        guard let start = line.baseAddress else {
            return withUnsafeBytes(of: UInt8(0)) { byte in
                isFound(
                    in: UnsafeRawBufferPointer(rebasing: byte[..<0]), isStart: isStart, isEnd: isEnd
                )
            }
        }
        if let literal {
            return stepvisor_text_is_found(start, line.count, literal, literal.count) == 1
        }
        return stepvisor_regex_is_found(
            expression, start.assumingMemoryBound(to: CChar.self), line.count, isStart ? 1 : 0,
            isEnd ? 1 : 0) == 1
    }

    private static let meaningful = Set(#"\^$.[]()*+?{}|"#.utf8 + [0x0A])

    // MARK: - Patterns with another meaning here, or that need too much

    private static func check(_ text: [UInt8]) throws(LogPatternError) {
        guard text.count <= maxBytes else {
            throw LogPatternError(
                message: "longer than \(maxBytes) bytes",
                help: "look for a shorter part of the text")
        }
        let brackets = text.count { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "(") }
        guard brackets <= maxBrackets else {
            throw LogPatternError(
                message: "more than \(maxBrackets) brackets",
                help: "look for a simpler part of the text")
        }
        var index = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "\\"):
                if index + 1 < text.count { try checkEscape(text[index + 1]) }
                index += 2
            case UInt8(ascii: "["):
                index = end(ofBracketAt: index, in: text)
            default:
                index += 1
            }
        }
        guard LogPatternCost.bytes(of: text) <= maxMemory else {
            throw LogPatternError(
                message: "repetitions that would take more than \(maxMemory >> 20) MiB of memory",
                help: "write `+` or `*` instead of large numbers in braces")
        }
    }

    /// Rejects classes of other dialects, which would be read as plain letters and never match.
    private static func checkEscape(_ byte: UInt8) throws(LogPatternError) {
        let letter = Character(UnicodeScalar(byte))
        if ("1"..."9").contains(letter) {
            throw LogPatternError(
                message: "`\\\(letter)` refers to what was found before, which is not supported",
                help: "write what is to be found a second time")
        }
        guard letter.isASCII, letter.isLetter, !"wWsSbB".contains(letter) else { return }
        let instead = ["d": "[0-9]", "D": "[^0-9]", "t": "[[:blank:]]", "h": "[[:blank:]]"]
        throw LogPatternError(
            message: "`\\\(letter)` has no meaning in a POSIX extended regular expression",
            help: instead[String(letter)].map { "write `\($0)`" }
                ?? "for the letter itself write `\(letter)`")
    }

    /// The index behind a bracket expression, in which backslashes mean themselves.
    static func end(ofBracketAt start: Int, in text: [UInt8]) -> Int {
        var index = start + 1
        if index < text.count, text[index] == UInt8(ascii: "^") { index += 1 }
        if index < text.count, text[index] == UInt8(ascii: "]") { index += 1 }
        while index < text.count, text[index] != UInt8(ascii: "]") {
            if text[index] == UInt8(ascii: "["), index + 1 < text.count,
                ".:=".utf8.contains(text[index + 1])
            {
                let kind = text[index + 1]
                var close = index + 2
                while close + 1 < text.count,
                    !(text[close] == kind && text[close + 1] == UInt8(ascii: "]"))
                {
                    close += 1
                }
                index = close + 2
            } else {
                index += 1
            }
        }
        return index + 1
    }
}
