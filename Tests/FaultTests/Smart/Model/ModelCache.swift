import Foundation

/// The outputs that are kept in a model's world, by all that they were made from.
struct ModelCache {
    private var entries: [String: [String: ModelNode]] = [:]
    /// Those that were damaged or lost, and not kept anew since.
    private var damaged: Set<String> = []
    /// Those of which nobody looked whether they are damaged.
    private var doubtful: Set<String> = []

    enum Offer { case none, perhaps, certain }

    /// A step has made something.
    ///
    /// - Parameters:
    ///   - nodes: What it left.
    ///   - key: What it was made from.
    ///   - wasLookedAt: Whether the cache was asked first; what nobody asked for is replaced.
    ///   - fitted: Whether what was kept could have been put in place.
    mutating func keep(
        _ nodes: [String: ModelNode], of key: String, wasLookedAt: Bool, fitted: Bool
    ) {
        let wasDamaged = damaged.remove(key) != nil
        if entries[key] == nil || !wasLookedAt || wasDamaged || doubtful.contains(key) && fitted {
            entries[key] = nodes
            doubtful.remove(key)
        }
        // What does not fit may be left alone before it is seen that it is damaged.
        if wasDamaged, wasLookedAt, !fitted { doubtful.insert(key) }
    }

    /// All of it is damaged or lost.
    mutating func damage() {
        damaged = Set(entries.keys)
        doubtful = []
    }

    /// Whether what is kept can be put in place: nothing of another kind may be there.
    func fits(_ key: String, _ files: ModelFiles) -> Bool {
        (entries[key] ?? [:]).allSatisfy { path, node in
            files[path] == nil || (files[path] == .directory) == (node == .directory)
        }
    }

    /// Whether a path is in what is kept, or holds something of it.
    func holds(_ path: String, of key: String) -> Bool {
        (entries[key] ?? [:]).keys.contains { $0 == path || $0.hasPrefix(path + "/") }
    }

    func offer(for key: String) -> Offer {
        guard entries[key] != nil, !damaged.contains(key) else { return .none }
        return doubtful.contains(key) ? .perhaps : .certain
    }

    /// What was kept; it was whole, since it was taken.
    mutating func take(_ key: String) -> [String: ModelNode] {
        doubtful.remove(key)
        return entries[key] ?? [:]
    }

    /// Damages all that is kept on the disk: one of its bytes, its length, or it is gone.
    static func damage(in root: String, by generator: inout some RandomNumberGenerator) throws {
        let cache = "\(root)/.stepvisor/cache"
        let names = FileManager.default.enumerator(atPath: cache)?.compactMap { $0 as? String }
        for name in (names ?? []).sorted() {
            let path = "\(cache)/\(name)"
            guard let file = FileHandle(forUpdatingAtPath: path) else { continue }
            defer { try? file.close() }
            let size = try file.seekToEnd()
            guard size > 0 else { continue }
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: try FileManager.default.removeItem(atPath: path)
            case 1: try file.truncate(atOffset: .random(in: 0..<size, using: &generator))
            default:
                // In the list of what there is, or the last byte, which belongs to a content or to it.
                let isFirst = Bool.random(using: &generator)
                let place = isFirst ? .random(in: 0..<min(size, 150), using: &generator) : size - 1
                try file.seek(toOffset: place)
                let byte = try file.read(upToCount: 1)?.first ?? 0
                try file.seek(toOffset: place)
                try file.write(contentsOf: Data([byte &+ 1]))
            }
        }
    }
}
