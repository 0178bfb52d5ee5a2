/// A length of time as declared, in whole milliseconds.
public struct Milliseconds: Hashable, Comparable, Sendable {
    /// The length; never negative when it came from a file.
    public var value: Int64

    /// A length in milliseconds.
    public init(_ value: Int64) { self.value = value }

    /// A length in seconds.
    public static func seconds(_ seconds: Int64) -> Milliseconds { Milliseconds(seconds * 1000) }

    /// The same length in nanoseconds, clamped to what fits.
    public var nanoseconds: Int64 {
        let (product, overflow) = value.multipliedReportingOverflow(by: 1_000_000)
        return overflow ? .max : product
    }

    /// Shorter before longer.
    public static func < (a: Milliseconds, b: Milliseconds) -> Bool { a.value < b.value }
}
