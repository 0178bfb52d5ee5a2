/// Bytes that end too early, or do not mean what stands at their place.
public struct DamagedBytes: Error, Hashable, Sendable {
    /// Damage of any kind.
    public init() {}
}

/// Reads what ``ByteWriter`` wrote: never behind the end, whatever the bytes are.
///
/// It refers to the bytes, so it must not outlive the closure that lends them.
public struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    private var place = 0

    /// Begins at the first of the bytes.
    public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Bytes that were not read yet.
    public var left: Int { bytes.count - place }

    /// Whether all was read.
    public var isAtEnd: Bool { place == bytes.count }

    /// Reads one byte.
    public mutating func byte() throws(DamagedBytes) -> UInt8 {
        guard place < bytes.count else { throw DamagedBytes() }
        defer { place &+= 1 }
        return bytes[place]
    }

    /// Reads what ``ByteWriter/count(_:)`` wrote.
    public mutating func count() throws(DamagedBytes) -> Int {
        let first = try byte()
        guard first >= 0x80 else { return Int(first) }
        var value = UInt64(first & 0x7f)
        var shift: UInt64 = 7
        while true {
            let next = try byte()
            guard shift < 64 else { throw DamagedBytes() }
            value |= UInt64(next & 0x7f) << shift
            if next < 0x80 { return Int(Int64(bitPattern: value)) }
            shift += 7
        }
    }

    /// Reads how many values follow, of which each takes at least one byte: more than are left are damage.
    public mutating func length() throws(DamagedBytes) -> Int {
        let length = try count()
        guard length >= 0, length <= left else { throw DamagedBytes() }
        return length
    }

    /// Reads a number of eight bytes.
    public mutating func number() throws(DamagedBytes) -> UInt64 {
        guard left >= 8 else { throw DamagedBytes() }
        defer { place &+= 8 }
        return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
    }

    /// Reads a number of eight bytes.
    public mutating func signed() throws(DamagedBytes) -> Int64 {
        Int64(bitPattern: try number())
    }

    /// Reads bytes that have their count before them; they are lent like all the others.
    public mutating func blob() throws(DamagedBytes) -> UnsafeRawBufferPointer {
        try raw(try length())
    }

    /// Reads so many bytes.
    public mutating func raw(_ count: Int) throws(DamagedBytes) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= left else { throw DamagedBytes() }
        defer { place &+= count }
        return UnsafeRawBufferPointer(rebasing: bytes[place..<(place + count)])
    }

    /// Reads a text that has the count of its bytes before it.
    public mutating func text() throws(DamagedBytes) -> String {
        String(decoding: try blob(), as: UTF8.self)
    }
}
