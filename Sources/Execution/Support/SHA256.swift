import HashInstructions

/// The hash function SHA-256 of FIPS 180-4, with incremental input.
///
/// Written out here because the Linux toolchain has none: with the processor's instructions if
/// available, otherwise with a message schedule in a ring of sixteen words, as section 6.1.3 of the
/// standard allows.
public struct SHA256: Sendable {
    private var state: State = .initial
    /// Bytes that do not fill a block yet; allocates nothing while empty.
    private var rest: [UInt8] = []
    private var byteCount: UInt64 = 0
    private let usesInstructions: Bool

    static let blockSize = 64
    /// Whether the processor has SHA-256 instructions; checked once.
    static let hasInstructions = stepvisor_has_sha256_instructions() == 1

    /// A hash of no input so far.
    public init() { usesInstructions = SHA256.hasInstructions }

    /// A hash with a chosen implementation, for comparing the two.
    init(usesInstructions: Bool) {
        self.usesInstructions = usesInstructions && SHA256.hasInstructions
    }

    /// Adds bytes; the same as adding their pieces one after the other.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        byteCount &+= UInt64(bytes.count)
        var taken = 0
        if !rest.isEmpty {
            taken = min(bytes.count, SHA256.blockSize - rest.count)
            rest.append(contentsOf: bytes[..<taken])
            guard rest.count == SHA256.blockSize else { return }
            rest.withUnsafeBytes { state.take($0, byInstructions: usesInstructions) }
            rest.removeAll(keepingCapacity: true)
        }
        let whole = (bytes.count - taken) / SHA256.blockSize * SHA256.blockSize
        if whole > 0 {
            state.take(
                UnsafeRawBufferPointer(rebasing: bytes[taken..<(taken + whole)]),
                byInstructions: usesInstructions)
            taken += whole
        }
        if taken < bytes.count { rest.append(contentsOf: bytes[taken...]) }
    }

    /// Adds bytes.
    public mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    /// Adds the UTF-8 of a text.
    public mutating func update(_ text: String) {
        var text = text
        text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
    }

    /// The 32 bytes of the hash of all input so far; further input continues from there.
    public func digest() -> [UInt8] {
        finalState().words.flatMap { word in
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) }
        }
    }

    /// The hash as four numbers, most significant first.
    public func digestWords() -> (UInt64, UInt64, UInt64, UInt64) { finalState().longWords }

    /// The first eight bytes of the hash as a number, most significant first.
    public func digest64() -> UInt64 { finalState().firstWords }

    /// The state after the last blocks: the remaining bytes, a one bit, zeros, and the length in
    /// bits.
    private func finalState() -> State {
        var last = state
        let count = rest.count + 9 > SHA256.blockSize ? 2 * SHA256.blockSize : SHA256.blockSize
        withUnsafeTemporaryAllocation(byteCount: count, alignment: 8) { blocks in
            blocks.copyBytes(from: rest)
            blocks[rest.count] = 0x80
            for index in (rest.count + 1)..<(count - 8) { blocks[index] = 0 }
            blocks.storeBytes(
                of: (byteCount &* 8).bigEndian, toByteOffset: count - 8, as: UInt64.self)
            last.take(UnsafeRawBufferPointer(blocks), byInstructions: usesInstructions)
        }
        return last
    }
}

extension SHA256 {
    /// The hash of some bytes.
    public static func digest(of bytes: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(bytes)
        return hash.digest()
    }
}

/// The eight words that are carried from block to block.
private struct State: Sendable {
    private var a: UInt32, b: UInt32, c: UInt32, d: UInt32
    private var e: UInt32, f: UInt32, g: UInt32, h: UInt32

    static let initial = State(
        a: 0x6a09_e667, b: 0xbb67_ae85, c: 0x3c6e_f372, d: 0xa54f_f53a,
        e: 0x510e_527f, f: 0x9b05_688c, g: 0x1f83_d9ab, h: 0x5be0_cd19)

    var words: [UInt32] { [a, b, c, d, e, f, g, h] }

    var firstWords: UInt64 { UInt64(a) << 32 | UInt64(b) }

    var longWords: (UInt64, UInt64, UInt64, UInt64) {
        (
            firstWords, UInt64(c) << 32 | UInt64(d), UInt64(e) << 32 | UInt64(f),
            UInt64(g) << 32 | UInt64(h)
        )
    }

    /// Processes whole blocks.
    mutating func take(_ blocks: UnsafeRawBufferPointer, byInstructions: Bool) {
        if byInstructions { compressByInstructions(blocks) } else { compress(blocks) }
    }

    private mutating func compressByInstructions(_ blocks: UnsafeRawBufferPointer) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 8) { words in
            (words[0], words[1], words[2], words[3]) = (a, b, c, d)
            (words[4], words[5], words[6], words[7]) = (e, f, g, h)
            stepvisor_sha256_blocks(
                words.baseAddress, blocks.baseAddress, blocks.count / SHA256.blockSize)
            (a, b, c, d) = (words[0], words[1], words[2], words[3])
            (e, f, g, h) = (words[4], words[5], words[6], words[7])
        }
    }

    private mutating func compress(_ blocks: UnsafeRawBufferPointer) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 16) { schedule in
            State.roundConstants.withUnsafeBufferPointer { constants in
                var offset = 0
                while offset < blocks.count {
                    compress(blocks, at: offset, schedule, constants)
                    offset += SHA256.blockSize
                }
            }
        }
    }

    private mutating func compress(
        _ blocks: UnsafeRawBufferPointer, at offset: Int,
        _ schedule: UnsafeMutableBufferPointer<UInt32>, _ constants: UnsafeBufferPointer<UInt32>
    ) {
        let old = self
        for index in 0..<16 {
            schedule[index] = UInt32(
                bigEndian: blocks.loadUnaligned(
                    fromByteOffset: offset &+ index &* 4, as: UInt32.self))
        }
        eightRounds(from: 0, slot: 0, schedule, constants)
        eightRounds(from: 8, slot: 8, schedule, constants)
        var first = 16
        while first < 64 {
            eightWords(from: 0, schedule)
            eightRounds(from: first, slot: 0, schedule, constants)
            eightWords(from: 8, schedule)
            eightRounds(from: first &+ 8, slot: 8, schedule, constants)
            first &+= 16
        }
        a = a &+ old.a
        b = b &+ old.b
        c = c &+ old.c
        d = d &+ old.d
        e = e &+ old.e
        f = f &+ old.f
        g = g &+ old.g
        h = h &+ old.h
    }

    /// The next eight words of the schedule, each stored in the place of one that is used up.
    @inline(__always)
    private func eightWords(from slot: Int, _ schedule: UnsafeMutableBufferPointer<UInt32>) {
        nextWord(slot, schedule)
        nextWord(slot &+ 1, schedule)
        nextWord(slot &+ 2, schedule)
        nextWord(slot &+ 3, schedule)
        nextWord(slot &+ 4, schedule)
        nextWord(slot &+ 5, schedule)
        nextWord(slot &+ 6, schedule)
        nextWord(slot &+ 7, schedule)
    }

    @inline(__always)
    private func nextWord(_ slot: Int, _ schedule: UnsafeMutableBufferPointer<UInt32>) {
        schedule[slot] =
            schedule[slot] &+ State.smallSigma0(schedule[(slot &+ 1) & 15])
            &+ schedule[(slot &+ 9) & 15] &+ State.smallSigma1(schedule[(slot &+ 14) & 15])
    }

    /// Eight rounds, after which every word is back in its place, so no word is moved.
    @inline(__always)
    private mutating func eightRounds(
        from first: Int, slot: Int, _ schedule: UnsafeMutableBufferPointer<UInt32>,
        _ constants: UnsafeBufferPointer<UInt32>
    ) {
        State.round(a, b, c, &d, e, f, g, &h, schedule[slot] &+ constants[first])
        State.round(h, a, b, &c, d, e, f, &g, schedule[slot &+ 1] &+ constants[first &+ 1])
        State.round(g, h, a, &b, c, d, e, &f, schedule[slot &+ 2] &+ constants[first &+ 2])
        State.round(f, g, h, &a, b, c, d, &e, schedule[slot &+ 3] &+ constants[first &+ 3])
        State.round(e, f, g, &h, a, b, c, &d, schedule[slot &+ 4] &+ constants[first &+ 4])
        State.round(d, e, f, &g, h, a, b, &c, schedule[slot &+ 5] &+ constants[first &+ 5])
        State.round(c, d, e, &f, g, h, a, &b, schedule[slot &+ 6] &+ constants[first &+ 6])
        State.round(b, c, d, &e, f, g, h, &a, schedule[slot &+ 7] &+ constants[first &+ 7])
    }

    /// One round, given the sum of its word and constant: `d` becomes the next `e`, `h` the next
    /// `a`.
    @inline(__always)
    private static func round(
        _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32, _ e: UInt32, _ f: UInt32,
        _ g: UInt32, _ h: inout UInt32, _ input: UInt32
    ) {
        let sigma1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
        let first = h &+ sigma1 &+ (g ^ (e & (f ^ g))) &+ input
        let sigma0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
        d = d &+ first
        h = first &+ sigma0 &+ ((a & b) ^ (c & (a ^ b)))
    }

    @inline(__always)
    private static func rotate(_ word: UInt32, _ places: UInt32) -> UInt32 {
        (word &>> places) | (word &<< (32 &- places))
    }

    @inline(__always)
    private static func smallSigma0(_ word: UInt32) -> UInt32 {
        rotate(word, 7) ^ rotate(word, 18) ^ (word &>> 3)
    }

    @inline(__always)
    private static func smallSigma1(_ word: UInt32) -> UInt32 {
        rotate(word, 17) ^ rotate(word, 19) ^ (word &>> 10)
    }

    /// Section 4.2.2 of the standard: the fractional parts of the cube roots of the first 64
    /// primes.
    private static let roundConstants: [UInt32] = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4,
        0xab1c_5ed5, 0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe,
        0x9bdc_06a7, 0xc19b_f174, 0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f,
        0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da, 0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7,
        0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967, 0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc,
        0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85, 0xa2bf_e8a1, 0xa81a_664b,
        0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070, 0x19a4_c116,
        0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7,
        0xc671_78f2,
    ]
}
