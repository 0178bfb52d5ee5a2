/// What is in directories, kept while many steps are looked at one after the other.
///
/// Only for a look ahead of a run: from its first step on each look is a new one.
struct DirectoryListings: Sendable {
    /// A name in a directory, with its type where the file system tells.
    typealias Name = (name: [UInt8], type: Int32)

    private var known: [[UInt8]: [Name]] = [:]
    private var count = 0

    /// Smaller directories are read again as quickly.
    private static let leastKept = 32
    /// Some tens of megabytes.
    private static let maxKept = 500_000

    /// The names in a directory, in the order of their bytes; nil where it was not kept.
    subscript(path: [UInt8]) -> [Name]? { known[path] }

    /// Keeps the names in a directory, unless that is too little or too much.
    mutating func keep(_ names: [Name], of path: [UInt8]) {
        guard names.count >= Self.leastKept, count + names.count <= Self.maxKept else { return }
        count += names.count
        known[path] = names
    }
}

extension [DirectoryListings.Name] {
    /// Of sorted names those that begin with some bytes.
    func beginning(with prefix: some Collection<UInt8>) -> ArraySlice<Element> {
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
