/// Directories, each with those above it, the root (`""`) included.
struct DirectorySet {
    private var table = PathTable()
    /// One bit for each path length modulo 64: rules out most paths that are no directory.
    private var lengths: UInt64 = 0
    private var last = ""

    var isEmpty: Bool { table.paths.isEmpty }

    /// Adds the directory that a path lies in.
    mutating func insertParents(of path: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return insert("") }
        // Files of one directory tend to follow each other.
        if !last.isEmpty, last.utf8.elementsEqual(path.utf8[..<slash]) { return }
        last = String(path[..<slash])
        insert(last)
    }

    /// Adds a directory.
    mutating func insert(_ directory: String) {
        var directory = directory
        while table.insert(0, for: directory) {
            lengths |= Self.bit(of: directory)
            if directory.isEmpty || directory == "/" { return }
            directory = Glob.directory(of: directory)
        }
    }

    func contains(_ path: String) -> Bool {
        lengths & Self.bit(of: path) != 0 && table[path] != nil
    }

    private static func bit(of path: String) -> UInt64 { 1 << UInt64(path.utf8.count & 63) }
}
