/// Finds steps by id, and ids that differ only in case, with one dictionary.
struct StepIndex {
    private var firstWithFoldedID: [FoldedID: Int32] = [:]
    /// Ids that differ only in case from an earlier one: an error, but they can still be named.
    private var others: [StepID: Int32] = [:]

    init(capacity: Int) { firstWithFoldedID.reserveCapacity(capacity) }

    /// Adds a step and gives the earlier one of the same folded id, if there is one.
    mutating func add(_ id: StepID, at index: Int) -> Int? {
        let folded = FoldedID(id)
        if let first = firstWithFoldedID[folded] {
            if others[id] == nil { others[id] = Int32(truncatingIfNeeded: index) }
            return Int(first)
        }
        firstWithFoldedID[folded] = Int32(truncatingIfNeeded: index)
        return nil
    }

    /// The step of exactly this id.
    func find(_ id: StepID, in steps: [Step]) -> Int? {
        guard let first = firstWithFoldedID[FoldedID(id)].map(Int.init) else { return nil }
        if steps[first].id == id { return first }
        return others[id].map(Int.init)
    }
}

/// An id that is equal to those that differ from it only in case.
private struct FoldedID: Hashable {
    let text: String

    init(_ id: StepID) { text = id.rawValue }

    static func == (a: FoldedID, b: FoldedID) -> Bool {
        a.text == b.text || a.text.utf8.elementsEqual(b.text.utf8) { fold($0) == fold($1) }
    }

    func hash(into hasher: inout Hasher) {
        // Eight bytes at a time: a call for each would cost more than the rest of the look-up.
        var word: UInt64 = 0
        var count: UInt64 = 0
        for byte in text.utf8 {
            word = word << 8 | UInt64(Self.fold(byte))
            count += 1
            if count & 7 == 0 {
                hasher.combine(word)
                word = 0
            }
        }
        hasher.combine(word ^ count << 56)
    }

    @inline(__always)
    private static func fold(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }
}
