package import Platform

/// What is in directories, and what named files are, kept while many steps are checked one after the
/// other.
///
/// Only for the check before a run: from its first step on each file is asked for anew.
package struct DirectoryListings: Sendable {
    /// A name in a directory, with its type where the file system tells.
    package typealias Name = (name: [UInt8], type: Int32)

    private var known: [[UInt8]: (names: [Name], place: FileRecord)] = [:]
    private var count = 0
    /// Files that steps name one by one.
    private let files: FileTable

    /// Smaller directories are read again as quickly.
    private static let leastKept = 32
    /// Some tens of megabytes.
    private static let maxKept = 500_000

    package init(files: FileTable = FileTable()) { self.files = files }

    /// What a file is; nil where it was not asked for.
    package func stamp(of path: [UInt8]) -> FileStamp? { files.stamp(of: path) }

    /// The names in a directory, in the order of their bytes, and what it was before it was listed; nil
    /// where it was not kept.
    package subscript(path: [UInt8]) -> (names: [Name], place: FileRecord)? { known[path] }

    /// Keeps the names in a directory, unless that is too little or too much.
    package mutating func keep(_ names: [Name], of path: [UInt8], _ place: FileRecord) {
        guard names.count >= Self.leastKept, count + names.count <= Self.maxKept else { return }
        count += names.count
        known[path] = (names, place)
    }
}

extension [DirectoryListings.Name] {
    /// Of sorted names those that begin with some bytes.
    package func beginning(with prefix: some Collection<UInt8>) -> ArraySlice<Element> {
        guard !prefix.isEmpty else { return self[...] }
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle].name.lexicographicallyPrecedes(prefix) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return self[low...].prefix { $0.name.starts(with: prefix) }
    }
}
