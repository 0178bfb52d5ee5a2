public import WorkflowModel

/// A path of the project that differs from a revision.
public struct ChangedPath: Hashable, Sendable {
    /// How it differs; the raw values are the words that people and programs read.
    public enum Change: String, Hashable, Sendable {
        case edited, new, removed
    }

    /// Relative to the project root; bytes, not text.
    public var bytes: [UInt8]
    /// How it differs.
    public var change: Change
    /// It is a repository of its own, whose files are not told apart.
    public var isRepository: Bool

    /// A path that differs.
    public init(_ bytes: [UInt8], _ change: Change, isRepository: Bool = false) {
        self.bytes = bytes
        self.change = change
        self.isRepository = isRepository
    }

    /// The path as patterns are matched with it; what is not UTF-8 is repaired.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The path as it is shown and recorded, no two alike.
    public var name: String { DisplayText.fileName(bytes) }
}

/// Files that a step is known to read, before anybody has looked for them.
public struct ReadPatterns: Sendable {
    /// Patterns of what counts.
    public var included: [Glob]
    /// Patterns of what does not count although it is included.
    public var excluded: [Glob]
    /// Its own script, and the scripts that its command names.
    public var scripts: [String]
    /// What it declares to write, which is no input of it.
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

    /// A pattern that leads out of the project, where no list of its changes can tell.
    public var outside: String? {
        included.first { glob in
            glob.text.hasPrefix("/") || glob.text == ".." || glob.text.hasPrefix("../")
                || glob.text.contains("/../")
        }?.text
    }
}

/// Everything in a project that differs from a revision, ready to be asked about.
public struct ChangedPaths: Sendable {
    /// The revision as the user named it.
    public let revision: String
    /// In the order of their bytes, each once.
    public let paths: [ChangedPath]
    /// ``ChangedPath/text`` of each.
    public let texts: [String]
    /// By bytes: texts that Unicode takes for the same are different files.
    private let places: [[UInt8]: Int]
    private let repositories: [(place: Int, below: Glob)]

    /// What differs from a revision, in any order.
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

    /// Places in ``paths`` of what a step reads, ascending.
    ///
    /// A changed directory, link or repository above a path that is read counts as a change of it.
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

    /// A path that nothing varies in, with all below it.
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

    /// What changed of the directories that a path leads through.
    private func above(_ path: String) -> [Int] {
        var found: [Int] = []
        for slash in path.utf8.indices where path.utf8[slash] == UInt8(ascii: "/") {
            if let place = places[Array(path.utf8[..<slash])] { found.append(place) }
        }
        return found
    }

    /// What lies below a directory; everything for the root.
    private func below(_ directory: String) -> Range<Int> {
        guard !directory.isEmpty else { return paths.indices }
        let prefix = Array(directory.utf8) + [UInt8(ascii: "/")]
        let first = firstPlace { !$0.lexicographicallyPrecedes(prefix) }
        // `0` follows `/`.
        let end = Array(directory.utf8) + [UInt8(ascii: "0")]
        return first..<max(first, firstPlace { !$0.lexicographicallyPrecedes(end) })
    }

    /// The first place from which on something holds.
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
    /// A pattern that matches this path alone.
    static func escaped(_ path: String) -> String {
        var text = ""
        for scalar in path.unicodeScalars {
            if "*?[]{},\\!".unicodeScalars.contains(scalar) { text += "\\" }
            text.unicodeScalars.append(scalar)
        }
        return text
    }
}
