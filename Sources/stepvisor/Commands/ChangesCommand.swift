import DependencyGraph
import Execution
import Reporting
import Supervisor
import WorkflowModel

/// `stepvisor changes`: what differs from a revision, by class, and which steps that touches.
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

/// The commit that a command line names, and what differs from it.
enum Revision {
    /// Asks git.
    ///
    /// - Throws: ``CommandFailure`` with exit 2 where git cannot tell.
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

/// What the command shows, in both forms.
struct ChangesReport {
    private let summary: ChangeSummary
    private let changes: ChangedPaths
    private let commit: String
    private let steps: [StepID]

    init(_ summary: ChangeSummary, _ changes: ChangedPaths, commit: String, steps: [StepID]) {
        self.summary = summary
        self.changes = changes
        self.commit = commit
        self.steps = steps
    }

    /// A paragraph a class.
    func text(namesAll: Bool) -> String {
        let revision = Sanitizer.line(changes.revision)
        guard !changes.paths.isEmpty else { return "nothing has changed since \(revision)\n" }
        let most = namesAll ? Int.max : 12
        var text = "\(Wording.count(changes.paths.count, "file")) changed since \(revision): "
        text += "\(Sanitizer.line(summary.kind))\n"
        let width = TextWidth.columnWidth(summary.classes.map { Sanitizer.line($0.name) })
        let indent = String(repeating: " ", count: width + 4)
        for found in summary.classes {
            let files = found.paths.map { place in
                "\(Sanitizer.line(changes.paths[place].name)) (\(changes.paths[place].change.rawValue))"
            }
            text += "  \(TextWidth.pad(Sanitizer.line(found.name), to: width))  "
            text += "\(Wording.count(files.count, "file")): "
            text += Wording.list(files, atMost: most) + "\n"
            text += indent + "touches \(names(found.steps, atMost: most) ?? "no step")\n"
            if let dependents = names(found.dependents, atMost: most) {
                text += indent + "through them: \(dependents)\n"
            }
        }
        if let undeclared = names(summary.undeclared, atMost: most) {
            text += "run whatever has changed, for they declare no `inputs`: \(undeclared)\n"
        }
        return text
    }

    /// Steps by their ids; nil where there are none.
    private func names(_ list: [Int], atMost most: Int) -> String? {
        list.isEmpty ? nil : Wording.list(list.map { steps[$0].rawValue }, atMost: most)
    }

    /// The same for programs.
    var json: [UInt8] {
        var writer = JSONWriter(capacity: 64 * changes.paths.count + 512)
        writer.beginObject()
        writer.member("since", changes.revision)
        writer.member("commit", commit)
        writer.member("type", summary.kind)
        writer.member("files", changes.paths.count)
        writer.key("classes")
        writer.beginArray()
        for found in summary.classes {
            writer.newLine()
            writer.beginObject()
            writer.member("class", found.name)
            writer.key("files")
            writer.beginArray()
            for place in found.paths {
                writer.beginObject()
                writer.member("path", changes.paths[place].name)
                writer.member("change", changes.paths[place].change.rawValue)
                writer.endObject()
            }
            writer.endArray()
            writer.key("steps")
            write(found.steps, to: &writer)
            writer.key("dependents")
            write(found.dependents, to: &writer)
            writer.endObject()
        }
        writer.endArray()
        writer.key("without_inputs")
        write(summary.undeclared, to: &writer)
        writer.endObject()
        writer.bytes.append(UInt8(ascii: "\n"))
        return writer.bytes
    }

    private func write(_ list: [Int], to writer: inout JSONWriter) {
        writer.beginArray()
        for step in list { writer.string(steps[step].rawValue) }
        writer.endArray()
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
