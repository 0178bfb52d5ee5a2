/// The check sum at the end of a journal's line: a line that changed on the disk is not believed.
///
/// A sealed line is still one JSON object, whose last member is `"crc":"` and eight digits; the sum
/// is CRC-32 (as in zlib) of all bytes before that member's comma.
public enum JournalSeal {
    /// What the end of a line says of it.
    public enum Verdict: Hashable, Sendable {
        /// The line is as it was written.
        case whole
        /// The sum is not that of the line.
        case broken
        /// There is none: an older stepvisor wrote the line.
        case missing
    }

    private static let opening = Array(#","crc":""#.utf8)
    private static let closing = Array("\"}".utf8)
    private static let digits = 8
    private static let length = opening.count + digits + closing.count

    /// Seals the one line of a buffer, which ends in `}` and a newline.
    public static func seal(_ line: inout [UInt8]) {
        guard line.suffix(2).elementsEqual("}\n".utf8) else { return }
        line.removeLast(2)
        var sum = line.withUnsafeBufferPointer { checkSum(of: $0[...]) }
        line.append(contentsOf: opening)
        for _ in 0..<digits {
            sum = sum << 4 | sum >> 28
            line.append(digit(UInt8(truncatingIfNeeded: sum & 0xF)))
        }
        line.append(contentsOf: closing)
        line.append(UInt8(ascii: "\n"))
    }

    /// The digits at the end of a sealed line, which ends in a newline; empty where there are none.
    ///
    /// Whether they are those of the line, ``verdict(on:)`` says.
    static func sum(of line: [UInt8]) -> String {
        let end = line.count - 1 - closing.count
        guard end >= digits else { return "" }
        return String(decoding: line[end - digits..<end], as: UTF8.self)
    }

    /// Looks at a line without its newline.
    public static func verdict(on line: UnsafeBufferPointer<UInt8>) -> Verdict {
        let start = line.count - length
        guard start >= 0, line[start..<start + opening.count].elementsEqual(opening),
            line.suffix(closing.count).elementsEqual(closing)
        else { return .missing }
        let first = start + opening.count
        var sum = checkSum(of: line[..<start])
        for byte in line[first..<first + digits] {
            sum = sum << 4 | sum >> 28
            guard byte == digit(UInt8(truncatingIfNeeded: sum & 0xF)) else { return .broken }
        }
        return .whole
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    static func checkSum(of bytes: Slice<UnsafeBufferPointer<UInt8>>) -> UInt32 {
        let rest = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes))
        return JournalSeal.tables.withUnsafeBufferPointer { tables in
            var sum = UInt32.max
            var at = 0
            // Eight bytes at a time: the first line of a large run has a megabyte.
            while at &+ 8 <= rest.count {
                let next = rest.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                let mixed = UInt64(littleEndian: next) ^ UInt64(sum)
                sum = 0
                for place in 0..<8 {
                    let byte = Int(UInt8(truncatingIfNeeded: mixed &>> UInt64(place &* 8)))
                    sum ^= tables[(7 &- place) &* 256 &+ byte]
                }
                at &+= 8
            }
            while at < rest.count {
                sum = tables[Int(UInt8(truncatingIfNeeded: sum) ^ rest[at])] ^ sum &>> 8
                at &+= 1
            }
            return ~sum
        }
    }

    /// Eight tables of 256: the `k`-th tells what a byte does that `k` others follow.
    private static let tables: [UInt32] = {
        var tables: [UInt32] = []
        for index in 0..<UInt32(256) {
            var sum = index
            for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : 0xEDB8_8320 ^ sum >> 1 }
            tables.append(sum)
        }
        for place in 256..<8 * 256 {
            let before = tables[place - 256]
            tables.append(tables[Int(before & 0xFF)] ^ before >> 8)
        }
        return tables
    }()
}
