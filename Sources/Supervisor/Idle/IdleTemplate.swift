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
            while let (start, standIn) = Self.first(of: standIns, in: bytes, from: from) {
                literal.append(contentsOf: bytes[from..<start])
                marks.append(UInt64(literal.count) << 8 | UInt64(standIns[standIn].place.rawValue))
                from = start + standIns[standIn].text.count
            }
            literal.append(contentsOf: bytes[from...])
        }
    }

    /// Whether a text holds something that would be taken for a stand-in.
    static func isAmbiguous(_ text: [UInt8], standIns: StandIns) -> Bool {
        text.withUnsafeBytes { first(of: standIns, in: $0, from: 0) != nil }
    }

    private static func first(
        of standIns: StandIns, in bytes: UnsafeRawBufferPointer, from start: Int
    ) -> (start: Int, standIn: Int)? {
        var begins = SIMD16<UInt8>(repeating: 0)
        for (number, standIn) in standIns.enumerated() { begins[number] = standIn.text[0] }
        for at in start..<max(start, bytes.count) where any(begins .== bytes[at]) {
            for (number, standIn) in standIns.enumerated()
            where at + standIn.text.count <= bytes.count
                && bytes[at..<at + standIn.text.count].elementsEqual(standIn.text)
            {
                return (at, number)
            }
        }
        return nil
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
