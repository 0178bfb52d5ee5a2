import Execution

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Files and what `lstat` said of them, in a form that is compared where it lies.
///
/// See ``FileComparison``.
struct WatchedFiles {
    /// What `lstat` says of a file: kind and mode, size, two times, inode and device.
    static let wordsPerFile = 6

    /// ``wordsPerFile`` numbers for each file.
    private(set) var facts: [UInt64] = []
    /// Where each path begins in ``paths``.
    private(set) var starts: [UInt32] = []
    /// Each with a NUL at its end, relative to the project root or absolute.
    private(set) var paths: [UInt8] = []

    /// What each file was when its content was compared; nil for one that was read by this run.
    private var compared: [FileStamp?] = []

    /// Notes a path once; what it is comes from ``look(in:startedAt:)``.
    mutating func add(_ path: [UInt8], _ facts: FileStamp?) {
        starts.append(UInt32(truncatingIfNeeded: paths.count))
        paths.append(contentsOf: path)
        paths.append(0)
        compared.append(facts)
    }

    /// Looks at all files of a run: false where one is no file, is not what was compared, or is so young
    /// that it might have been changed after that and look the same.
    mutating func look(in directory: Int32, startedAt: WallTime) -> Bool {
        let start = startedAt.microseconds * 1000
        facts.removeAll(keepingCapacity: true)
        facts.reserveCapacity(starts.count * Self.wordsPerFile)
        for number in starts.indices {
            guard let found = Self.status(paths, at: Int(starts[number]), in: directory),
                found.st_mode & S_IFMT == S_IFREG
            else { return false }
            let now = FileStamp(found)
            guard now.isOldEnough(at: start), compared[number].map({ $0 == now }) ?? true else {
                return false
            }
            let words = Self.words(found)
            facts += [words.0, words.1, words.2, words.3, words.4, words.5]
        }
        return true
    }

    private static func status(_ paths: [UInt8], at start: Int, in directory: Int32) -> stat? {
        paths.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return nil }
            return status(base + start, in: directory)
        }
    }

    static func status(_ path: UnsafeRawPointer, in directory: Int32) -> stat? {
        var found = stat()
        let name = path.assumingMemoryBound(to: CChar.self)
        return fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) == 0 ? found : nil
    }

    static func words(
        _ found: stat
    ) -> (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) {
        #if canImport(Darwin)
            let (modified, changed) = (found.st_mtimespec, found.st_ctimespec)
        #else
            let (modified, changed) = (found.st_mtim, found.st_ctim)
        #endif
        return (
            UInt64(found.st_mode), UInt64(truncatingIfNeeded: found.st_size),
            nanoseconds(modified), nanoseconds(changed),
            UInt64(truncatingIfNeeded: found.st_ino), UInt64(truncatingIfNeeded: found.st_dev)
        )
    }

    private static func nanoseconds(_ time: timespec) -> UInt64 {
        UInt64(bitPattern: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
    }
}
