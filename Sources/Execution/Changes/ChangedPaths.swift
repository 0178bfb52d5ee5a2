public import WorkflowModel

/// A path of the project that differs from a revision.
public struct ChangedPath: Hashable, Sendable {
    /// How it differs; the raw values appear in output for people and programs.
    public enum Change: String, Hashable, Sendable {
        case edited, new, removed
    }

    /// Relative to the project root; bytes, not text.
    public var bytes: [UInt8]
    /// How it differs.
    public var change: Change
    /// It is a nested repository, whose files are not listed individually.
    public var isRepository: Bool

    /// A path that differs.
    public init(_ bytes: [UInt8], _ change: Change, isRepository: Bool = false) {
        self.bytes = bytes
        self.change = change
        self.isRepository = isRepository
    }

    /// The path as text, for matching patterns; invalid UTF-8 is repaired.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The path as it is shown and recorded; unique for each path.
    public var name: String { DisplayText.fileName(bytes) }
}

/// The files that a step is known to read, without reading the disk.
public struct ReadPatterns: Sendable {
    /// Patterns of files that count.
    public var included: [Glob]
    /// Patterns of files that do not count although they are included.
    public var excluded: [Glob]
    /// Its own script, and the scripts that its command names.
    public var scripts: [String]
    /// Its declared outputs, which are not inputs.
    public var own: OutputPatterns?

    /// Patterns and scripts.
    public init(
        included: [Glob], excluded: [Glob] = [], scripts: [String] = [],
        own: OutputPatterns? = nil
    ) {
        self.included = included
        self.excluded = excluded
        self.scripts = scripts
        self.own = own
    }

    fileprivate func exclude(_ path: String) -> Bool {
        excluded.contains { $0.matches(path) } || own?.mean(path) ?? false
    }

    /// A pattern that leads out of the project, where git cannot report changes.
    public var outside: String? {
        included.first { glob in
            glob.text.hasPrefix("/") || glob.text == ".." || glob.text.hasPrefix("../")
                || glob.text.contains("/../")
        }?.text
    }
}

/// Everything in a project that differs from a revision, indexed for lookups.
public struct ChangedPaths: Sendable {
    /// The revision as the user named it.
    public let revision: String
    /// In byte order, each once.
    public let paths: [ChangedPath]
    /// The ``ChangedPath/text`` of each path.
    public let texts: [String]
    /// Keyed by bytes: texts that Unicode treats as equal can be different files.
    private let places: [[UInt8]: Int]
    private let repositories: [(place: Int, below: Glob)]

    /// The paths that differ from a revision, in any order.
    public init(since revision: String, _ paths: [ChangedPath]) {
        self.revision = revision
        var sorted = paths.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        var last: [UInt8]?
        sorted.removeAll { path in
            defer { last = path.bytes }
            return path.bytes == last
        }
        self.paths = sorted
        texts = sorted.map(\.text)
        places = Dictionary(
            sorted.enumerated().map { ($1.bytes, $0) }, uniquingKeysWith: { first, _ in first })
        let texts = texts
        repositories = sorted.indices.filter { sorted[$0].isRepository }.compactMap { place in
            (try? Glob(Glob.escaped(texts[place]) + "/**")).map { (place, $0) }
        }
    }

    /// Indices into ``paths`` of what a step reads, ascending.
    ///
    /// A changed directory, link or repository above a path that is read counts as a change of that
    /// path.
    public func touched(by reads: ReadPatterns) -> [Int] {
        guard !paths.isEmpty else { return [] }
        var found = Set<Int>()
        for script in reads.scripts {
            if let place = places[Array(script.utf8)] { found.insert(place) }
            found.formUnion(above(script))
        }
        for glob in reads.included {
            if let literal = glob.literal {
                add(literal: literal, of: reads, to: &found)
            } else {
                add(glob, of: reads, to: &found)
            }
        }
        return found.sorted()
    }

    /// Adds a path without wildcards, and everything below it.
    private func add(literal: String, of reads: ReadPatterns, to found: inout Set<Int>) {
        if let place = places[Array(literal.utf8)], !reads.exclude(texts[place]) {
            found.insert(place)
        }
        found.formUnion(above(literal))
        for place in below(literal) where !reads.exclude(texts[place]) { found.insert(place) }
    }

    private func add(_ glob: Glob, of reads: ReadPatterns, to found: inout Set<Int>) {
        for place in below(glob.directory)
        where glob.matches(texts[place]) && !reads.exclude(texts[place]) {
            found.insert(place)
        }
        if !glob.directory.isEmpty {
            if let place = places[Array(glob.directory.utf8)] { found.insert(place) }
            found.formUnion(above(glob.directory))
        }
        for (place, below) in repositories where below.overlaps(glob) { found.insert(place) }
    }

    /// The changes of directories on the way to a path.
    private func above(_ path: String) -> [Int] {
        var found: [Int] = []
        for slash in path.utf8.indices where path.utf8[slash] == UInt8(ascii: "/") {
            if let place = places[Array(path.utf8[..<slash])] { found.append(place) }
        }
        return found
    }

    /// The changes below a directory; all changes for the root.
    private func below(_ directory: String) -> Range<Int> {
        guard !directory.isEmpty else { return paths.indices }
        let prefix = Array(directory.utf8) + [UInt8(ascii: "/")]
        let first = firstPlace { !$0.lexicographicallyPrecedes(prefix) }
        // `0` follows `/`.
        let end = Array(directory.utf8) + [UInt8(ascii: "0")]
        return first..<max(first, firstPlace { !$0.lexicographicallyPrecedes(end) })
    }

    /// The first index from which on a condition holds.
    private func firstPlace(where holds: ([UInt8]) -> Bool) -> Int {
        var (low, high) = (0, paths.count)
        while low < high {
            let middle = (low + high) / 2
            if holds(paths[middle].bytes) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension Glob {
    /// A pattern that matches only this path.
    static func escaped(_ path: String) -> String {
        var text = ""
        for scalar in path.unicodeScalars {
            if "*?[]{},\\!".unicodeScalars.contains(scalar) { text += "\\" }
            text.unicodeScalars.append(scalar)
        }
        return text
    }
}
