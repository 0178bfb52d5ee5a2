/// The 256 bits of a SHA-256, as a value that is compared and hashed without heap memory.
public struct Digest: Hashable, Sendable {
    /// The bits, most significant word first.
    public var words: (UInt64, UInt64, UInt64, UInt64)

    /// The digest that stands for "unknown": all zeros, which no known content has.
    public static let zero = Digest((0, 0, 0, 0))

    /// A digest of four words, most significant first.
    public init(_ words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

    /// The digest of all that a hash was given.
    public init(_ hash: SHA256) { words = hash.digestWords() }

    /// The digest of some bytes.
    public init(of bytes: [UInt8]) {
        var hash = SHA256()
        hash.update(bytes)
        self.init(hash)
    }

    /// Reads 32 bytes; nil for any other number of them.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        var words: [UInt64] = [0, 0, 0, 0]
        for (place, byte) in bytes.enumerated() {
            words[place / 8] = words[place / 8] << 8 | UInt64(byte)
        }
        self.init((words[0], words[1], words[2], words[3]))
    }

    /// Reads what ``text`` wrote; nil for anything else.
    public init?(text: some StringProtocol) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        var high: UInt8?
        for character in text.utf8 {
            let value: UInt8
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = character - UInt8(ascii: "a") + 10
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        guard high == nil else { return nil }
        self.init(bytes: bytes)
    }

    /// The 32 bytes, most significant first.
    public var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            raw.storeBytes(of: words.0.bigEndian, toByteOffset: 0, as: UInt64.self)
            raw.storeBytes(of: words.1.bigEndian, toByteOffset: 8, as: UInt64.self)
            raw.storeBytes(of: words.2.bigEndian, toByteOffset: 16, as: UInt64.self)
            raw.storeBytes(of: words.3.bigEndian, toByteOffset: 24, as: UInt64.self)
            count = 32
        }
    }

    /// The digest as 64 hexadecimal digits.
    public var text: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self)
    }

    /// Whether two digests are the same.
    public static func == (a: Digest, b: Digest) -> Bool { a.words == b.words }

    /// Hashes the first word only, which is as random as all four.
    public func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
