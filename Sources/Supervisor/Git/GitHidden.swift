#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Tracked files whose changes git keeps to itself: those with `skip-worktree` or `assume-unchanged`,
/// and those that were touched and are the same only after a filter.
struct GitHidden {
    /// A file that has to be looked at.
    struct Candidate {
        /// Within the repository.
        var path: [UInt8]
        /// Relative to the project root; nil where it is not UTF-8.
        var name: String?
        var mode: String
        /// What the index has.
        var id: String
        /// Whether it was left out of the work tree on purpose, as in a sparse checkout.
        var maySkip: Bool
    }

    /// What can be told without git.
    enum State { case same, gone, changed, unknown }

    private(set) var candidates: [Candidate] = []
    private let prefix: [UInt8]

    /// Takes what `ls-files -v -s -z` says: a letter, mode, id and stage, and the path.
    init(flagged output: [UInt8], prefix: [UInt8]) {
        self.prefix = prefix
        for record in output.split(separator: 0) {
            guard let tag = record.first, tag != UInt8(ascii: "H"), tag != UInt8(ascii: "M"),
                let tab = record.firstIndex(of: UInt8(ascii: "\t"))
            else { continue }
            let fields = record[..<tab].split(separator: UInt8(ascii: " "))
            guard fields.count == 4 else { continue }
            // Paths are relative to where git was asked, and whole in all other lists.
            let path = prefix + record[record.index(after: tab)...]
            let isSkipped = tag == UInt8(ascii: "S") || tag == UInt8(ascii: "s")
            add(path, mode: fields[1], id: fields[2], maySkip: isSkipped)
        }
    }

    /// Takes what `diff-files --raw -z` says: what looks otherwise than the index has it, of which
    /// nothing has been said although it was compared.
    mutating func addTouched(_ output: [UInt8], known: GitEntries) {
        var facts: ArraySlice<UInt8>?
        for record in output.split(separator: 0) {
            guard let told = facts else {
                facts = record
                continue
            }
            facts = nil
            let fields = told.dropFirst().split(separator: UInt8(ascii: " "))
            guard fields.count >= 5, !known.tell(of: Array(record)) else { continue }
            add(Array(record), mode: fields[0], id: fields[2], maySkip: false)
        }
    }

    private mutating func add(
        _ path: [UInt8], mode: ArraySlice<UInt8>, id: ArraySlice<UInt8>, maySkip: Bool
    ) {
        guard path.starts(with: prefix) else { return }
        candidates.append(
            Candidate(
                path: path, name: String(validating: path.dropFirst(prefix.count), as: UTF8.self),
                mode: String(decoding: mode, as: UTF8.self),
                id: String(decoding: id, as: UTF8.self), maySkip: maySkip))
    }
}

extension GitHidden.Candidate {
    /// What the file itself tells; its content is for git to hash.
    func state(in root: String) -> GitHidden.State {
        guard let name else { return .changed }
        var facts = stat()
        guard lstat("\(root)/\(name)", &facts) == 0 else { return maySkip ? .same : .gone }
        // A repository of its own is looked into by git all the same.
        if mode == "160000" { return .same }
        let isLink = facts.st_mode & S_IFMT == S_IFLNK
        guard isLink == (mode == "120000"), isLink || facts.st_mode & S_IFMT == S_IFREG else {
            return .changed
        }
        // A link's text is what it leads to, which `hash-object` would follow.
        guard !isLink else { return .changed }
        return (mode == "100755") == (facts.st_mode & 0o100 != 0) ? .unknown : .changed
    }
}
