/// Makes foreign text safe to show; all shown text passes through here.
///
/// The result is one line without control characters, without escape sequences (except colours, if
/// asked for), without invisible characters and direction changes, and without anything that a
/// build service would execute as a command. The log files keep the raw bytes.
public enum Sanitizer {
    /// One line, safe to show, in linear time.
    ///
    /// Harmless text is returned as it is. Of a line that carriage returns overwrite, the last
    /// visible segment is kept; tabs become spaces, and line ends inside the line become single
    /// spaces.
    /// - Parameters:
    ///   - text: The line, without its line end.
    ///   - keepingColors: Whether SGR sequences that set colour or weight stay; the line then ends
    ///     with a reset.
    /// - Returns: The line; sanitizing it again changes nothing.
    public static func line(_ text: String, keepingColors: Bool = false) -> String {
        var copy = text
        if copy.withUTF8(isPlain) { return text }
        return sanitize(lastSegment(Array(text.unicodeScalars)), keepingColors)
    }

    /// One line of bytes, safe to show, in linear time.
    ///
    /// - Parameters:
    ///   - bytes: The line, without its line end; invalid UTF-8 becomes U+FFFD.
    ///   - keepingColors: As for ``line(_:keepingColors:)``.
    /// - Returns: The line.
    public static func line(bytes: some Collection<UInt8>, keepingColors: Bool = false) -> String {
        line(String(decoding: bytes, as: UTF8.self), keepingColors: keepingColors)
    }

    /// All lines of a piece of a log, safe to show, without an empty one after the last line end.
    public static func lines(bytes: some Collection<UInt8>) -> [String] {
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.map { line(bytes: $0) }
    }

    /// Whether the bytes are printable ASCII without anything that a build service could take for a
    /// command.
    private static func isPlain(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var before: UInt8 = 0x20
        for byte in bytes {
            guard byte >= 0x20, byte < 0x7F else { return false }
            if byte == before, byte == UInt8(ascii: ":") || byte == UInt8(ascii: "#") {
                return false
            }
            before = byte
        }
        return true
    }

    /// What a terminal would show last for a line with carriage returns.
    private static func lastSegment(_ scalars: [Unicode.Scalar]) -> ArraySlice<Unicode.Scalar> {
        var end = scalars.endIndex
        while end > 0, scalars[end - 1] == "\r" { end -= 1 }
        var start = end
        // A return before a line feed is part of the line end and overwrites nothing.
        while start > 0, scalars[start - 1] != "\r" || scalars[start] == "\n" { start -= 1 }
        return scalars[start..<end]
    }

    private static func sanitize(
        _ scalars: ArraySlice<Unicode.Scalar>, _ keepingColors: Bool
    ) -> String {
        var writer = LineWriter()
        var scanner = EscapeScanner(scalars)
        while let piece = scanner.next() {
            switch piece {
            case .text(let scalar): writer.append(scalar)
            case .color(let parameters) where keepingColors: writer.append(color: parameters)
            case .color: break
            }
        }
        return writer.finish()
    }
}

/// Builds a sanitized line, scalar by scalar.
private struct LineWriter {
    /// How much of a command has been written: `::` counts only at the start of the line.
    private enum Start { case blank, colon, past }

    /// The line so far, as UTF-8.
    private var line: [UInt8] = []
    private var column = 0
    private var last: Unicode.Scalar = " "
    private var start = Start.blank
    private var isColored = false

    mutating func append(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "\t":
            repeat { put(" ") } while !column.isMultiple(of: 8)
        case "\r":
            break
        case "\n", "\u{0B}", "\u{0C}", "\u{85}", "\u{2028}", "\u{2029}":
            put(" ")
        case "\u{FE0E}", "\u{FE0F}":
            // The two variation selectors that choose between text and picture are harmless only
            // behind a picture.
            if !last.isASCII, last.properties.isEmoji { put(scalar) }
        default:
            if scalar.isASCII ? scalar.value >= 0x20 && scalar != "\u{7F}" : scalar.isShown {
                put(scalar)
            }
        }
    }

    mutating func append(color parameters: ArraySlice<Unicode.Scalar>) {
        line += [0x1B, UInt8(ascii: "[")]
        for parameter in parameters { encode(parameter) }
        line.append(UInt8(ascii: "m"))
        isColored = !parameters.allSatisfy { $0 == "0" }
    }

    mutating func finish() -> String {
        if isColored { line += Array("\u{1B}[0m".utf8) }
        return String(decoding: line, as: UTF8.self)
    }

    private mutating func put(_ scalar: Unicode.Scalar) {
        if wouldMakeCommand(scalar) { write(" ") }
        write(scalar)
    }

    private mutating func write(_ scalar: Unicode.Scalar) {
        switch start {
        case .blank where scalar == ":": start = .colon
        case .blank where scalar.properties.isWhitespace: break
        default: start = .past
        }
        encode(scalar)
        column += TextWidth.columns(of: scalar)
        last = scalar
    }

    private mutating func encode(_ scalar: Unicode.Scalar) {
        if scalar.isASCII {
            line.append(UInt8(truncatingIfNeeded: scalar.value))
        } else {
            line += Array(String(scalar).utf8)
        }
    }

    /// Whether a scalar would complete a command: build services trim a line and treat a leading
    /// `::`, and `##[` anywhere, as a command.
    private func wouldMakeCommand(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case ":": start == .colon && last == ":"
        case "[":
            LineWriter.commandMarks.contains {
                // The marks are lower case; setting this bit leaves `#` unchanged.
                line.suffix($0.count).lazy.map { $0 | 0x20 }.elementsEqual($0)
            }
        default: false
        }
    }

    /// Texts that form a command together with a bracket behind them.
    private static let commandMarks = ["##", "##vso", "##teamcity"].map { Array($0.utf8) }
}

extension Unicode.Scalar {
    /// Whether a scalar beyond ASCII is shown: not a control, not invisible, and without effect on
    /// the writing direction.
    fileprivate var isShown: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
        default: !properties.isDefaultIgnorableCodePoint
        }
    }
}
