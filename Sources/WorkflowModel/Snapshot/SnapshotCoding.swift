/// Writes the parts of a workflow; each text once, in a table of its own.
struct SnapshotWriter {
    private(set) var body = RecordWriter()
    private var texts = RecordWriter()
    private var numbers: [String: Int] = [:]

    /// The texts in the order of their numbers, and what refers to them.
    var bytes: [UInt8] {
        var whole = RecordWriter()
        whole.count(numbers.count)
        whole.blob(texts.bytes)
        whole.raw(body.bytes)
        return whole.bytes
    }

    mutating func byte(_ value: UInt8) { body.number(value) }
    mutating func count(_ value: Int) { body.varint(value) }
    mutating func number(_ value: Int64) { body.number(value) }
    mutating func flag(_ value: Bool) { body.flag(value) }

    mutating func text(_ text: String) {
        if let number = numbers[text] {
            body.varint(number)
        } else {
            body.varint(numbers.count)
            numbers[text] = numbers.count
            texts.varint(text.utf8.count)
            texts.raw(text.utf8)
        }
    }

    /// The place of a value among all of its type.
    mutating func choice<Value: CaseIterable & Equatable>(_ value: Value) {
        body.varint(Value.allCases.enumerated().first { $0.element == value }?.offset ?? 0)
    }

    mutating func value(_ value: some SnapshotCodable) { value.encode(to: &self) }

    mutating func optional<Value>(
        _ value: Value?, _ write: (inout SnapshotWriter, Value) -> Void
    ) {
        flag(value != nil)
        if let value { write(&self, value) }
    }

    mutating func optional(_ value: (some SnapshotCodable)?) {
        optional(value) { $0.value($1) }
    }

    mutating func list<Value>(
        _ values: some Collection<Value>, _ write: (inout SnapshotWriter, Value) -> Void
    ) {
        count(values.count)
        for value in values { write(&self, value) }
    }

    mutating func list(_ values: [some SnapshotCodable]) { list(values) { $0.value($1) } }
}

/// Reads what ``SnapshotWriter`` wrote.
struct SnapshotReader {
    private var body: RecordReader
    private let texts: [String]
    /// How deep the value that is read lies in others of its kind.
    var depth = 0

    init(_ bytes: UnsafeRawBufferPointer) throws(DamagedBytes) {
        var whole = RecordReader(bytes)
        let count = try whole.count(ofSize: 1)
        var table = RecordReader(try whole.blob())
        var texts: [String] = []
        texts.reserveCapacity(count)
        for _ in 0..<count {
            texts.append(String(decoding: try table.raw(try table.varint()), as: UTF8.self))
        }
        guard table.isAtEnd else { throw DamagedBytes() }
        self.texts = texts
        body = whole
    }

    var isAtEnd: Bool { body.isAtEnd }

    mutating func byte() throws(DamagedBytes) -> UInt8 { try body.number() }
    mutating func count() throws(DamagedBytes) -> Int { try body.varint() }
    mutating func number() throws(DamagedBytes) -> Int64 { try body.number() }

    mutating func flag() throws(DamagedBytes) -> Bool { try body.flag() }

    /// How many values follow, of which each takes at least one byte: more than are left are damage.
    private mutating func length() throws(DamagedBytes) -> Int {
        let length = try body.varint()
        guard length >= 0, length <= body.left else { throw DamagedBytes() }
        return length
    }

    mutating func text() throws(DamagedBytes) -> String {
        let number = try body.varint()
        guard texts.indices.contains(number) else { throw DamagedBytes() }
        return texts[number]
    }

    mutating func choice<Value: CaseIterable>() throws(DamagedBytes) -> Value {
        let number = try body.varint()
        let all = Value.allCases
        guard number >= 0,
            let place = all.index(all.startIndex, offsetBy: number, limitedBy: all.endIndex),
            place != all.endIndex
        else { throw DamagedBytes() }
        return all[place]
    }

    mutating func value<Value: SnapshotCodable>() throws(DamagedBytes) -> Value {
        try Value(from: &self)
    }

    mutating func optional<Value>(
        _ read: (inout SnapshotReader) throws(DamagedBytes) -> Value
    ) throws(DamagedBytes) -> Value? {
        try flag() ? try read(&self) : nil
    }

    mutating func optional<Value: SnapshotCodable>() throws(DamagedBytes) -> Value? {
        try flag() ? try Value(from: &self) : nil
    }

    mutating func list<Value>(
        _ read: (inout SnapshotReader) throws(DamagedBytes) -> Value
    ) throws(DamagedBytes) -> [Value] {
        let count = try length()
        guard count > 0 else { return [] }
        var values: [Value] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try read(&self)) }
        return values
    }

    mutating func list<Value: SnapshotCodable>() throws(DamagedBytes) -> [Value] {
        let count = try length()
        guard count > 0 else { return [] }
        var values: [Value] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try Value(from: &self)) }
        return values
    }
}

/// A part of a workflow that a snapshot holds: what is written is read back the same.
///
/// Every stored property has to be written and read. `SnapshotCoverageTests` compares by reflection, and
/// fails for one that is not.
protocol SnapshotCodable {
    func encode(to writer: inout SnapshotWriter)
    init(from reader: inout SnapshotReader) throws(DamagedBytes)
}

extension String: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) { writer.text(self) }
    init(from reader: inout SnapshotReader) throws(DamagedBytes) { self = try reader.text() }
}

extension Int: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) { writer.count(self) }
    init(from reader: inout SnapshotReader) throws(DamagedBytes) { self = try reader.count() }
}

extension Int32: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) { writer.count(Int(self)) }
    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        guard let value = Int32(exactly: try reader.count()) else { throw DamagedBytes() }
        self = value
    }
}

extension Milliseconds: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) { writer.number(value) }
    init(from reader: inout SnapshotReader) throws(DamagedBytes) { self.init(try reader.number()) }
}

extension StepID: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) { writer.text(rawValue) }
    init(from reader: inout SnapshotReader) throws(DamagedBytes) { self.init(try reader.text()) }
}

extension SourceRange: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) {
        writer.number(
            Int64(bitPattern: UInt64(file) << 48 | UInt64(length) << 32 | UInt64(offset)))
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        let bits = UInt64(bitPattern: try reader.number())
        self.init(
            file: Int(bits >> 48), offset: Int(bits & 0xffff_ffff), length: Int(bits >> 32 & 0xffff)
        )
    }
}
