import DependencyGraph
import Execution
import FileState
import WorkflowModel

/// What a step needs of others: files of steps, and answers of tools.
extension UpToDateChecker {
    /// What a step needs of the files of others.
    mutating func needs(of step: Int) -> [DependencyOutputs] {
        var needs: [DependencyOutputs] = []
        for dependency in plan.resolved.graph.dependencies(of: step) {
            guard let patterns = outputPatterns(of: dependency) else { continue }
            let owners = self.owners ?? OutputWriters(plan.resolved.workflow.steps)
            self.owners = owners
            needs.append(DependencyOutputs(dependency, patterns, owners))
        }
        return needs
    }

    mutating func unknownNeeds(of step: Int) -> [RunReason.Detail] {
        plan.resolved.graph.dependencies(of: step).compactMap { dependency in
            product(of: dependency) == nil ? RunReason.Detail(id(of: dependency)) : nil
        }
    }

    /// The tools of a step that gave no answer: nobody knows whether they are what they were.
    func silentTools(of step: Int) -> RunReason? {
        guard !answers.silent.isEmpty, plan.resolved.workflow.steps[step].hasGating else {
            return nil
        }
        let details = plan.resolved.workflow.steps[step].gating.tools.compactMap { tool in
            answers.silent[Array(tool.utf8)].map { RunReason.Detail(tool, change: $0) }
        }
        return details.isEmpty ? nil : RunReason(.toolSilent, details)
    }
}

extension FileSnapshot {
    /// What of it could not be read.
    var unreadable: [RunReason.Detail] {
        files.filter { $0.observedAt == 0 }.map { .init($0.content.name) }
    }
}
