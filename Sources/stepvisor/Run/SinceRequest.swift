import Execution
import FileState
import Platform
import Supervisor
import WorkflowFiles
import WorkflowModel

/// `--since REV`: which steps are unchanged since a revision, each judged by itself.
struct SinceRequest {
    private let project: Project
    private let freshness: RevisionCheck
    /// The workflow at the revision; nil when no declaration can have changed, or it cannot be
    /// read.
    private let earlier: ResolvedWorkflow?
    /// Workflow files that differ, each as a path of the project; the first is named in the reason.
    private let differing: [ChangedPath]

    /// Asks git for the changes, and reads the workflow at the revision if one of its files
    /// changed; nil when no revision was named.
    ///
    /// - Throws: ``CommandFailure`` with exit 2 when git fails.
    init?(_ project: Project, _ arguments: ParsedArguments, _ options: RunOptions) throws {
        guard case .since(let revision) = options.smart else { return nil }
        let found = try Revision.changes(since: revision, root: project.root)
        self.project = project
        freshness = RevisionCheck(found.changes)
        differing = SinceRequest.workflowFiles(of: project, among: found.changes)
        let read = Set(SinceRequest.filesRead(by: project))
        // A file that is no longer read, or is read under another name, cannot be read at the
        // revision.
        guard !differing.isEmpty, differing.allSatisfy({ read.contains($0.text) }),
            let directory = ProcessEnvironment.workingDirectory
        else {
            earlier = nil
            return
        }
        let root = project.root
        let byPath = Dictionary(
            found.changes.paths.map { ($0.text, $0) }, uniquingKeysWith: { first, _ in first })
        var problem: GitProblem?
        earlier =
            WorkflowLoader.load(path: arguments.text(.file), workingDirectory: directory) { path in
                guard path.hasPrefix(root + "/") else { return .same }
                let name = String(path.dropFirst(root.utf8.count + 1))
                guard byPath[name] != nil else { return .same }
                do throws(GitProblem) {
                    return try found.repository.contents(of: name, at: found.revision)
                        .map(FileAtRevision.content) ?? .missing
                } catch {
                    problem = error
                    return .missing
                }
            }.resolved
        if let problem { throw CommandFailure(.usage, problem.message, help: problem.help) }
    }

    /// The workflow files, relative to the project root.
    private static func filesRead(by project: Project) -> [String] {
        project.loaded.workflowFiles.sorted { $0.key < $1.key }.map {
            String($0.value.dropFirst(project.root.utf8.count + 1))
        }
    }

    /// The workflow files that changed, or that were added or removed.
    private static func workflowFiles(
        of project: Project, among changes: ChangedPaths
    ) -> [ChangedPath] {
        var names = filesRead(by: project)
        // The main file under its given name, which may be a link; and the settings of a step
        // directory.
        if let name = project.loaded.path?.split(separator: "/").last {
            names += [String(name), "\(name)/workflow.toml"]
        }
        if let name = project.loaded.workflowFile { names += [name, "\(name)/workflow.toml"] }
        for step in project.workflow.steps {
            guard case .script(let path)? = step.command,
                let slash = path.lastIndex(of: "/")
            else { continue }
            names.append(path[...slash] + "workflow.toml")
        }
        let known = Set(names)
        return zip(changes.texts, changes.paths).filter { known.contains($0.0) }.map(\.1)
    }

    /// Whether each step has to run, judged by itself.
    ///
    /// - Parameters:
    ///   - plan: The plan for the current files.
    ///   - options: The options of the plan.
    /// - Returns: A function from a step to its result.
    func look(at plan: RunPlan, _ options: RunOptions) -> (Int) -> UpToDateResult {
        let look = RevisionLook(plan: plan, root: project.root)
        let declaration = declarations(of: plan, options)
        return { step in
            freshness.freshness(
                of: plan.resolved.workflow.steps[step], reads: look.reads(of: step),
                declaration: declaration(step), missing: look.missingOutputs(of: step),
                modified: look.modifiedOutputs(of: step))
        }
    }

    /// A function from a step to the workflow file that now declares it differently.
    private func declarations(
        of plan: RunPlan, _ options: RunOptions
    ) -> (Int) -> ChangedPath? {
        guard let first = differing.first else { return { _ in nil } }
        // Which steps are selected depends on the current workflow only.
        var plain = RunOptions()
        plain.needsCommands = false
        plain.runner = options.runner
        guard let earlier, let old = try? RunPlan.make(resolved: earlier, options: plain) else {
            return { _ in first }
        }
        let declared = DeclaredSteps(of: plan)
        let before = DeclaredSteps(of: old)
        let paths = project.loaded.workflowFiles.mapValues { path in
            String(path.dropFirst(project.root.utf8.count + 1))
        }
        return { step in
            let own = project.workflow.steps[step]
            guard declared.declaration(of: own.id) != before.declaration(of: own.id) else {
                return nil
            }
            let name = own.range.flatMap { paths[Int($0.file)] }
            return differing.first { $0.text == name } ?? first
        }
    }
}
