/// The files that steps write, indexed for lookups.
struct WrittenFiles {
    /// One pattern of one step.
    struct Write {
        var step: Int32
        /// Its position in the list that declares it.
        var pattern: Int32
        /// It is from `modifies`, not from `output_files`.
        var isModification = false
    }

    /// A write that has a file in common with the path or pattern asked for.
    struct Match {
        var write: Int32
        /// The common file, when one of the two is a path.
        var path: String?
    }

    private(set) var writes: [Write] = []
    var files = PathIndex()
    /// The patterns that are not plain paths, by write.
    private(set) var patterns: [(write: Int32, glob: Glob)] = []

    var isEmpty: Bool { writes.isEmpty }

    init(capacity: Int) {
        writes.reserveCapacity(capacity)
        files.reserve(capacity)
    }

    mutating func add(
        _ list: [FilePattern], of step: Int, isModification: Bool = false, _ globs: inout GlobCache
    ) {
        for number in list.indices where !list[number].isExclusion {
            let pattern = list[number]
            let owner = Int32(truncatingIfNeeded: writes.count)
            writes.append(
                Write(
                    step: Int32(truncatingIfNeeded: step),
                    pattern: Int32(truncatingIfNeeded: number), isModification: isModification))
            guard Glob.needsCompiling(pattern.text) else {
                files.add(path: Glob.normalized(pattern.text), owner: owner)
                continue
            }
            guard let glob = globs.valid(pattern.text) else { continue }
            if let path = glob.literal {
                files.add(path: path, owner: owner)
            } else {
                files.add(glob, owner: owner)
                patterns.append((owner, glob))
            }
        }
    }

    /// All writes that have a file in common with a path or a pattern; nil for none.
    ///
    /// A path may be a directory, and then covers everything below it.
    mutating func matches(
        of text: String, known: inout [String: [Match]], globs: inout GlobCache
    ) -> [Match]? {
        if !Glob.needsCompiling(text) {
            let path = Glob.normalized(text)
            // Most inputs are no step's output.
            guard files.mayHaveOwner(of: path) else { return nil }
            var found: [Match] = []
            files.forEachOwner(of: path) { found.append(Match(write: $0, path: path)) }
            for owner in files.ownersAbove(path) { found.append(Match(write: owner, path: path)) }
            for (owner, below) in files.ownersBelow(path) {
                found.append(Match(write: owner, path: below))
            }
            return found
        }
        if let earlier = known[text] { return earlier }
        guard let glob = globs.valid(text) else { return nil }
        let found = files.owners(overlapping: glob).map { Match(write: $0.owner, path: $0.path) }
        known[text] = found
        return found
    }

    /// All writes that have a file in common with a pattern.
    mutating func owners(overlapping glob: Glob) -> [(owner: Int32, path: String?)] {
        files.owners(overlapping: glob)
    }

    /// The text of the pattern in the file.
    func text(of write: Write, in workflow: Workflow) -> String {
        let step = workflow.steps[Int(write.step)]
        let list = write.isModification ? step.modifies : step.outputFiles
        return list[Int(write.pattern)].text
    }
}

/// Paths that steps exclude from their own outputs with `!`.
struct ExclusionList {
    private var globsOfList: [Int: [Glob]] = [:]

    init(_ workflow: Workflow, _ globs: inout GlobCache) {
        for position in workflow.steps.indices {
            if !workflow.steps[position].outputFiles.isEmpty {
                add(workflow.steps[position].outputFiles, to: position * 2, &globs)
            }
            if !workflow.steps[position].modifies.isEmpty {
                add(workflow.steps[position].modifies, to: position * 2 + 1, &globs)
            }
        }
    }

    private mutating func add(_ list: [FilePattern], to key: Int, _ globs: inout GlobCache) {
        for number in list.indices where list[number].isExclusion {
            let pattern = list[number]
            guard let glob = globs.valid(pattern.path) else { continue }
            globsOfList[key, default: []].append(glob)
        }
    }

    /// Whether the list of a pattern excludes a path again.
    func exclude(_ path: String, from write: WrittenFiles.Write) -> Bool {
        guard !globsOfList.isEmpty else { return false }
        let key = Int(write.step) * 2 + (write.isModification ? 1 : 0)
        return globsOfList[key]?.contains { $0.matches(path) } ?? false
    }
}
