public import DependencyGraph
public import WorkflowModel

/// What has changed, by class, and which steps each class touches.
public struct ChangeSummary: Sendable {
    /// One class with changed files.
    public struct Class: Sendable {
        /// Its name.
        public var name: String
        /// Places in ``ChangedPaths/paths``, ascending.
        public var paths: [Int] = []
        /// Steps that read one of them, or whose script is one.
        public var steps: [Int] = []
        /// Further steps that depend on one of ``steps``.
        public var dependents: [Int] = []
    }

    /// In the order in which classes are asked; those without a changed file are left out.
    public let classes: [Class]
    /// The kind of the change as a whole, such as `docs-only` or `mixed`.
    public let kind: String
    /// Steps that declare no `inputs`: what touches them is not known.
    public let undeclared: [Int]

    /// Sorts what has changed.
    ///
    /// - Parameters:
    ///   - changes: What differs from a revision.
    ///   - classes: Which file belongs where.
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
