import Testing
import TestSupport

@testable import Execution

@Suite("SHA-256 is that of FIPS 180-4")
struct SHA256Tests {
    /// Messages and their hashes from the standard's examples and NIST's test vectors.
    private static let vectors: [(message: [UInt8], hash: String)] = [
        ([], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (Array("abc".utf8), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            Array(
                ("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                    + "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu").utf8),
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
        ),
        ([0xbd], "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"),
        (
            [0xc9, 0x8c, 0x8e, 0x55],
            "7abc22c0ae5af26ce93dbb94433a0e0b2e119d014f8e7f65bd56c61ccccd9504"
        ),
        (
            [UInt8](repeating: 0, count: 55),
            "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7"
        ),
        (
            [UInt8](repeating: 0, count: 56),
            "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb"
        ),
        (
            [UInt8](repeating: 0, count: 64),
            "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b"
        ),
        (
            [UInt8](repeating: 0, count: 1000),
            "541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53"
        ),
    ]

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { (String($0 >> 4, radix: 16)) + String($0 & 15, radix: 16) }.joined()
    }

    @Test(
        "short messages have the published hashes, by the processor's instructions and without",
        arguments: vectors.indices, [true, false])
    func published(number: Int, usesInstructions: Bool) {
        let (message, hash) = Self.vectors[number]
        #expect(hex(SHA256.digest(of: message)) == hash)
        var other = SHA256(usesInstructions: usesInstructions)
        other.update(message)
        #expect(hex(other.digest()) == hash)
    }

    @Test("a million times `a` has the published hash", arguments: [true, false])
    func million(usesInstructions: Bool) {
        var hash = SHA256(usesInstructions: usesInstructions)
        let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 1000)
        for _ in 0..<1000 { hash.update(piece) }
        #expect(
            hex(hash.digest())
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test("it does not matter how a message is cut into pieces")
    func pieces() {
        var random = SeededGenerator(seed: 7)
        for length in [0, 1, 55, 56, 63, 64, 65, 127, 128, 129, 500] {
            let message = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ length) }
            let whole = SHA256.digest(of: message)
            for turn in 0..<20 {
                var hash = SHA256(usesInstructions: turn % 2 == 0)
                var rest = message[...]
                while !rest.isEmpty {
                    let count = Int.random(in: 1...min(rest.count, 150), using: &random)
                    hash.update(Array(rest.prefix(count)))
                    rest = rest.dropFirst(count)
                }
                #expect(hash.digest() == whole)
            }
        }
    }

    @Test("what was hashed so far can be asked for in between")
    func between() {
        var hash = SHA256()
        hash.update("ab")
        _ = hash.digest()
        hash.update("c")
        #expect(hash.digest() == SHA256.digest(of: Array("abc".utf8)))
        #expect(hash.digest64() == 0xba78_16bf_8f01_cfea)
    }

    @Test("framed parts cannot be mistaken for others")
    func framed() {
        func hash(_ parts: String...) -> UInt64 {
            var hash = SHA256()
            for part in parts { hash.update(framed: part) }
            return hash.digest64()
        }
        #expect(hash("ab", "c") != hash("a", "bc"))
        #expect(hash("abc") != hash("abc", ""))
    }
}
