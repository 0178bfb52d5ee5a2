package import WorkflowModel

/// Reads durations as people write them: `90s`, `5m`, `1h30m`, `1.5s`, `250ms`.
package enum Duration {
    /// The longest duration that is taken: 100 years, so that sums of deadlines cannot overflow.
    static let longest: Double = 100 * 365.25 * 86_400_000
    /// The same as it is written.
    static let longestText = "36525d"

    /// Numbers with a unit, the larger unit first, without gaps; nil for anything else.
    package static func parse(_ text: String) -> Milliseconds? { total(of: text).flatMap(length) }

    /// Whether a text is a duration but for being longer than the longest.
    static func isTooLong(_ text: String) -> Bool { (total(of: text) ?? 0) > longest }

    /// Whether a number of seconds is longer than the longest duration.
    static func isTooLong(_ seconds: Double) -> Bool { seconds * 1000 > longest }

    /// Milliseconds, however many.
    private static func total(of text: String) -> Double? {
        var rest = Substring(text)
        var total = 0.0
        var lastFactor = Double.infinity
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            guard let first = digits.first, let last = digits.last, first != ".", last != ".",
                let number = Double(digits)
            else { return nil }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let factor = factor(of: unit), factor < lastFactor else { return nil }
            lastFactor = factor
            total += number * factor
        }
        return total
    }

    /// Seconds as a number.
    package static func seconds(_ seconds: Double) -> Milliseconds? {
        length(seconds * 1000)
    }

    private static func length(_ value: Double) -> Milliseconds? {
        guard value.isFinite, value >= 0, value <= longest else { return nil }
        // A length that was asked for is never rounded to none.
        return Milliseconds(value > 0 ? max(1, Int64(value + 0.5)) : 0)
    }

    private static func factor(of unit: Substring) -> Double? {
        switch unit {
        case "ms": 1
        case "s": 1000
        case "m": 60_000
        case "h": 3_600_000
        case "d": 86_400_000
        default: nil
        }
    }
}
