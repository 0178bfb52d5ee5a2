/// Describes how a diagram file differs from the expected text, for a message.
///
/// Invisible differences are named: a byte order mark, the kind of line ends, and the end of the
/// file.
public struct DiagramDifference: Sendable {
    /// A clause that says what differs.
    public let text: String
    /// How to prevent the difference when rewriting the file would not last; nil otherwise.
    public let help: String?

    private static let newline = UInt8(ascii: "\n")
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// Compares the found bytes with the expected ones; the two must differ.
    public init(from found: [UInt8], to expected: [UInt8]) {
        let unmarked =
            found.starts(with: Self.byteOrderMark)
            ? found.dropFirst(Self.byteOrderMark.count) : found[...]
        let (old, returns) = Self.lines(of: unmarked)
        let (new, _) = Self.lines(of: expected[...])
        let line = zip(old, new).prefix { $0.elementsEqual($1) }.count
        guard line == old.count, line == new.count else {
            (text, help) = (Self.line(line, old, new), nil)
            return
        }
        // From here on only invisible differences are left.
        var parts: [String] = []
        if unmarked.count < found.count { parts.append("it begins with a byte order mark") }
        if returns > 0 {
            parts.append(
                returns == 1
                    ? "a line ends in CR LF instead of LF"
                    : "\(returns) lines end in CR LF instead of LF")
        }
        text = "the text is the same, but " + Wording.list(parts)
        help =
            "write it without, or tell git to keep the file as it is: `*.mmd -text` in "
            + "`.gitattributes`"
    }

    /// Lines without their line ends, and how many of the line ends had a carriage return.
    private static func lines(
        of bytes: ArraySlice<UInt8>
    ) -> (lines: [ArraySlice<UInt8>], returns: Int) {
        var lines = bytes.split(separator: newline, omittingEmptySubsequences: false)
        var returns = 0
        for index in lines.indices.dropLast() where lines[index].last == UInt8(ascii: "\r") {
            lines[index].removeLast()
            returns += 1
        }
        return (lines, returns)
    }

    /// The first line that differs, cut to what is worth showing.
    private static func line(
        _ line: Int, _ old: [ArraySlice<UInt8>], _ new: [ArraySlice<UInt8>]
    ) -> String {
        // An empty last line is only the end of the last line.
        if line == old.count, line == new.count - 1, new[line].isEmpty {
            return "the last line has no line end"
        }
        guard line < new.count, !(line == new.count - 1 && new[line].isEmpty) else {
            let rest = old[line...]
            if rest.allSatisfy({ $0.allSatisfy(isBlank) }) {
                return "blank lines follow the last line"
            }
            return "line \(line + 1) is \(shown(old[line])) and should not be there"
        }
        guard line < old.count, !(line == old.count - 1 && old[line].isEmpty) else {
            return "it ends before line \(line + 1), \(shown(new[line]))"
        }
        if trimmed(old[line]).elementsEqual(trimmed(new[line])) {
            return "line \(line + 1), \(shown(new[line])), differs in white space"
        }
        return "line \(line + 1) is \(shown(old[line])) and should be \(shown(new[line]))"
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }

    private static func trimmed(_ line: ArraySlice<UInt8>) -> some Sequence<UInt8> {
        line.filter { !isBlank($0) }
    }

    private static func shown(_ line: ArraySlice<UInt8>) -> String {
        "`\(TextWidth.clip(Sanitizer.line(bytes: line.drop { $0 == 32 }), to: 60))`"
    }
}
