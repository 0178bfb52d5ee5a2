package import WorkflowModel

/// Reads durations as people write them: `90s`, `5m`, `1h30m`, `1.5s`, `250ms`.
package enum Duration {
    /// The longest duration that is accepted, in milliseconds: 100 years, so sums of deadlines
    /// cannot overflow.
    static let longest: Double = 100 * 365.25 * 86_400_000
    /// The same as text.
    static let longestText = "36525d"

    /// Reads numbers with a unit, larger units first, without gaps; nil for other text.
    package static func parse(_ text: String) -> Milliseconds? { total(of: text).flatMap(length) }

    /// Whether a text is a duration that is too long.
    static func isTooLong(_ text: String) -> Bool { (total(of: text) ?? 0) > longest }

    /// Whether a number of seconds is longer than the longest duration.
    static func isTooLong(_ seconds: Double) -> Bool { seconds * 1000 > longest }

    /// Milliseconds, without an upper limit.
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

    /// The duration of a number of seconds.
    package static func seconds(_ seconds: Double) -> Milliseconds? {
        length(seconds * 1000)
    }

    private static func length(_ value: Double) -> Milliseconds? {
        guard value.isFinite, value >= 0, value <= longest else { return nil }
        // A duration above zero is never rounded to zero.
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
