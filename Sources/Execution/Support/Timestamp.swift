/// Wall times as text: RFC 3339, UTC, milliseconds; uses no locale and no time zone data.
public enum Timestamp {
    /// A time as text: `2025-11-02T15:00:05.100Z`; years are limited to 0000 to 9999.
    public static func text(_ time: WallTime) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(24)
        append(time, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The time of day in UTC: `15:00:05`.
    public static func timeOfDay(_ time: WallTime) -> String {
        String(text(time).dropFirst(11).prefix(8))
    }

    /// Appends a time as text.
    static func append(_ time: WallTime, to bytes: inout [UInt8]) {
        let clamped = min(max(time.microseconds, earliest), latest)
        let milliseconds = floorDivide(clamped, 1000)
        let days = floorDivide(milliseconds.quotient, 86_400_000)
        let (year, month, day) = civil(fromDays: days.quotient)
        let (seconds, fraction) = days.remainder.quotientAndRemainder(dividingBy: 1000)

        // One append of 24 bytes is several times faster than 24 appends of one byte.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { text in
            putTwo(year / 100, at: 0, in: text)
            putTwo(year % 100, at: 2, in: text)
            text[4] = UInt8(ascii: "-")
            putTwo(month, at: 5, in: text)
            text[7] = UInt8(ascii: "-")
            putTwo(day, at: 8, in: text)
            text[10] = UInt8(ascii: "T")
            putTwo(seconds / 3600, at: 11, in: text)
            text[13] = UInt8(ascii: ":")
            putTwo(seconds / 60 % 60, at: 14, in: text)
            text[16] = UInt8(ascii: ":")
            putTwo(seconds % 60, at: 17, in: text)
            text[19] = UInt8(ascii: ".")
            text[20] = digit(fraction / 100)
            putTwo(fraction % 100, at: 21, in: text)
            text[23] = UInt8(ascii: "Z")
            bytes.append(contentsOf: UnsafeBufferPointer(text))
        }
    }

    /// 0000-01-01T00:00:00Z and the last microsecond of 9999.
    private static let earliest: Int64 = -62_167_219_200_000_000
    private static let latest: Int64 = 253_402_300_799_999_999

    /// The Gregorian date of a day counted from 1970-01-01.
    ///
    /// Counts in eras of 400 years that begin in March, so that the leap day is the last day of a
    /// year.
    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
        let leapless = dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096
        let yearOfEra = leapless / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func floorDivide(
        _ number: Int64, _ divisor: Int64
    ) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = number.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func putTwo(
        _ number: Int64, at index: Int, in text: UnsafeMutableBufferPointer<UInt8>
    ) {
        text[index] = digit(number / 10)
        text[index + 1] = digit(number % 10)
    }

    private static func digit(_ number: Int64) -> UInt8 {
        UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number)
    }
}
