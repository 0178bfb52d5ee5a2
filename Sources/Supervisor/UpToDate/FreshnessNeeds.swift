import DependencyGraph
import Execution
import WorkflowModel

/// What a step needs of others: files of steps, and answers of tools.
extension FreshnessLook {
    /// What a step needs of the files of others.
    mutating func needs(of step: Int) -> [StepNeed] {
        var needs: [StepNeed] = []
        for dependency in plan.resolved.graph.dependencies(of: step) {
            guard let patterns = outputPatterns(of: dependency) else { continue }
            let owners = self.owners ?? OutputOwners(plan.resolved.workflow.steps)
            self.owners = owners
            needs.append(StepNeed(dependency, patterns, owners))
        }
        return needs
    }

    mutating func unknownNeeds(of step: Int) -> [DueCause.Detail] {
        plan.resolved.graph.dependencies(of: step).compactMap { dependency in
            product(of: dependency) == nil ? DueCause.Detail(id(of: dependency)) : nil
        }
    }

    /// The tools of a step that gave no answer: nobody knows whether they are what they were.
    func silentTools(of step: Int) -> DueCause? {
        guard !answers.silent.isEmpty, plan.resolved.workflow.steps[step].hasGating else {
            return nil
        }
        let details = plan.resolved.workflow.steps[step].gating.tools.compactMap { tool in
            answers.silent[Array(tool.utf8)].map { DueCause.Detail(tool, change: $0) }
        }
        return details.isEmpty ? nil : DueCause(.toolSilent, details)
    }
}

extension InputLook {
    /// What of it could not be read.
    var unreadable: [DueCause.Detail] {
        files.filter { $0.seenAt == 0 }.map { .init($0.content.name) }
    }
}
