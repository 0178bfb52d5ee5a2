import DependencyGraph

extension Validation {
    /// The largest number of pairs that are reported.
    private static let unorderedReadLimit = 10_000

    /// Pairs in which a step reads what another modifies and the graph orders neither first.
    mutating func findLooseReads(in graph: Graph<StepID>) -> [OutputConflict] {
        var written = WrittenFiles(capacity: 0)
        for position in workflow.steps.indices where !workflow.steps[position].isFinalizer {
            written.add(
                workflow.steps[position].modifies, of: position, isModification: true, &globs)
        }
        guard !written.isEmpty else { return [] }
        let taken = ExclusionList(workflow, &globs)
        var known: [String: [WrittenFiles.Match]] = [:]
        var pairs: [UInt64: OutputConflict] = [:]
        for position in workflow.steps.indices where !workflow.steps[position].isFinalizer {
            let exclusions = workflow.steps[position].inputs.filter(\.isExclusion)
            for input in workflow.steps[position].inputs where !input.isExclusion {
                let text = Glob.located(input.text, root: root)
                let matches = written.matches(of: text, known: &known, globs: &globs)
                for match in matches ?? [] {
                    let write = written.writes[Int(match.write)]
                    guard Int(write.step) != position, pairs.count < Self.unorderedReadLimit else {
                        continue
                    }
                    if let path = match.path, taken.exclude(path, from: write) { continue }
                    let pattern = written.text(of: write, in: workflow)
                    if isExcluded(match, writtenAs: pattern, exclusions) { continue }
                    let key = UInt64(position) << 32 | UInt64(UInt32(bitPattern: write.step))
                    pairs[key] = OutputConflict(
                        first: Int(write.step), second: position, path: match.path ?? pattern)
                }
            }
        }
        let all = pairs.sorted { $0.key < $1.key }.map(\.value)
        let ordered = graph.areOrdered(all.map { (Int($0.first), Int($0.second)) })
        return zip(all, ordered).filter { !$0.1 }.map(\.0)
    }
}
