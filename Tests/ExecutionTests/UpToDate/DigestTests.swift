import Testing

@testable import Execution

@Suite("Digest")
struct DigestTests {
    private static let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    private static let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    @Test("a digest is that of FIPS 180-4", arguments: [("", empty), ("abc", abc)])
    func known(content: String, text: String) {
        #expect(Digest(of: Array(content.utf8)).text == text)
        var hash = SHA256()
        hash.update(Array(content.utf8))
        #expect(Digest(hash) == Digest(of: Array(content.utf8)))
    }

    @Test("what is written can be read again, as text and as bytes", arguments: [empty, abc])
    func roundTrip(text: String) {
        let digest = Digest(text: text)
        #expect(digest?.text == text)
        #expect(digest.flatMap { Digest(bytes: $0.bytes) } == digest)
        #expect(digest?.bytes.count == 32)
    }

    @Test("the most significant bytes come first")
    func order() {
        #expect(Digest((1, 2, 3, 0xFF00)).bytes.suffix(2) == [0xFF, 0])
        #expect(Digest((1, 2, 3, 0xFF00)).bytes.prefix(8) == [0, 0, 0, 0, 0, 0, 0, 1])
        #expect(Digest((0xAB, 0, 0, 0)).text.hasPrefix("00000000000000ab0"))
    }

    @Test(
        "anything else is no digest",
        arguments: [
            "", "e3", String(empty.dropLast()), empty + "0", empty + "00", empty.uppercased(),
            "g" + empty.dropFirst(), " " + empty.dropFirst(), "é" + empty.dropFirst(2),
        ])
    func rejected(text: String) {
        #expect(Digest(text: text) == nil)
        #expect(Digest(bytes: Array(text.utf8).prefix(31)) == nil)
    }

    @Test("digests that differ in one bit are different")
    func different() {
        var all: Set<Digest> = [.zero]
        for bit in 0..<256 {
            var words: [UInt64] = [0, 0, 0, 0]
            words[bit / 64] = 1 << UInt64(bit % 64)
            all.insert(Digest((words[0], words[1], words[2], words[3])))
        }
        #expect(all.count == 257)
    }
}
