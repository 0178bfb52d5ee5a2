public import DependencyGraph
public import WorkflowModel

/// The changes by class, and the steps that each class affects.
public struct ChangeSummary: Sendable {
    /// One class with changed files.
    public struct Class: Sendable {
        /// Its name.
        public var name: String
        /// Indices into ``ChangedPaths/paths``, ascending.
        public var paths: [Int] = []
        /// Steps that read one of the paths, or whose script is one.
        public var steps: [Int] = []
        /// Further steps that depend on one of ``steps``.
        public var dependents: [Int] = []
    }

    /// In the order in which classes are tried; classes without a changed file are left out.
    public let classes: [Class]
    /// The kind of the change as a whole, such as `docs-only` or `mixed`.
    public let kind: String
    /// Steps that declare no `inputs`: which changes affect them is unknown.
    public let undeclared: [Int]

    /// Sorts the changes.
    ///
    /// - Parameters:
    ///   - changes: The differences from a revision.
    ///   - classes: The classes of files.
    ///   - graph: The workflow.
    ///   - reads: What a step reads.
    public init(
        _ changes: ChangedPaths, classes: ChangeClasses, graph: Graph<StepID>,
        reads: (Int) -> ReadPatterns
    ) {
        var found: [String: Class] = [:]
        let names = changes.texts.map { classes.name(of: $0) }
        for (place, name) in names.enumerated() {
            found[name, default: Class(name: name)].paths.append(place)
        }
        var undeclared: [Int] = []
        for step in 0..<graph.count {
            let patterns = reads(step)
            if patterns.included.isEmpty { undeclared.append(step) }
            for name in Set(changes.touched(by: patterns).map { names[$0] }) {
                found[name]?.steps.append(step)
            }
        }
        for name in found.keys {
            guard let steps = found[name]?.steps, !steps.isEmpty else { continue }
            let direct = Set(steps)
            let all = graph.descendants(of: steps)
            found[name]?.dependents = (0..<graph.count).filter {
                all.contains($0) && !direct.contains($0)
            }
        }
        self.classes = classes.names.compactMap { found[$0] }
        self.undeclared = undeclared
        kind = ChangeClasses.kind(of: Set(names))
    }
}
