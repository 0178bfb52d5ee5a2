package import Execution

/// What git says of one path, as far as it tells whether the path differs from a revision.
package struct GitEntry: Hashable {
    /// Whether the revision has it; nil where that was not said.
    var isInRevision: Bool?
    /// Whether it is there now; nil where that was not said.
    package var isThere: Bool?
    var isRepository = false
    /// What the revision has, where the index has something else.
    var revisionObject: (mode: String, id: String)?
    /// The mode in the work tree, where that differs from the index.
    var workMode: String?

    package static func == (a: GitEntry, b: GitEntry) -> Bool {
        a.isInRevision == b.isInRevision && a.isThere == b.isThere
            && a.isRepository == b.isRepository && a.workMode == b.workMode
            && a.revisionObject?.id == b.revisionObject?.id
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(isInRevision)
        hasher.combine(isThere)
    }

    /// How it differs; nil where it neither was nor is there.
    package var change: ChangedPath.Change? {
        switch (isInRevision ?? true, isThere ?? true) {
        case (true, true): .edited
        case (false, true): .new
        case (true, false): .removed
        case (false, false): nil
        }
    }
}

/// Reads the two lists from which follows what differs from a revision.
///
/// They are index against revision, and work tree against index; neither asks for anything to be
/// written.
struct GitEntries {
    package private(set) var entries: [[UInt8]: GitEntry] = [:]
    /// What was found to be as the revision has it.
    private var settled: Set<[UInt8]> = []

    private static let repositoryMode = "160000"
    private static let nothing = "000000"

    /// Splits what `--raw -z` lists: for each path two modes, two ids and a letter.
    package static func raw(
        _ output: [UInt8]
    ) -> [(path: [UInt8], fields: [ArraySlice<UInt8>])] {
        let records = output.split(separator: 0)
        return stride(from: 1, to: records.count, by: 2).compactMap { index in
            let fields = records[index - 1].dropFirst().split(separator: UInt8(ascii: " "))
            return fields.count >= 5 ? (Array(records[index]), fields) : nil
        }
    }

    /// Takes what `diff-index --cached --raw -z` says.
    mutating func addRaw(_ output: [UInt8]) {
        for (path, fields) in GitEntries.raw(output) {
            let modes = fields[0...1].map { String(decoding: $0, as: UTF8.self) }
            var entry = entries[path] ?? GitEntry()
            entry.isInRevision = modes[0] != Self.nothing
            if entry.isThere == nil { entry.isThere = modes[1] != Self.nothing }
            // Unmerged: the other list knows more.
            if fields[4].first == UInt8(ascii: "U") {
                (entry.isInRevision, entry.isThere) = (nil, nil)
            }
            if modes.contains(Self.repositoryMode) { entry.isRepository = true }
            entry.revisionObject = (modes[0], String(decoding: fields[2], as: UTF8.self))
            entries[path] = entry
        }
    }

    /// Takes what `status --porcelain=v2 -z` says, of which only the work tree's part counts.
    mutating func addStatus(_ output: [UInt8]) {
        var isOrigin = false
        for record in output.split(separator: 0) {
            if isOrigin {
                isOrigin = false
                set(record) { $0.isThere = false }
                continue
            }
            switch record.first {
            case UInt8(ascii: "1"): addTracked(record, fields: 8)
            case UInt8(ascii: "u"): addTracked(record, fields: 10)
            case UInt8(ascii: "2"):
                addTracked(record, fields: 9)
                isOrigin = true
            case UInt8(ascii: "?"): addUntracked(record.dropFirst(2))
            default: break
            }
        }
    }

    private mutating func addTracked(_ record: ArraySlice<UInt8>, fields count: Int) {
        let fields = record.split(separator: UInt8(ascii: " "), maxSplits: count)
        guard fields.count == count + 1 else { return }
        let state = Array(fields[1])
        // The second letter tells of the work tree; a `.` that it is as the index has it.
        guard state.count == 2, state[1] != UInt8(ascii: ".") || count == 10 else { return }
        let modes = fields[3..<(count == 10 ? 7 : 6)].map { String(decoding: $0, as: UTF8.self) }
        let isAdded = state[1] == UInt8(ascii: "A") && count != 10
        set(fields[count]) { entry in
            entry.workMode = modes.last
            entry.isThere = modes.last != Self.nothing
            if isAdded { entry.isInRevision = entry.isInRevision ?? false }
            if modes.contains(Self.repositoryMode) { entry.isRepository = true }
        }
    }

    private mutating func addUntracked(_ path: ArraySlice<UInt8>) {
        let isRepository = path.last == UInt8(ascii: "/")
        set(isRepository ? path.dropLast() : path) { entry in
            entry.isThere = true
            entry.isInRevision = entry.isInRevision ?? false
            if isRepository { entry.isRepository = true }
        }
    }

    private mutating func set(_ path: ArraySlice<UInt8>, _ change: (inout GitEntry) -> Void) {
        change(&entries[Array(path), default: GitEntry()])
    }

    /// Files that may be as the revision has them, each with the id of what that is.
    ///
    /// They differ from the index, and the index from the revision.
    var doubtful: [(path: [UInt8], id: String)] {
        entries.compactMap { path, entry in
            guard let object = entry.revisionObject, let mode = entry.workMode,
                mode == object.mode, mode.hasPrefix("100")
            else { return nil }
            return (path, object.id)
        }
    }

    /// Notes a file of which git was told to say nothing.
    mutating func setHidden(_ path: [UInt8], isThere: Bool) {
        set(path[...]) { $0.isThere = isThere }
    }

    /// Whether anything was said of a path.
    package func tell(of path: [UInt8]) -> Bool { entries[path] != nil || settled.contains(path) }

    /// What the revision has of a file, where the index has something else of the same kind.
    func revisionObject(of path: [UInt8], mode: String) -> String? {
        entries[path]?.revisionObject.flatMap { $0.mode == mode ? $0.id : nil }
    }

    /// Forgets a path that was found to be as the revision has it.
    package mutating func remove(_ path: [UInt8]) {
        entries[path] = nil
        settled.insert(path)
    }

    /// What differs below a directory of the repository (its name and a `/`, or nothing), relative to it.
    package func paths(below prefix: [UInt8]) -> [ChangedPath] {
        entries.compactMap { path, entry in
            guard path.starts(with: prefix), path.count > prefix.count, let change = entry.change
            else { return nil }
            let own = Array(path[prefix.count...])
            let isOurs = own.split(separator: UInt8(ascii: "/")).contains {
                $0.elementsEqual(ReservedNames.state.utf8)
            }
            return isOurs ? nil : ChangedPath(own, change, isRepository: entry.isRepository)
        }
    }
}
