import Dispatch
import Synchronization

/// Compares watched files with what is there now.
///
/// Asking for 40,000 files is most of what a run with nothing to do costs, so several threads do it. Who
/// wants to know whether all is as it was stops at the first difference; the other threads go on, for
/// who wants to know what differs.
///
/// Unchecked, since the buffers are only read, and are there as long as `owner` is.
final class FileComparison: @unchecked Sendable {
    private let facts: UnsafeBufferPointer<UInt64>
    private let starts: UnsafeBufferPointer<UInt32>
    private let paths: UnsafeRawBufferPointer
    private let directory: Int32
    private let owner: AnyObject?
    private let shares: Int
    private let next = Atomic(0)
    private let done = Atomic(0)
    private let hasChanged = Atomic(false)
    private let differences = Mutex<[[UInt8]]>([])
    private let end = DispatchGroup()

    /// Files that one thread looks at in one go; fewer are not worth another thread.
    private static let share = 512
    /// More differences are not listed.
    static let maxListed = 32

    /// Prepares a comparison with files as ``WatchedFiles`` keeps them; nil where that does not fit together.
    ///
    /// - Parameters:
    ///   - facts: What they were.
    ///   - starts: Where their paths begin.
    ///   - paths: The paths.
    ///   - directory: Where relative paths begin.
    ///   - owner: Keeps all of that.
    init?(
        facts: UnsafeBufferPointer<UInt64>, starts: UnsafeBufferPointer<UInt32>,
        paths: UnsafeRawBufferPointer, in directory: consuming Descriptor, owner: AnyObject?
    ) {
        guard facts.count == starts.count * WatchedFiles.wordsPerFile, paths.last ?? 0 == 0,
            starts.allSatisfy({ $0 < paths.count })
        else { return nil }
        self.facts = facts
        self.starts = starts
        self.paths = paths
        self.directory = directory.release()
        self.owner = owner
        shares = (starts.count + Self.share - 1) / Self.share
        if shares > 0 { end.enter() }
    }

    deinit {
        // A group must not go while somebody is in it.
        if done.load(ordering: .acquiring) < shares { end.leave() }
        Platform.close(directory)
    }

    /// Has other threads begin; without it, only who asks compares.
    func begin(threads: Int) {
        for _ in 0..<min(threads, shares - 1) {
            DispatchQueue.global(qos: .userInitiated).async { while self.compareShare() {} }
        }
    }

    /// Whether all files are as they were.
    func holds() -> Bool {
        while !hasChanged.load(ordering: .relaxed), compareShare() {}
        guard !hasChanged.load(ordering: .relaxed) else { return false }
        end.wait()
        return !hasChanged.load(ordering: .acquiring)
    }

    /// The files that are not as they were; nil where they are many.
    func changed() -> [[UInt8]]? {
        while compareShare() {}
        end.wait()
        let paths = differences.withLock { $0 }
        return paths.count <= Self.maxListed ? paths : nil
    }

    /// Compares some files that nobody has come to yet.
    private func compareShare() -> Bool {
        let number = next.add(1, ordering: .relaxed).oldValue
        guard number < shares else { return false }
        let first = number * Self.share
        for file in first..<min(starts.count, first + Self.share) where !isUnchanged(file) {
            note(file)
        }
        if done.add(1, ordering: .acquiringAndReleasing).newValue == shares { end.leave() }
        return true
    }

    private func note(_ file: Int) {
        differences.withLock { list in
            guard list.count <= Self.maxListed else { return }
            let rest = paths[Int(starts[file])...]
            list.append(Array(rest.prefix { $0 != 0 }))
        }
        hasChanged.store(true, ordering: .releasing)
    }

    private func isUnchanged(_ file: Int) -> Bool {
        guard let base = paths.baseAddress,
            let found = WatchedFiles.status(base + Int(starts[file]), in: directory)
        else { return false }
        let new = WatchedFiles.words(found)
        let old = file * WatchedFiles.wordsPerFile
        return facts[old] == new.0 && facts[old + 1] == new.1 && facts[old + 2] == new.2
            && facts[old + 3] == new.3 && facts[old + 4] == new.4 && facts[old + 5] == new.5
    }
}
