import Execution
import Platform
import Processes
import SystemCalls
import WorkflowModel

/// How much may be looked at before somebody else has to do it.
package struct InputBudget: Sendable {
    /// Names in directories and files to be looked at.
    package var names: Int
    /// Bytes to be read.
    package var bytes: Int64

    /// With all that it holds.
    package init(
        names: Int, bytes: Int64
    ) {
        self.names = names
        self.bytes = bytes
    }

    package static let unlimited = InputBudget(names: .max, bytes: .max)
}

/// Finds the files that a step reads: one pass over the directories that its patterns name.
///
/// Links are not followed on the way down and depth is bounded, so that no loop holds it; nothing
/// is opened but directories. A link is one entry, with what it leads to. The state directory and
/// `.git` are never entered unless a pattern begins there.
package struct FileScanner {
    private let root: String
    private let patterns: InputPatterns
    private var budget: Int
    private var entries: [InputEntry] = []
    /// Directories that were listed, and paths where nothing was, each as it was before.
    private var places: [FileRecord] = []
    private(set) var isOverBudget = false
    /// What is known of directories; nil where each is read anew.
    private var listings: DirectoryListings?

    /// Deeper than this is taken to be unreadable.
    private static let maxDirectories = 200

    private init(
        _ patterns: InputPatterns, root: String, budget: Int, _ listings: DirectoryListings?
    ) {
        self.listings = listings
        self.patterns = patterns
        self.root = root
        self.budget = budget
    }

    /// The files, sorted by path and each once; nil when the budget did not suffice.
    package static func entries(
        of patterns: InputPatterns, root: String, budget: Int = .max
    ) -> [InputEntry]? {
        var none: DirectoryListings?
        return entries(of: patterns, root: root, budget: budget, listings: &none)
    }

    /// The same with what is known of directories, and learnt of them.
    package static func entries(
        of patterns: InputPatterns, root: String, budget: Int,
        listings: inout DirectoryListings?
    ) -> [InputEntry]? {
        scan(for: patterns, root: root, budget: budget, listings: &listings)?.entries
    }

    /// The same, and where they were looked for.
    static func scan(
        for patterns: InputPatterns, root: String, budget: Int,
        listings: inout DirectoryListings?
    ) -> (entries: [InputEntry], places: [FileRecord])? {
        var scan = FileScanner(patterns, root: root, budget: budget, listings)
        // Handed on and taken back, so that it is never copied.
        listings = nil
        defer { listings = scan.listings }
        for script in patterns.scripts { scan.add(path: script) }
        for glob in patterns.included { scan.add(glob) }
        if scan.isOverBudget { return nil }
        guard scan.entries.count > 1 else { return (scan.entries, scan.places) }
        scan.entries.sort { $0.path.lexicographicallyPrecedes($1.path) }
        return (scan.entries.withoutRepetitions, scan.places)
    }

    private mutating func add(_ glob: Glob) {
        guard let path = glob.literal else {
            let rest = glob.prefix.utf8.dropFirst(glob.directory.utf8.count)
            let directory = Array(glob.directory.utf8)
            guard !InputPath.isState(directory) else { return }
            addTop(of: glob)
            enter(
                directory, depth: glob.depth,
                beginning: Array(rest.first == UInt8(ascii: "/") ? rest.dropFirst() : rest))
            return
        }
        if !patterns.excluded.contains(where: { $0.matches(path) }) { add(path: path) }
    }

    /// Of a pattern for all below a directory, that directory: an empty one is not a missing one.
    private mutating func addTop(of glob: Glob) {
        guard patterns.followsLinks, !glob.directory.isEmpty, glob.directory != "/",
            glob.text.hasSuffix("/") || glob.text.hasSuffix("/**"),
            !patterns.excluded.contains(where: { $0.matches(glob.directory) }),
            !patterns.areNotAbout(glob.directory, isDirectory: true)
        else { return }
        var facts = stat()
        let path = Array(glob.directory.utf8)
        guard InputPath.with(root, path, { lstat($0, &facts) }) == 0,
            facts.st_mode & S_IFMT == S_IFDIR
        else { return }
        budget -= 1
        entries.append(InputEntry(path: path, facts: FileStamp(facts)))
    }

    /// Adds what is there under a name; a directory with all that is in it.
    private mutating func add(path: String) {
        let bytes = Array(path.utf8)
        guard !InputPath.isState(bytes), !patterns.areNotAbout(path),
            let entry = look(at: bytes, .whole)
        else { return }
        entries.append(entry)
        if entry.facts.kind == .directory { enter(bytes, depth: nil, takesAll: true) }
    }

    /// What a path is; nil where there is nothing, or a link to nothing that counts.
    private mutating func look(at path: [UInt8], _ rule: LinkRule) -> InputEntry? {
        budget -= 1
        if budget < 0 { isOverBudget = true }
        if let stamp = listings?.stamp(of: path), stamp.kind != .link {
            guard stamp.isAbsent else { return InputEntry(path: path, facts: stamp) }
            places.append(FileRecord(place: path, stamp))
            return nil
        }
        var facts = stat()
        guard InputPath.with(root, path, { lstat($0, &facts) }) == 0 else {
            let stamp = FileStamp(unreadable: errno)
            guard stamp.isAbsent else { return InputEntry(path: path, facts: stamp) }
            places.append(FileRecord(place: path, stamp))
            return nil
        }
        guard facts.st_mode & S_IFMT == S_IFLNK else {
            return InputEntry(path: path, facts: FileStamp(facts))
        }
        let entry = isOverBudget ? nil : follow(path, facts, rule)
        if entry == nil { places.append(FileRecord(place: path, FileStamp(facts))) }
        return entry
    }

    private mutating func follow(_ path: [UInt8], _ facts: stat, _ rule: LinkRule) -> InputEntry? {
        let limit = min(budget, SymlinkWalker.maxNames)
        do throws(SymlinkError) {
            let walk = try SymlinkWalker(
                path, facts, root: root, patterns: patterns, rule: rule, limit: limit)
            budget -= limit - walk.left
            guard walk.hasFound else { return nil }
            var entry = InputEntry(path: path, facts: FileStamp(walk.parts))
            entry.link = InputEntry.Link(rule: rule, count: walk.parts.count)
            if !patterns.written.isEmpty {
                entry.link?.signature = walk.signature
            }
            return entry
        } catch {
            if error.isOverLimit, limit == budget { isOverBudget = true }
            return InputEntry(path: path, facts: FileStamp(unreadable: error.code))
        }
    }

    /// Goes through a directory and those in it.
    private mutating func enter(
        _ start: [UInt8], depth: Int?, beginning: [UInt8] = [], takesAll: Bool = false
    ) {
        var open = [(path: start, level: 0)]
        while let (path, level) = open.popLast(), !isOverBudget {
            guard level < FileScanner.maxDirectories else {
                entries.append(InputEntry(path: path, facts: FileStamp(unreadable: ELOOP)))
                continue
            }
            let beginning = level == 0 ? beginning : []
            for (name, type) in names(in: path, beginning: beginning) {
                let child = path.isEmpty ? name : path + [UInt8(ascii: "/")] + name
                if InputPath.isSkipped(name) { continue }
                let text = String(decoding: child, as: UTF8.self)
                let isMeant =
                    takesAll
                    ? !patterns.excluded.contains { $0.matches(text) } : patterns.mean(text)
                let isAtEnd = depth.map { level >= $0 } ?? false
                let rule = rule(for: text, isMeant: isMeant, isAtEnd: isAtEnd, takesAll: takesAll)
                if patterns.areNotAbout(text) {
                    // An exclusion from the outputs may leave something below that is read.
                    let isLeft = type != Int32(DT_DIR) && type != Int32(DT_UNKNOWN)
                    if isLeft || patterns.own?.haveAll(below: text) ?? true { continue }
                }
                var goesOn = type == Int32(DT_DIR)
                if isMeant || type == Int32(DT_UNKNOWN) || (type == Int32(DT_LNK) && rule != nil) {
                    guard let entry = look(at: child, rule ?? .file) else { continue }
                    goesOn = entry.facts.kind == .directory
                    if patterns.areNotAbout(text, isDirectory: goesOn) {
                        if !goesOn || isAtEnd { continue }
                    } else if isMeant || entry.link != nil && rule != nil {
                        entries.append(entry)
                    }
                }
                if goesOn, !isAtEnd, !patterns.excludeAll(below: text) {
                    open.append((child, level + 1))
                }
            }
        }
    }

    /// How a name counts that may be one of a link; nil where a link does not.
    private func rule(
        for path: String, isMeant: Bool, isAtEnd: Bool, takesAll: Bool
    ) -> LinkRule? {
        guard patterns.followsLinks else { return isMeant ? .file : nil }
        if isMeant { return .whole }
        // A walk would have gone on there, if it were a directory.
        guard !isAtEnd, !patterns.excludeAll(below: path) else { return nil }
        return takesAll ? .below : patterns.mayMean(below: path) ? .meant : nil
    }

    /// What is in a directory and begins so, each with its type where the file system tells.
    private mutating func names(
        in path: [UInt8], beginning: [UInt8]
    ) -> ArraySlice<DirectoryListings.Name> {
        if let known = listings?[path] {
            count(known.names.count)
            places.append(known.place)
            return known.names.beginning(with: beginning)
        }
        let place = FileRecord(listing: path, root: root)
        places.append(place)
        guard let directory = InputPath.with(root, path, { opendir($0) }) else {
            if errno != ENOENT && errno != ENOTDIR {
                entries.append(InputEntry(path: path, facts: FileStamp(unreadable: errno)))
            }
            return []
        }
        defer { closedir(directory) }
        var names: [DirectoryListings.Name] = []
        while let entry = readdir(directory) {
            let type = Int32(entry.pointee.d_type)
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name == Array(".".utf8) || name == Array("..".utf8) { continue }
            names.append((name, type))
        }
        count(names.count)
        guard listings != nil else {
            return beginning.isEmpty
                ? names[...] : names.filter { $0.name.starts(with: beginning) }[...]
        }
        names.sort { $0.name.lexicographicallyPrecedes($1.name) }
        listings?.keep(names, of: path, place)
        return names.beginning(with: beginning)
    }

    private mutating func count(_ names: Int) {
        budget -= names
        if budget < 0 { isOverBudget = true }
    }
}

extension FileRecord {
    /// Where a file was looked for, and none that counts was found.
    fileprivate init(place path: [UInt8], _ stamp: FileStamp) {
        self.init(path: path, facts: stamp, digest: .zero, observedAt: 0)
    }

    /// A directory that is listed next: what changes in it from here on changes its stamp.
    fileprivate init(listing path: [UInt8], root: String) {
        let now = RunClock.wallTime().microseconds &* 1000
        var facts = stat()
        var isReliable = true
        let error = InputPath.with(root, path) { name -> Int32 in
            guard lstat(name, &facts) == 0 else { return errno }
            isReliable = stepvisor_directory_times_hold(name) == 1
            return 0
        }
        // As if it had been too young, where its times prove nothing.
        self.init(
            path: path.isEmpty ? [UInt8(ascii: ".")] : path,
            facts: error == 0 ? FileStamp(facts) : FileStamp(unreadable: error), digest: .zero,
            observedAt: isReliable ? now : 0)
    }
}

extension [InputEntry] {
    /// Sorted entries, each path once: of a link the one with more of what it leads to.
    fileprivate var withoutRepetitions: [InputEntry] {
        var result: [InputEntry] = []
        result.reserveCapacity(count)
        for entry in self {
            guard let last = result.last, last.path == entry.path else {
                result.append(entry)
                continue
            }
            // Of a directory that cannot be listed its own directory says no more than that it is there.
            if entry.facts.kind == .unreadable {
                result[result.count - 1] = entry
            } else if let old = last.link?.rule, let new = entry.link?.rule,
                new.rawValue > old.rawValue
            {
                result[result.count - 1] = entry
            }
        }
        return result
    }
}

/// Paths for system calls, made of bytes.
package enum InputPath {
    /// Whether a name in a directory never counts: the state directory changes all the time, and so
    /// does what git keeps for itself.
    static func isSkipped(_ name: [UInt8]) -> Bool {
        guard name.first == UInt8(ascii: ".") else { return false }
        return [".", "..", ".git", ReservedNames.state].contains { name.elementsEqual($0.utf8) }
    }

    /// Whether a path leads into the state directory of a project.
    package static func isState(_ path: [UInt8]) -> Bool {
        path.contains(UInt8(ascii: "."))
            && path.split(separator: UInt8(ascii: "/")).contains {
                $0.elementsEqual(ReservedNames.state.utf8)
            }
    }

    /// Calls with the absolute path of something in a project.
    package static func with<Result>(
        _ root: String, _ path: [UInt8], _ body: (UnsafePointer<CChar>) -> Result
    ) -> Result {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(root.utf8.count + path.count + 2)
        if path.first != UInt8(ascii: "/") {
            bytes += root.utf8
            bytes.append(UInt8(ascii: "/"))
        }
        bytes += path
        bytes.append(0)
        return bytes.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { pointer in
                // The buffer is never empty: it ends in a zero byte.
                pointer.baseAddress.map(body) ?? "".withCString(body)
            }
        }
    }
}
