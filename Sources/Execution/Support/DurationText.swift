/// Durations as text for people.
public enum DurationText {
    /// A measured length, rounded to the last place shown, like `7ms`, `12.4s`, `2m05s` or `1h02m`.
    public static func measured(nanoseconds: Int64) -> String {
        let length = max(0, nanoseconds)
        let milliseconds = rounded(length, to: 1_000_000)
        if milliseconds < 100 { return "\(milliseconds)ms" }
        let tenths = rounded(length, to: 100_000_000)
        if tenths < 600 { return "\(tenths / 10).\(tenths % 10)s" }
        let seconds = rounded(length, to: 1_000_000_000)
        if seconds < 3600 { return "\(seconds / 60)m\(twoDigits(seconds % 60))s" }
        let minutes = rounded(length, to: 60_000_000_000)
        if minutes < 24 * 60 { return "\(minutes / 60)h\(twoDigits(minutes % 60))m" }
        let hours = rounded(length, to: 3_600_000_000_000)
        return "\(hours / 24)d\(twoDigits(hours % 24))h"
    }

    /// A declared length, exactly: `5m`, `1h30m`, `90s` as `1m30s`, `1.5s`, `250ms`, `0s`.
    public static func declared(milliseconds: Int64) -> String {
        var rest = max(0, milliseconds)
        guard rest > 0 else { return "0s" }
        if rest < 1000 { return "\(rest)ms" }
        var text = ""
        for (unit, length) in [("h", 3_600_000), ("m", 60_000)] {
            let count = rest / Int64(length)
            rest %= Int64(length)
            if count > 0 { text += "\(count)\(unit)" }
        }
        guard rest > 0 else { return text }
        text += String(rest / 1000)
        // Milliseconds are a fraction of the second, without the zeros at their end.
        var fraction = String(rest % 1000 + 1000).dropFirst()
        while fraction.last == "0" { fraction.removeLast() }
        return text + (fraction.isEmpty ? "" : "." + fraction) + "s"
    }

    private static func rounded(_ length: Int64, to unit: Int64) -> Int64 {
        let (quotient, remainder) = length.quotientAndRemainder(dividingBy: unit)
        return remainder >= unit / 2 ? quotient + 1 : quotient
    }

    private static func twoDigits(_ number: Int64) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}
