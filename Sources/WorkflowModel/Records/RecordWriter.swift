/// Puts values into bytes, for every binary file that the program keeps: numbers least significant byte
/// first, texts with their length in four bytes before them.
///
/// What it writes is read by ``RecordReader``.
public struct RecordWriter: Sendable {
    @usableFromInline var buffer: [UInt8] = []

    /// What was written so far.
    @inlinable public var bytes: [UInt8] { buffer }

    /// Nothing written yet, with room for so many bytes.
    @inlinable public init(reserving count: Int = 0) { buffer.reserveCapacity(count) }

    /// Adds a number in all its bytes.
    @inlinable public mutating func number<Number: FixedWidthInteger>(_ value: Number) {
        withUnsafeBytes(of: value.littleEndian) { buffer.append(contentsOf: $0) }
    }

    /// Adds a number in as few bytes as it takes: seven bits in each, the lowest first (LEB128).
    @inlinable public mutating func varint(_ value: Int) {
        var rest = UInt64(bitPattern: Int64(value))
        while rest >= 0x80 {
            buffer.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        buffer.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Adds one byte: 1 for true.
    @inlinable public mutating func flag(_ value: Bool) { buffer.append(value ? 1 : 0) }

    /// Adds the number of a case.
    @inlinable public mutating func kind(_ value: some RawRepresentable<UInt8>) {
        buffer.append(value.rawValue)
    }

    /// Adds bytes as they are, without their length.
    @inlinable public mutating func raw(_ value: some Sequence<UInt8>) {
        buffer.append(contentsOf: value)
    }

    /// Adds bytes with their length.
    @inlinable public mutating func blob(_ value: some Collection<UInt8>) {
        number(UInt32(clamping: value.count))
        buffer.append(contentsOf: value)
    }

    /// Adds a text with the length of its bytes.
    @inlinable public mutating func text(_ value: String) { blob(value.utf8) }

    /// Adds how many parts follow.
    @inlinable public mutating func count(_ value: Int) { number(UInt32(clamping: value)) }
}
