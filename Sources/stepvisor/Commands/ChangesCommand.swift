import DependencyGraph
import Execution
import FileState
import Platform
import Reporting
import Supervisor
import WorkflowModel

/// `stepvisor changes`: the differences from a revision, by class, and the steps that they affect.
struct ChangesCommand {
    private let arguments: ParsedArguments
    private let console: Console

    init(_ arguments: ParsedArguments, _ console: Console) {
        self.arguments = arguments
        self.console = console
    }

    func run() throws -> Int32 {
        let project = try Project.load(arguments, console)
        let found = try Revision.changes(
            since: arguments.text(.since) ?? "HEAD", root: project.root)
        let classes: ChangeClasses
        do throws(ChangePatternError) {
            classes = try ChangeClasses(project.workflow.changeClasses)
        } catch {
            throw CommandFailure(
                .usage,
                "the pattern `\(error.pattern)` of `\(error.name)` in `[changes]` "
                    + error.error.message, help: error.error.help)
        }
        var options = RunOptions()
        options.needsCommands = false
        let plan = try RunPlan.make(resolved: project.resolved, options: options)
        let look = RevisionLook(plan: plan, root: project.root)
        let summary = ChangeSummary(
            found.changes, classes: classes, graph: project.resolved.graph,
            reads: { look.reads(of: $0) })
        let report = ChangesReport(
            summary, found.changes, commit: found.revision.id,
            steps: project.workflow.steps.map(\.id))
        try console.out(
            console.wantsJSON
                ? report.json
                : Array(report.text(namesAll: console.verbosity == .verbose).utf8))
        return 0
    }
}

/// The commit that a command line names, and the differences from it.
enum Revision {
    /// Runs git.
    ///
    /// - Throws: ``CommandFailure`` with exit 2 when git fails.
    static func changes(
        since text: String, root: String
    ) throws -> (repository: GitRepository, revision: GitRevision, changes: ChangedPaths) {
        do throws(GitProblem) {
            let repository = try GitRepository(
                root: root, environment: ProcessEnvironment.environment)
            let revision = try repository.revision(text)
            return (repository, revision, try repository.changes(since: revision))
        } catch {
            throw CommandFailure(.usage, error.message, help: error.help)
        }
    }
}

extension CommandDeclaration {
    static let changes = CommandDeclaration(
        .changes, "show what has changed by kind of file, and which steps that touches",
        options: [
            OptionDeclaration(
                .since, "--since", value: .required("REV", .text),
                "compare with this commit, branch or tag of git instead of HEAD"), .json,
        ],
        details: [
            "What is staged, edited in the work tree, or untracked and not ignored counts, and with",
            "--since what was committed after REV. Classes: docs, tests, config, scripts, code and",
            "other, or those of [changes] in the workflow. Nothing is run or written.",
        ],
        examples: [
            ("stepvisor changes", "what would be committed"),
            ("stepvisor changes --since main", "what a branch has changed"),
        ])
}
