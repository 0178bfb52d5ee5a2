import Dispatch
package import Platform

/// The files that steps name one by one, each once however many steps name it, with what `lstat` says of
/// them at one moment.
package struct FileTable: Sendable {
    /// The paths, each with a zero byte after it.
    private var paths: [UInt8] = []
    private var starts: [Int32] = []
    private var hashes: [UInt64] = []
    /// Open addressing: a row, or -1; a power of two, at most half full.
    private var slots: [Int32] = []
    /// Empty until ``look(in:)``.
    private var stamps: [FileStamp] = []

    /// A table without files.
    package init() {}

    /// Files that one thread asks for in one go; fewer are not worth another thread.
    private static let share = 1024
    private static let absent = FileStamp(unreadable: ENOENT)

    /// How many files there are.
    package var count: Int { starts.count }

    package mutating func reserveCapacity(_ count: Int) {
        starts.reserveCapacity(count)
        hashes.reserveCapacity(count)
        paths.reserveCapacity(count * 32)
        if count * 2 > slots.count { resize(for: count) }
    }

    /// The row of a path, which is added where it is not there yet; before ``look(in:)``.
    package mutating func add(_ path: UnsafeRawBufferPointer) -> Int {
        if (starts.count + 1) * 2 > slots.count { resize(for: max(8, starts.count * 2)) }
        let hash = Self.hash(of: path)
        let slot = slot(of: path, hash)
        if slots[slot] >= 0 { return Int(slots[slot]) }
        let row = starts.count
        slots[slot] = Int32(truncatingIfNeeded: row)
        starts.append(Int32(truncatingIfNeeded: paths.count))
        hashes.append(hash)
        paths.append(contentsOf: path)
        paths.append(0)
        return row
    }

    /// Asks for every file once, by two threads or more where there are many.
    ///
    /// - Parameter directory: Where relative paths begin.
    package mutating func look(in directory: Int32) {
        let shares = (starts.count + Self.share - 1) / Self.share
        let (paths, starts) = (paths, starts)
        stamps = [FileStamp](unsafeUninitializedCapacity: starts.count) { buffer, count in
            let places = Places(buffer: buffer)
            @Sendable func look(_ share: Int) {
                let first = share * Self.share
                let last = min(starts.count, first + Self.share)
                paths.withUnsafeBytes { bytes in
                    for row in first..<last {
                        places.note(Self.stamp(bytes, at: Int(starts[row]), in: directory), at: row)
                    }
                }
            }
            if shares > 1 {
                DispatchQueue.concurrentPerform(iterations: shares) { look($0) }
            } else if shares == 1 {
                look(0)
            }
            count = starts.count
        }
    }

    /// Unchecked: each thread writes to places of its own, and the call that waits for all of them has
    /// the buffer.
    private struct Places: @unchecked Sendable {
        let buffer: UnsafeMutableBufferPointer<FileStamp>

        func note(_ stamp: FileStamp, at row: Int) { buffer.initializeElement(at: row, to: stamp) }
    }

    private static func stamp(
        _ paths: UnsafeRawBufferPointer, at start: Int, in directory: Int32
    ) -> FileStamp {
        guard let base = paths.baseAddress else { return absent }
        let path = (base + start).assumingMemoryBound(to: CChar.self)
        var found = stat()
        guard fstatat(directory, path, &found, AT_SYMLINK_NOFOLLOW) == 0 else {
            return FileStamp(unreadable: errno)
        }
        return FileStamp(found)
    }

    /// What is at a row.
    package subscript(row: Int) -> FileStamp { stamps[row] }

    /// What is at a path; nil where it was not asked for.
    package func stamp(of path: [UInt8]) -> FileStamp? {
        guard !stamps.isEmpty else { return nil }
        return path.withUnsafeBytes { bytes in
            let row = slots[slot(of: bytes, Self.hash(of: bytes))]
            return row < 0 ? nil : stamps[Int(row)]
        }
    }

    // MARK: - Rows by path

    private func slot(of path: UnsafeRawBufferPointer, _ hash: UInt64) -> Int {
        let mask = slots.count &- 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let row = Int(slots[slot])
            if row < 0 || hashes[row] == hash && isPath(path, of: row) { return slot }
            slot = (slot &+ 1) & mask
        }
    }

    private func isPath(_ path: UnsafeRawBufferPointer, of row: Int) -> Bool {
        let start = Int(starts[row])
        let end = row + 1 < starts.count ? Int(starts[row + 1]) : paths.count
        guard end - start - 1 == path.count, let other = path.baseAddress else {
            return end - start - 1 == path.count
        }
        return paths.withUnsafeBytes { bytes in
            bytes.baseAddress.map { memcmp($0 + start, other, path.count) == 0 } ?? false
        }
    }

    private mutating func resize(for count: Int) {
        var size = 16
        while size < count * 2 { size *= 2 }
        slots = [Int32](repeating: -1, count: size)
        for (row, hash) in hashes.enumerated() {
            var slot = Int(truncatingIfNeeded: hash) & (size - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = Int32(truncatingIfNeeded: row)
        }
    }

    /// No defence against paths chosen to collide: their author decides what steps run anyway.
    private static func hash(of path: UnsafeRawBufferPointer) -> UInt64 {
        var hash = UInt64(path.count)
        var place = 0
        while place < path.count {
            var word: UInt64 = 0
            if place &+ 8 <= path.count {
                word = path.loadUnaligned(fromByteOffset: place, as: UInt64.self)
                place &+= 8
            } else {
                while place < path.count {
                    word = word << 8 | UInt64(path[place])
                    place &+= 1
                }
            }
            hash = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
            hash ^= hash >> 29
        }
        return hash
    }
}
