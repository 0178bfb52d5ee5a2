import Execution
import Reporting
import StateStore
import Supervisor
import WorkflowFiles
import WorkflowModel

/// Two runs whose steps are compared by their fingerprints.
struct RunComparison {
    private let first: RecordedRun
    private let second: RecordedRun
    private let loaded: LoadedWorkflow
    private let console: Console

    /// The largest number of runs searched for another one to suggest.
    private static let maxCandidates = 100

    /// Finds both runs.
    ///
    /// - Throws: ``CommandFailure`` with exit 2 when one does not exist; the message names two that
    ///   do.
    init(_ pair: (String, String), about step: StepID?, of loaded: LoadedWorkflow, console: Console)
        throws
    {
        let root = loaded.projectRoot
        self.loaded = loaded
        self.console = console
        let state = try? StateDirectory(root: root, create: false)
        for word in [pair.0, pair.1] {
            // Only for a complete id: a shortened or mistyped one has an error of its own.
            guard let step, let state, Self.isWhole(word), !state.hasRun(word) else { continue }
            throw CommandFailure(
                .usage, "there is no run `\(word)` here, or not any more",
                help: Self.help(step.rawValue, root: root))
        }
        first = try RecordedRun.find(pair.0, of: loaded, console: console)
        second = try RecordedRun.find(pair.1, of: loaded, console: console)
    }

    /// Whether a word has the full form of a run id: date, time and four more digits.
    private static func isWhole(_ word: String) -> Bool {
        StateDirectory.isRunIdentifier(word)
            && word.split(separator: "-", omittingEmptySubsequences: false).map(\.utf8.count)
                == [8, 6, 4]
    }

    /// The differences of a step.
    ///
    /// - Throws: ``CommandFailure`` with exit 2 when a run stored no fingerprint for it.
    func answer(about step: StepID) throws -> StepDifference {
        let (old, new) = (try made(step.rawValue, in: first), try made(step.rawValue, in: second))
        return StepDifference(
            step: step.rawValue, runs: (first.run.id, second.run.id), madeIn: (old.run, new.run),
            causes: old.run == new.run ? [] : new.contents.causes(since: old.contents))
    }

    /// The fingerprint of a step in a run, or in the run from which that run took over its result.
    private func made(
        _ step: String, in asked: RecordedRun
    ) throws -> (run: String, contents: Fingerprint) {
        var run = asked
        var seen: Set<String> = []
        while true {
            if let contents = run.run.contents(of: step) { return (run.run.id, contents) }
            let gap = run.record.gap(
                at: try run.step(step), isAlive: run.isAlive,
                hasIngredients: run.run.hasContents)
            guard case .elsewhere(let earlier, _) = gap, seen.insert(earlier).inserted,
                let next = try? RecordedRun.find(earlier, of: loaded, console: console)
            else {
                throw CommandFailure(
                    .usage, Sanitizer.line(gap.text(of: step, in: run.run.id)),
                    help: Self.help(step, root: loaded.projectRoot))
            }
            run = next
        }
    }

    /// What to type when a run cannot be compared.
    private static func help(_ step: String, root: String) -> String {
        let state = try? StateDirectory(root: root, create: false)
        let candidates = (state?.runIdentifiers() ?? []).reversed().prefix(maxCandidates)
        let kept = candidates.lazy.filter { id in
            state.flatMap { try? StoredRun(id, in: $0) }?.contents(of: step) != nil
        }.prefix(2)
        let runs = Array(kept)
        let name = ShellWord.quoted(step)
        switch runs.count {
        case 2...: return "try `stepvisor why \(name) --between \(runs[1]) \(runs[0])`"
        case 1:
            return "only run \(runs[0]) has kept it; `stepvisor run \(name)` makes another"
        default: return "no run here has kept it; `stepvisor run \(name)` does"
        }
    }
}
