package import Execution
import FileState

/// Reads what ``RecordWriter`` wrote, where it lies; everything is nil once something does not fit, and
/// no number that is read there asks for memory that the bytes could not fill.
package struct RecordReader {
    private let bytes: UnsafeRawBufferPointer
    package private(set) var place: Int

    /// Reads bytes that stay where they are as long as this is used.
    package init(_ bytes: UnsafeRawBufferPointer, from place: Int = 0) {
        self.bytes = bytes
        self.place = min(max(place, 0), bytes.count)
    }

    /// Calls with a reader of a part of an array, which must not outlive the call.
    package static func read<Result>(
        _ bytes: ArraySlice<UInt8>, _ body: (inout RecordReader) -> Result
    ) -> Result {
        bytes.withUnsafeBytes { buffer in
            var reader = RecordReader(buffer)
            return body(&reader)
        }
    }

    package var isAtEnd: Bool { place == bytes.count }

    /// The next bytes, without a length before them.
    package mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count >= 0, count <= bytes.count - place else { return nil }
        defer { place += count }
        return UnsafeRawBufferPointer(rebasing: bytes[place..<(place + count)])
    }

    package mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) -> Number? {
        let size = MemoryLayout<Number>.size
        guard size <= bytes.count - place else { return nil }
        defer { place += size }
        return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: Number.self))
    }

    mutating func flag() -> Bool? { number(UInt8.self).map { $0 == 1 } }

    /// Bytes with a length before them, where they lie.
    package mutating func blob() -> UnsafeRawBufferPointer? {
        number(UInt32.self).flatMap { take(Int($0)) }
    }

    package mutating func text() -> String? { blob().map { String(decoding: $0, as: UTF8.self) } }

    package mutating func digest() -> Digest? {
        guard let a = number(UInt64.self), let b = number(UInt64.self),
            let c = number(UInt64.self), let d = number(UInt64.self)
        else { return nil }
        return Digest((a, b, c, d))
    }

    /// How many parts follow, each of so many bytes at least: a wrong number asks for no memory.
    package mutating func count(ofSize size: Int) -> Int? {
        guard let count = number(UInt32.self), Int(count) <= (bytes.count - place) / size else {
            return nil
        }
        return Int(count)
    }

    /// All texts that follow.
    package mutating func texts() -> [String] {
        var texts: [String] = []
        while !isAtEnd, let text = text() { texts.append(text) }
        return texts
    }

    /// Parts that follow their number.
    package mutating func list<Part>(
        ofSize size: Int, _ part: (inout RecordReader) -> Part?
    ) -> [Part]? {
        guard let count = count(ofSize: size) else { return nil }
        var list: [Part] = []
        list.reserveCapacity(count)
        for _ in 0..<count {
            guard let part = part(&self) else { return nil }
            list.append(part)
        }
        return list
    }
}
