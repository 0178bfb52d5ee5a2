extension Validation {
    /// The largest number of edges from inputs and outputs; more means that a pattern matches too
    /// much.
    static let inferredEdgeLimit = 1_000_000

    /// Reports invalid patterns; compiles the valid ones for the checks that follow.
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

    /// Makes each step wait for the steps whose `output_files` match its `inputs`.
    mutating func addInferredEdges() {
        guard workflow.steps.indices.contains(where: { !workflow.steps[$0].inputs.isEmpty }) else {
            return
        }
        var outputs = WrittenFiles(capacity: workflow.steps.count)
        for position in workflow.steps.indices {
            outputs.add(workflow.steps[position].outputFiles, of: position, &globs)
        }
        // The check of conflicts uses the same table.
        defer { outputFiles = outputs }
        guard !outputs.isEmpty else { return }
        let taken = ExclusionList(workflow, &globs)
        var seen = Set<UInt64>(minimumCapacity: edges.count)
        for edge in edges { seen.insert(edge.key) }
        var producersOfPattern: [String: [WrittenFiles.Match]] = [:]
        let limit = edges.count + Self.inferredEdgeLimit
        for position in workflow.steps.indices where !workflow.steps[position].inputs.isEmpty {
            let inputs = workflow.steps[position].inputs
            let exclusions = inputs.filter(\.isExclusion)
            for number in inputs.indices where !inputs[number].isExclusion {
                let input = inputs[number]
                let found = outputs.matches(
                    of: Glob.located(input.text, root: root), known: &producersOfPattern,
                    globs: &globs)
                guard let matches = found else { continue }
                for match in matches {
                    let write = outputs.writes[Int(match.write)]
                    // The output of a finalizer is for the next run.
                    guard Int(write.step) != position,
                        workflow.steps[position].isFinalizer || !isFinalizer(write.step)
                    else { continue }
                    if let path = match.path, taken.exclude(path, from: write) { continue }
                    if !exclusions.isEmpty,
                        isExcluded(
                            match, writtenAs: outputs.text(of: write, in: workflow), exclusions)
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

    /// Whether a step's list excludes it: exact for a path; a pattern only when the same text is
    /// excluded.
    mutating func isExcluded(
        _ match: WrittenFiles.Match, writtenAs text: String, _ exclusions: [FilePattern]
    ) -> Bool {
        exclusions.contains { exclusion in
            let excluded = Glob.located(exclusion.path, root: root)
            if let path = match.path { return globs.valid(excluded)?.matches(path) ?? false }
            return excluded == text
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
    /// Equal for all edges between the same two steps.
    var key: UInt64 {
        UInt64(UInt32(bitPattern: dependent)) << 32 | UInt64(UInt32(bitPattern: dependency))
    }
}
