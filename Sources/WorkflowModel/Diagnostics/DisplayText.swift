/// Makes text of unknown origin safe for a terminal: nothing in it moves the cursor, changes
/// colours or turns the reading direction.
public enum DisplayText {
    /// The text with every control and invisible formatting character replaced by a visible one.
    public static func neutralised(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
        return text.unicodeScalars.reduce(into: "") { $0 += visible($1) }
    }

    /// A file name as it is shown and recorded; no two names give the same text.
    ///
    /// A name is bytes. Printable UTF-8 stays as it is. A byte outside of valid UTF-8 becomes
    /// `\xff`; a control character becomes `\n`, `\t`, `\r` or `\x1b`; an invisible character, or
    /// one that looks like a space or part of another character, becomes `\u{202E}`. A backslash is
    /// doubled, so these forms are unambiguous.
    public static func fileName(_ bytes: some Collection<UInt8>) -> String {
        if bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) {
            return String(decoding: bytes, as: UTF8.self)
        }
        var text = ""
        var rest = Array(bytes)[...]
        while let first = rest.first {
            // The length of the valid UTF-8 sequence that begins here, if there is one.
            let length = [1, 2, 3, 4].first {
                String(validating: rest.prefix($0), as: UTF8.self) != nil
            }
            guard let length, length <= rest.count,
                let scalar = String(decoding: rest.prefix(length), as: UTF8.self)
                    .unicodeScalars.first
            else {
                text += hexadecimal(first)
                rest.removeFirst()
                continue
            }
            text += inName(scalar)
            rest.removeFirst(length)
        }
        return text
    }

    private static func inName(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\\": return "\\\\"
        case "\n": return "\\n"
        case "\t": return "\\t"
        case "\r": return "\\r"
        case " ": return " "
        case "\u{FE0E}", "\u{FE0F}": break
        default:
            if scalar.isASCII {
                return scalar.value < 0x20 || scalar.value == 0x7F
                    ? hexadecimal(UInt8(truncatingIfNeeded: scalar.value)) : String(scalar)
            }
            if !isHidden(scalar), scalar.properties.generalCategory != .spaceSeparator,
                !looksLikeAnother(scalar)
            {
                return String(scalar)
            }
        }
        return "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
    }

    /// Whether a name with this character can look like another name: Unicode treats the two as
    /// equivalent, the file system does not.
    private static func looksLikeAnother(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x300...0x36F, 0x1161...0x11FF, 0x3099...0x309A, 0x2126, 0x212A, 0x212B: true
        default: false
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }

    /// A character as it may be shown: itself, a control picture, or its number.
    static func visible(_ scalar: Unicode.Scalar) -> String {
        switch scalar.value {
        case 0x20..<0x7F:
            return String(scalar)
        case 0..<0x20:
            // The pictures of the control characters stand in the order of the characters.
            return Unicode.Scalar(0x2400 + scalar.value).map { String($0) } ?? "?"
        case 0x7F:
            return "\u{2421}"
        default:
            return isHidden(scalar)
                ? "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}" : String(scalar)
        }
    }

    /// Whether terminals show nothing for a scalar, or disagree about it.
    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        // The two variation selectors that choose between text and picture are harmless behind a
        // picture.
        if scalar.value == 0xFE0E || scalar.value == 0xFE0F { return false }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
            .unassigned:
            return true
        default:
            return scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    /// The columns that a terminal uses for a printable character: 0, 1 or 2.
    static func width(of scalar: Unicode.Scalar) -> Int {
        if scalar.value < 0x300 { return 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return 0
        default: return isWide(scalar.value) ? 2 : 1
        }
    }

    /// Roughly the wide and full-width characters of Unicode's East Asian Width, and emoji.
    private static func isWide(_ value: UInt32) -> Bool {
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF,
            0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18AFF, 0x1B000...0x1B2FF,
            0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            true
        default:
            false
        }
    }
}
