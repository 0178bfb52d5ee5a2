import Execution
import Platform
import StateStore
import Supervisor
import WorkflowFiles

/// `--replay`: the recorded run whose order is repeated.
struct ReplaySource {
    private let arguments: ParsedArguments
    private let console: Console
    private let loaded: LoadedWorkflow

    init(_ arguments: ParsedArguments, _ console: Console, _ loaded: LoadedWorkflow) {
        self.arguments = arguments
        self.console = console
        self.loaded = loaded
    }

    /// Locks the project before the run is read: it may be the latest, and still running.
    ///
    /// - Returns: The lock; nil when nothing may be written, or there is no state yet.
    /// - Throws: ``CommandFailure`` with exit 4 when another run has it.
    func lock() throws -> ProjectLock? {
        guard !arguments.has(.dryRun),
            let state = try? StateDirectory(root: loaded.projectRoot, create: false)
        else { return nil }
        return try ProjectGate(console).take(state, waits: arguments.has(.wait))
    }

    /// The order of the run with this id.
    ///
    /// - Throws: ``CommandFailure`` with exit 2 when there is no such run, 5 when it cannot be
    ///   read.
    func order(of word: String) throws -> ReplayOrder {
        let search = try RunSearch(of: loaded, console)
        guard word != "latest" || search.state.latestRun() != nil else { throw RunSearch.none }
        let id = try search.identifier(word)
        try search.checkIsOwn(id, command: "--replay")
        do {
            let recorded = try StoredRun(id, in: search.state)
            let journal = try JournalReader.read(
                try recorded.journal(), stepList: recorded.stepList)
            for problem in journal.problems {
                console.note("warning: journal of run \(id): \(problem.message)")
            }
            return ReplayOrder(journal)
        } catch JournalError.empty {
            throw Self.notBegun(id)
        } catch let error as SystemError where error.isAbsence {
            throw Self.notBegun(id)
        } catch let error as JournalError {
            throw CommandFailure(
                .ownProblem, "run \(id) cannot be replayed: \(error.message)",
                help: "`ls .stepvisor/runs` lists the runs")
        }
    }

    private static func notBegun(_ id: String) -> CommandFailure {
        CommandFailure(
            .usage, "run \(id) cannot be replayed: it ended before it began",
            help: "`ls .stepvisor/runs` lists the runs")
    }
}
