/// Escapes any text so that a Mermaid label shows it literally.
///
/// Mermaid parses a label several times: regular expressions run over the whole source, then its
/// lexer, then Markdown, icon and formula substitution, then HTML. Whatever any of these could take
/// for syntax is written as a numeric entity (`#34;`), which is decoded last. Source: mermaid 11's
/// `encodeEntities`, `preprocessDiagram`, flowchart lexer, `markdownToHTML` and `createText`.
public enum MermaidText {
    /// The text between the quotes of a label; a line break becomes `<br/>`.
    ///
    /// Control characters, bidirectional controls and noncharacters, which would be invisible or
    /// invalid in SVG, become visible: `␛` for ESC, `[U+202E]` for an override.
    /// - Parameter text: Anything.
    /// - Returns: One line without quotes that decodes to the text; empty for an empty text.
    public static func escape(_ text: String) -> String {
        var result = ""
        for (number, line) in lines(of: text).enumerated() {
            if number > 0 { result += "<br/>" }
            append(line, to: &result)
        }
        return result
    }

    /// One line of a `%%` comment: readable, but never a directive.
    static func comment(_ line: [Unicode.Scalar]) -> String {
        var result = ""
        for scalar in line {
            if let visible = visibleForm(of: scalar) {
                result += visible
            } else {
                // "%%{" starts a directive, even in the middle of a comment.
                result += scalar == "{" && result.hasSuffix("%") ? " {" : String(scalar)
            }
        }
        return result
    }

    /// The text cut at LF, CR LF and CR.
    static func lines(of text: String) -> [[Unicode.Scalar]] {
        var lines: [[Unicode.Scalar]] = [[]]
        var previous: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            if scalar == "\r" || (scalar == "\n" && previous != "\r") {
                lines.append([])
            } else if scalar != "\n" {
                lines[lines.count - 1].append(scalar)
            }
            previous = scalar
        }
        return lines
    }

    private static func append(_ line: [Unicode.Scalar], to result: inout String) {
        // "1." and "1)" start a list.
        let leadingDigits = line.prefix { isDigit($0) }.count
        for (index, scalar) in line.enumerated() {
            if let visible = visibleForm(of: scalar) {
                for scalar in visible.unicodeScalars {
                    append(scalar, escaped: scalar == "[" || scalar == "]", to: &result)
                }
                continue
            }
            let isPlain =
                switch scalar {
                case " ": isPlainSpace(at: index, in: line)
                case "_": isInsideWord(index, in: line)
                case "-": index > 0
                case ".":
                    !(index == leadingDigits && index > 0) && !ends(line[..<index], with: "www")
                case ")": !(index == leadingDigits && index > 0)
                case ",", "/", "(", "'", "?", "!": true
                default: isPlainLetter(scalar)
                }
            append(scalar, escaped: !isPlain, to: &result)
        }
    }

    private static func append(_ scalar: Unicode.Scalar, escaped: Bool, to result: inout String) {
        if escaped {
            result += "#\(scalar.value);"
        } else {
            result.unicodeScalars.append(scalar)
        }
    }

    /// Spaces at the ends of a line would be trimmed, and four make a code block.
    private static func isPlainSpace(at index: Int, in line: [Unicode.Scalar]) -> Bool {
        guard index > 0, index < line.count - 1, line[index - 1] != " " else { return false }
        // The flowchart lexer takes a line with "direction LR" anywhere in it for that statement.
        return !ends(line[..<index], with: "direction")
    }

    /// An underscore inside a word does not start emphasis.
    private static func isInsideWord(_ index: Int, in line: [Unicode.Scalar]) -> Bool {
        guard index > 0, index < line.count - 1 else { return false }
        return isWord(line[index - 1]) && isWord(line[index + 1])
    }

    private static func isPlainLetter(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return isWord(scalar) }
        // Mermaid's internal marks for entities, which it replaces everywhere.
        if scalar == "\u{FB02}" || scalar == "\u{B6}" { return false }
        return scalar.properties.generalCategory != .spaceSeparator
    }

    /// The substitute for a scalar that must not reach the page, or nil for all others.
    private static func visibleForm(of scalar: Unicode.Scalar) -> String? {
        switch scalar.value {
        case 0x09: return nil
        case 0x00...0x1F: return Unicode.Scalar(0x2400 + scalar.value).map(String.init)
        case 0x7F: return "\u{2421}"
        case 0x80...0x9F, 0x061C, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF,
            0xE0000...0xE007F:
            break
        default:
            // The joiner and non-joiner (U+200C, U+200D) are part of some scripts.
            guard scalar.properties.isNoncharacterCodePoint else { return nil }
        }
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "[U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "]"
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
        ("0"..."9").contains(scalar)
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        isDigit(scalar) || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
    }

    private static func ends(_ line: ArraySlice<Unicode.Scalar>, with word: String) -> Bool {
        let scalars = word.unicodeScalars
        guard line.count >= scalars.count else { return false }
        return zip(line.suffix(scalars.count), scalars).allSatisfy { a, b in
            a == b || a.properties.lowercaseMapping.unicodeScalars.elementsEqual([b])
        }
    }
}
