import Execution
import Platform
import Processes
import Reporting
import StateStore
import Supervisor

/// Locks the project for a run, or reports which run has the lock.
struct ProjectGate {
    private let console: Console

    init(_ console: Console) { self.console = console }

    /// Takes the project's lock, and cleans up after an interrupted run.
    ///
    /// - Parameters:
    ///   - state: The project's state.
    ///   - waits: Whether to wait for another run.
    ///   - resumes: Whether the user is resuming a run, and so needs no hint how to resume.
    /// - Returns: The lock.
    /// - Throws: ``CommandFailure`` with exit 4 when another run has the lock and this one must not
    ///   wait.
    func take(_ state: StateDirectory, waits: Bool, resumes: Bool = false) throws -> ProjectLock {
        let lock = try acquire(state, waits: waits)
        if let concern = ProjectLock.concern(about: state) { console.note("warning: \(concern)") }
        if let run = Recovery.settle(state) {
            let place = StartDirectory(projectRoot: state.root)
            for line in ProjectGate.lines(about: run, resumes: resumes, place) {
                console.note(line)
            }
        }
        return lock
    }

    private func acquire(_ state: StateDirectory, waits: Bool) throws -> ProjectLock {
        var hasSaid = false
        var patience = ProjectGate.patience
        while true {
            let since = Timestamp.text(RunClock.wallTime())
            switch try tryAcquire(state, since: since) {
            case .success(let lock): return lock
            case .failure(let busy):
                let who = describe(busy.holder)
                let outer =
                    ProcessEnvironment.environment["STEPVISOR_RUNS"]?.split(separator: ":") ?? []
                if let run = busy.holder.runID, outer.contains(where: { $0 == run }) {
                    throw CommandFailure(
                        .busy, "this run was started by a step of the run that holds the project",
                        help:
                            "give it a project of its own, or make its steps part of the outer run")
                }
                // A guardian ends within moments, which is not worth a failure.
                guard waits || busy.holder.isEnding && patience > 0 else {
                    throw CommandFailure(
                        .busy, "another run holds this project: \(who)",
                        help: "wait for it with `--wait`, or look at it with `stepvisor status`")
                }
                if !hasSaid { console.note("waiting for another run of this project: \(who)") }
                hasSaid = true
                ProcessEnvironment.pause(milliseconds: ProjectGate.interval)
                patience -= ProjectGate.interval
            }
        }
    }

    private func tryAcquire(
        _ state: StateDirectory, since: String
    ) throws -> Result<ProjectLock, ProjectBusy> {
        let result = try ProjectLock.tryAcquire(state, since: since)
        // If the lock file was removed, it can be locked again while another run still lives.
        guard case .success(let lock) = result, let holder = Recovery.livingRun(in: state) else {
            return result
        }
        lock.release()
        return .failure(ProjectBusy(holder: holder))
    }

    /// Milliseconds between two attempts.
    private static let interval = 50
    /// Milliseconds to wait for a guardian.
    private static let patience = 10_000

    private func describe(_ holder: LockHolder) -> String {
        guard let pid = holder.pid else { return "it has just begun" }
        return "pid \(pid)" + (holder.runID.map { ", run \(Sanitizer.line($0))" } ?? "")
            + (holder.since.map { ", since \(Sanitizer.line($0))" } ?? "")
            + (holder.isEnding ? "; it has died, and its processes are being ended" : "")
    }

    /// The lines about an interrupted run.
    static func lines(
        about run: InterruptedRun, resumes: Bool, _ place: StartDirectory
    ) -> [String] {
        var text = "run \(run.id) was interrupted: stepvisor died"
        if !run.running.isEmpty {
            let names = run.running.map { "`\(Sanitizer.line($0))`" }
            let list = Wording.list(names, atMost: 5)
            text +=
                " while \(Wording.count(run.running.count, "step")) "
                + "\(run.running.count == 1 ? "was" : "were") running (\(list))"
        }
        // A workflow file that is not found by default must be named.
        let file = run.workflowFile.flatMap { ["workflow.toml", "steps"].contains($0) ? nil : $0 }
        let words =
            ["stepvisor", "run"]
            + (file.map { ["-f", ShellWord.quoted(place.path(ofProjectFile: $0))] } ?? [])
            + ["--resume"]
        let command = Sanitizer.line(words.joined(separator: " "))
        var lines = [text + (resumes ? "" : "; go on with `\(command)`")]
        if run.endedProcesses > 0 {
            let count = Wording.count(run.endedProcesses, "process", plural: "processes")
            lines.append("ended what it had left: \(count)")
        }
        if !run.left.isEmpty {
            let numbers = run.left.map(String.init).joined(separator: ", ")
            lines.append("warning: cannot end what it has left: process \(numbers)")
        }
        return lines
    }
}
