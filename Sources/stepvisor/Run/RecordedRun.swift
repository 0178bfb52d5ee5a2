import DependencyGraph
import Execution
import StateStore
import Supervisor
import WorkflowFiles
import WorkflowModel

/// A run found in the project's state, with its record.
struct RecordedRun {
    let run: StoredRun
    let record: RunRecord
    /// Whether the stepvisor process that writes it still lives.
    let isAlive: Bool
    /// The present, as a time of the run.
    let now: RunTime
    private let place: StartDirectory

    /// Finds the run that a command line names, or the latest run of its workflow.
    ///
    /// - Throws: ``CommandFailure`` with exit 2 when there is none.
    static func find(
        _ word: String?, of loaded: LoadedWorkflow, console: Console
    ) throws -> RecordedRun {
        let search = try RunSearch(of: loaded, console)
        let id = try word.map { try search.identifier($0) } ?? search.demandLatest()
        return try RecordedRun(
            StoredRun(id, in: search.state), StartDirectory(projectRoot: loaded.projectRoot),
            console: console)
    }

    private init(_ run: StoredRun, _ place: StartDirectory, console: Console) throws {
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

    private static func journal(of run: StoredRun, _ place: StartDirectory) throws -> Journal {
        let bytes = try run.journal()
        do throws(JournalError) {
            return try JournalReader.read(bytes, stepList: run.stepList)
        } catch {
            throw CommandFailure(
                .ownProblem, "run \(run.id): \(error.message)",
                help: "its logs are in "
                    + "`\(place.path(ofProjectFile: StateDirectory.runPath(run.id)))/logs`")
        }
    }

    /// Reads the record again.
    func refreshed(_ console: Console) throws -> RecordedRun {
        try RecordedRun(run, place, console: console)
    }

    /// Path of a step's log, relative to the user's directory.
    func logPath(of step: String) -> String {
        place.path(ofProjectFile: run.logPath(of: step))
    }

    /// The steps of a group name: the instances of a `foreach`, or the steps of a task.
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
