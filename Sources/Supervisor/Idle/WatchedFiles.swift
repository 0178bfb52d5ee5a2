import Dispatch
import Execution
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Files and what `lstat` said of them, in a form that is compared where it lies.
///
/// Asking for 40,000 files is most of what a run with nothing to do costs, so it is done by as many
/// threads as there are processors.
struct WatchedFiles {
    /// What `lstat` says of a file: kind and mode, size, two times, inode and device.
    static let wordsPerFile = 6

    /// ``wordsPerFile`` numbers for each file.
    private(set) var facts: [UInt64] = []
    /// Where each path begins in ``paths``.
    private(set) var starts: [UInt32] = []
    /// Each with a NUL at its end, relative to the project root or absolute.
    private(set) var paths: [UInt8] = []

    /// Files that one thread looks at in one go; fewer are not worth another thread.
    private static let share = 512

    /// What each file was when its content was compared; nil for one that was read by this run.
    private var compared: [InputFacts?] = []

    /// Notes a path once; what it is comes from ``look(in:startedAt:)``.
    mutating func add(_ path: [UInt8], _ facts: InputFacts?) {
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
            let now = InputFacts(found)
            guard now.isSettled(at: start), compared[number].map({ $0 == now }) ?? true else {
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

    private static func status(_ path: UnsafeRawPointer, in directory: Int32) -> stat? {
        var found = stat()
        let name = path.assumingMemoryBound(to: CChar.self)
        return fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) == 0 ? found : nil
    }

    private static func words(
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

    // MARK: Comparing

    /// Whether all files are as they were: `facts`, `starts` and `paths` as they were kept.
    static func areUnchanged(
        facts: UnsafeBufferPointer<UInt64>, starts: UnsafeBufferPointer<UInt32>,
        paths: UnsafeRawBufferPointer, in directory: Int32
    ) -> Bool {
        guard facts.count == starts.count * wordsPerFile, paths.last ?? 0 == 0 else { return false }
        let comparison = Comparison(
            facts: facts, starts: starts, paths: paths, directory: directory)
        let shares = (starts.count + share - 1) / share
        if shares > 1 {
            DispatchQueue.concurrentPerform(iterations: shares) { comparison.compare(share: $0) }
        } else if shares == 1 {
            comparison.compare(share: 0)
        }
        return !comparison.hasChanged.load(ordering: .relaxed)
    }

    /// What several threads share.
    ///
    /// Unchecked, since the buffers are only read, and outlive the call that waits for all threads.
    private final class Comparison: @unchecked Sendable {
        let hasChanged = Atomic(false)
        private let facts: UnsafeBufferPointer<UInt64>
        private let starts: UnsafeBufferPointer<UInt32>
        private let paths: UnsafeRawBufferPointer
        private let directory: Int32

        init(
            facts: UnsafeBufferPointer<UInt64>, starts: UnsafeBufferPointer<UInt32>,
            paths: UnsafeRawBufferPointer, directory: Int32
        ) {
            self.facts = facts
            self.starts = starts
            self.paths = paths
            self.directory = directory
        }

        func compare(share number: Int) {
            let first = number * WatchedFiles.share
            for file in first..<min(starts.count, first + WatchedFiles.share) {
                guard !hasChanged.load(ordering: .relaxed) else { return }
                if !isUnchanged(file) { hasChanged.store(true, ordering: .relaxed) }
            }
        }

        private func isUnchanged(_ file: Int) -> Bool {
            let start = Int(starts[file])
            guard start < paths.count, let base = paths.baseAddress,
                let found = WatchedFiles.status(base + start, in: directory)
            else { return false }
            let new = WatchedFiles.words(found)
            let old = file * WatchedFiles.wordsPerFile
            return facts[old] == new.0 && facts[old + 1] == new.1 && facts[old + 2] == new.2
                && facts[old + 3] == new.3 && facts[old + 4] == new.4 && facts[old + 5] == new.5
        }
    }
}
