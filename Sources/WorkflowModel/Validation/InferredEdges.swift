extension Validation {
    /// The most edges that inputs and outputs may give; more is a pattern that means everything.
    static let inferredEdgeLimit = 1_000_000

    /// Reports patterns that are none; the valid ones are compiled for the checks that follow.
    mutating func compilePatterns() {
        for position in workflow.steps.indices {
            compile(workflow.steps[position].inputs, "inputs")
            compile(workflow.steps[position].outputFiles, "output_files")
            compile(workflow.steps[position].modifies, "modifies")
        }
    }

    private mutating func compile(_ patterns: [FilePattern], _ key: String) {
        for pattern in patterns where Glob.needsCompiling(pattern.text) || pattern.isExclusion {
            guard case .failure(let error) = globs.glob(pattern.path) else { continue }
            report(
                .error(
                    "`\(Self.shown(pattern.text))` in `\(key)` \(error.message)",
                    at: pattern.range, help: error.help))
        }
    }

    /// A step whose `inputs` match another's `output_files` waits for it.
    mutating func addInferredEdges() {
        guard workflow.steps.contains(where: { !$0.inputs.isEmpty }) else { return }
        var outputs = WrittenFiles()
        for position in workflow.steps.indices {
            outputs.add(workflow.steps[position].outputFiles, of: position, &globs)
        }
        guard !outputs.isEmpty else { return }
        var seen = Set<UInt64>(minimumCapacity: edges.count)
        for edge in edges { seen.insert(edge.key) }
        var producersOfPattern: [String: [WrittenFiles.Match]] = [:]
        let limit = edges.count + Self.inferredEdgeLimit
        for position in workflow.steps.indices where !workflow.steps[position].inputs.isEmpty {
            let inputs = workflow.steps[position].inputs
            let exclusions = inputs.filter(\.isExclusion)
            for (number, input) in inputs.enumerated() where !input.isExclusion {
                let matches = outputs.matches(
                    of: input.text, known: &producersOfPattern, globs: &globs)
                for match in matches {
                    let write = outputs.writes[Int(match.write)]
                    guard Int(write.step) != position else { continue }
                    if !exclusions.isEmpty,
                        isExcluded(match, writtenAs: outputs.text(of: write, in: workflow), exclusions)
                    {
                        continue
                    }
                    let edge = Edge(
                        dependency: write.step, dependent: Int32(truncatingIfNeeded: position),
                        reason: .inferred(
                            input: Int32(truncatingIfNeeded: number), output: write.pattern))
                    if seen.insert(edge.key).inserted { edges.append(edge) }
                }
                guard edges.count <= limit else {
                    reportTooManyEdges(at: input.range)
                    return
                }
            }
        }
    }

    /// A path is asked exactly; of a pattern only the same text is known to be wholly excluded.
    private mutating func isExcluded(
        _ match: WrittenFiles.Match, writtenAs text: String, _ exclusions: [FilePattern]
    ) -> Bool {
        exclusions.contains { exclusion in
            if let path = match.path { return globs.valid(exclusion.path)?.matches(path) ?? false }
            return exclusion.path == text
        }
    }

    private mutating func reportTooManyEdges(at range: SourceRange?) {
        report(
            .error(
                "`inputs` match more than \(Self.inferredEdgeLimit) outputs of other steps",
                at: range, help: "name directories in the patterns, or declare `dependencies`"))
    }
}

extension Edge {
    /// The same for all edges between the same two steps.
    var key: UInt64 {
        UInt64(UInt32(bitPattern: dependent)) << 32 | UInt64(UInt32(bitPattern: dependency))
    }
}

/// The files that steps write, ready to be asked for.
struct WrittenFiles {
    /// One pattern of one step.
    struct Write {
        var step: Int32
        /// Its number in the list that it was declared in.
        var pattern: Int32
        /// From `modifies`, not from `output_files`.
        var isModification = false
    }

    /// A write that has a file in common with what was asked for.
    struct Match {
        var write: Int32
        /// The one file, where one of the two is a path.
        var path: String?
    }

    private(set) var writes: [Write] = []
    private(set) var files = PathIndex()
    /// Patterns that are no paths, by write.
    private(set) var patterns: [(write: Int32, glob: Glob)] = []

    var isEmpty: Bool { writes.isEmpty }

    mutating func add(
        _ list: [FilePattern], of step: Int, isModification: Bool = false, _ globs: inout GlobCache
    ) {
        for (number, pattern) in list.enumerated() where !pattern.isExclusion {
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

    /// All writes that have a file in common with a path or a pattern.
    mutating func matches(
        of text: String, known: inout [String: [Match]], globs: inout GlobCache
    ) -> [Match] {
        if !Glob.needsCompiling(text) {
            let path = Glob.normalized(text)
            var found: [Match] = []
            files.forEachOwner(of: path) { found.append(Match(write: $0, path: path)) }
            return found
        }
        if let earlier = known[text] { return earlier }
        guard let glob = globs.valid(text) else { return [] }
        let found = files.owners(overlapping: glob).map { Match(write: $0.owner, path: $0.path) }
        known[text] = found
        return found
    }

    /// All writes that have a file in common with a pattern.
    mutating func owners(overlapping glob: Glob) -> [(owner: Int32, path: String?)] {
        files.owners(overlapping: glob)
    }

    /// What was written in the file.
    func text(of write: Write, in workflow: Workflow) -> String {
        let step = workflow.steps[Int(write.step)]
        let list = write.isModification ? step.modifies : step.outputFiles
        return list[Int(write.pattern)].text
    }
}
