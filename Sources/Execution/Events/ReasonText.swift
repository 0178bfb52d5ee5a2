extension StepReason {
    /// The reason as a sentence for people; ids and system messages are not neutralised.
    ///
    /// - Parameters:
    ///   - name: The id of a step, by index.
    ///   - fate: How a dependency ended: `failed`, `was aborted`.
    /// - Returns: A phrase without a full stop.
    public func sentence(
        name: (Int) -> String, fate: (Int) -> String = { _ in "failed" }
    ) -> String {
        switch self {
        case .exited(let code):
            return Self.exitSentence(code)
        case .signalled(let signal, let coreDumped):
            // A KILL from outside is usually sent by the kernel's out-of-memory killer.
            let doubt = signal == 9 ? "; out of memory?" : ""
            return "killed by \(SignalName.name(of: signal)) (not by stepvisor\(doubt))"
                + (coreDumped ? ", core dumped" : "")
        case .notStarted(let message):
            return "could not be started: \(message)"
        case .timedOut(let kind, let limit):
            return Self.timeoutSentence(kind, limit: limit)
        case .leftProcesses(let count):
            return count == 1 ? "left 1 process behind" : "left \(count) processes behind"
        case .dependencyFailed(let step):
            return "dependency `\(name(step))` \(fate(step))"
        case .halted(let step):
            return "halted by critical failure of `\(name(step))`"
        case .groupHalted(let group, let step):
            return "its group `\(group)` was halted by critical failure of `\(name(step))`"
        case .failuresInARow(let count):
            return "halted after \(count) failures in a row (failure_threshold)"
        case .awaitsReview(let step):
            return "the run stopped for a decision about `\(name(step))`"
        case .decided(let decision):
            return "decided: \(decision.word)"
        case .conditionFalse(let expression, let values):
            return "its condition does not hold: \(expression)"
                + (values.isEmpty ? "" : " (\(values))")
        case .conditionError(let expression, let message):
            return "its condition `\(expression)` cannot be evaluated: \(message)"
        case .successPatternMissing(let pattern):
            return "exited with 0, but its log does not hold `\(pattern)` (success_pattern)"
        case .verifyFailed(let exit):
            return "exited with 0, but `verify` says no: " + Self.verifySentence(exit)
        case .breakerOpen(let resource):
            return "the circuit breaker of `\(resource)` is open"
        case .interrupted(let signal):
            return "interrupted by \(SignalName.name(of: signal))"
        case .faulted(let why):
            return "stopped: \(why)"
        case .wantedTerminal(let signal):
            let what = signal == 22 ? "write to" : "read from"
            return "wanted to \(what) the terminal (\(SignalName.name(of: signal)))"
        case .unkillable(let pids):
            let names = pids.map { String($0) }.joined(separator: ", ")
            return "cannot be killed: \(pids.count == 1 ? "process" : "processes") \(names)"
        case .outputsMissing(let patterns):
            let names = patterns.map { "`\($0)`" }.joined(separator: ", ")
            return "exited with 0, but declared output \(names) is missing"
        case .doneEarlier, .upToDate, .unchanged, .restored, .notSelected, .other:
            return sentenceWithoutRun
        }
    }

    /// The sentence for a step that was not started because its result is known already.
    private var sentenceWithoutRun: String {
        switch self {
        case .doneEarlier(let run, _): "done earlier, in run \(run)"
        case .upToDate(let run):
            run.hasPrefix(Self.markPrefix)
                ? "up to date since \(run)" : "up to date since run \(run)"
        case .unchanged(let revision): "unchanged since \(revision)"
        case .restored(let run): "restored from run \(run)"
        case .notSelected: "left out by the command line"
        case .other(let text) where !text.isEmpty: text
        default: "no reason was given"
        }
    }

    /// The prefix of the time at which somebody marked a step as done; stands in place of a run id.
    public static let markPrefix = "mark "

    /// The run that produced the result because of which the step did not run.
    public var sourceRun: String? {
        switch self {
        case .doneEarlier(let run, _), .upToDate(let run), .restored(let run): run
        default: nil
        }
    }

    private static func timeoutSentence(_ kind: TimeoutKind, limit: Int64) -> String {
        let length = DurationText.declared(milliseconds: limit)
        return switch kind {
        case .attempt: "timed out after \(length) (attempt)"
        case .idle: "timed out after \(length) without output (idle)"
        case .phase: "timed out: its phase took more than \(length) (phase)"
        case .run: "timed out: the run took more than \(length) (run)"
        }
    }

    private static func verifySentence(_ exit: ExitStatus) -> String {
        switch exit {
        case .exited(let code): exitSentence(code)
        case .signalled(let signal, _): "killed by \(SignalName.name(of: signal))"
        }
    }

    /// A shell returns 128 + N when signal N ended its command, and 126 or 127 when it could not
    /// run it.
    private static func exitSentence(_ code: Int32) -> String {
        switch code {
        case 126: "exit code 126 (a shell's word for: cannot be executed)"
        case 127: "exit code 127 (a shell's word for: command not found)"
        case 129...(128 + 64): "exit \(code) (shell reports \(SignalName.name(of: code - 128)))"
        default: "exit code \(code)"
        }
    }
}

extension LockHolder {
    /// What a step waits for, and why; ids and names are not neutralised.
    public var sentence: String {
        let other = "`\(step ?? "another step")`"
        switch why {
        case .sharedOutput:
            return "cannot run in parallel with \(other) (shared output: \(resource))"
        case .waiterRunsAlone: return "runs alone, and \(other) still runs"
        case .holderRunsAlone: return "\(other) runs alone"
        case .resource: break
        }
        var text = "`\(resource)` is held"
        if let step {
            text += " by step `\(step)`"
            if let runID { text += " of run \(runID)" }
        } else if let runID {
            text += " by run \(runID)"
        }
        if let pid { text += " (pid \(pid))" }
        if let since { text += " since \(since)" }
        if isEnding { text += "; it has died, and its processes are being ended" }
        return text
    }
}

extension RunRecord {
    /// Why a step has its status, as a sentence; nil when it has no reason.
    public func reasonText(of step: Int) -> String? {
        guard steps.indices.contains(step) else { return nil }
        return steps[step].reason.map { text(of: $0, by: step) }
    }

    /// The reason of a step's last attempt as a sentence, which names the command that exceeded its
    /// limit.
    public func text(of reason: StepReason, by step: Int) -> String {
        switch reason {
        case .timedOut(.attempt, _), .timedOut(.idle, _):
            let hasChecked = steps.indices.contains(step) && steps[step].hasChecked
            return text(of: reason) + (hasChecked ? " while `verify` ran" : "")
        case .timedOut(.phase, let limit) where header.steps.indices.contains(step):
            let phase = Barrier(
                task: Int(header.steps[step].task), phase: Int(header.steps[step].phase))
            return "timed out: \(name(of: phase)) took more than "
                + "\(DurationText.declared(milliseconds: limit)) (phase)"
        default:
            return text(of: reason)
        }
    }

    /// A reason as a sentence, with the ids and results of this run's steps.
    public func text(of reason: StepReason) -> String {
        reason.sentence(name: { name(of: $0) }, fate: { fate(of: $0) })
    }

    /// A phase, with its task when there are several.
    public func name(of phase: Barrier) -> String {
        guard header.tasks.count > 1, header.tasks.indices.contains(phase.task) else {
            return "phase \(phase.phase)"
        }
        let id = header.tasks[phase.task].id
        return "phase \(phase.phase) of "
            + (id.isEmpty ? "steps outside of tasks" : "task \(id)")
    }

    /// A step's id; `step 7` for an index outside of the run.
    public func name(of step: Int) -> String {
        header.steps.indices.contains(step) ? header.steps[step].id : "step \(step)"
    }

    private func fate(of step: Int) -> String {
        guard steps.indices.contains(step) else { return "failed" }
        switch steps[step].status {
        case .aborted: return "was aborted"
        case .skipped: return "was skipped"
        case .pending, .running, .complete, .failed, .cached: return "failed"
        }
    }
}
