import DependencyGraph
import WorkflowModel

extension RunPlan {
    /// The indices of the steps that would be parallel with others of their phase; empty for a run
    /// that is parallel already.
    ///
    /// Such a step has another step in its phase that is in the run, is parallel safe too, does not
    /// conflict with it, and can hold its resources at the same time. Finalizers share one phase,
    /// in which each waits for its dependencies.
    public var wouldBeParallel: [Int] {
        stages.filter { $0.count > 1 }.flatMap { parallel(among: $0) }.sorted()
    }

    /// The same as sets of steps, phase by phase; all steps of a set could run at the same time.
    ///
    /// Each candidate is in at least one set; two that exclude each other are never in the same. At
    /// most `limit` sets are made, since each compares every step of its phase.
    public func parallelSets(atMost limit: Int) -> [[Int]] {
        var sets: [[Int]] = []
        for stage in stages.sorted(by: { $0.first ?? 0 < $1.first ?? 0 }) where stage.count > 1 {
            let steps = parallel(among: stage)
            var left = steps
            while let first = left.first, sets.count < limit {
                var set = together([first], left.dropFirst())
                if set.count == 1 { set = together(set, steps[...]) }
                sets.append(set.sorted())
                let taken = Set(set)
                left.removeAll { taken.contains($0) }
            }
        }
        return sets
    }

    /// Extends a set greedily with the others that can run together with every step in it.
    private func together(_ set: [Int], _ others: ArraySlice<Int>) -> [Int] {
        var set = set
        var used: [Int32: Int] = [:]
        var excluded: Set<Int32> = []
        func add(_ step: Int) {
            for claim in claims[step] { used[claim.resource, default: 0] += Int(claim.units) }
            for conflict in conflicts[step] { excluded.insert(conflict.step) }
        }
        set.forEach(add)
        for step in others {
            guard step != set[0], !excluded.contains(Int32(truncatingIfNeeded: step)),
                claims[step].allSatisfy({
                    used[$0.resource, default: 0] + Int($0.units)
                        <= resources[Int($0.resource)].capacity
                })
            else { continue }
            set.append(step)
            add(step)
        }
        return set
    }

    /// The candidates grouped so that none waits for another of its group.
    private var stages: [[Int]] {
        guard mode == .sequential else { return [] }
        let ranks = finalizerRanks
        var stages: [Stage: [Int]] = [:]
        for step in selected.indices where couldShareTime(step) {
            let stage = Stage(
                task: resolved.workflow.steps[step].task, phase: phases[step],
                rank: ranks[step] ?? 0)
            stages[stage, default: []].append(step)
        }
        return Array(stages.values)
    }

    /// Steps of which none waits for another.
    private struct Stage: Hashable {
        var task: Int
        var phase: Int32
        var rank: Int32
    }

    /// For each finalizer, the length of the longest chain of finalizers before it.
    private var finalizerRanks: [Int: Int32] {
        let finalizers = selected.indices.filter { isFinalizer($0) }
        guard finalizers.count > 1 else { return [:] }
        var ranks: [Int: Int32] = [:]
        for step in resolved.graph.topologicalOrder() where isFinalizer(step) {
            let before = resolved.graph.dependencies(of: step).lazy.compactMap { ranks[$0] }
            ranks[step] = (before.max() ?? -1) + 1
        }
        return ranks
    }

    private func couldShareTime(_ step: Int) -> Bool {
        selected[step] && doneEarlier[step] == nil && !isUpToDate(step)
            && !traits[step].contains(.runsAlone)
    }

    /// The steps of a phase that could be parallel with another.
    private func parallel(among steps: [Int]) -> [Int] {
        // A resource that only one step takes excludes no other step. Without those, steps take few
        // different sets of resources, and steps with equal sets need one test.
        var takers: [Int32: Int] = [:]
        for step in steps { for claim in claims[step] { takers[claim.resource, default: 0] += 1 } }
        var sets: [[ResourceClaim]: [Int]] = [:]
        for step in steps {
            sets[claims[step].filter { takers[$0.resource, default: 0] > 1 }, default: []]
                .append(step)
        }
        return steps.filter { step in
            let own = claims[step].filter { takers[$0.resource, default: 0] > 1 }
            return sets.contains { others, members in
                canShare(own, others) && hasPeer(step, among: members)
            }
        }
    }

    private func canShare(_ own: [ResourceClaim], _ others: [ResourceClaim]) -> Bool {
        others.allSatisfy { other in
            guard let claim = own.first(where: { $0.resource == other.resource }) else {
                return true
            }
            return Int(claim.units) + Int(other.units)
                <= resources[Int(other.resource)].capacity
        }
    }

    private func hasPeer(_ step: Int, among members: [Int]) -> Bool {
        let conflicting = conflicts[step]
        // More members than it conflicts with, plus itself: at least one is neither.
        guard members.count <= conflicting.count + 1 else { return true }
        let excluded = Set(conflicting.lazy.map { Int($0.step) })
        return members.contains { $0 != step && !excluded.contains($0) }
    }
}
