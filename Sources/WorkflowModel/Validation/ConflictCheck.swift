import DependencyGraph

extension Validation {
    /// The most pairs that are kept apart one by one.
    static let conflictLimit = 500_000
    /// Up to so many writers of one file every pair is asked for at once.
    private static let smallGroup = 32

    /// Steps that write the same file, and that the graph does not order.
    mutating func findConflicts(in graph: Graph<StepID>) -> [OutputConflict] {
        var written = takeWrittenFiles()
        let shared = written.files.sharedPaths
        let directories = written.files.sharedDirectories
        guard !shared.isEmpty || !written.patterns.isEmpty || !directories.isEmpty else {
            return []
        }
        let exclusions = ExclusionList(workflow, &globs)
        var pairs = WriterPairs()
        var ranks: [Int]?
        for (path, owners) in shared.sorted(by: { $0.path < $1.path }) {
            let steps = uniqueSteps(owners, path: path, written, exclusions)
            if steps.count > Self.smallGroup {
                let rank = ranks ?? Self.ranks(in: graph)
                ranks = rank
                if Self.formChain(steps, rank, graph) { continue }
            }
            for (number, first) in steps.enumerated() {
                for second in steps[(number + 1)...] { pairs.add(first, second, path: path) }
                if pairs.count > Self.conflictLimit { return reportTooManyConflicts(path) }
            }
        }
        for directory in directories {
            for (owner, path) in written.files.ownersBelow(directory) {
                // Patterns find directories by themselves.
                guard let path else { continue }
                let inner = written.writes[Int(owner)]
                for owner in written.files.owners(of: directory) {
                    let outer = written.writes[Int(owner)]
                    guard outer.step != inner.step, !exclusions.exclude(path, from: outer),
                        !exclusions.exclude(path, from: inner)
                    else { continue }
                    pairs.add(outer.step, inner.step, path: path)
                }
            }
            if pairs.count > Self.conflictLimit { return reportTooManyConflicts(directory) }
        }
        for (number, glob) in written.patterns {
            let write = written.writes[Int(number)]
            let text = written.text(of: write, in: workflow)
            for (owner, path) in written.owners(overlapping: glob) {
                let other = written.writes[Int(owner)]
                guard other.step != write.step else { continue }
                if let path,
                    exclusions.exclude(path, from: write) || exclusions.exclude(path, from: other)
                {
                    continue
                }
                pairs.add(write.step, other.step, path: path ?? text)
            }
            if pairs.count > Self.conflictLimit { return reportTooManyConflicts(text) }
        }
        return pairs.unordered(in: graph)
    }

    /// All files that steps write, those of the inferred edges where there are no others.
    private mutating func takeWrittenFiles() -> WrittenFiles {
        let modifies = workflow.steps.indices.contains { !workflow.steps[$0].modifies.isEmpty }
        if !modifies, let outputs = outputFiles {
            outputFiles = nil
            return outputs
        }
        var written = WrittenFiles(capacity: workflow.steps.count)
        for position in workflow.steps.indices {
            written.add(workflow.steps[position].outputFiles, of: position, &globs)
            written.add(
                workflow.steps[position].modifies, of: position, isModification: true, &globs)
        }
        return written
    }

    /// Writers of one path, each once, in declaration order.
    private func uniqueSteps(
        _ owners: [Int32], path: String, _ written: WrittenFiles, _ exclusions: ExclusionList
    ) -> [Int32] {
        var steps: [Int32] = []
        for owner in owners.sorted() {
            let write = written.writes[Int(owner)]
            if !exclusions.exclude(path, from: write) { steps.append(write.step) }
        }
        return Array(Set(steps)).sorted()
    }

    private static func ranks(in graph: Graph<StepID>) -> [Int] {
        var ranks = [Int](repeating: 0, count: graph.count)
        for (rank, node) in graph.topologicalOrder().enumerated() { ranks[node] = rank }
        return ranks
    }

    /// Whether the graph puts all of them in one line: then no two conflict.
    private static func formChain(
        _ steps: [Int32], _ ranks: [Int], _ graph: Graph<StepID>
    ) -> Bool {
        let line = steps.map(Int.init).sorted { ranks[$0] < ranks[$1] }
        return graph.areOrdered(Array(zip(line, line.dropFirst()))).allSatisfy { $0 }
    }

    private mutating func reportTooManyConflicts(_ path: String) -> [OutputConflict] {
        report(
            .error(
                "more than \(Self.conflictLimit) pairs of steps write the same file "
                    + "(`\(Self.shown(path))` among them)",
                help: "order them by `dependencies`, or give them a resource and leave the "
                    + "file out of their outputs"))
        return []
    }
}

/// Pairs of steps that write the same file, each once, with the first file found.
private struct WriterPairs {
    private var pairs: [(first: Int32, second: Int32, path: String)] = []
    private var seen = Set<UInt64>()

    var count: Int { pairs.count }

    mutating func add(_ a: Int32, _ b: Int32, path: String) {
        let first = min(a, b)
        let second = max(a, b)
        let key = UInt64(UInt32(bitPattern: first)) << 32 | UInt64(UInt32(bitPattern: second))
        if seen.insert(key).inserted { pairs.append((first, second, path)) }
    }

    func unordered(in graph: Graph<StepID>) -> [OutputConflict] {
        let ordered = graph.areOrdered(pairs.map { (Int($0.first), Int($0.second)) })
        return zip(pairs, ordered).filter { !$0.1 }.map { pair, _ in
            OutputConflict(first: Int(pair.first), second: Int(pair.second), path: pair.path)
        }.sorted { ($0.first, $0.second) < ($1.first, $1.second) }
    }
}
