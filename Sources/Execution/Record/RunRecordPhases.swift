/// The steps of a run by task and phase: the order of `progress.json` and of every table.
public struct RunLayout: Sendable {
    /// One phase of one task.
    public struct Phase: Sendable, Hashable {
        /// Index into ``RunHeader/tasks``; 0 also where there are none.
        public var task: Int
        /// The phase's number within its task.
        public var number: Int
        /// Indices of its steps, in declaration order; never empty.
        public var steps: [Int]
    }

    /// All phases, by task and number.
    public let phases: [Phase]

    /// Sorts the steps of a run into their phases; O(n log n).
    public init(_ header: RunHeader) {
        let lastTask = max(0, header.tasks.count - 1)
        let keys = header.steps.map { step in
            (task: min(max(0, Int(step.task)), lastTask), phase: Int(step.phase))
        }
        let order = keys.indices.sorted { a, b in
            (keys[a].task, keys[a].phase, a) < (keys[b].task, keys[b].phase, b)
        }
        var phases: [Phase] = []
        for index in order {
            if let last = phases.last, last.task == keys[index].task,
                last.number == keys[index].phase
            {
                phases[phases.count - 1].steps.append(index)
            } else {
                phases.append(
                    Phase(task: keys[index].task, number: keys[index].phase, steps: [index]))
            }
        }
        self.phases = phases
    }
}

/// When a phase ran.
public struct PhaseTimes: Sendable, Hashable {
    /// When its first step was launched; nil until then.
    public var start: RunTime?
    /// When its last step ended; nil while one is pending or running.
    public var end: RunTime?
}

extension RunRecord {
    /// When a phase ran, as far as its steps are launched and ended.
    public func times(of phase: RunLayout.Phase) -> PhaseTimes {
        var start: RunTime?
        var end: RunTime?
        var isOver = true
        for index in phase.steps where steps.indices.contains(index) {
            let step = steps[index]
            if let launched = step.firstLaunchedAt { start = min(start ?? launched, launched) }
            if !step.status.isFinal { isOver = false }
            if let completed = step.completedAt, step.launchedAt != nil {
                end = max(end ?? completed, completed)
            }
        }
        return PhaseTimes(start: start, end: isOver ? end : nil)
    }
}
