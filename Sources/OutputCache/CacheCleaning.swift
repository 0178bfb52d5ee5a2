import Execution
public import Platform
import Processes
public import WorkflowModel

/// What was removed from the cache.
public struct CleanReport: Hashable, Sendable {
    /// Entries that were removed.
    public var entries = 0
    /// The size of the removed entries in bytes.
    public var bytes: Int64 = 0
    /// Entries that could not be removed.
    public var failures = 0
    /// Entries that remain.
    public var keptEntries = 0
    /// The size of the remaining entries in bytes.
    public var keptBytes: Int64 = 0

    /// Nothing removed.
    public init() {}
}

/// Removes entries of the cache: on request, by age, or because the cache is too large.
public enum CacheCleaning {
    /// Removes all entries, or those that were not used for some time.
    ///
    /// A run that uses the cache meanwhile continues: its entries for reading are open already, and
    /// its new entries get their names later.
    ///
    /// - Parameters:
    ///   - root: The project root, absolute.
    ///   - environment: May set `STEPVISOR_CACHE`.
    ///   - age: The minimum time since an entry's last use; nil for all.
    /// - Returns: What was removed; nothing without a cache.
    /// - Throws: The system's error, or why the cache is not used.
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

    /// Removes entries that were not used for too long, then the least recently used ones.
    package static func trim(
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
