import SystemCalls
import WorkflowModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How much may be looked at before somebody else has to do it.
struct InputBudget: Sendable {
    /// Names in directories and files to be looked at.
    var names: Int
    /// Bytes to be read.
    var bytes: Int64

    static let unlimited = InputBudget(names: .max, bytes: .max)
}

/// Finds the files that a step reads: one pass over the directories that its patterns name.
///
/// Links are not followed on the way down and depth is bounded, so that no loop holds it; nothing
/// is opened but directories. The state directory and `.git` are never entered unless a pattern
/// begins there.
struct InputScan {
    private let root: String
    private let patterns: InputPatterns
    private var budget: Int
    private var entries: [InputEntry] = []
    private(set) var isOverBudget = false

    /// Deeper than this is taken to be unreadable.
    private static let mostDirectories = 200

    private init(_ patterns: InputPatterns, root: String, budget: Int) {
        self.patterns = patterns
        self.root = root
        self.budget = budget
    }

    /// The files, sorted by path and each once; nil when the budget did not suffice.
    static func entries(
        of patterns: InputPatterns, root: String, budget: Int = .max
    ) -> [InputEntry]? {
        var scan = InputScan(patterns, root: root, budget: budget)
        for script in patterns.scripts { scan.add(path: script) }
        for glob in patterns.included { scan.add(glob) }
        if scan.isOverBudget { return nil }
        guard scan.entries.count > 1 else { return scan.entries }
        scan.entries.sort { $0.path.lexicographicallyPrecedes($1.path) }
        var last: [UInt8]?
        scan.entries.removeAll { entry in
            defer { last = entry.path }
            return entry.path == last
        }
        return scan.entries
    }

    private mutating func add(_ glob: Glob) {
        guard let path = glob.literal else {
            enter(Array(glob.directory.utf8), depth: glob.depth)
            return
        }
        if !patterns.excluded.contains(where: { $0.matches(path) }) { add(path: path) }
    }

    /// Adds what is there under a name; a directory with all that is in it.
    private mutating func add(path: String) {
        let bytes = Array(path.utf8)
        guard let facts = look(at: bytes) else { return }
        entries.append(InputEntry(path: bytes, facts: facts))
        if facts.kind == .directory { enter(bytes, depth: nil, takesAll: true) }
    }

    /// What a path is; nil where there is nothing.
    private mutating func look(at path: [UInt8]) -> InputFacts? {
        budget -= 1
        if budget < 0 { isOverBudget = true }
        var facts = stat()
        guard InputPath.with(root, path, { lstat($0, &facts) }) != 0 else {
            return InputFacts(facts)
        }
        return errno == ENOENT || errno == ENOTDIR ? nil : InputFacts(unreadable: errno)
    }

    /// Goes through a directory and those in it.
    private mutating func enter(_ start: [UInt8], depth: Int?, takesAll: Bool = false) {
        var open = [(path: start, level: 0)]
        while let (path, level) = open.popLast(), !isOverBudget {
            guard level < InputScan.mostDirectories else {
                entries.append(InputEntry(path: path, facts: InputFacts(unreadable: ELOOP)))
                continue
            }
            for (name, isDirectory) in names(in: path) {
                let child = path.isEmpty ? name : path + [UInt8(ascii: "/")] + name
                if isPrivate(name, in: path) { continue }
                let text = String(decoding: child, as: UTF8.self)
                let isMeant =
                    takesAll
                    ? !patterns.excluded.contains { $0.matches(text) } : patterns.mean(text)
                var goesOn = isDirectory
                if isMeant || isDirectory == nil {
                    guard let facts = look(at: child) else { continue }
                    goesOn = facts.kind == .directory
                    if isMeant { entries.append(InputEntry(path: child, facts: facts)) }
                }
                if goesOn == true, depth.map({ level < $0 }) ?? true,
                    !patterns.excludeAll(below: text)
                {
                    open.append((child, level + 1))
                }
            }
        }
    }

    /// What is in a directory, each with whether it is one where the file system tells.
    private mutating func names(in path: [UInt8]) -> [(name: [UInt8], isDirectory: Bool?)] {
        guard let directory = InputPath.with(root, path, { opendir($0) }) else {
            if errno != ENOENT && errno != ENOTDIR {
                entries.append(InputEntry(path: path, facts: InputFacts(unreadable: errno)))
            }
            return []
        }
        defer { closedir(directory) }
        var names: [(name: [UInt8], isDirectory: Bool?)] = []
        while let entry = readdir(directory) {
            let type = Int32(entry.pointee.d_type)
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name == Array(".".utf8) || name == Array("..".utf8) { continue }
            budget -= 1
            names.append((name, type == Int32(DT_UNKNOWN) ? nil : type == Int32(DT_DIR)))
        }
        if budget < 0 { isOverBudget = true }
        return names
    }

    /// The state directory changes all the time, and so does what git keeps for itself.
    private func isPrivate(_ name: [UInt8], in directory: [UInt8]) -> Bool {
        name.elementsEqual(StateDirectory.name.utf8) || name.elementsEqual(".git".utf8)
    }
}

/// Paths for system calls, made of bytes.
enum InputPath {
    /// Calls with the absolute path of something in a project.
    static func with<Result>(
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
