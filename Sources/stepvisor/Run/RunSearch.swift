import DependencyGraph
import Execution
import Platform
import Reporting
import StateStore
import Supervisor
import WorkflowFiles
import WorkflowModel

/// Finds the recorded runs of a command's workflow file, or all runs when there is no workflow.
struct RunSearch {
    let state: StateDirectory
    private let loaded: LoadedWorkflow
    private let console: Console

    /// - Throws: ``CommandFailure`` with exit 2 when the project has no state yet.
    init(of loaded: LoadedWorkflow, _ console: Console) throws {
        do throws(SystemError) {
            state = try StateDirectory(root: loaded.projectRoot, create: false)
        } catch {
            guard error.isAbsence else { throw CommandFailure(error) }
            throw RunSearch.none
        }
        self.loaded = loaded
        self.console = console
    }

    /// The failure when there is no run at all.
    static var none: CommandFailure {
        CommandFailure(
            .usage, "no run is recorded here", help: "start one with `stepvisor run`")
    }

    /// The workflow's file as runs record it; nil when no workflow was found.
    private var file: String? { loaded.workflowFile.map { SecretWarnings.mask.masked($0) } }

    /// All runs, the newest first.
    private var all: [String] {
        guard let latest = state.latestRun() else { return [] }
        return [latest] + state.runIdentifiers().filter { $0 != latest }.reversed()
    }

    /// The runs of the workflow, the newest first, found lazily; runs that never began belong to no
    /// workflow, and are reported.
    func runs(
        whenNotBegun: @escaping (String) -> Void = { _ in }
    ) -> some Sequence<String> {
        let steps = Set(loaded.workflow.steps.map(\.id.rawValue))
        return all.lazy.filter { id in
            guard let file else { return true }
            let origin = (try? StoredRun(id, in: state))?.origin() ?? .unreadable
            if origin == .notBegun { whenNotBegun(id) }
            return origin.isOf(file: file, name: loaded.workflow.name, steps: steps)
        }
    }

    /// The latest run of the workflow; nil when there is none.
    ///
    /// Without a workflow it is the latest run of all, and a note says so.
    func latest() -> String? {
        guard file == nil else { return runs().first { _ in true } }
        guard let id = state.latestRun() else { return nil }
        let name = origin(of: id).map { " of `\(Sanitizer.line($0))`" } ?? ""
        console.note(
            "run \(id)\(name) is the latest of all; there is no workflow here, and none is named "
                + "with `-f`")
        return id
    }

    /// The latest run of the workflow; without one, a run of unknown workflow, whose journal has no
    /// complete first line.
    ///
    /// - Throws: ``CommandFailure`` with exit 2 when there is none; the message names the latest
    ///   run of all.
    func demandLatest() throws -> String {
        guard file != nil else {
            guard let id = latest() else { throw RunSearch.none }
            return id
        }
        let unknown = UnknownRuns()
        let own = runs { unknown.ids.append($0) }.first { _ in true }
        guard let id = own ?? unknown.ids.first else { throw absenceFailure }
        if own != nil {
            for id in unknown.ids {
                console.note(
                    "run \(id) has no record, so that nothing says of which workflow it is; its logs "
                        + "are in `\(StateDirectory.runPath(id))/logs`")
            }
        }
        return id
    }

    /// Filled while runs are searched lazily.
    private final class UnknownRuns {
        var ids: [String] = []
    }

    /// The failure when the workflow has no run; it names the latest run of all.
    var absenceFailure: CommandFailure {
        guard let other = state.latestRun(), let file = loaded.workflowFile else {
            return RunSearch.none
        }
        let name = origin(of: other).map { ", is of `\(Sanitizer.line($0))`" } ?? ", has not begun"
        let next =
            renamed.map {
                "which is not there any more; if `\(Sanitizer.line(file))` is what it is called now, "
                    + $0
            } ?? "start one with `stepvisor run`"
        return CommandFailure(
            .usage, "no run of `\(Sanitizer.line(file))` is recorded here",
            help: "the latest of all, run \(other)\(name)\(renamed == nil ? "; " : ", ")\(next)")
    }

    /// Why there is no run to resume, as a clause.
    var absence: String {
        guard let file = loaded.workflowFile, let other = state.latestRun() else {
            return "no run is recorded here"
        }
        let absence = "no run of `\(Sanitizer.line(file))` is recorded here"
        guard let renamed, let name = origin(of: other) else { return absence }
        return absence
            + ", and the latest of all is of `\(Sanitizer.line(name))`, which is not there any more (if "
            + "it was renamed, \(renamed))"
    }

    /// What to type when the workflow file of the latest run no longer exists and may have been
    /// renamed to this one.
    private var renamed: String? {
        guard let file, let other = state.latestRun(), let name = origin(of: other), name != file,
            !ProjectFiles.exists("\(loaded.projectRoot)/\(name)")
        else { return nil }
        let option = file == "workflow.toml" ? "" : " -f \(ShellWord.quoted(file))"
        return "`stepvisor run\(option) --resume \(other)` goes on with that run"
    }

    /// The id of the run that a word names.
    ///
    /// - Throws: ``CommandFailure`` with exit 2 when it matches none, or several.
    func identifier(_ word: String) throws -> String {
        if word == "latest", state.latestRun() != nil { return try demandLatest() }
        if state.hasRun(word) { return word }
        let known = state.runIdentifiers()
        // A prefix of an id is enough when it matches one run.
        let begun = known.filter { $0.hasPrefix(word) }
        if begun.count == 1, let only = begun.first { return only }
        guard begun.isEmpty else {
            throw CommandFailure(
                .usage, "`\(word)` is the beginning of \(begun.count) runs",
                help: "give more of the id: " + begun.suffix(3).reversed().joined(separator: ", ")
                    + (begun.count > 3 ? ", …" : ""))
        }
        let help =
            NearMiss.best(for: word, among: known).map { "did you mean `\($0)`?" }
            ?? runs().first { _ in true }.map {
                "the latest is `\($0)`; `ls .stepvisor/runs` lists all"
            } ?? "start one with `stepvisor run`"
        throw CommandFailure(.usage, "there is no run `\(word)`", help: help)
    }

    /// Throws for a run of another workflow, whose steps may do something else under the same
    /// names; the message says when its file no longer exists and may have been renamed.
    func checkIsOwn(_ id: String, command: String) throws {
        guard let file, let other = origin(of: id), other != file else { return }
        let (shown, own) = (Sanitizer.line(other), Sanitizer.line(file))
        guard !ProjectFiles.exists("\(loaded.projectRoot)/\(other)") else {
            throw CommandFailure(
                .usage, "run \(id) is of `\(shown)`, not of `\(own)`",
                help: "`stepvisor run -f \(ShellWord.quoted(other)) \(command) \(id)`")
        }
        console.note(
            "run \(id) is of `\(shown)`, which is not there any more; taken as one of `\(own)`")
    }

    /// The workflow file of a run; nil where it is not recorded.
    private func origin(of id: String) -> String? {
        guard case .file(let name)? = (try? StoredRun(id, in: state))?.origin() else { return nil }
        return name
    }
}
