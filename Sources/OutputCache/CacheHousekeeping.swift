import Execution
import Platform
import SystemCalls

/// Lists the cache, and removes the files of writers that were killed.
extension CacheDirectory {
    /// An entry as listed.
    package struct Listed: Hashable, Sendable {
        package var path: String
        package var inode: UInt64
        /// Bytes on disk, in whole blocks.
        package var size: Int64
        /// Nanoseconds since 1970.
        var usedAt: Int64
    }

    /// All entries, including those of other formats, and anything in the place of one; other files
    /// in the directory are ignored.
    package func list() -> [Listed] {
        var entries: [Listed] = []
        for generation in names(in: "") where CacheDirectory.isGeneration(generation) {
            let isOwn = generation == CacheDirectory.ownGeneration
            for group in names(in: generation) where CacheDirectory.isHex(group, digits: 2) {
                let directory = "\(generation)/\(group)"
                if isOwn, let listed = listed(directory, S_IFDIR, isObstacle: true) {
                    entries.append(listed)
                    continue
                }
                for name in names(in: directory) where CacheDirectory.isHex(name, digits: 64) {
                    let path = "\(directory)/\(name)"
                    guard
                        let listed = listed(path, S_IFREG, isObstacle: false)
                            ?? (isOwn ? listed(path, S_IFREG, isObstacle: true) : nil)
                    else { continue }
                    entries.append(listed)
                }
            }
        }
        return entries
    }

    /// A file of the given kind, or, as an obstacle, one that is not of that kind.
    private func listed(_ path: String, _ kind: mode_t, isObstacle: Bool) -> Listed? {
        var facts = stat()
        guard fstatat(descriptor, path, &facts, AT_SYMLINK_NOFOLLOW) == 0,
            (facts.st_mode & S_IFMT != kind) == isObstacle
        else { return nil }
        return Listed(
            path: path, inode: UInt64(facts.st_ino),
            size: (Int64(facts.st_size) + 4095) / 4096 * 4096,
            usedAt: FileStamp(facts).modifiedAt)
    }

    /// Removes empty directories.
    func removeEmptyDirectories() {
        for generation in names(in: "") where CacheDirectory.isGeneration(generation) {
            for group in names(in: generation) where CacheDirectory.isHex(group, digits: 2) {
                unlinkat(descriptor, "\(generation)/\(group)", AT_REMOVEDIR)
            }
            unlinkat(descriptor, generation, AT_REMOVEDIR)
        }
        removeWriting()
    }

    /// Removes the directory of unfinished files, unless one is being written.
    func removeWriting() { unlinkat(descriptor, CacheDirectory.writing, AT_REMOVEDIR) }

    /// Removes unfinished files of writers that were killed.
    func removeAbandoned(now: Int64) {
        for name in names(in: CacheDirectory.writing)
        where name.hasPrefix(CacheDirectory.temporaryPrefix) {
            let path = "\(CacheDirectory.writing)/\(name)"
            let number = stepvisor_open_at(descriptor, path, O_RDONLY | O_NONBLOCK, 0)
            guard number >= 0 else { continue }
            let file = Descriptor(owning: number)
            var facts = stat()
            guard fstat(file.number, &facts) == 0 else { continue }
            let age = now - FileStamp(facts).modifiedAt
            let lock = stepvisor_try_lock(file.number)
            // Not every file system has locks; the minute protects a writer that has not locked its
            // file yet.
            if lock == 0 && age > CacheDirectory.minute
                || lock < 0 && age > 1440 * CacheDirectory.minute
            {
                unlinkat(descriptor, path, 0)
            }
        }
    }

    private static let minute: Int64 = 60_000_000_000

    private func names(in path: String) -> [String] {
        if path.isEmpty { return DirectoryListing.names(of: descriptor) ?? [] }
        guard let parent = try? parent(of: path) else { return [] }
        let name = CacheDirectory.name(of: path)
        let number = stepvisor_open_at(parent.number, name, O_RDONLY | O_DIRECTORY, 0)
        guard number >= 0 else { return [] }
        let directory = Descriptor(owning: number)
        return DirectoryListing.names(of: directory.number) ?? []
    }

    private static func isGeneration(_ name: String) -> Bool {
        name.hasPrefix("v") && name.contains("-")
            && name.dropFirst().prefix { $0 != "-" }.allSatisfy { $0.isASCII && $0.isNumber }
    }

    private static func isHex(_ name: String, digits: Int) -> Bool {
        name.utf8.count == digits
            && name.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
