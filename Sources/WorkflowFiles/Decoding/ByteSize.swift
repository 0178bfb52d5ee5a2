import WorkflowModel

/// Reads sizes as people write them: `5GB`, `1.5 TB`, `512MiB`, or a number of bytes.
enum ByteSize {
    /// The largest size that is accepted; sums of many such sizes do not overflow.
    static let largest: Int64 = 1 << 60

    /// Reads a number with a unit in letters of any case; nil for other text and for too large a
    /// size.
    static func parse(_ text: String) -> Int64? {
        guard let number = bytes(text), number <= Double(largest) else { return nil }
        // A size above zero is never rounded to zero.
        return number > 0 ? max(1, Int64(number)) : 0
    }

    /// Whether it is a size above the accepted maximum.
    static func isTooMuch(_ text: String) -> Bool {
        bytes(text).map { $0 > Double(largest) } ?? false
    }

    private static func bytes(_ text: String) -> Double? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let first = digits.first, let last = digits.last, first != ".", last != ".",
            let number = Double(digits)
        else { return nil }
        var unit = text.dropFirst(digits.count)
        while unit.first == " " { unit = unit.dropFirst() }
        guard let factor = factors[unit.lowercased()] else { return nil }
        return number * factor
    }

    private static let factors: [String: Double] = [
        "": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kib": 1024,
        "mib": 1_048_576, "gib": 1_073_741_824, "tib": 1_099_511_627_776,
    ]
}

extension ValueReader {
    /// A size above zero, in bytes.
    mutating func size(_ entry: DocumentTable.Entry) -> Int64? {
        let size: Int64?
        let found: String
        let isTooMuch: Bool
        switch entry.value.content {
        case .integer(let number):
            size = number <= ByteSize.largest ? number : nil
            found = "\(number)"
            isTooMuch = number > ByteSize.largest
        case .string(let text):
            size = ByteSize.parse(text)
            found = "`\(text)`"
            isTooMuch = ByteSize.isTooMuch(text)
        default:
            mismatch(entry.key, "a size", entry.value)
            return nil
        }
        guard let size, size > 0 else {
            report(
                .error(
                    isTooMuch
                        ? "`\(entry.key)` can be 1 EiB (\(ByteSize.largest) bytes) at most, found \(found)"
                        : "`\(entry.key)` must be a size of more than nothing, found \(found)",
                    at: entry.value.range,
                    help: "write \"500MB\", \"5GB\", \"2GiB\" or a number of bytes"))
            return nil
        }
        return size
    }
}
