/// Turns events into the journal's lines: one JSON object and a newline for each.
///
/// Written by hand because a line is on the way of every step: no Foundation, and no memory but
/// the caller's buffer. Times have microseconds; finer digits are cut.
public struct JournalEncoder: Sendable {
    private let steps: [StepHeader]
    private let stepList: StepList.Reference?
    var writer = JSONWriter(capacity: 0)

    /// An encoder for the events of one run, whose steps it names by id.
    ///
    /// - Parameters:
    ///   - header: What the run is.
    ///   - stepList: The file that the first line refers to for the steps; without it the line names
    ///     all of them.
    public init(header: RunHeader, stepList: StepList? = nil) {
        steps = header.steps
        self.stepList = stepList?.reference
    }

    /// Appends the line of one event, newline included.
    public mutating func append(_ event: RunEvent, to buffer: inout [UInt8]) {
        // The buffer lends its memory to the writer, so that a line costs no allocation.
        swap(&buffer, &writer.bytes)
        write(event)
        writer.bytes.append(UInt8(ascii: "\n"))
        swap(&buffer, &writer.bytes)
    }

    private mutating func write(_ event: RunEvent) {
        writer.beginObject()
        writer.key("t")
        writer.thousandths(microseconds(of: event.time))
        writer.key("event")
        switch event.kind {
        case .runStarted(let header):
            writer.string("run_started")
            write(header)
        case .launched(let step, let attempt, let method, let execution):
            name("launched", of: step)
            writer.member("attempt", attempt)
            writer.key("method")
            write(method)
            writer.member("execution", execution)
        case .started(let step, let pid, let startTicks, let basis):
            name("started", of: step)
            writer.member("pid", pid)
            writer.member("start", startTicks)
            if let basis { writer.member("basis", basis.text) }
        case .waiting(let step, let holder):
            name("waiting", of: step)
            write(holder)
        case .terminating(let step, let signal, let reason):
            name("terminating", of: step)
            writer.member("signal", signal)
            write(reason)
        case .killed(let step):
            name("killed", of: step)
        case .leftovers(let step, let leftovers):
            name("leftovers", of: step)
            write(leftovers)
        case .inputsChanged(let step, let cause):
            name("inputs_changed", of: step)
            writer.write([cause])
        case .due(let step, let causes):
            name("due", of: step)
            writer.write(causes)
        case .ended(let step, let end):
            name("ended", of: step)
            write(end)
        case .skipped(let step, let reason):
            name("skipped", of: step)
            write(reason)
        case .skippedTogether(let steps, let reason):
            writer.string("skipped_together")
            writer.member("steps", steps)
            write(reason)
        default:
            writeOfRun(event.kind)
        }
        writer.endObject()
    }

    private mutating func writeOfRun(_ kind: RunEvent.Kind) {
        switch kind {
        case .halting(let step):
            name("halting", of: step)
        case .groupHalting(let step):
            name("group_halting", of: step)
        case .stopping(let signal):
            writer.string("stopping")
            writer.member("signal", signal)
        case .faulted(let fault):
            writer.string("faulted")
            writer.member("reason", fault.reason)
            writer.member("error", fault.error)
        case .limitReached(let kind, let limit, let phase):
            writer.string("limit_reached")
            writer.member("limit", kind.rawValue)
            writer.member("limit_ms", limit)
            if let phase {
                writer.member("task", phase.task)
                writer.member("phase", phase.phase)
            }
        case .barrierPassed(let task, let phase):
            writer.string("barrier_passed")
            writer.member("task", task)
            writer.member("phase", phase)
        case .suspended:
            writer.string("suspended")
        case .resumed(let nanoseconds):
            writer.string("resumed")
            writer.member("after_ns", nanoseconds)
        case .reading(let text):
            writer.string("reading")
            writer.member("text", text)
        case .warning(let step, let text):
            writer.string("warning")
            if let step { write(step: step, as: "step") }
            writer.member("text", text)
        case .runEnded(let status):
            writer.string("run_ended")
            writer.member("status", status.rawValue)
        case .runStarted, .launched, .started, .waiting, .terminating, .killed, .leftovers,
            .inputsChanged, .due, .ended, .skipped, .skippedTogether:
            // Of a step, or the first: written by the caller.
            break
        case .checkStarted, .logPart, .outputsEmpty, .attemptFailed, .retryScheduled, .reviewWanted,
            .decided, .thresholdReached, .modeChanged, .throttled, .throttleEased,
            .breakerChanged, .finalizing:
            writeOfPolicy(kind)
        }
    }

    mutating func name(_ event: String, of step: Int) {
        writer.string(event)
        write(step: step, as: "step")
    }

    /// A step by its id; by its index where the run has no such step.
    mutating func write(step: Int, as key: StaticString) {
        writer.key(key)
        if steps.indices.contains(step) {
            writer.string(steps[step].id)
        } else {
            writer.integer(step)
        }
    }

    mutating func write(_ method: StepMethod) {
        switch method {
        case .primary: writer.string("primary")
        case .backup(let number): writer.integer(number)
        }
    }

    private mutating func write(_ holder: LockHolder) {
        writer.member("resource", holder.resource)
        if let pid = holder.pid { writer.member("pid", pid) }
        if let runID = holder.runID { writer.member("run_id", runID) }
        if let step = holder.step { writer.member("holder", step) }
        if let since = holder.since { writer.member("since", since) }
        if holder.isEnding { writer.member("ending", true) }
        if holder.why != .resource { writer.member("why", holder.why.rawValue) }
    }

    private mutating func write(_ leftovers: [Leftover]) {
        writer.key("processes")
        writer.beginArray()
        for leftover in leftovers {
            writer.beginObject()
            writer.member("pid", leftover.pid)
            writer.member("command", leftover.command)
            writer.member("age_ms", leftover.ageMilliseconds)
            writer.endObject()
        }
        writer.endArray()
    }

    private mutating func write(_ end: StepEnd) {
        writer.member("status", end.status.rawValue)
        write(end.exit)
        if let reason = end.reason { write(reason) }
        write(end.usage)
        if end.isAllowed { writer.member("allowed", true) }
        if let error = end.error { writer.member("error", error) }
    }

    mutating func write(_ exit: ExitStatus?) {
        switch exit {
        case .exited(let code):
            writer.member("exit_code", code)
        case .signalled(let signal, let coreDumped):
            writer.member("signal", signal)
            if coreDumped { writer.member("core_dumped", true) }
        case nil:
            break
        }
    }

    mutating func write(_ usage: ResourceUsage?) {
        guard let usage else { return }
        writer.member("user_us", usage.userMicroseconds)
        writer.member("system_us", usage.systemMicroseconds)
        if let peak = usage.peakMemoryKiB { writer.member("peak_memory_kib", peak) }
    }

    mutating func write(_ reason: StepReason) {
        writer.key("reason")
        writer.beginObject()
        writer.member("code", reason.code)
        switch reason {
        case .exited(let code):
            write(ExitStatus.exited(code))
        case .signalled(let signal, let coreDumped):
            write(ExitStatus.signalled(signal, coreDumped: coreDumped))
        case .verifyFailed(let exit):
            write(exit)
        case .notStarted(let message), .other(let message), .faulted(let message):
            writer.member("message", message)
        case .timedOut(let kind, let limit):
            writer.member("limit", kind.rawValue)
            writer.member("limit_ms", limit)
        case .leftProcesses(let count):
            writer.member("count", count)
        case .failuresInARow(let count):
            writer.member("count", count)
        case .decided(let decision):
            writer.member("decision", decision.word)
        case .conditionFalse(let expression, let values):
            writer.member("condition", expression)
            writer.member("values", values)
        case .conditionError(let expression, let message):
            writer.member("condition", expression)
            writer.member("message", message)
        case .successPatternMissing(let pattern):
            writer.member("pattern", pattern)
        case .breakerOpen(let resource):
            writer.member("resource", resource)
        case .dependencyFailed(let step), .halted(let step), .awaitsReview(let step):
            write(step: step, as: "cause")
        case .groupHalted(let group, let step):
            writer.member("group", group)
            write(step: step, as: "cause")
        case .interrupted(let signal), .wantedTerminal(let signal):
            writer.member("signal", signal)
        case .unkillable(let pids):
            writer.key("pids")
            writer.beginArray()
            for pid in pids { writer.integer(pid) }
            writer.endArray()
        case .outputsMissing(let patterns):
            write(patterns, as: "patterns")
        case .doneEarlier(let run, let basis):
            writer.member("run", run)
            if let basis { writer.member("basis", basis.text) }
        case .upToDate(let run), .restored(let run):
            writer.member("run", run)
        case .unchanged(let revision):
            writer.member("since", revision)
        case .notSelected:
            break
        }
        writer.endObject()
    }

    private mutating func write(_ texts: [String], as name: StaticString) {
        writer.key(name)
        writer.beginArray()
        for text in texts { writer.string(text) }
        writer.endArray()
    }

    private mutating func write(_ header: RunHeader) {
        let schema = stepList == nil ? header.schemaVersion : RunHeader.currentSchema
        writer.member("schema", schema)
        writer.member("run_id", header.runID)
        writer.member("workflow", header.workflow)
        // Early in the line, so that whose run it is can be told without reading all steps.
        if let file = header.workflowFile { writer.member("workflow_file", file) }
        writer.member("mode", header.mode.rawValue)
        writer.member("max_parallel_steps", header.maxParallelSteps)
        writer.member("started_at_us", header.startedAt.microseconds)
        writer.member("pid", header.pid)
        writer.member("boot_id", header.bootID)
        if header.startTicks > 0 { writer.member("start", header.startTicks) }
        if let resumes = header.resumes { writer.member("resumes", resumes) }
        if let seed = header.seed { writer.member("seed", seed) }
        if let replays = header.replays { writer.member("replays", replays) }
        writer.writeSmart(of: header)
        writer.key("tasks")
        writer.beginArray()
        for task in header.tasks {
            writer.beginObject()
            writer.member("id", task.id)
            writer.member("description", task.description)
            writer.endObject()
        }
        writer.endArray()
        if let stepList {
            writer.member("steps", stepList.count)
            writer.member("step_list", stepList.sum)
        } else {
            writer.write(header.steps)
        }
    }
}

/// Whole microseconds of a moment, rounded towards the past.
private func microseconds(of time: RunTime) -> Int64 {
    let (quotient, remainder) = time.nanoseconds.quotientAndRemainder(dividingBy: 1000)
    return remainder < 0 ? quotient - 1 : quotient
}

extension StepReason {
    /// The reason's name for machines, as journal and `progress.json` have it.
    public var code: String {
        switch self {
        case .exited: "exited"
        case .signalled: "signalled"
        case .notStarted: "not_started"
        case .timedOut: "timed_out"
        case .leftProcesses: "left_processes"
        case .dependencyFailed: "dependency_failed"
        case .halted: "halted"
        case .groupHalted: "group_halted"
        case .failuresInARow: "failures_in_a_row"
        case .awaitsReview: "awaits_review"
        case .decided: "decided"
        case .conditionFalse: "condition_false"
        case .conditionError: "condition_error"
        case .successPatternMissing: "success_pattern_missing"
        case .verifyFailed: "verify_failed"
        case .breakerOpen: "breaker_open"
        case .interrupted: "interrupted"
        case .faulted: "faulted"
        case .wantedTerminal: "wanted_terminal"
        case .unkillable: "unkillable"
        case .outputsMissing: "outputs_missing"
        case .doneEarlier: "done_earlier"
        case .upToDate: "up_to_date"
        case .unchanged: "unchanged"
        case .restored: "restored"
        case .notSelected: "not_selected"
        case .other: "other"
        }
    }
}
