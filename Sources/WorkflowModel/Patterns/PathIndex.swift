/// Finds, among many declared paths and patterns, those that have a file in common with another.
///
/// Paths are found by hashing; patterns are compared only where their literal directories allow
/// it, so that many steps with many files stay linear as long as their patterns name directories.
struct PathIndex {
    /// What the caller knows an entry by.
    typealias Owner = Int32

    private var ownersOfPath: [String: [Owner]] = [:]
    private var singleOwner = PathTable()
    private var globs: [(glob: Glob, owner: Owner)] = []
    private var globsOfDirectory: [String: [Int]] = [:]
    private var sortedPaths: [String]?
    private var sortedDirectories: [String]?

    mutating func reserve(_ count: Int) { singleOwner.reserveCapacity(count) }

    mutating func add(path: String, owner: Owner) {
        // Nearly every file has one writer, which needs no list.
        if !singleOwner.insert(owner, for: path) {
            ownersOfPath[path, default: []].append(owner)
        }
        if sortedPaths != nil { sortedPaths = nil }
    }

    mutating func add(_ glob: Glob, owner: Owner) {
        globsOfDirectory[glob.directory, default: []].append(globs.count)
        globs.append((glob, owner))
        sortedDirectories = nil
    }

    var hasGlobs: Bool { !globs.isEmpty }

    /// Paths that several entries name, with all of them.
    var sharedPaths: [(path: String, owners: [Owner])] {
        ownersOfPath.map { path, others in
            (path, (singleOwner[path].map { [$0] } ?? []) + others)
        }
    }

    /// Whether there may be an entry that means this path, in one look.
    func mayHaveOwner(of path: String) -> Bool { hasGlobs || singleOwner[path] != nil }

    /// Calls `body` with each entry that means this path.
    func forEachOwner(of path: String, _ body: (Owner) -> Void) {
        if let owner = singleOwner[path] {
            body(owner)
            for owner in ownersOfPath[path] ?? [] { body(owner) }
        }
        guard hasGlobs else { return }
        forEachDirectory(above: path) { directory in
            for index in globsOfDirectory[directory] ?? [] where globs[index].glob.matches(path) {
                body(globs[index].owner)
            }
        }
    }

    /// All entries that may mean a file that the pattern means too, with the entry's path if it has one.
    mutating func owners(overlapping glob: Glob) -> [(owner: Owner, path: String?)] {
        var found: [(owner: Owner, path: String?)] = []
        if let path = glob.literal {
            forEachOwner(of: path) { found.append(($0, path)) }
            return found
        }
        let paths = sortedPaths ?? singleOwner.paths.sorted(by: Self.isBefore)
        sortedPaths = paths
        for path in Self.slice(of: paths, inside: glob.directory) where glob.matches(path) {
            if let owner = singleOwner[path] { found.append((owner, path)) }
            for owner in ownersOfPath[path] ?? [] { found.append((owner, path)) }
        }
        guard hasGlobs else { return found }
        let directories = sortedDirectories ?? globsOfDirectory.keys.sorted(by: Self.isBefore)
        sortedDirectories = directories
        var candidates = Array(Self.slice(of: directories, inside: glob.directory))
        forEachDirectory(above: glob.directory) { candidates.append($0) }
        for directory in candidates {
            for index in globsOfDirectory[directory] ?? [] where globs[index].glob.overlaps(glob) {
                found.append((globs[index].owner, nil))
            }
        }
        return found
    }

    /// The directories that a path lies in, the root (`""`) included.
    private func forEachDirectory(above path: String, _ body: (String) -> Void) {
        var rest = path
        while !rest.isEmpty, rest != "/" {
            rest = Glob.directory(of: rest)
            body(rest)
        }
    }

    /// Bytes, with the slash before all others, so that what is in a directory is one stretch.
    private static func isBefore(_ a: String, _ b: String) -> Bool {
        a.utf8.lexicographicallyPrecedes(b.utf8) { x, y in
            (x == UInt8(ascii: "/") ? 0 : x) < (y == UInt8(ascii: "/") ? 0 : y)
        }
    }

    /// The paths that are the directory or lie in it.
    private static func slice(of paths: [String], inside directory: String) -> ArraySlice<String> {
        guard !directory.isEmpty else { return paths[...] }
        var low = 0
        var high = paths.count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(paths[middle], directory) { low = middle + 1 } else { high = middle }
        }
        var end = low
        while end < paths.count, Glob.isInside(paths[end], directory: directory) { end += 1 }
        return paths[low..<end]
    }
}
