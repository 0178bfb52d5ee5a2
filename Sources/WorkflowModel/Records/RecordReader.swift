/// Bytes that end too early, or do not mean what stands at their place.
public struct DamagedBytes: Error, Hashable, Sendable {
    /// Damage of any kind.
    public init() {}
}

/// Reads what ``RecordWriter`` wrote, where it lies: never behind the end, whatever the bytes are, and no
/// number that is read there asks for memory that the bytes could not fill.
///
/// It refers to the bytes, so it must not outlive the closure that lends them.
public struct RecordReader {
    @usableFromInline let bytes: UnsafeRawBufferPointer
    @usableFromInline var offset: Int

    /// Begins at an offset; behind the end, nothing is read.
    @inlinable public init(_ bytes: UnsafeRawBufferPointer, from place: Int = 0) {
        self.bytes = bytes
        offset = min(max(place, 0), bytes.count)
    }

    /// Calls with a reader of a part of an array, which must not outlive the call.
    @inlinable public static func read<Result, Failure>(
        _ bytes: ArraySlice<UInt8>,
        _ body: (inout RecordReader) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try bytes.withUnsafeBufferPointer { buffer throws(Failure) in
            var reader = RecordReader(UnsafeRawBufferPointer(buffer))
            return try body(&reader)
        }
    }

    /// The offset of the next byte.
    @inlinable public var place: Int { offset }

    /// Bytes that were not read yet.
    @inlinable public var left: Int { bytes.count - offset }

    /// Whether all was read.
    @inlinable public var isAtEnd: Bool { offset == bytes.count }

    /// Reads so many bytes, which are lent like all the others.
    @inlinable @discardableResult public mutating func raw(_ count: Int) throws(DamagedBytes)
        -> UnsafeRawBufferPointer
    {
        guard count >= 0, count <= left else { throw DamagedBytes() }
        defer { offset &+= count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + count)])
    }

    /// Reads a number of a fixed size.
    @inlinable public mutating func number<Number: FixedWidthInteger>(
        _ type: Number.Type = Number.self
    ) throws(DamagedBytes) -> Number {
        let size = MemoryLayout<Number>.size
        guard size <= left else { throw DamagedBytes() }
        defer { offset &+= size }
        return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    /// Reads what ``RecordWriter/varint(_:)`` wrote.
    @inlinable public mutating func varint() throws(DamagedBytes) -> Int {
        let first = try number(UInt8.self)
        guard first >= 0x80 else { return Int(first) }
        var value = UInt64(first & 0x7f)
        var shift: UInt64 = 7
        while true {
            let next = try number(UInt8.self)
            guard shift < 64 else { throw DamagedBytes() }
            value |= UInt64(next & 0x7f) << shift
            if next < 0x80 { return Int(Int64(bitPattern: value)) }
            shift += 7
        }
    }

    /// Reads one byte that is 0 or 1.
    @inlinable public mutating func flag() throws(DamagedBytes) -> Bool {
        switch try number(UInt8.self) {
        case 0: false
        case 1: true
        default: throw DamagedBytes()
        }
    }

    /// Reads the number of a case; there has to be one of that number.
    @inlinable public mutating func kind<Kind: RawRepresentable<UInt8>>(
        _ type: Kind.Type = Kind.self
    ) throws(DamagedBytes) -> Kind {
        guard let kind = Kind(rawValue: try number()) else { throw DamagedBytes() }
        return kind
    }

    /// Reads bytes with their length before them, which are lent like all the others.
    @inlinable @discardableResult public mutating func blob() throws(DamagedBytes)
        -> UnsafeRawBufferPointer
    {
        try raw(Int(try number(UInt32.self)))
    }

    /// Reads a text with the length of its bytes before it.
    @inlinable public mutating func text() throws(DamagedBytes) -> String {
        String(decoding: try blob(), as: UTF8.self)
    }

    /// Reads how many parts follow, each of so many bytes at least; more than the bytes hold are damage.
    @inlinable public mutating func count(ofSize size: Int) throws(DamagedBytes) -> Int {
        let count = try number(UInt32.self)
        guard Int(count) <= left / size else { throw DamagedBytes() }
        return Int(count)
    }

    /// Reads parts with their number before them, each of so many bytes at least.
    @inlinable public mutating func list<Part>(
        ofSize size: Int, _ part: (inout RecordReader) throws(DamagedBytes) -> Part
    ) throws(DamagedBytes) -> [Part] {
        let count = try count(ofSize: size)
        var list: [Part] = []
        list.reserveCapacity(count)
        for _ in 0..<count { list.append(try part(&self)) }
        return list
    }
}
