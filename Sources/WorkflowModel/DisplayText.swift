/// Text of unknown origin made fit for a terminal: nothing in it moves the cursor, changes colours
/// or turns the reading direction.
public enum DisplayText {
    /// The text with every control and invisible formatting character replaced by a visible one.
    public static func neutralised(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
        return text.unicodeScalars.reduce(into: "") { $0 += visible($1) }
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

    /// Whether a terminal shows nothing for a scalar, or something that no two terminals agree on.
    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        // The two that choose between text and picture are ordinary behind a picture.
        if scalar.value == 0xFE0E || scalar.value == 0xFE0F { return false }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
            .unassigned:
            return true
        default:
            return scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    /// The columns that a terminal gives a printable character: 0, 1 or 2.
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
