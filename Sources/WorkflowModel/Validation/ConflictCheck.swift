import DependencyGraph

extension Validation {
    /// The largest number of pairs kept apart one by one.
    static let conflictLimit = 500_000
    /// For at most this many writers of one file, every pair is compared in one batch.
    private static let smallGroup = 32

    /// Pairs of steps that write the same file: those that the graph does not order, and ordered
    /// ones that both declare it as an output.
    mutating func findConflicts(
        in graph: Graph<StepID>
    ) -> (conflicts: [OutputConflict], rewrites: [OutputConflict]) {
        var written = takeWrittenFiles()
        let shared = written.files.sharedPaths
        let directories = written.files.sharedDirectories
        guard !shared.isEmpty || !written.patterns.isEmpty || !directories.isEmpty else {
            return ([], [])
        }
        let exclusions = ExclusionList(workflow, &globs)
        var pairs = WriterPairs(Self.ranks(in: graph))
        for (path, owners) in shared.sorted(by: { $0.path < $1.path }) {
            let writes = owners.map { written.writes[Int($0)] }.filter {
                !exclusions.exclude(path, from: $0)
            }
            if writes.count > Self.smallGroup, pairs.addChain(writes, path: path, graph) {
                continue
            }
            for (number, first) in writes.enumerated() {
                for second in writes[(number + 1)...] { pairs.add(first, second, path: path) }
                if pairs.count > Self.conflictLimit { return reportTooManyConflicts(path) }
            }
        }
        for directory in directories {
            let outer = written.files.owners(of: directory).map { written.writes[Int($0)] }
            for (owner, path) in written.files.ownersBelow(directory) {
                // Patterns are matched with directories elsewhere.
                guard let path else { continue }
                let inner = written.writes[Int(owner)]
                for outer in outer { pairs.add(outer, inner, path: path, exclusions) }
            }
            if pairs.count > Self.conflictLimit { return reportTooManyConflicts(directory) }
        }
        for (number, glob) in written.patterns {
            let write = written.writes[Int(number)]
            let text = written.text(of: write, in: workflow)
            for (owner, path) in written.owners(overlapping: glob) {
                let other = written.writes[Int(owner)]
                if let path {
                    pairs.add(write, other, path: path, exclusions)
                } else {
                    pairs.add(write, other, path: text)
                }
            }
            if pairs.count > Self.conflictLimit { return reportTooManyConflicts(text) }
        }
        return pairs.sorted(by: graph)
    }

    /// All files that steps write; reuses those of the inferred edges if they were computed.
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

    static func ranks(in graph: Graph<StepID>) -> [Int] {
        var ranks = [Int](repeating: 0, count: graph.count)
        for (rank, node) in graph.topologicalOrder().enumerated() { ranks[node] = rank }
        return ranks
    }

    private mutating func reportTooManyConflicts(
        _ path: String
    ) -> (conflicts: [OutputConflict], rewrites: [OutputConflict]) {
        report(
            .error(
                "more than \(Self.conflictLimit) pairs of steps write the same file "
                    + "(`\(Self.shown(path))` among them)",
                help: "order them by `dependencies`, or give them a resource and leave the "
                    + "file out of their outputs"))
        return ([], [])
    }
}

/// Pairs of steps that write the same file, each once, with the first file found.
private struct WriterPairs {
    private struct Pair {
        var first: Int32
        var second: Int32
        var path: String
        /// The first file that both declare as an output.
        var output: String?
    }

    private var pairs: [Pair] = []
    private var places: [UInt64: Int] = [:]
    /// Neighbours in a chain of ordered writers.
    private var chained: [OutputConflict] = []
    /// The position of each step in a total order.
    private let ranks: [Int]

    init(_ ranks: [Int]) { self.ranks = ranks }

    var count: Int { pairs.count }

    mutating func add(
        _ a: WrittenFiles.Write, _ b: WrittenFiles.Write, path: String, _ exclusions: ExclusionList
    ) {
        guard !exclusions.exclude(path, from: a), !exclusions.exclude(path, from: b) else { return }
        add(a, b, path: path)
    }

    mutating func add(_ a: WrittenFiles.Write, _ b: WrittenFiles.Write, path: String) {
        guard a.step != b.step else { return }
        let first = min(a.step, b.step)
        let second = max(a.step, b.step)
        let key = UInt64(UInt32(bitPattern: first)) << 32 | UInt64(UInt32(bitPattern: second))
        let output = a.isModification || b.isModification ? nil : path
        if let place = places[key] {
            if pairs[place].output == nil { pairs[place].output = output }
        } else {
            places[key] = pairs.count
            pairs.append(Pair(first: first, second: second, path: path, output: output))
        }
    }

    /// Adds the neighbours in a chain of many writers; false when the graph does not order them in
    /// one.
    mutating func addChain(
        _ writes: [WrittenFiles.Write], path: String, _ graph: Graph<StepID>
    ) -> Bool {
        let line = Set(writes.map { Int($0.step) }).sorted { ranks[$0] < ranks[$1] }
        guard graph.areOrdered(Array(zip(line, line.dropFirst()))).allSatisfy({ $0 }) else {
            return false
        }
        let outputs = Set(writes.filter { !$0.isModification }.map { Int($0.step) })
        let writers = line.filter { outputs.contains($0) }
        chained += zip(writers, writers.dropFirst()).map {
            OutputConflict(first: $0, second: $1, path: path)
        }
        return true
    }

    /// The unordered pairs, and the ordered pairs that both declare the file as an output.
    func sorted(
        by graph: Graph<StepID>
    ) -> (conflicts: [OutputConflict], rewrites: [OutputConflict]) {
        let ordered = graph.areOrdered(pairs.map { (Int($0.first), Int($0.second)) })
        var (conflicts, rewrites) = ([OutputConflict](), chained)
        for (pair, isOrdered) in zip(pairs, ordered) {
            let (first, second) = (Int(pair.first), Int(pair.second))
            guard isOrdered else {
                conflicts.append(OutputConflict(first: first, second: second, path: pair.path))
                continue
            }
            guard let path = pair.output else { continue }
            rewrites.append(
                ranks[first] < ranks[second]
                    ? OutputConflict(first: first, second: second, path: path)
                    : OutputConflict(first: second, second: first, path: path))
        }
        func isBefore(_ a: OutputConflict, _ b: OutputConflict) -> Bool {
            (a.first, a.second) < (b.first, b.second)
        }
        return (conflicts.sorted(by: isBefore), rewrites.sorted(by: isBefore))
    }
}
