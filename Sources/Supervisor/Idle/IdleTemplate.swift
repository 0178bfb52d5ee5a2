import SystemCalls

/// A text of which only a few places differ from run to run, made of one that has stand-ins there.
struct IdleTemplate {
    /// What is put in; the raw value goes into the file.
    enum Place: UInt8, CaseIterable {
        case runID, startedAt, endedAt, milliseconds
        case startedMicroseconds, pid, bootID, startTicks
        case duration
    }

    /// What stands in the text where something is to be put in.
    typealias StandIns = [(place: Place, text: [UInt8])]

    private(set) var literal: [UInt8] = []
    /// For each place, in order: how much of ``literal`` stands before it, and which it is.
    private(set) var marks: [UInt64] = []

    /// Takes a part of the text; a stand-in must lie within one part.
    mutating func append(_ part: [UInt8], standIns: StandIns) {
        part.withUnsafeBytes { bytes in
            var from = 0
            var next = standIns.map { Self.place(of: $0.text, in: bytes, from: 0) }
            while let start = next.min(), start < bytes.count,
                let standIn = next.firstIndex(of: start)
            {
                literal.append(contentsOf: bytes[from..<start])
                marks.append(UInt64(literal.count) << 8 | UInt64(standIns[standIn].place.rawValue))
                from = start + standIns[standIn].text.count
                for (number, place) in next.enumerated() where place < from {
                    next[number] = Self.place(of: standIns[number].text, in: bytes, from: from)
                }
            }
            literal.append(contentsOf: bytes[from...])
        }
    }

    /// Whether a text holds something that would be taken for a stand-in.
    static func isAmbiguous(_ text: [UInt8], standIns: StandIns) -> Bool {
        text.withUnsafeBytes { bytes in
            standIns.contains { place(of: $0.text, in: bytes, from: 0) < bytes.count }
        }
    }

    /// Where a text begins in bytes, from a place on; their end where it does not.
    private static func place(
        of text: [UInt8], in bytes: UnsafeRawBufferPointer, from start: Int
    ) -> Int {
        guard let base = bytes.baseAddress, start < bytes.count else { return bytes.count }
        let offset = stepvisor_find(base + start, bytes.count - start, text, text.count)
        return offset < 0 ? bytes.count : start + offset
    }

    /// Puts values in, and hands the text on in pieces.
    static func fill(
        literal: UnsafeRawBufferPointer, marks: UnsafeBufferPointer<UInt64>,
        values: [Place: [UInt8]], to sink: ([UInt8]) throws -> Void
    ) rethrows {
        var piece: [UInt8] = []
        piece.reserveCapacity(pieceSize + pieceSize / 4)
        var from = 0
        func take(upTo end: Int) throws {
            while from < end {
                let next = min(end, from + pieceSize)
                piece.append(contentsOf: literal[from..<next])
                from = next
                if piece.count >= pieceSize {
                    try sink(piece)
                    piece.removeAll(keepingCapacity: true)
                }
            }
        }
        for mark in marks {
            let end = Int(truncatingIfNeeded: mark >> 8)
            guard end >= from, end <= literal.count else { continue }
            try take(upTo: end)
            if let place = Place(rawValue: UInt8(truncatingIfNeeded: mark)) {
                piece.append(contentsOf: values[place] ?? [])
            }
        }
        try take(upTo: literal.count)
        if !piece.isEmpty { try sink(piece) }
    }

    private static let pieceSize = 1 << 18
}
