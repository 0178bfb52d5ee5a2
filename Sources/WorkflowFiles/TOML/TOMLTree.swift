import WorkflowModel

/// The tables of a document while it is being read.
///
/// Tables refer to each other by index, so `[[steps]]` appends in constant time and a header
/// reaches any table without copying it; ``frozen(_:)`` converts them to values at the end.
struct TOMLTree {
    /// An index into the tree's tables.
    typealias TableID = Int32

    /// How a table was created, which decides what may extend it (TOML 1.1, "Table").
    enum Origin {
        /// The document itself, a `[header]`, or one element of `[[header]]`.
        case header
        /// The leading part of a header: may still get a header of its own, once.
        case implied
        /// The leading part of a dotted key: only dotted keys add to it.
        case dotted
        /// `{ … }`: complete when it is closed.
        case inline
        /// Receives what follows an invalid header, and is discarded.
        case detached
    }

    /// The content of a key.
    enum Child {
        case value(DocumentValue)
        case table(TableID)
        /// `[[header]]`: an index into ``arrays``.
        case array(Int)
        /// A value that could not be read: the key counts as set, and is left out at the end.
        case broken
    }

    /// One key of a table with its content.
    struct Slot {
        let key: SourceKey
        var child: Child
    }

    /// One table.
    struct Table {
        var origin: Origin
        var range: SourceRange
        var slots: [Slot] = []
        /// Key hash to slot; filled from ``indexThreshold`` keys on, empty below.
        var index: [UInt64: Int] = [:]
    }

    /// One array of tables.
    struct TableArray {
        let range: SourceRange
        var elements: [TableID]
    }

    /// Up to this number a linear search is faster.
    private static let indexThreshold = 16

    static let root: TableID = 0

    private(set) var tables: [Table]
    private(set) var arrays: [TableArray] = []

    init(file: Int) {
        tables = [Table(origin: .header, range: SourceRange(file: file, offset: 0, length: 0))]
    }

    mutating func addTable(_ origin: Origin, at range: SourceRange) -> TableID {
        tables.append(Table(origin: origin, range: range))
        return TableID(tables.count - 1)
    }

    mutating func setHeader(of table: TableID, at range: SourceRange) {
        tables[Int(table)].origin = .header
        tables[Int(table)].range = range
    }

    mutating func setDotted(_ table: TableID) {
        tables[Int(table)].origin = .dotted
    }

    /// Drops the tables from an index on: those of an inline table that was converted to a value.
    mutating func removeTables(from table: TableID) {
        tables.removeSubrange(Int(table)...)
    }

    mutating func addArray(_ first: TableID, at range: SourceRange) -> Int {
        arrays.append(TableArray(range: range, elements: [first]))
        return arrays.count - 1
    }

    mutating func append(_ element: TableID, toArray array: Int) {
        arrays[array].elements.append(element)
    }

    /// The slot of a key, or nil; keys are compared byte by byte, as TOML requires.
    func slot(_ key: SourceKey, in table: TableID) -> Slot? {
        let slots = tables[Int(table)].slots
        if slots.count > Self.indexThreshold {
            guard let first = tables[Int(table)].index[key.hash] else { return nil }
            if slots[first].key == key { return slots[first] }
            // Two keys with one hash: rare enough for a linear search.
        }
        for slot in slots where slot.key == key { return slot }
        return nil
    }

    /// Adds a key; the table must not have it yet.
    mutating func insert(_ key: SourceKey, _ child: Child, into table: TableID) {
        let id = Int(table)
        if tables[id].slots.isEmpty { tables[id].slots.reserveCapacity(4) }
        tables[id].slots.append(Slot(key: key, child: child))
        let count = tables[id].slots.count
        guard count > Self.indexThreshold else { return }
        if tables[id].index.isEmpty {
            for (place, slot) in tables[id].slots.enumerated() {
                tables[id].index[slot.key.hash] = place
            }
        } else if tables[id].index[key.hash] == nil {
            tables[id].index[key.hash] = count - 1
        }
    }

    /// The table as a value, with everything below it.
    func frozen(_ table: TableID) -> DocumentTable {
        let slots = tables[Int(table)].slots
        var entries: [DocumentTable.Entry] = []
        entries.reserveCapacity(slots.count)
        for slot in slots {
            guard let value = frozen(slot.child) else { continue }
            entries.append(.init(key: slot.key.text, keyRange: slot.key.range, value: value))
        }
        return DocumentTable(entries: entries)
    }

    private func frozen(_ child: Child) -> DocumentValue? {
        switch child {
        case .value(let value):
            return value
        case .table(let id):
            return DocumentValue(.table(frozen(id)), at: tables[Int(id)].range)
        case .array(let index):
            let elements = arrays[index].elements.map { id in
                DocumentValue(.table(frozen(id)), at: tables[Int(id)].range)
            }
            return DocumentValue(.array(elements), at: arrays[index].range)
        case .broken:
            return nil
        }
    }
}
