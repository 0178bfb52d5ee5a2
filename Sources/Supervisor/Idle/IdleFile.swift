import Execution
import SystemCalls

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// `.stepvisor/idle`: parts of bytes behind a header with their places, a key and a check sum.
///
/// It is mapped, not read: what is not needed costs nothing.
final class IdleFile {
    static let name = "idle"

    /// The parts; the raw value is the place in the header.
    enum Part: Int, CaseIterable {
        case scope, facts, starts, paths
        case progress, progressMarks, header, headerMarks, lines, summary, summaryMarks
    }

    private let base: UnsafeMutableRawPointer
    private let count: Int

    private static let magic: UInt64 = 0x3254_5053_454C_4449
    /// Magic, check sum, key, and where each part begins; then the length of all.
    private static let headerWords = 2 + 4 + Part.allCases.count + 1
    private static var headerSize: Int { headerWords * 8 }

    /// Maps the file; nil where there is none that is whole and was made for this key.
    init?(in state: StateDirectory, key: Digest) {
        guard let file = PrivateFile.reading([IdleFile.name], in: state.descriptor),
            let size = file.size, size >= IdleFile.headerSize, size < 1 << 32
        else { return nil }
        let length = Int(size)
        guard let address = mmap(nil, length, PROT_READ, MAP_PRIVATE, file.number, 0),
            address != MAP_FAILED
        else { return nil }
        base = address
        count = length
        let words = self.words
        guard words[0] == IdleFile.magic,
            (words[2], words[3], words[4], words[5]) == key.words, hasSoundParts,
            words[1] == IdleFile.checkSum(UnsafeRawBufferPointer(rebasing: bytes[16...]))
        else { return nil }
    }

    deinit { munmap(base, count) }

    private var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    private var words: UnsafeBufferPointer<UInt64> {
        UnsafeBufferPointer(
            start: UnsafePointer(base.assumingMemoryBound(to: UInt64.self)),
            count: IdleFile.headerWords)
    }

    private var hasSoundParts: Bool {
        let places = words[6...]
        return zip(places, places.dropFirst()).allSatisfy { $0 <= $1 && $0 % 8 == 0 }
            && places.first.map { $0 >= UInt64(IdleFile.headerSize) } == true
            && places.last == UInt64(count)
    }

    /// The bytes of a part, of which the last few may be padding.
    func part(_ part: Part) -> UnsafeRawBufferPointer {
        let start = Int(words[6 + part.rawValue])
        let end = Int(words[7 + part.rawValue])
        // Each part says its own length at its end.
        guard end - start >= 8 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let length = bytes.load(fromByteOffset: end - 8, as: UInt64.self)
        guard length <= UInt64(end - start - 8) else {
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<start + Int(length)])
    }

    // MARK: Writing

    /// Writes the file whole, in one step.
    static func write(
        _ parts: [Part: [UInt8]], key: Digest, in state: StateDirectory
    ) throws(SystemError) {
        var bytes = [UInt8](repeating: 0, count: headerSize)
        bytes.reserveCapacity(headerSize + parts.values.reduce(0) { $0 + $1.count + 16 })
        var words: [UInt64] = [magic, 0, key.words.0, key.words.1, key.words.2, key.words.3]
        for part in Part.allCases {
            words.append(UInt64(bytes.count))
            let content = parts[part] ?? []
            bytes.append(contentsOf: content)
            bytes.append(contentsOf: repeatElement(0, count: (8 - content.count % 8) % 8))
            withUnsafeBytes(of: UInt64(content.count)) { bytes.append(contentsOf: $0) }
        }
        words.append(UInt64(bytes.count))
        bytes.withUnsafeMutableBytes { all in
            words.withUnsafeBytes { all.copyMemory(from: $0) }
            let sum = checkSum(UnsafeRawBufferPointer(rebasing: all[16...]))
            all.storeBytes(of: sum, toByteOffset: 8, as: UInt64.self)
        }
        try state.replace(name, with: bytes)
    }

    /// Four sums side by side, so that the processor need not wait for a product.
    static func checkSum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        let factor: UInt64 = 0x9E37_79B9_7F4A_7C15
        var sums = SIMD4<UInt64>(1, 2, 3, 4)
        var at = 0
        while at + 32 <= bytes.count {
            let next = bytes.loadUnaligned(fromByteOffset: at, as: SIMD4<UInt64>.self)
            sums = (sums ^ next) &* factor
            sums ^= sums &>> 29
            at += 32
        }
        var sum = UInt64(bytes.count)
        for lane in 0..<4 { sum = (sum ^ sums[lane]) &* factor ^ sum &>> 32 }
        while at < bytes.count {
            sum = (sum ^ UInt64(bytes[at])) &* factor
            at += 1
        }
        return sum ^ sum &>> 32
    }
}
