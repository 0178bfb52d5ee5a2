/// What a record tells beyond its events: every figure is measured, none is estimated.
extension RunRecord {
    /// The exit code that the run deserves: 5 when stepvisor itself could not go on, 128 + N when
    /// signal N stopped it.
    ///
    /// 0 for a run that is still going and has met no failure.
    public var exitCode: Int32 {
        if fault != nil { return 5 }
        if let stopSignal { return 128 &+ stopSignal }
        if status == .review { return 3 }
        if hitRunTimeout { return 124 }
        if status == .failed || status == .aborted || status == .interrupted { return 1 }
        return counts[.failed] > allowedFailureCount ? 1 : 0
    }

    /// The steps that failed, in the order in which they did.
    public var failedSteps: [Int] {
        guard counts[.failed] > 0 else { return [] }
        return steps.indices.filter { steps[$0].status == .failed }.sorted { a, b in
            let (first, second) = (steps[a].completedAt, steps[b].completedAt)
            return (first ?? .zero, a) < (second ?? .zero, b)
        }
    }

    /// Nanoseconds from the run's beginning to its end, or to `now` while it runs.
    ///
    /// Without `now`, a run without an end is measured to its last event.
    public func wallTime(at now: RunTime? = nil) -> Int64 {
        span(from: .zero, to: endedAt ?? now ?? lastEventAt)
    }

    /// Nanoseconds that all attempts took, added up; those that run count to `now`.
    ///
    /// Attempts that found a resource busy do not count, since one step at a time would not have
    /// made them, and neither does the time for which all steps stood still (Ctrl-Z).
    public func sumOfStepTimes(at now: RunTime? = nil) -> Int64 {
        let ended = max(0, endedStepTime)
        guard runningCount > 0 else { return ended }
        let end = endedAt ?? now ?? lastEventAt
        let sum = steps.reduce(endedStepTime) { sum, step in
            guard step.status == .running, let launched = step.launchedAt else { return sum }
            return saturatingSum(sum, span(from: launched, to: end))
        }
        return max(0, sum)
    }

    /// Nanoseconds that running steps at the same time saved, at most: the sum of the step times
    /// less the wall time, and never less than 0.
    ///
    /// It is an upper bound, because steps that slow each other down would each have been quicker
    /// alone. Nil for a run that did not come to its end, since nobody can tell what it would have
    /// done one step at a time: one that goes on, died, was halted, stopped or timed out, or waits
    /// for a decision.
    public var timeSaved: Int64? {
        guard cameToItsEnd else { return nil }
        guard peakConcurrency > 1 else { return 0 }
        return max(0, sumOfStepTimes() - max(0, wallTime() - suspendedTime))
    }

    /// Whether every step had its turn: it ended by itself, or the workflow says that it does not run.
    private var cameToItsEnd: Bool {
        guard endedAt != nil, status == .complete || status == .failed else { return false }
        return !wasCutShort && stopSignal == nil && fault == nil && !hitRunTimeout
            && counts[.aborted] + counts[.pending] + counts[.running] == 0
    }

    /// The indices of a step's dependencies that ended well, in declared order.
    public func satisfiedDependencies(of step: Int) -> [Int] {
        guard header.steps.indices.contains(step) else { return [] }
        return header.steps[step].dependencies.lazy.map { Int($0) }.filter { index in
            steps.indices.contains(index)
                && (steps[index].status == .complete || steps[index].status == .cached
                    || steps[index].isDoneEarlier || steps[index].isUpToDate)
        }
    }

    /// The steps that a launched step needs, itself or through some that were left out, and that had
    /// not ended well: it ran although they had not.
    public func unwellDependencies(of step: Int) -> [Int] {
        guard header.steps.indices.contains(step), steps[step].launchedAt != nil,
            counts[.complete] < steps.count
        else { return [] }
        var found: Set<Int> = []
        var passed: Set<Int> = [step]
        var open = [step]
        while let next = open.popLast() {
            for index in header.steps[next].dependencies.lazy.map({ Int($0) })
            where steps.indices.contains(index) {
                if steps[index].reason == .notSelected {
                    if passed.insert(index).inserted { open.append(index) }
                } else if steps[index].isUnwell {
                    found.insert(index)
                }
            }
        }
        return found.sorted()
    }

    /// The number of steps that had ended well in an earlier run and did not run again.
    public var doneEarlierCount: Int { steps.count { $0.isDoneEarlier } }

    /// Steps that did not have to run.
    public var upToDateCount: Int { steps.count { $0.isUpToDate } }

    /// The number of barriers that were passed, of all tasks; 0 in a run without barriers.
    public var synchronisationPoints: Int { barriers.count }

    /// The chain of dependent steps that took longest, first to last, and its nanoseconds.
    ///
    /// By measured durations, of running steps up to `now` (the last event where none is given);
    /// steps that were not launched count as 0. O(V + E).
    public func criticalPath(at now: RunTime? = nil) -> (steps: [Int], duration: Int64) {
        let now = now ?? lastEventAt
        let count = steps.count
        var dependents = [[Int32]](repeating: [], count: count)
        var missing = [Int](repeating: 0, count: count)
        for (index, step) in header.steps.enumerated() {
            for dependency in step.dependencies where steps.indices.contains(Int(dependency)) {
                dependents[Int(dependency)].append(Int32(truncatingIfNeeded: index))
                missing[index] += 1
            }
        }
        let times = steps.map { $0.wholeTime(at: now) ?? 0 }
        var longest = times
        var previous = [Int](repeating: -1, count: count)
        var ready = steps.indices.filter { missing[$0] == 0 }
        var next = 0
        while next < ready.count {
            let index = ready[next]
            next += 1
            for dependent in dependents[index].lazy.map({ Int($0) }) {
                let length = saturatingSum(longest[index], times[dependent])
                if length > longest[dependent] {
                    longest[dependent] = length
                    previous[dependent] = index
                }
                missing[dependent] -= 1
                if missing[dependent] == 0 { ready.append(dependent) }
            }
        }
        // Steps on a cycle, which only a damaged journal can hold, never become ready.
        let launched = ready.filter { steps[$0].launchedAt != nil }
        guard var step = launched.max(by: { longest[$0] < longest[$1] }) else { return ([], 0) }
        let duration = longest[step]
        var path = [step]
        while previous[step] >= 0 {
            step = previous[step]
            path.append(step)
        }
        return (path.reversed(), duration)
    }
}
