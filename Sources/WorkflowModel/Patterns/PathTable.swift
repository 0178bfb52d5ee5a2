/// A map from path to owner, for the 40,000 lookups that 10,000 steps cause.
///
/// A dictionary spends most of its time on hashing with a random seed against chosen keys. No such
/// defence is needed here: the author of a workflow file can already run any command.
struct PathTable {
    private(set) var paths: [String] = []
    private var owners: [Int32] = []
    private var hashes: [UInt64] = []
    /// Open addressing: the number of an entry, or -1; a power of two, at most half full.
    private var slots: [Int32] = []

    mutating func reserveCapacity(_ count: Int) {
        paths.reserveCapacity(count)
        owners.reserveCapacity(count)
        hashes.reserveCapacity(count)
        if count * 2 > slots.count { resize(for: count) }
    }

    /// Adds a path; returns false and changes nothing when the path is there already.
    mutating func insert(_ owner: Int32, for path: String) -> Bool {
        if (paths.count + 1) * 2 > slots.count { resize(for: max(8, paths.count * 2)) }
        let hash = Self.hash(of: path)
        let slot = slot(of: path, hash)
        guard slots[slot] < 0 else { return false }
        slots[slot] = Int32(truncatingIfNeeded: paths.count)
        paths.append(path)
        owners.append(owner)
        hashes.append(hash)
        return true
    }

    /// The owner of a path, or nil.
    subscript(path: String) -> Int32? {
        guard !slots.isEmpty else { return nil }
        let entry = slots[slot(of: path, Self.hash(of: path))]
        return entry < 0 ? nil : owners[Int(entry)]
    }

    /// The slot of a path, or the slot where it would go.
    private func slot(of path: String, _ hash: UInt64) -> Int {
        let mask = slots.count &- 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let entry = Int(slots[slot])
            if entry < 0 || (hashes[entry] == hash && paths[entry] == path) { return slot }
            slot = (slot &+ 1) & mask
        }
    }

    private mutating func resize(for count: Int) {
        var size = 16
        while size < count * 2 { size *= 2 }
        slots = [Int32](repeating: -1, count: size)
        for (entry, hash) in hashes.enumerated() {
            var slot = Int(truncatingIfNeeded: hash) & (size - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = Int32(truncatingIfNeeded: entry)
        }
    }

    private static func hash(of path: String) -> UInt64 {
        var text = path
        let quick: UInt64? = text.withUTF8 { bytes in
            let raw = UnsafeRawBufferPointer(bytes)
            var hash = UInt64(raw.count)
            var seen: UInt64 = 0
            var at = 0
            while at < raw.count {
                var word: UInt64 = 0
                if at &+ 8 <= raw.count {
                    word = raw.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                    at &+= 8
                } else {
                    while at < raw.count {
                        word = word << 8 | UInt64(raw[at])
                        at &+= 1
                    }
                }
                seen |= word
                hash = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
                hash ^= hash >> 29
            }
            return seen & 0x8080_8080_8080_8080 == 0 ? hash : nil
        }
        // Accented letters have several spellings that compare equal, and they must have equal
        // hashes.
        return quick ?? UInt64(truncatingIfNeeded: path.hashValue)
    }
}
