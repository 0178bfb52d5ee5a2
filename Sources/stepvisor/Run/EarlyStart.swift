import Supervisor
import WorkflowFiles

/// What a smart run of a large workflow begins before the workflow is read: it takes the project, and
/// has others look at files.
struct EarlyStart {
    private let lock: ProjectLock
    private let root: String
    /// What is looked at meanwhile; nil where that is not worth a thread.
    let look: EarlyLook?

    /// Options under which what is known of all steps is not what decides, or nothing is written.
    private static let others: [OptionKey] = [
        .since, .resume, .failed, .replay, .dryRun, .force,
    ]

    /// Begins; nil where there is nothing to begin with, or another run has the project: that is told later.
    ///
    /// - Parameters:
    ///   - arguments: The command line.
    ///   - console: Where to tell what an earlier run has left.
    ///   - idle: What was tried before.
    init?(
        _ arguments: ParsedArguments, _ console: Console, after idle: IdleGate.Outcome? = nil
    ) {
        guard arguments.has(.smartExecution) || arguments.has(.cache),
            !Self.others.contains(where: arguments.has),
            let directory = ProcessEnvironment.workingDirectory,
            let place = WorkflowLoader.place(path: arguments.text(.file), from: directory)
        else { return nil }
        root = place.root
        if case .changed(let run, let lock) = idle {
            self.lock = lock
            look = EarlyLook(
                root: root, workflow: place.file, processors: ProcessEnvironment.processors,
                after: run)
            return
        }
        guard let state = try? StateDirectory(root: root, create: false),
            EarlyLook.isWorthIt(place.file, in: state, processors: ProcessEnvironment.processors),
            let lock = ProjectGate(console).takeIfFree(state)
        else { return nil }
        self.lock = lock
        look = EarlyLook(
            root: root, workflow: place.file, processors: ProcessEnvironment.processors)
    }

    /// The lock, where it is that of this project.
    func lock(of project: Project) -> ProjectLock? { project.root == root ? lock : nil }
}
