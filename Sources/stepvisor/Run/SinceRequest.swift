import Execution
import Supervisor
import WorkflowFiles
import WorkflowModel

/// `--since REV`: which steps are as they were at a revision, as far as each tells by itself.
struct SinceRequest {
    private let project: Project
    private let freshness: RevisionCheck
    /// The workflow at the revision; nil where no declaration may have changed, or none can be read.
    private let earlier: ResolvedWorkflow?
    /// Workflow files that differ, each as a path of the project; the first stands for all.
    private let differing: [ChangedPath]

    /// Asks git what has changed, and reads the workflow as it was where that is among it; nil where
    /// no revision was named.
    ///
    /// - Throws: ``CommandFailure`` with exit 2 where git cannot tell.
    init?(_ project: Project, _ arguments: ParsedArguments, _ options: RunOptions) throws {
        guard case .since(let revision) = options.smart else { return nil }
        let found = try Revision.changes(since: revision, root: project.root)
        self.project = project
        freshness = RevisionCheck(found.changes)
        differing = SinceRequest.workflowFiles(of: project, among: found.changes)
        let read = Set(SinceRequest.filesRead(by: project))
        // What is not read any more, or is read by another name, cannot be read as it was.
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

    /// The workflow files that differ, or whose absence does.
    private static func workflowFiles(
        of project: Project, among changes: ChangedPaths
    ) -> [ChangedPath] {
        var names = filesRead(by: project)
        // As the main one is named, where that is a link; and the settings that a directory had.
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

    /// What each step says by itself.
    ///
    /// - Parameters:
    ///   - plan: The plan of what is there now.
    ///   - options: What it was made from.
    /// - Returns: Tells of a step whether it has to run.
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

    /// Tells of a step which workflow file declares it otherwise than it was.
    private func declarations(
        of plan: RunPlan, _ options: RunOptions
    ) -> (Int) -> ChangedPath? {
        guard let first = differing.first else { return { _ in nil } }
        // Which steps are meant is a matter of now.
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
