/// One line of a file in a message, with carets under the place in question.
///
/// Only the bytes around the place are decoded, so a line of 100 MB costs no more than a short one.
struct SourceExcerpt {
    /// Columns of text shown at most.
    private static let columns = 100
    /// Columns before the place that are kept when the line has to be cut.
    private static let leadColumns = 40
    /// Bytes decoded on each side: enough for the columns in the longest characters.
    private static let reach = 512

    /// The line, printable.
    let text: String
    /// Spaces, tabs and carets for the line below it.
    let carets: String

    private struct Cell {
        var offset: Int
        var text: String
        var width: Int
    }

    init(bytes: [UInt8], range: SourceRange, lineStart: Int, concealed: [Range<Int>] = []) {
        let offset = min(Int(range.offset), bytes.count)
        let target = offset..<max(offset + 1, offset + Int(range.length))
        var start = Self.skippingByteOrderMark(bytes, lineStart)
        let isCutBefore = offset - start > Self.reach
        if isCutBefore {
            start = offset - Self.reach
            // Not in the middle of a character.
            while start < offset, bytes[start] & 0xC0 == 0x80 { start += 1 }
        }
        var (cells, isCutAfter) = Self.cells(bytes, from: start, around: offset)
        if !concealed.isEmpty { Self.conceal(concealed, in: &cells) }

        let first = cells.firstIndex { $0.offset >= offset } ?? cells.count
        let last = cells.lastIndex { $0.offset < target.upperBound }.map { $0 + 1 } ?? first
        var left = 0
        let lead = cells[..<first].reduce(0) { $0 + $1.width }
        let place = cells[first..<max(first, last)].reduce(0) { $0 + $1.width }
        if isCutBefore || lead + min(place, Self.columns / 2) > Self.columns {
            var width = 0
            left = first
            while left > 0, width + cells[left - 1].width <= Self.leadColumns {
                left -= 1
                width += cells[left].width
            }
        }
        var right = left
        var width = 0
        while right < cells.count, width + cells[right].width <= Self.columns {
            width += cells[right].width
            right += 1
        }
        let before = isCutBefore || left > 0 ? "…" : ""
        let after = isCutAfter || right < cells.count ? "…" : ""
        text = before + cells[left..<right].map(\.text).joined() + after
        // A tab is copied to the caret line, so both lines are indented alike whatever its width.
        let padding = cells[left..<min(max(first, left), right)].map {
            $0.text == "\t" ? "\t" : String(repeating: " ", count: $0.width)
        }
        let marked = cells[min(first, right)..<max(min(first, right), min(last, right))]
        let count = marked.reduce(0) { $0 + ($1.text == "\t" ? 1 : $1.width) }
        carets =
            (before.isEmpty ? "" : " ") + padding.joined()
            + String(repeating: "^", count: max(1, count))
    }

    private static func skippingByteOrderMark(_ bytes: [UInt8], _ start: Int) -> Int {
        start == 0 && bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : start
    }

    /// The characters of the line from a byte on, each with the text that is shown for it.
    private static func cells(
        _ bytes: [UInt8], from start: Int, around offset: Int
    ) -> (cells: [Cell], isCut: Bool) {
        let limit = min(bytes.count, max(offset, start) + reach)
        var end = bytes[min(start, limit)..<limit].firstIndex(of: UInt8(ascii: "\n")) ?? limit
        let isCut = end == limit && limit < bytes.count && bytes[limit] != UInt8(ascii: "\n")
        if !isCut, end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }

        var cells: [Cell] = []
        var decoder = UTF8()
        var input = bytes[min(start, end)..<end].makeIterator()
        var at = start
        decoding: while true {
            switch decoder.decode(&input) {
            case .scalarValue(let scalar):
                cells.append(cell(scalar, at: at))
                at += UTF8.width(scalar)
            case .error:
                cells.append(Cell(offset: at, text: "\u{FFFD}", width: 1))
                // A malformed sequence of several bytes is shown as one mark: resume where the
                // decoder does.
                at += malformedLength(bytes, at, end)
            case .emptyInput:
                break decoding
            }
        }
        return (cells, isCut)
    }

    /// Replaces each concealed character with a mark.
    private static func conceal(_ ranges: [Range<Int>], in cells: inout [Cell]) {
        for index in cells.indices where !(cells[index].text == "\t") {
            let offset = cells[index].offset
            guard ranges.contains(where: { $0.contains(offset) }) else { continue }
            cells[index].text = "*"
            cells[index].width = 1
        }
    }

    private static func cell(_ scalar: Unicode.Scalar, at offset: Int) -> Cell {
        // The width of a tab depends on the column; for cutting, assume the widest.
        if scalar == "\t" { return Cell(offset: offset, text: "\t", width: 8) }
        let shown = DisplayText.visible(scalar)
        let isItself = shown.unicodeScalars.count == 1
        let width = isItself ? DisplayText.width(of: scalar) : shown.unicodeScalars.count
        return Cell(offset: offset, text: shown, width: width)
    }

    /// How many bytes of an ill-formed sequence the standard library's decoder takes as one error.
    private static func malformedLength(_ bytes: [UInt8], _ at: Int, _ end: Int) -> Int {
        let following: (count: Int, low: UInt8, high: UInt8)
        switch bytes[at] {
        case 0xE0: following = (2, 0xA0, 0xBF)
        case 0xED: following = (2, 0x80, 0x9F)
        case 0xE1...0xEF: following = (2, 0x80, 0xBF)
        case 0xF0: following = (3, 0x90, 0xBF)
        case 0xF1...0xF3: following = (3, 0x80, 0xBF)
        case 0xF4: following = (3, 0x80, 0x8F)
        default: return 1
        }
        var length = 1
        while length < following.count, at + length < end {
            let low = length == 1 ? following.low : 0x80
            let high = length == 1 ? following.high : 0xBF
            guard bytes[at + length] >= low, bytes[at + length] <= high else { break }
            length += 1
        }
        return length
    }
}
