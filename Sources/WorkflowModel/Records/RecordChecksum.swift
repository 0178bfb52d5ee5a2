/// What tells a record that was changed from one that was not; no defence against malice.
public enum RecordChecksum {
    /// The checksum of bytes that lie in an array.
    public static func of(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.withUnsafeBytes { of($0) }
    }

    /// Eight bytes at a time, each mixed with what came before.
    public static func of(_ buffer: UnsafeRawBufferPointer) -> UInt64 {
        var sum: UInt64 = 0x9e37_79b9_7f4a_7c15 ^ UInt64(buffer.count)
        var place = 0
        while place + 8 <= buffer.count {
            let word = buffer.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            sum = mix(sum ^ UInt64(littleEndian: word))
            place += 8
        }
        var rest: UInt64 = 0
        while place < buffer.count {
            rest = rest << 8 | UInt64(buffer[place])
            place += 1
        }
        return mix(sum ^ rest)
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: 0xd6e8_feb8_6659_fd93)
        return product.high ^ product.low ^ value >> 32
    }
}
