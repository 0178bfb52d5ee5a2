extension ConditionExpression: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) { writer.value(root) }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        self.init(root: try reader.value())
    }
}

extension ConditionReference: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) {
        writer.text(step)
        writer.flag(isOutput)
        writer.list(path)
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        self.init(step: try reader.text(), isOutput: try reader.flag(), path: try reader.list())
    }
}

extension ConditionTerm: SnapshotCodable {
    /// Well above what ``ConditionParser`` lets through, and far below what would end the stack.
    private static var maxDepth: Int { 8 * ConditionParser.depthLimit }

    func encode(to writer: inout SnapshotWriter) {
        switch self {
        case .number(let number):
            writer.byte(0)
            writer.text(number.description)
        case .text(let text):
            writer.byte(1)
            writer.text(text)
        case .truth(let truth):
            writer.byte(2)
            writer.flag(truth)
        case .null: writer.byte(3)
        case .result(let reference):
            writer.byte(4)
            writer.value(reference)
        case .changed(let patterns):
            writer.byte(5)
            writer.list(patterns)
        case .comparison(let left, let comparison, let right):
            writer.byte(6)
            writer.value(left)
            writer.choice(comparison)
            writer.value(right)
        case .not(let term):
            writer.byte(7)
            writer.value(term)
        case .all(let terms):
            writer.byte(8)
            writer.list(terms)
        case .any(let terms):
            writer.byte(9)
            writer.list(terms)
        }
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        reader.depth += 1
        guard reader.depth <= Self.maxDepth else { throw DamagedBytes() }
        switch try reader.byte() {
        case 0:
            guard let number = ConditionNumber(try reader.text()) else { throw DamagedBytes() }
            self = .number(number)
        case 1: self = .text(try reader.text())
        case 2: self = .truth(try reader.flag())
        case 3: self = .null
        case 4: self = .result(try reader.value())
        case 5: self = .changed(try reader.list())
        case 6: self = .comparison(try reader.value(), try reader.choice(), try reader.value())
        case 7: self = .not(try reader.value())
        case 8: self = .all(try reader.list())
        case 9: self = .any(try reader.list())
        default: throw DamagedBytes()
        }
        reader.depth -= 1
    }
}
