import WorkflowModel

/// The tables of a document while it is being read.
///
/// Tables refer to each other by index, so that `[[steps]]` appends in constant time and a header
/// reaches into any table without copying it; ``frozen(_:)`` makes values of them at the end.
struct TOMLTree {
    /// An index into the tree's tables.
    typealias TableID = Int32

    /// What brought a table into being: it decides who may add to it (TOML 1.1, "Table").
    enum Origin {
        /// The document itself, a `[header]`, or one element of `[[header]]`.
        case header
        /// The leading part of a header: may still get a header of its own, once.
        case implied
        /// The leading part of a dotted key: only dotted keys add to it.
        case dotted
        /// `{ … }`: complete when it is closed.
        case inline
        /// Takes what follows a header that could not be read, and is thrown away.
        case detached
    }

    /// What stands under a key.
    enum Child {
        case value(DocumentValue)
        case table(TableID)
        /// `[[header]]`: an index into ``arrays``.
        case array(Int)
        /// A value that could not be read: the key is taken, and left out at the end.
        case broken
    }

    /// One key of a table with what stands under it.
    struct Slot {
        let key: SourceKey
        var child: Child
    }

    /// One table.
    struct Table {
        var origin: Origin
        var range: SourceRange
        var slots: [Slot] = []
        /// Key hash to slot, kept from ``indexThreshold`` keys on; empty below.
        var index: [UInt64: Int] = [:]
    }

    /// One array of tables.
    struct TableArray {
        let range: SourceRange
        var elements: [TableID]
    }

    /// Up to here a linear search is the faster one.
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

    /// Forgets the tables from an index on: those of an inline table that has become a value.
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

    /// The slot of a key, or nil; keys are compared byte by byte, as TOML wants them.
    func slot(_ key: SourceKey, in table: TableID) -> Slot? {
        let slots = tables[Int(table)].slots
        if slots.count > Self.indexThreshold {
            guard let first = tables[Int(table)].index[key.hash] else { return nil }
            if slots[first].key == key { return slots[first] }
            // Two keys of one hash: rare enough to look at all.
        }
        for slot in slots where slot.key == key { return slot }
        return nil
    }

    /// Adds a key that the table does not have yet.
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

    /// The table as a value, with all that is below it.
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
