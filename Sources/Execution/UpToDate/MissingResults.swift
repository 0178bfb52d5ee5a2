public import DependencyGraph
public import WorkflowModel

extension SkipPlan {
    /// Has steps run whose results are not here, and that the condition of a step that runs asks for.
    ///
    /// - Parameters:
    ///   - graph: The workflow.
    ///   - selected: Which steps are meant.
    ///   - asked: The steps whose results the condition of a step names.
    ///   - isMissing: Whether what a step wrote, if it wrote anything, is not here.
    public mutating func demandResults(
        graph: Graph<StepID>, selected: [Bool], asked: (Int) -> [Int], isMissing: (Int) -> Bool
    ) {
        var running = due.keys.sorted().filter { selected[$0] }
        while let step = running.popLast() {
            for named in asked(step) where upToDate[named] != nil && isMissing(named) {
                upToDate[named] = nil
                let id = graph.nodes[step].rawValue
                due[named] = [RunReason(.resultMissing, [.init(id)])]
                running.append(named)
                running += dependents(of: named, graph: graph, selected: selected)
            }
        }
    }

    /// What now needs a step that runs, and did not run for itself; each is due from here on.
    private mutating func dependents(
        of step: Int, graph: Graph<StepID>, selected: [Bool]
    ) -> [Int] {
        var found: [Int] = []
        var open = [(step, step)]
        var seen: Set<Int> = []
        while let (next, needed) = open.popLast() {
            for dependent in graph.dependents(of: next) where seen.insert(dependent).inserted {
                guard selected[dependent] else {
                    open.append((dependent, needed))
                    continue
                }
                if usesCache { waiting.insert(dependent) }
                guard upToDate.removeValue(forKey: dependent) != nil else { continue }
                due[dependent] = [RunReason(.dependencyRuns, [.init(graph.nodes[needed].rawValue)])]
                found.append(dependent)
                open.append((dependent, dependent))
            }
        }
        return found
    }
}

extension ResolvedWorkflow {
    /// The steps whose results, beside their status, the condition of a step names.
    public func resultsAsked(by step: Int) -> [Int] {
        (conditions[step]?.references ?? []).compactMap { reference in
            reference.isStatus ? nil : graph.index(of: StepID(reference.step))
        }
    }
}
