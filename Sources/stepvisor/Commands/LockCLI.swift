import DependencyGraph
import Execution
import Platform
import Processes
import Reporting
import StateStore
import Supervisor
import WorkflowFiles
import WorkflowModel

/// `stepvisor lock NAME -- COMMAND`: runs a part of a script under a lock that steps use too.
struct LockCLI {
    private let arguments: ParsedArguments
    private let console: Console
    private let environment = ProcessEnvironment.environment

    init(_ arguments: ParsedArguments, _ console: Console) {
        self.arguments = arguments
        self.console = console
    }

    func run() throws -> Int32 {
        guard let name = arguments.operands.first, StepID.isValid(name) else {
            throw CommandFailure(
                .usage, "`\(arguments.operands.first ?? "")` is no name of a lock",
                help: "a name has letters, digits, `.`, `_` and `-`, and begins with one of the "
                    + "first two")
        }
        guard let directory = ProcessEnvironment.workingDirectory else {
            throw CommandFailure(.usage, "the working directory does not exist any more")
        }
        var resolver = ProgramResolver()
        let program: String
        do throws(ProgramProblem) {
            program = try resolver.resolve(
                arguments.commandWords[0],
                in: SearchPlace(path: environment["PATH"], directory: directory))
        } catch {
            throw CommandFailure(.usage, error.message, help: error.help)
        }
        let held = heldAlready
        #if !os(Linux)
            // Without /proc, a lock of an outer command cannot be told from another's lock.
            guard !held.contains(name) else { return start(program, held: held, lock: nil) }
        #endif
        guard let lock = try take(name) else { return CommandFailure.Code.busy.rawValue }
        return start(program, held: held.contains(name) ? held : held + [name], lock: lock)
    }

    /// Resources that the step or an outer `lock` holds: waiting for one of these would be a
    /// deadlock.
    private var heldAlready: [String] {
        environment[LockCommand.variable, default: ""].split(separator: ",").map(String.init)
    }

    private func take(_ name: String) throws -> HeldLocks? {
        let (root, declared) = try place(of: name)
        let scope = arguments.text(.scope).flatMap { ResourceScope(rawValue: $0) }
        let request = LockRequest(
            name: name, units: 1, capacity: declared?.capacity ?? 1,
            scope: scope ?? declared?.scope ?? .project)
        if request.scope == .project { _ = try StateDirectory(root: root, create: true) }
        let locks = ResourceLocks(
            root: root, environment: environment, runID: environment["STEPVISOR_RUN_ID"])
        if let concern = locks.concern(about: request.scope) {
            console.note("warning: \(concern)")
        }
        let result = try LockCommand.acquire(request, from: locks) { holder in
            let text = Wording.holder(holder)
            if arguments.has(.noWait) {
                console.note(text)
                return false
            }
            console.note("waiting: \(text)")
            return true
        }
        if case .acquired(let lock) = result { return lock }
        return nil
    }

    /// The project root, and the workflow's declaration of the resource.
    ///
    /// Inside a step the run's own project counts, whatever the working directory is.
    private func place(of name: String) throws -> (root: String, ResourceDeclaration?) {
        let loaded = try Project.read(arguments)
        let declared = loaded.workflow.resources.first { $0.name == name }
        let known = Set(
            loaded.workflow.resources.map(\.name)
                + loaded.workflow.steps.flatMap { $0.resources.map(\.name) })
        // A new name is allowed; one that nearly matches a declared resource protects nothing.
        if !known.contains(name), let meant = NearMiss.best(for: name, among: known.sorted()) {
            console.note("warning: no step takes `\(name)`; did you mean `\(meant)`?")
        }
        if arguments.text(.file) == nil, let run = environment["STEPVISOR_RUN_DIR"] {
            let parts = run.split(separator: "/", omittingEmptySubsequences: false)
            // ROOT/.stepvisor/runs/ID
            if parts.count > 3, parts[parts.count - 3] == StateDirectory.name {
                return (parts.dropLast(3).joined(separator: "/"), declared)
            }
        }
        return (loaded.projectRoot, declared)
    }

    private func start(_ program: String, held: [String], lock: HeldLocks?) -> Int32 {
        var environment = environment
        environment[LockCommand.variable] = held.joined(separator: ",")
        let problem = LockCommand.become(
            program, words: arguments.commandWords, environment: environment, holding: lock)
        return Console.report(CommandFailure(problem))
    }
}
