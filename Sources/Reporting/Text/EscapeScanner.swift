/// Splits a line into text and terminal control sequences (ECMA-48).
///
/// A complete sequence is removed completely. Of an incomplete one only the introducer is removed,
/// so that a stray one hides nothing that follows. No scalar is read more than twice.
struct EscapeScanner: IteratorProtocol {
    /// A piece of a line.
    enum Piece {
        /// A scalar outside of any sequence; may be a control character.
        case text(Unicode.Scalar)
        /// The parameters of an SGR sequence that sets colour or weight and hides nothing.
        case color(ArraySlice<Unicode.Scalar>)
    }

    private let scalars: ArraySlice<Unicode.Scalar>
    private var position: Int

    init(_ scalars: ArraySlice<Unicode.Scalar>) {
        self.scalars = scalars
        position = scalars.startIndex
    }

    mutating func next() -> Piece? {
        while position < scalars.endIndex {
            let scalar = scalars[position]
            position += 1
            switch scalar {
            case "\u{1B}":
                if let piece = escape() { return piece }
            case "\u{9B}":
                if let piece = controlSequence(from: position) { return piece }
            case "\u{90}", "\u{98}", "\u{9D}", "\u{9E}", "\u{9F}":
                skipString(from: position)
            default:
                return .text(scalar)
            }
        }
        return nil
    }

    /// Scans what follows an ESC at ``position`` - 1.
    private mutating func escape() -> Piece? {
        guard let second = scalar(at: position) else { return nil }
        switch second {
        case "[":
            return controlSequence(from: position + 1)
        case "P", "X", "]", "^", "_":
            skipString(from: position + 1)
        default:
            var end = position
            while let scalar = scalar(at: end), (0x20...0x2F).contains(scalar.value) { end += 1 }
            if let final = scalar(at: end), (0x30...0x7E).contains(final.value) {
                position = end + 1
            }
        }
        return nil
    }

    /// Scans a CSI whose parameters begin at `start`; removed when complete, returned when it is a
    /// colour.
    private mutating func controlSequence(from start: Int) -> Piece? {
        position = start
        var end = start
        while let scalar = scalar(at: end), (0x30...0x3F).contains(scalar.value) { end += 1 }
        let parameters = scalars[start..<end]
        var final = end
        while let scalar = scalar(at: final), (0x20...0x2F).contains(scalar.value) { final += 1 }
        guard let last = scalar(at: final), (0x40...0x7E).contains(last.value) else { return nil }
        position = final + 1
        let isColor = last == "m" && final == end && SelectGraphicRendition.isHarmless(parameters)
        return isColor ? .color(parameters) : nil
    }

    /// Skips a DCS, SOS, OSC, PM or APC whose content begins at `start`, up to BEL or ST.
    private mutating func skipString(from start: Int) {
        position = start
        var end = start
        while let scalar = scalar(at: end) {
            switch scalar {
            case "\u{07}", "\u{9C}":
                position = end + 1
                return
            case "\u{1B}":
                if self.scalar(at: end + 1) == "\\" { position = end + 2 }
                return
            case "\u{80}"..."\u{9F}", "\u{18}", "\u{1A}":
                return
            default:
                end += 1
            }
        }
    }

    private func scalar(at index: Int) -> Unicode.Scalar? {
        index < scalars.endIndex ? scalars[index] : nil
    }
}

/// The parameters of an SGR sequence.
private enum SelectGraphicRendition {
    /// Whether the parameters only set colours and weight: nothing blinks, nothing is hidden.
    static func isHarmless(_ parameters: ArraySlice<Unicode.Scalar>) -> Bool {
        let isShaped = parameters.allSatisfy { ("0"..."9").contains($0) || $0 == ";" }
        guard isShaped, parameters.count <= 64 else { return false }
        var codes = parameters.split(separator: ";", omittingEmptySubsequences: false)
            .map { Int(String(String.UnicodeScalarView($0))) ?? 0 }[...]
        while let code = codes.popFirst() {
            switch code {
            case 38, 48:
                // A colour by index takes one more parameter, a colour by components takes three.
                codes = codes.dropFirst(codes.first == 5 ? 2 : codes.first == 2 ? 4 : 0)
            case 0...4, 7, 9, 21...24, 27, 29...37, 39...47, 49, 90...97, 100...107:
                continue
            default:
                return false
            }
        }
        return true
    }
}
