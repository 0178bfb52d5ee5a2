/// The name of a step, as declared (`api_docs`) or qualified by its task (`1.2`).
///
/// A value that passed ``isValid(_:)`` is safe in a path: it cannot leave a directory, look like an
/// option or hold a control character.
public struct StepID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The name's text.
    public let rawValue: String

    /// Takes any text; the loader checks it once with ``isValid(_:)``.
    public init(_ rawValue: String) { self.rawValue = rawValue }

    /// The name's text.
    public var description: String { rawValue }

    /// The form of every id: `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`.
    public static let pattern = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"

    /// The largest length of an id, in bytes.
    public static let maximumLength = 64

    /// Whether the text has the form of ``pattern``.
    public static func isValid(_ text: String) -> Bool {
        let bytes = text.utf8
        guard let first = bytes.first, bytes.count <= maximumLength, isAlphanumeric(first) else {
            return false
        }
        return bytes.dropFirst().allSatisfy { byte in
            isAlphanumeric(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
                || byte == UInt8(ascii: "-")
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            return true
        default:
            return false
        }
    }

    /// Orders by bytes, so that a listing is the same on every machine.
    public static func < (a: StepID, b: StepID) -> Bool { a.rawValue < b.rawValue }
}
