import Synchronization

/// Where the lines of one file begin; built once, when the first place in the file is asked for.
final class LineIndex: Sendable {
    private let starts = Mutex<[UInt32]>([])

    /// The number of the line that holds an offset, from 1, and the offset at which that line
    /// begins.
    func line(at offset: Int, in bytes: [UInt8]) -> (number: Int, start: Int) {
        starts.withLock { starts in
            if starts.isEmpty { starts = Self.lineStarts(in: bytes) }
            // Search for the last line that begins at or before the offset.
            var low = 0
            var high = starts.count
            while high - low > 1 {
                let middle = (low + high) / 2
                if Int(starts[middle]) <= offset { low = middle } else { high = middle }
            }
            return (low + 1, Int(starts[low]))
        }
    }

    private static func lineStarts(in bytes: [UInt8]) -> [UInt32] {
        var starts: [UInt32] = [0]
        for (offset, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
            starts.append(UInt32(clamping: offset + 1))
        }
        return starts
    }
}
