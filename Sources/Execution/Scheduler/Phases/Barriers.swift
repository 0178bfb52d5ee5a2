import WorkflowModel

/// The phases of each task: which one has begun, which steps wait for a later one, and the phase's
/// time.
///
/// A value without knowledge of the run: it is told which steps have ended, been launched or come
/// into review, and answers with what changes. A step waits until every step of the earlier phases
/// of its task has ended, with any result; after an overdue phase no later one begins. Phases are
/// numbered so that a step never needs one of a later phase, not even through another task
/// (``RunPlan/phases``), so some phase can always begin. Only ``shift(by:)`` visits all tasks.
struct Barriers: Sendable {
    typealias Place = RunPlan.Place

    /// What happens to a task whose phase has ended.
    enum Passage: Hashable, Sendable {
        /// Its next phase begins, with the steps that were held for it.
        case passes(Place, held: [Int])
        /// Its phase exceeded its limit: none of its later phases begins.
        case closes(task: Int)
    }

    /// The state of one task.
    private struct Line: Sendable {
        /// For each phase from 1, how many of its steps have not ended.
        var unended: [Int32] = []
        /// Steps of later phases that could start without the barrier, by phase.
        var held: [Int: [Int]] = [:]
        /// The phase that has begun; one more than the last phase when all have ended.
        var phase = 1
        /// When the phase reaches its limit; set when its first step is launched.
        var limitAt: RunTime?
        var isOverdue = false
        /// How many of its steps are in review; the time stands still meanwhile.
        var reviews: Int32 = 0
        /// Nanoseconds that were left when the time was stopped.
        var remainder: Int64?
    }

    /// The time limit of each phase; nil for none.
    let limit: Milliseconds?
    private var lines: [Line] = []
    /// Tasks whose phase has ended since the last call of ``next()``.
    private var ended: [Int] = []

    /// Barriers between the phases of these steps; without any step there are none.
    init(_ places: some Sequence<Place>, limit: Milliseconds?) {
        self.limit = limit
        for place in places {
            while lines.count <= place.task { lines.append(Line()) }
            while lines[place.task].unended.count < place.phase {
                lines[place.task].unended.append(0)
            }
            lines[place.task].unended[place.phase - 1] += 1
        }
    }

    // MARK: - Passing

    /// Whether ``next()`` would have something to do.
    var hasEnded: Bool { !ended.isEmpty }

    /// The phase of a task that has begun.
    func phase(of task: Int) -> Int { lines[task].phase }

    /// Holds a step back if its phase has not begun.
    ///
    /// - Returns: Whether it is held.
    mutating func hold(_ step: Int, at place: Place) -> Bool {
        guard !lines.isEmpty, place.phase > lines[place.task].phase else { return false }
        lines[place.task].held[place.phase, default: []].append(step)
        return true
    }

    /// A step has ended, with any result.
    mutating func stepEnded(at place: Place) {
        guard !lines.isEmpty else { return }
        lines[place.task].unended[place.phase - 1] -= 1
        if place.phase == lines[place.task].phase,
            lines[place.task].unended[place.phase - 1] == 0
        {
            ended.append(place.task)
        }
    }

    /// Handles the next task whose phase has ended; nil when none is left that has a later phase.
    mutating func next() -> Passage? {
        while let task = ended.popLast() {
            if lines[task].isOverdue { return .closes(task: task) }
            let passed = lines[task].phase
            var phase = passed
            while phase <= lines[task].unended.count, lines[task].unended[phase - 1] == 0 {
                phase += 1
            }
            lines[task].phase = phase
            lines[task].limitAt = nil
            if phase > passed, phase <= lines[task].unended.count {
                let held = lines[task].held.removeValue(forKey: phase) ?? []
                return .passes(Place(task: task, phase: passed), held: held)
            }
        }
        return nil
    }

    // MARK: - Time

    /// When the phase of a task reaches its limit; nil when its time does not run.
    func deadline(of task: Int) -> RunTime? {
        lines.indices.contains(task) ? lines[task].limitAt : nil
    }

    /// A step is launched: the time of its phase begins if it is the first one.
    ///
    /// - Returns: When the phase reaches its limit; nil when no time began.
    mutating func stepLaunched(at place: Place, now: RunTime) -> RunTime? {
        guard let limit, !lines.isEmpty, lines[place.task].limitAt == nil, !isOverdue(place) else {
            return nil
        }
        let time = now.advanced(byNanoseconds: limit.nanoseconds)
        lines[place.task].limitAt = time
        return time
    }

    /// Whether the phase of a step has begun and exceeded its limit.
    func isOverdue(_ place: Place) -> Bool {
        !lines.isEmpty && lines[place.task].isOverdue && lines[place.task].phase == place.phase
    }

    /// The phase of a task has exceeded its limit.
    mutating func setOverdue(_ task: Int) {
        lines[task].limitAt = nil
        lines[task].isOverdue = true
    }

    /// A step comes into review: the time of its phase stands still.
    mutating func reviewBegins(of task: Int, now: RunTime) {
        guard !lines.isEmpty else { return }
        lines[task].reviews += 1
        guard let limitAt = lines[task].limitAt else { return }
        lines[task].remainder = max(0, limitAt - now)
        lines[task].limitAt = nil
    }

    /// A step leaves its review: the time of its phase continues after the last one.
    ///
    /// - Returns: When the phase reaches its limit; nil when no time continues.
    mutating func reviewEnds(of task: Int, now: RunTime) -> RunTime? {
        guard !lines.isEmpty else { return nil }
        lines[task].reviews -= 1
        guard lines[task].reviews == 0, let left = lines[task].remainder else { return nil }
        lines[task].remainder = nil
        let time = now.advanced(byNanoseconds: left)
        lines[task].limitAt = time
        return time
    }

    /// Shifts all times that are still to come.
    mutating func shift(by nanoseconds: Int64) {
        for task in lines.indices {
            lines[task].limitAt = lines[task].limitAt?.advanced(byNanoseconds: nanoseconds)
        }
    }
}
