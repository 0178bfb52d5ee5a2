import Execution
public import WorkflowModel

/// What was removed from the cache.
public struct CleanReport: Hashable, Sendable {
    /// Entries that were removed.
    public var entries = 0
    /// Bytes that they took.
    public var bytes: Int64 = 0
    /// Entries that could not be removed.
    public var failures = 0
    /// Entries that are left.
    public var keptEntries = 0
    /// Bytes that those take.
    public var keptBytes: Int64 = 0

    /// Nothing removed.
    public init() {}
}

/// Removes entries of the cache: by order, by age, or because there are too many.
public enum CacheCleaning {
    /// Removes all entries, or those that were not used for some time.
    ///
    /// A run that uses the cache meanwhile goes on: what it reads is open already, and what it
    /// writes gets its name later.
    ///
    /// - Parameters:
    ///   - root: The project root, absolute.
    ///   - environment: Where `STEPVISOR_CACHE` may name another place.
    ///   - age: The least time since an entry's last use; nil for all.
    /// - Returns: What was removed; nothing where there is no cache.
    /// - Throws: What the system said, or why it is not used.
    public static func clean(
        root: String, environment: [String: String], olderThan age: Milliseconds?
    ) throws(SystemError) -> CleanReport {
        let directory: CacheDirectory
        do {
            directory = try CacheDirectory(root: root, environment: environment, create: false)
        } catch  where error.isAbsence {
            return CleanReport()
        }
        let now = RunClock.wallTime().microseconds * 1000
        directory.removeAbandoned(now: now)
        let limit = age.map { now.subtractingReportingOverflow($0.nanoseconds).partialValue }
        var report = CleanReport()
        for entry in directory.list() {
            if let limit, entry.usedAt > limit {
                report.keep(entry)
            } else {
                report.remove(entry, from: directory)
            }
        }
        directory.removeEmptyDirectories()
        return report
    }

    /// Removes what was not used for too long, then the least recently used.
    static func trim(
        _ directory: CacheDirectory, limits: CacheSettings, keeping used: Set<String>
    ) -> CleanReport {
        let now = RunClock.wallTime().microseconds * 1000
        directory.removeAbandoned(now: now)
        let limit = now.subtractingReportingOverflow(limits.maxAge.nanoseconds).partialValue
        var report = CleanReport()
        var rest: [CacheDirectory.Listed] = []
        var total: Int64 = 0
        for entry in directory.list() {
            if used.contains(entry.path) || entry.usedAt > limit {
                rest.append(entry)
                total += entry.size
            } else {
                report.remove(entry, from: directory)
            }
        }
        guard total > limits.maxSize else {
            for entry in rest { report.keep(entry) }
            return report
        }
        rest.sort { ($0.usedAt, $0.path) < ($1.usedAt, $1.path) }
        for entry in rest {
            if total > limits.maxSize, !used.contains(entry.path) {
                report.remove(entry, from: directory)
                total -= entry.size
            } else {
                report.keep(entry)
            }
        }
        return report
    }
}

extension CleanReport {
    fileprivate mutating func keep(_ entry: CacheDirectory.Listed) {
        keptEntries += 1
        keptBytes += entry.size
    }

    fileprivate mutating func remove(
        _ entry: CacheDirectory.Listed, from directory: CacheDirectory
    ) {
        guard directory.remove(entry.path, inode: entry.inode) else {
            failures += 1
            keep(entry)
            return
        }
        entries += 1
        bytes += entry.size
    }
}
