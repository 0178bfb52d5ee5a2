import WorkflowModel

/// Lines taken from a file, with their original offsets, so that places in the excerpt can be shown
/// in the file.
struct ExcerptedText {
    /// The lines, joined.
    private(set) var bytes: [UInt8] = []
    /// Where each line begins, in the excerpt and in the file.
    private var pieces: [(start: Int, origin: Int)] = []

    mutating func append(_ piece: ArraySlice<UInt8>, from origin: Int) {
        pieces.append((bytes.count, origin))
        bytes.append(contentsOf: piece)
    }

    /// A range of the excerpt as a range of the file; over several lines it includes what lies
    /// between them.
    func relocated(_ range: SourceRange) -> SourceRange {
        let offset = Int(range.offset)
        let start = origin(of: offset)
        // Map the last byte, so that a range up to the end of a line stays on that line.
        let last = range.length == 0 ? start : origin(of: offset + Int(range.length) - 1) + 1
        return SourceRange(file: Int(range.file), offset: start, length: last - start)
    }

    func relocated(_ table: DocumentTable) -> DocumentTable {
        DocumentTable(
            entries: table.entries.map { entry in
                .init(
                    key: entry.key, keyRange: relocated(entry.keyRange),
                    value: relocated(entry.value))
            })
    }

    func relocated(_ diagnostic: Diagnostic) -> Diagnostic {
        var diagnostic = diagnostic
        diagnostic.range = diagnostic.range.map(relocated)
        diagnostic.related = diagnostic.related.map { .init($0.message, at: relocated($0.range)) }
        return diagnostic
    }

    private func relocated(_ value: DocumentValue) -> DocumentValue {
        var value = value
        value.range = relocated(value.range)
        switch value.content {
        case .array(let elements): value.content = .array(elements.map(relocated))
        case .table(let table): value.content = .table(relocated(table))
        case .string, .integer, .float, .boolean, .dateTime, .null: break
        }
        return value
    }

    private func origin(of offset: Int) -> Int {
        var low = 0
        var high = pieces.count
        guard high > 0 else { return offset }
        while high - low > 1 {
            let middle = (low + high) / 2
            if pieces[middle].start <= offset { low = middle } else { high = middle }
        }
        return pieces[low].origin + (offset - pieces[low].start)
    }
}
