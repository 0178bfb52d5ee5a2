package import Execution
package import FileState
package import Platform
package import StateStore
import Synchronization
package import WorkflowModel

/// A restored entry and its origin.
package struct CachedEntry: Hashable, Sendable {
    /// The run that produced it, and the project of that run.
    package var run: String
    package var project: String
    /// The number of restored files, links and directories.
    package var files: Int
    /// Bytes of the restored log.
    package var logBytes: UInt64
    /// A warning for the user despite the hit.
    package var concern: String?
}

/// The result of a cache lookup for a step.
package enum CacheAnswer: Hashable, Sendable {
    /// No entry.
    case miss
    /// An unusable entry, which was removed: a warning.
    case damaged(String)
    /// An entry that cannot be used at present, and was left unchanged: a warning.
    case unfit(String)
    /// All outputs of the step are in place; its log and result come from that run.
    case restored(CachedEntry)
}

/// The result of storing a step's outputs.
package enum CacheStoring: Hashable, Sendable {
    /// They are stored, in this many bytes.
    case stored(UInt64)
    /// They were stored already, or storing was given up before.
    case present
    /// They cannot be stored: a clause for a note.
    case refused(String)
    /// The cache cannot be written, and this run does not try again: a warning.
    case failed(String)
}

/// Outputs and logs of successful steps, by the fingerprint of their inputs.
///
/// Thread-safe. Reading needs no lock: an entry is one file, which is complete from the moment it
/// has its name, and may be removed while it is read.
package final class StepCache: Sendable {
    package let directory: CacheDirectory
    package let root: String
    package let limits: CacheSettings
    package let mask: SecretMask
    /// Where files wait until all are complete: usually on the same file system as the project.
    let staging: Descriptor
    /// Called by tests before each rename.
    package let beforePlacing: @Sendable (Int) -> Void
    private let memory = Mutex(Memory())

    private struct Memory {
        /// Entries used by this run, which the cleanup at its end keeps.
        var used: Set<String> = []
        var hasStored = false
        var hasGivenUp = false
        /// The number of unusable entries, and of those among them that were not reported
        /// individually.
        var refused = 0
        var unsaidGone = 0
        var unsaidKept = 0
        var restores = 0
    }

    private static let stagingName = "restoring"

    /// Opens the cache of a project, and creates it.
    ///
    /// - Parameters:
    ///   - state: The project's state; its lock must be held.
    ///   - environment: May set `STEPVISOR_CACHE`.
    ///   - limits: The largest size and age.
    ///   - mask: Secrets that must not be stored.
    ///   - beforePlacing: Called with the number of each file before it is renamed.
    /// - Throws: The system's error, or why the cache is not used.
    package init(
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
        // Only one run at a time has the project, so these are left from a killed run.
        for name in DirectoryListing.names(of: staging.number) ?? [] {
            unlinkat(staging.number, name, 0)
        }
    }

    /// Whether an entry may exist for a fingerprint.
    package func has(_ fingerprint: Digest) -> Bool {
        directory.has(CacheDirectory.path(of: fingerprint))
    }

    /// A number that is unique among this run's restores.
    func nextRestore() -> Int {
        memory.withLock { memory in
            memory.restores += 1
            return memory.restores
        }
    }

    /// Restores all outputs of a step, or none.
    ///
    /// - Parameters:
    ///   - fingerprint: The current fingerprint of the step.
    ///   - step: Its id.
    ///   - outputs: The patterns that it declares.
    ///   - left: The files that its last success left; those that are not in the entry are removed.
    ///   - run: The run that gets the log and the result.
    /// - Returns: The result; only for ``CacheAnswer/restored(_:)`` has anything changed that the
    ///   step would not write again.
    package func restore(
        _ fingerprint: Digest, of step: String, outputs: [String], left: [FileRecord] = [],
        in run: RunDirectory
    ) -> CacheAnswer {
        let path = CacheDirectory.path(of: fingerprint)
        switch directory.open(path) {
        case .missing: return .miss
        case .refused(let obstacle):
            let isGone = directory.clear(obstacle)
            guard isReported(isGone: isGone) else { return .miss }
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

    /// Beyond this number, unusable entries are reported together in one line.
    private static let maxReported = 3

    private func isReported(isGone: Bool) -> Bool {
        memory.withLock { memory in
            memory.refused += 1
            guard memory.refused > StepCache.maxReported else { return true }
            if isGone { memory.unsaidGone += 1 } else { memory.unsaidKept += 1 }
            return false
        }
    }

    /// The line about unusable entries that were not reported individually.
    package func unsaid() -> String? {
        let (gone, kept) = memory.withLock { ($0.unsaidGone, $0.unsaidKept) }
        guard gone + kept > 0 else { return nil }
        let words = [
            gone > 0 ? "\(gone) more were removed" : nil,
            kept > 0 ? "\(kept) more are not used: see above" : nil,
        ]
        return "entries of the cache that are none: "
            + words.compactMap { $0 }.joined(separator: ", ")
    }

    /// Stores the outputs of a step after its success.
    ///
    /// - Parameters:
    ///   - fingerprint: The fingerprint of its inputs.
    ///   - step: Its id.
    ///   - outputs: The patterns that it declares.
    ///   - run: The run with its log and result.
    ///   - log: The part of the log that the successful attempt wrote; nil for all.
    ///   - expected: The digests of the files when the step had ended, by path; nil to accept any.
    ///   - isRenewed: Whether it replaces an existing entry.
    /// - Returns: The result; none of them is a failure of the step.
    package func store(
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

    /// Removes entries that are too old or exceed the size, if this run has stored any; never those
    /// that it used.
    @discardableResult
    package func trim() -> CleanReport {
        let (hasStored, used) = memory.withLock { ($0.hasStored, $0.used) }
        guard hasStored else { return CleanReport() }
        let report = CacheCleaning.trim(directory, limits: limits, keeping: used)
        directory.removeWriting()
        return report
    }
}
