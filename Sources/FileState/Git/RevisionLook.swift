public import Execution
import Platform
import WorkflowModel

/// Looks at steps for a comparison with a revision, and writes nothing.
public struct RevisionLook {
    private let plan: RunPlan
    private let root: String
    /// Steps that change files in place, and run; with what they change.
    private var modifiers: [(index: Int, globs: [Glob])] = []

    /// For the steps of a plan.
    ///
    /// - Parameters:
    ///   - plan: Says what starts them.
    ///   - root: The project root, absolute.
    public init(plan: RunPlan, root: String) {
        self.plan = plan
        self.root = root
        for (index, step) in plan.resolved.workflow.steps.enumerated()
        where plan.selected[index] && !step.modifies.isEmpty {
            let patterns = step.modifies.map(\.text).filter { !$0.hasPrefix("!") }
            modifiers.append((index, patterns.compactMap { try? Glob($0) }))
        }
    }

    /// The outputs of a step that another one changes in place, each with the id of that step.
    public func modifiedOutputs(of step: Int) -> [RunReason.Detail] {
        let texts = plan.resolved.workflow.steps[step].outputFiles.map(\.text)
        guard !modifiers.isEmpty, !texts.isEmpty,
            let patterns = try? InputPatterns(texts, written: [])
        else { return [] }
        let entries = FileScanner.entries(of: patterns, root: root) ?? []
        return entries.compactMap { entry in
            let path = String(decoding: entry.path, as: UTF8.self)
            return modifiers.first { index, globs in
                index != step && globs.contains { $0.covers(path) }
            }.map {
                RunReason.Detail(
                    DisplayText.fileName(entry.path),
                    change: plan.resolved.workflow.steps[$0.index].id.rawValue)
            }
        }
    }

    /// What a step reads: what it declares, and its script.
    public func reads(of step: Int) -> ReadPatterns {
        let patterns = InputPatterns(of: step, plan: plan, root: root)
        return ReadPatterns(
            included: patterns.included, excluded: patterns.excluded, scripts: patterns.scripts,
            own: patterns.own)
    }

    /// The outputs that a step declares and that are not there, as declared.
    public func missingOutputs(of step: Int) -> [String] {
        let declared = plan.resolved.workflow.steps[step].outputFiles.map(\.text)
        guard !declared.isEmpty else { return [] }
        let exclusions = declared.filter { $0.hasPrefix("!") }
        return declared.filter { !$0.hasPrefix("!") && !isThere($0, except: exclusions) }
    }

    private func isThere(_ pattern: String, except exclusions: [String]) -> Bool {
        // What is no pattern was refused when the workflow was read.
        guard
            let patterns = try? InputPatterns(
                [pattern] + exclusions, written: [], followsLinks: false)
        else {
            return false
        }
        if let path = patterns.included.first?.literal {
            guard !patterns.excluded.contains(where: { $0.matches(Glob.normalized(path)) }) else {
                return false
            }
            var facts = stat()
            return InputPath.with(root, Array(path.utf8)) { stat($0, &facts) } == 0
        }
        return FileScanner.entries(of: patterns, root: root)?.isEmpty == false
    }
}

extension Glob {
    /// Whether a path is meant, or lies below a directory that is.
    fileprivate func covers(_ path: String) -> Bool {
        matches(path) || literal.map { path.hasPrefix($0 + "/") } == true
    }
}
