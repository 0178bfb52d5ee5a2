/// Shows places and problems to a person.
extension SourceTable {
    /// Line and column of a range's first byte.
    public func position(of range: SourceRange) -> SourcePosition {
        guard files.indices.contains(Int(range.file)) else {
            return SourcePosition(path: "", line: 1, column: 1)
        }
        let file = files[Int(range.file)]
        let offset = min(Int(range.offset), file.bytes.count)
        let line = file.lines.line(at: offset, in: file.bytes)
        var column = 1
        file.bytes.withUnsafeBufferPointer { bytes in
            // Every byte that does not continue a UTF-8 sequence begins a scalar.
            for at in line.start..<offset where bytes[at] & 0xC0 != 0x80 { column += 1 }
        }
        if line.start == 0, column > 1, file.bytes.starts(with: [0xEF, 0xBB, 0xBF]) { column -= 1 }
        return SourcePosition(path: file.path, line: line.number, column: column)
    }

    /// The message with its line, a caret below, the help and the related places; ends with a newline.
    public func render(_ diagnostic: Diagnostic) -> String {
        let message = DisplayText.neutralised(diagnostic.message)
        let lead = "\(diagnostic.severity.label): \(message)\n"
        var text = lead
        if let range = diagnostic.range, files.indices.contains(Int(range.file)) {
            text = locationPrefix(range) + lead + excerpt(range)
        }
        if let help = diagnostic.help {
            text += "      = help: \(DisplayText.neutralised(help))\n"
        }
        for related in diagnostic.related {
            let note = DisplayText.neutralised(related.message)
            text += "\(locationPrefix(related.range))note: \(note)\n"
        }
        return text
    }

    /// All messages in the order of files and offsets, an empty line between; beyond the limit only their number.
    public func render(_ diagnostics: [Diagnostic], limit: Int = 100) -> String {
        let sorted = diagnostics.sortedByPlace()
        var text = sorted.prefix(limit).map { render($0) }.joined(separator: "\n")
        if sorted.count > limit {
            let left = sorted.count - limit
            text += "\nand \(left) more \(left == 1 ? "problem" : "problems")\n"
        }
        return text
    }

    private func locationPrefix(_ range: SourceRange) -> String {
        let place = position(of: range)
        return "\(DisplayText.neutralised(place.path)):\(place.line):\(place.column): "
    }

    private func excerpt(_ range: SourceRange) -> String {
        let bytes = files[Int(range.file)].bytes
        let offset = min(Int(range.offset), bytes.count)
        let line = files[Int(range.file)].lines.line(at: offset, in: bytes)
        let excerpt = SourceExcerpt(
            bytes: bytes, range: range, lineStart: line.start,
            concealed: files[Int(range.file)].concealed)
        let number = String(line.number)
        let gutter = String(repeating: " ", count: max(0, 5 - number.count))
        let empty = String(repeating: " ", count: max(5, number.count))
        return "\(gutter)\(number) | \(excerpt.text)\n\(empty) | \(excerpt.carets)\n"
    }
}

extension Sequence where Element == Diagnostic {
    /// Sorted by file and offset; diagnostics without a place come last; ties keep their order.
    public func sortedByPlace() -> [Diagnostic] {
        // `sorted` is stable in practice but not by promise, so the position decides ties.
        enumerated().sorted { a, b in
            let first = a.element.placeOrder
            let second = b.element.placeOrder
            return first == second ? a.offset < b.offset : first < second
        }.map(\.element)
    }
}

extension Diagnostic {
    /// File and offset in one number.
    fileprivate var placeOrder: UInt64 {
        range.map { UInt64($0.file) << 32 | UInt64($0.offset) } ?? .max
    }
}

extension Diagnostic.Severity {
    /// The word at the beginning of a message.
    public var label: String {
        switch self {
        case .note: "note"
        case .warning: "warning"
        case .error: "error"
        }
    }
}
