/// Finds which of many declared paths and patterns have a file in common with another.
///
/// Paths are found by hashing; patterns are compared only where their literal directories overlap.
/// The time stays linear in the number of steps and files as long as the patterns name directories.
struct PathIndex {
    /// The caller's number for an entry.
    typealias Owner = Int32

    private var ownersOfPath: [String: [Owner]] = [:]
    private var singleOwner = PathTable()
    private var globs: [(glob: Glob, owner: Owner)] = []
    private var globsOfDirectory: [String: [Int]] = [:]
    private var sortedPaths: [String]?
    private var sortedDirectories: [String]?
    /// Directories that contain a path of an entry.
    private var directories = DirectorySet()
    /// The last directory asked for: the owners of it and of the directories above it.
    private var lastAbove: (directory: String, owners: [Owner])?

    mutating func reserve(_ count: Int) { singleOwner.reserveCapacity(count) }

    mutating func add(path: String, owner: Owner) {
        // Nearly every file has one writer, which needs no list.
        if !singleOwner.insert(owner, for: path) {
            ownersOfPath[path, default: []].append(owner)
        }
        directories.insertParents(of: path)
        if sortedPaths != nil { sortedPaths = nil }
        if lastAbove != nil { lastAbove = nil }
    }

    mutating func add(_ glob: Glob, owner: Owner) {
        globsOfDirectory[glob.directory, default: []].append(globs.count)
        globs.append((glob, owner))
        directories.insert(glob.directory)
        sortedDirectories = nil
    }

    var hasGlobs: Bool { !globs.isEmpty }

    /// Paths that several entries name, with all of them.
    var sharedPaths: [(path: String, owners: [Owner])] {
        ownersOfPath.map { path, others in
            (path, (singleOwner[path].map { [$0] } ?? []) + others)
        }
    }

    /// Paths that are directories and contain paths of other entries.
    var sharedDirectories: [String] { singleOwner.paths.filter { directories.contains($0) } }

    /// The entries with exactly this path.
    func owners(of path: String) -> [Owner] {
        var owners: [Owner] = []
        forEachPathOwner(of: path) { owners.append($0) }
        return owners
    }

    /// Whether an entry may cover this path, something below it, or a directory above it.
    mutating func mayHaveOwner(of path: String) -> Bool {
        hasGlobs || singleOwner[path] != nil || directories.contains(path)
            || !ownersAbove(path).isEmpty
    }

    /// Entries that are a directory above a path and therefore cover it.
    mutating func ownersAbove(_ path: String) -> [Owner] {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return [] }
        let parent = path.utf8[..<slash]
        if let last = lastAbove, last.directory.utf8.elementsEqual(parent) { return last.owners }
        var owners: [Owner] = []
        var directory = String(path[..<slash])
        let key = directory
        while !directory.isEmpty, directory != "/" {
            forEachPathOwner(of: directory) { owners.append($0) }
            directory = Glob.directory(of: directory)
        }
        lastAbove = (key, owners)
        return owners
    }

    /// Entries that cover something below a directory, each with its path if it has one.
    mutating func ownersBelow(_ directory: String) -> [(owner: Owner, path: String?)] {
        guard directories.contains(directory) else { return [] }
        var found: [(owner: Owner, path: String?)] = []
        for path in Self.slice(of: pathsInOrder(), inside: directory) where path != directory {
            forEachPathOwner(of: path) { found.append(($0, path)) }
        }
        guard hasGlobs else { return found }
        for inner in Self.slice(of: directoriesInOrder(), inside: directory) {
            for index in globsOfDirectory[inner] ?? [] { found.append((globs[index].owner, nil)) }
        }
        return found
    }

    private func forEachPathOwner(of path: String, _ body: (Owner) -> Void) {
        guard let owner = singleOwner[path] else { return }
        body(owner)
        for owner in ownersOfPath[path] ?? [] { body(owner) }
    }

    private mutating func pathsInOrder() -> [String] {
        let paths = sortedPaths ?? singleOwner.paths.sorted(by: Self.isBefore)
        sortedPaths = paths
        return paths
    }

    private mutating func directoriesInOrder() -> [String] {
        let directories = sortedDirectories ?? globsOfDirectory.keys.sorted(by: Self.isBefore)
        sortedDirectories = directories
        return directories
    }

    /// Calls `body` with each entry that covers this path.
    func forEachOwner(of path: String, _ body: (Owner) -> Void) {
        forEachPathOwner(of: path, body)
        guard hasGlobs else { return }
        forEachDirectory(above: path) { directory in
            for index in globsOfDirectory[directory] ?? [] where globs[index].glob.matches(path) {
                body(globs[index].owner)
            }
        }
    }

    /// All entries that may share a file with the pattern, each with its path if it has one.
    mutating func owners(overlapping glob: Glob) -> [(owner: Owner, path: String?)] {
        var found: [(owner: Owner, path: String?)] = []
        if let path = glob.literal {
            forEachOwner(of: path) { found.append(($0, path)) }
            return found
        }
        for path in Self.slice(of: pathsInOrder(), inside: glob.directory) where glob.matches(path)
        {
            forEachPathOwner(of: path) { found.append(($0, path)) }
        }
        // A directory covers everything below it, so also what the pattern matches there.
        if !glob.directory.isEmpty {
            forEachPathOwner(of: glob.directory) { found.append(($0, nil)) }
            for owner in ownersAbove(glob.directory) { found.append((owner, nil)) }
        }
        guard hasGlobs else { return found }
        var candidates = Array(Self.slice(of: directoriesInOrder(), inside: glob.directory))
        forEachDirectory(above: glob.directory) { candidates.append($0) }
        for directory in candidates {
            for index in globsOfDirectory[directory] ?? [] where globs[index].glob.overlaps(glob) {
                found.append((globs[index].owner, nil))
            }
        }
        return found
    }

    /// Calls `body` with each directory above a path, including the root (`""`).
    private func forEachDirectory(above path: String, _ body: (String) -> Void) {
        var rest = path
        while !rest.isEmpty, rest != "/" {
            rest = Glob.directory(of: rest)
            body(rest)
        }
    }

    /// Orders by bytes, with the slash before all others, so that a directory's content is
    /// contiguous.
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
