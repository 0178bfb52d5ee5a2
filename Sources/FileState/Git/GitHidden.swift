import Platform

/// Tracked files whose changes git does not report: those with `skip-worktree` or `assume-unchanged`,
/// those that were touched and are the same only after a filter, and those that were edited within
/// the second in which git had last looked, since it compares times by seconds.
package struct GitHidden {
    /// A file that has to be looked at.
    package struct Candidate {
        /// Within the repository.
        package var path: [UInt8]
        /// Relative to the project root; nil where it is not UTF-8.
        package var name: String?
        package var mode: String
        /// What the index has.
        package var id: String
        package var reason: Reason
    }

    /// Why a file has to be looked at.
    package enum Reason {
        /// `assume-unchanged`.
        case assumed
        /// `skip-worktree`: it may have been left out of the work tree on purpose.
        case skipped
        /// It looks otherwise than the index has it.
        case touched
        /// Its times differ from the index by less than git compares.
        case doubtful
    }

    /// What can be told without git.
    package enum State {
        case same, gone, changed, unknown
        /// A link, with its text.
        case link([UInt8])
    }

    package private(set) var candidates: [Candidate] = []
    private let prefix: [UInt8]

    /// The tracked files whose content nobody has asked about yet, with the times in the index.
    private var plain:
        [(path: [UInt8], mode: ArraySlice<UInt8>, id: ArraySlice<UInt8>, times: [Int])] =
            []

    /// Takes what `ls-files -v -s --debug -z` says: a letter, mode, id and stage, the path, and lines
    /// with what the index has of the file.
    init(tracked output: [UInt8], prefix: [UInt8]) {
        self.prefix = prefix
        for var record in output.split(separator: 0) {
            // What belongs to the file before comes with the next one.
            while record.starts(with: "  ".utf8) {
                let end = record.firstIndex(of: UInt8(ascii: "\n")) ?? record.endIndex
                note(record[..<end])
                record = record[end...].dropFirst()
            }
            guard let tag = record.first, tag != UInt8(ascii: "M"),
                let tab = record.firstIndex(of: UInt8(ascii: "\t"))
            else { continue }
            let fields = record[..<tab].split(separator: UInt8(ascii: " "))
            guard fields.count == 4 else { continue }
            // Paths are relative to where git was asked, and whole in all other lists.
            let path = prefix + record[record.index(after: tab)...]
            if tag == UInt8(ascii: "H") {
                plain.append((path, fields[1], fields[2], []))
            } else {
                let isSkipped = tag == UInt8(ascii: "S") || tag == UInt8(ascii: "s")
                add(path, mode: fields[1], id: fields[2], isSkipped ? .skipped : .assumed)
                // Takes the lines that follow, which are not needed.
                plain.append((path, [], [], []))
            }
        }
    }

    /// Takes a line of what the index has of a file, of which only the two times count.
    private mutating func note(_ line: ArraySlice<UInt8>) {
        let fields = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: ":") }
        guard let last = plain.indices.last, fields.count == 3,
            fields[0].elementsEqual("ctime".utf8) || fields[0].elementsEqual("mtime".utf8)
        else { return }
        plain[last].times += fields[1...].map { Int(String(decoding: $0, as: UTF8.self)) ?? -1 }
    }

    /// Adds what does not look as the index has it, of which git has said nothing.
    mutating func addDoubtful(in root: String, known: GitEntries) {
        let asked = Set(candidates.map(\.path))
        for (path, mode, id, times) in plain
        where times.count == 4 && !asked.contains(path) && !known.tell(of: path) {
            let bytes = Array(path.dropFirst(prefix.count))
            var facts = stat()
            guard InputPath.with(root, bytes, { lstat($0, &facts) }) == 0,
                facts.st_mode & S_IFMT == S_IFREG
            else { continue }
            // Seconds are kept in 32 bits.
            let seen = [facts.changed, facts.modified].flatMap {
                [Int(UInt32(truncatingIfNeeded: $0.tv_sec)), $0.tv_nsec]
            }
            if seen != times { add(path, mode: mode, id: id, .doubtful) }
        }
    }

    /// Takes what `diff-files --raw -z` says: what looks otherwise than the index has it, of which
    /// nothing has been said although it was compared.
    mutating func addTouched(_ output: [UInt8], known: GitEntries) {
        for (path, fields) in GitEntries.raw(output) where !known.tell(of: path) {
            add(path, mode: fields[0], id: fields[2], .touched)
        }
    }

    private mutating func add(
        _ path: [UInt8], mode: ArraySlice<UInt8>, id: ArraySlice<UInt8>, _ reason: Reason
    ) {
        guard path.starts(with: prefix) else { return }
        candidates.append(
            Candidate(
                path: path, name: String(validating: path.dropFirst(prefix.count), as: UTF8.self),
                mode: String(decoding: mode, as: UTF8.self),
                id: String(decoding: id, as: UTF8.self), reason: reason))
    }
}

extension GitHidden.Candidate {
    /// What the file itself tells; its content is for git to hash.
    ///
    /// Files may have been left out of the work tree only where it is sparse.
    package func state(in root: String, isSparse: Bool) -> GitHidden.State {
        guard let name else { return .changed }
        var facts = stat()
        guard lstat("\(root)/\(name)", &facts) == 0 else {
            return reason == .skipped && isSparse ? .same : .gone
        }
        // A repository of its own is looked into by git all the same.
        if mode == "160000" { return .same }
        let isLink = facts.st_mode & S_IFMT == S_IFLNK
        guard isLink == (mode == "120000"), isLink || facts.st_mode & S_IFMT == S_IFREG else {
            return .changed
        }
        // A link's content is its text; `hash-object` would follow it.
        guard !isLink else { return .link(SymbolicLink.bytes(of: "\(root)/\(name)") ?? []) }
        // Git has compared it.
        if reason == .doubtful { return .unknown }
        return (mode == "100755") == (facts.st_mode & 0o100 != 0) ? .unknown : .changed
    }
}
