import DependencyGraph
import Execution
import Supervisor
import WorkflowModel

/// A run that was found in the project's state, with its record.
struct RecordedRun {
    let run: StoredRun
    let record: RunRecord
    /// Whether the stepvisor that writes it still lives.
    let isAlive: Bool
    /// The present, as a time of the run.
    let now: RunTime
    private let place: UserPlace

    /// Finds the run that a command line names, or the latest.
    ///
    /// - Throws: ``CommandFailure`` with exit 2 when there is none.
    static func find(_ id: String?, root: String, console: Console) throws -> RecordedRun {
        let state: StateDirectory
        do throws(SystemError) {
            state = try StateDirectory(root: root, create: false)
        } catch {
            guard error.isAbsence else { throw CommandFailure(error) }
            throw none
        }
        guard let id = try id.map({ try checked($0, in: state) }) ?? state.latestRun() else {
            throw none
        }
        return try RecordedRun(
            StoredRun(id, in: state), UserPlace(projectRoot: root), console: console)
    }

    /// What to say where there is no run.
    static var none: CommandFailure {
        CommandFailure(
            .usage, "no run is recorded here", help: "start one with `stepvisor run`")
    }

    /// The id of the run that a word means.
    static func checked(_ id: String, in state: StateDirectory) throws -> String {
        if id == "latest", let latest = state.latestRun() { return latest }
        if state.hasRun(id) { return id }
        let known = state.runIdentifiers()
        // The beginning of an id is enough where only one run begins so.
        let begun = known.filter { $0.hasPrefix(id) }
        if begun.count == 1, let only = begun.first { return only }
        guard begun.isEmpty else {
            throw CommandFailure(
                .usage, "`\(id)` is the beginning of \(begun.count) runs",
                help: "give more of the id: " + begun.suffix(3).reversed().joined(separator: ", ")
                    + (begun.count > 3 ? ", …" : ""))
        }
        let help =
            NearMiss.best(for: id, among: known).map { "did you mean `\($0)`?" }
            ?? state.latestRun().map { "the latest is `\($0)`; `ls .stepvisor/runs` lists all" }
            ?? "start one with `stepvisor run`"
        throw CommandFailure(.usage, "there is no run `\(id)`", help: help)
    }

    private init(_ run: StoredRun, _ place: UserPlace, console: Console) throws {
        self.run = run
        self.place = place
        let journal = try RecordedRun.journal(of: run, place)
        var record = journal.record
        isAlive = record.endedAt == nil && StoredRun.isAlive(journal.header)
        for problem in journal.problems where !(isAlive && problem.isOrdinaryWhileRunning) {
            console.note("warning: journal of run \(run.id): \(problem.message)")
        }
        if record.endedAt == nil, !isAlive { record.markInterrupted() }
        now = isAlive ? StoredRun.now(of: journal.header) : record.lastEventAt
        self.record = record
    }

    private static func journal(of run: StoredRun, _ place: UserPlace) throws -> Journal {
        let bytes = try run.journal()
        do throws(JournalError) {
            return try JournalReader.read(bytes)
        } catch {
            throw CommandFailure(
                .ownTrouble, "run \(run.id): \(error.message)",
                help: "its logs are in "
                    + "`\(place.path(ofProjectFile: StateDirectory.runPath(run.id)))/logs`")
        }
    }

    /// Reads the record anew.
    func refreshed(_ console: Console) throws -> RecordedRun {
        try RecordedRun(run, place, console: console)
    }

    /// Path of a step's log as it is opened from where the user stands.
    func logPath(of step: String) -> String {
        place.path(ofProjectFile: run.logPath(of: step))
    }

    /// The steps that a name stands for which is no step: the instances of a `foreach`, or a task's steps.
    func instances(of name: String) -> [Int] {
        let ids = record.header.steps.map(\.id)
        guard !ids.contains(name) else { return [] }
        return ids.indices.filter { ids[$0].hasPrefix(name + ".") }
    }

    /// The index of a step of the run.
    ///
    /// - Throws: ``CommandFailure`` with exit 2 and a suggestion when it has no such step.
    func step(_ name: String) throws -> Int {
        let ids = record.header.steps.map(\.id)
        if let index = ids.firstIndex(of: name) { return index }
        throw CommandFailure(
            .usage, "run \(run.id) has no step `\(name)`",
            help: StepNameSearch(
                ids: ids, descriptions: record.header.steps.map(\.description)
            ).help(for: name) ?? "`stepvisor logs` lists its steps")
    }
}
