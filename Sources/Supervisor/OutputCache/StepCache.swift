import Execution
import Synchronization
import WorkflowModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What an entry that was put in place tells of its origin.
struct CachedEntry: Hashable, Sendable {
    /// The run that produced it, and the project that this was in.
    var run: String
    var project: String
    /// Files, links and directories that were put in place.
    var files: Int
    /// Bytes of the log that was replayed.
    var logBytes: UInt64
    /// What the user should know although it is a hit.
    var concern: String?
}

/// What the cache has for a step.
enum CacheAnswer: Hashable, Sendable {
    /// Nothing.
    case miss
    /// Something that could not be used and was removed: a warning.
    case damaged(String)
    /// Something that cannot be used here and now, and was left as it is: a warning.
    case unfit(String)
    /// All outputs of the step are in place, and its log and result are those of that run.
    case restored(CachedEntry)
}

/// What became of a step's outputs that were to be kept.
enum CacheStoring: Hashable, Sendable {
    /// They are kept, in so many bytes.
    case stored(UInt64)
    /// They were there already, or keeping was given up before.
    case present
    /// They are not what can be kept: a clause for a note.
    case refused(String)
    /// The cache cannot be written, and is not tried again in this run: a warning.
    case failed(String)
}

/// Outputs and logs of steps that ended well, by the fingerprint of what they were made from.
///
/// May be asked from any thread. Reading needs no lock: an entry is one file, which is whole from
/// the moment it has its name, and can be removed while it is read.
final class StepCache: Sendable {
    let directory: CacheDirectory
    let root: String
    let limits: CacheSettings
    let mask: SecretMask
    /// Where files wait until all are there: on the same file system as the project, mostly.
    let staging: Descriptor
    /// Called before each file gets its name, by tests.
    let beforePlacing: @Sendable (Int) -> Void
    private let memory = Mutex(Memory())

    private struct Memory {
        /// Entries of this run, which are not removed in its end.
        var used: Set<String> = []
        var hasStored = false
        var hasGivenUp = false
        /// Entries that were none, and those of them that were not told of one by one.
        var refused = 0
        var unsaidGone = 0
        var unsaidKept = 0
        var restores = 0
    }

    private static let stagingName = "restoring"

    /// Opens the cache of a project, and makes it.
    ///
    /// - Parameters:
    ///   - state: The project's state; its lock is held.
    ///   - environment: Where `STEPVISOR_CACHE` may name another place.
    ///   - limits: How much is kept, and how long.
    ///   - mask: What is not to be kept.
    ///   - beforePlacing: Called with the number of each file before it gets its name.
    /// - Throws: What the system said, or why it is not used.
    init(
        state: StateDirectory, environment: [String: String], limits: CacheSettings,
        mask: SecretMask = .none, beforePlacing: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws(SystemError) {
        directory = try CacheDirectory(
            root: state.root, environment: environment, create: true)
        root = state.root
        self.limits = limits
        self.mask = mask
        self.beforePlacing = beforePlacing
        staging = try PrivateFile.directory(
            StepCache.stagingName, in: state.descriptor,
            shown: "\(StateDirectory.name)/\(StepCache.stagingName)", create: true)
        // Only one run at a time has the project: these are of one that was killed.
        for name in DirectoryListing.names(of: staging.number) ?? [] {
            unlinkat(staging.number, name, 0)
        }
    }

    /// Whether there is something that may be an entry.
    func has(_ fingerprint: Digest) -> Bool {
        directory.has(CacheDirectory.path(of: fingerprint))
    }

    /// A number that no other restore of this run has.
    func nextRestore() -> Int {
        memory.withLock { memory in
            memory.restores += 1
            return memory.restores
        }
    }

    /// Puts all outputs of a step in place, or none.
    ///
    /// - Parameters:
    ///   - fingerprint: What the step is made from now.
    ///   - step: Its id.
    ///   - outputs: The patterns that it declares.
    ///   - left: What its last success has left: what of it is not in the entry is removed.
    ///   - run: The run whose log and result it gets.
    /// - Returns: What came of it; only after ``CacheAnswer/restored(_:)`` has anything changed that
    ///   the step would not write anew.
    func restore(
        _ fingerprint: Digest, of step: String, outputs: [String], left: [FileRecord] = [],
        in run: RunDirectory
    ) -> CacheAnswer {
        let path = CacheDirectory.path(of: fingerprint)
        switch directory.open(path) {
        case .missing: return .miss
        case .refused(let obstacle):
            let isGone = directory.clear(obstacle)
            guard isToBeSaid(isGone: isGone) else { return .miss }
            let sentence = directory.sentence(about: obstacle, isGone: isGone)
            return isGone ? .damaged(sentence) : .unfit(sentence)
        case .found(let entry):
            do throws(CacheError) {
                var restoring = try CacheRestoring(
                    entry, of: fingerprint, outputs: outputs, left: left, cache: self)
                let cached = try restoring.run(step: step, into: run)
                CacheDirectory.touch(entry.file)
                memory.withLock { _ = $0.used.insert(path) }
                return .restored(cached)
            } catch {
                switch error {
                case .damage(let reason):
                    let isGone = directory.remove(path, inode: entry.inode)
                    return .damaged(
                        "an entry of the cache \(isGone ? "was removed" : "cannot be removed"): "
                            + reason)
                case .unfit(let reason):
                    return .unfit("the cache's entry is not used: \(reason)")
                }
            }
        }
    }

    /// More entries than these that are none are told of in one line.
    private static let maxSaid = 3

    private func isToBeSaid(isGone: Bool) -> Bool {
        memory.withLock { memory in
            memory.refused += 1
            guard memory.refused > StepCache.maxSaid else { return true }
            if isGone { memory.unsaidGone += 1 } else { memory.unsaidKept += 1 }
            return false
        }
    }

    /// What is left to be said of entries that are none.
    func unsaid() -> String? {
        let (gone, kept) = memory.withLock { ($0.unsaidGone, $0.unsaidKept) }
        guard gone + kept > 0 else { return nil }
        let words = [
            gone > 0 ? "\(gone) more were removed" : nil,
            kept > 0 ? "\(kept) more are not used: see above" : nil,
        ]
        return "entries of the cache that are none: "
            + words.compactMap { $0 }.joined(separator: ", ")
    }

    /// Keeps what a step has produced, once it has ended well.
    ///
    /// - Parameters:
    ///   - fingerprint: What the step was made from.
    ///   - step: Its id.
    ///   - outputs: The patterns that it declares.
    ///   - run: The run that has its log and result.
    ///   - log: The part of the log that the successful attempt wrote; nil for all.
    ///   - expected: What the files held when the step had ended, by path; nil for anything.
    ///   - isRenewed: Whether it takes the place of what is kept already.
    /// - Returns: What came of it; nothing of it is a failure of the step.
    func store(
        _ fingerprint: Digest, of step: String, outputs: [String], in run: RunDirectory,
        log: Range<UInt64>? = nil, expecting expected: [[UInt8]: Digest]? = nil,
        renewing isRenewed: Bool = false
    ) -> CacheStoring {
        let path = CacheDirectory.path(of: fingerprint)
        guard !memory.withLock({ $0.hasGivenUp }) else { return .present }
        if !isRenewed, directory.has(path) {
            memory.withLock { _ = $0.used.insert(path) }
            return .present
        }
        do throws(CacheRefusal) {
            let storing = try CacheStore(
                fingerprint, of: step, outputs: outputs, run: run, log: log,
                expecting: expected, cache: self)
            let size = try storing.write()
            memory.withLock { memory in
                memory.used.insert(path)
                memory.hasStored = true
            }
            return .stored(size)
        } catch {
            switch error {
            case .output(let reason): return .refused(reason)
            case .cache(let error):
                memory.withLock { $0.hasGivenUp = true }
                return .failed(
                    "nothing more is kept in the cache during this run: \(error.descriptionWithAdvice)"
                )
            }
        }
    }

    /// Removes what is too old or too much, if this run has stored anything: never what it used.
    @discardableResult
    func trim() -> CleanReport {
        let (hasStored, used) = memory.withLock { ($0.hasStored, $0.used) }
        guard hasStored else { return CleanReport() }
        let report = CacheCleaning.trim(directory, limits: limits, keeping: used)
        directory.removeWriting()
        return report
    }
}
