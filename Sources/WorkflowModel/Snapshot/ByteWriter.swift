/// Puts numbers and texts one after another into bytes that ``ByteReader`` reads.
public struct ByteWriter: Sendable {
    /// What was written so far.
    public private(set) var bytes: [UInt8] = []

    /// Nothing written yet.
    public init() {}

    /// Adds one byte.
    public mutating func byte(_ value: UInt8) { bytes.append(value) }

    /// Adds a count or an index in as few bytes as it takes: seven bits in each, the lowest first.
    public mutating func count(_ value: Int) {
        var rest = UInt64(bitPattern: Int64(value))
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Adds a number in all its eight bytes, the lowest first.
    public mutating func number(_ value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Adds a number in all its eight bytes, the lowest first.
    public mutating func number(_ value: Int64) { number(UInt64(bitPattern: value)) }

    /// Adds bytes with their count before them.
    public mutating func blob(_ blob: some Collection<UInt8>) {
        count(blob.count)
        bytes.append(contentsOf: blob)
    }

    /// Adds a text with the count of its bytes before it.
    public mutating func text(_ text: String) { blob(text.utf8) }

    /// Adds bytes as they are.
    public mutating func raw(_ raw: some Collection<UInt8>) { bytes.append(contentsOf: raw) }
}
