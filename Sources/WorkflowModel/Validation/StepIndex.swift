/// Finds steps by id, and ids that differ only in case, with one dictionary.
struct StepIndex {
    private var firstWithFoldedID: [FoldedID: Int32] = [:]
    /// Ids that differ only in case from an earlier one: an error, but other steps can still name
    /// them.
    private var others: [StepID: Int32] = [:]

    init(capacity: Int) { firstWithFoldedID.reserveCapacity(capacity) }

    /// Adds a step; returns the earlier step with the same id apart from case, if there is one.
    mutating func add(_ id: StepID, at index: Int) -> Int? {
        let folded = FoldedID(id)
        if let first = firstWithFoldedID[folded] {
            if others[id] == nil { others[id] = Int32(truncatingIfNeeded: index) }
            return Int(first)
        }
        firstWithFoldedID[folded] = Int32(truncatingIfNeeded: index)
        return nil
    }

    /// The first step with the same id apart from case.
    func resembling(_ id: StepID) -> Int? { firstWithFoldedID[FoldedID(id)].map(Int.init) }

    /// The step with exactly this id.
    func find(_ id: StepID, in steps: [Step]) -> Int? {
        guard let first = firstWithFoldedID[FoldedID(id)].map(Int.init) else { return nil }
        if steps[first].id == id { return first }
        return others[id].map(Int.init)
    }
}

/// An id compared without case.
private struct FoldedID: Hashable {
    let text: String
    /// Compared before the text: ids of one workflow often begin alike.
    let digest: UInt64

    init(_ id: StepID) {
        text = id.rawValue
        // FNV-1a over the bytes without their case.
        var digest: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { digest = (digest ^ UInt64(Self.fold(byte))) &* 0x100_0000_01B3 }
        self.digest = digest
    }

    static func == (a: FoldedID, b: FoldedID) -> Bool {
        a.digest == b.digest
            && (a.text == b.text
                || a.text.utf8.elementsEqual(b.text.utf8) { fold($0) == fold($1) })
    }

    func hash(into hasher: inout Hasher) { hasher.combine(digest) }

    @inline(__always)
    private static func fold(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }
}
