/// One step as `progress.json` shows it.
extension JSONWriter {
    mutating func write(step index: Int, of record: RunRecord, at now: RunTime) {
        guard record.steps.indices.contains(index) else { return literal("null") }
        let step = record.steps[index]
        let header = record.header.steps[index]
        let start = record.header.startedAt
        leavesOutNulls = step.launchedAt == nil
        defer { leavesOutNulls = false }
        beginObject()
        member("step_id", header.id)
        member("description", header.description)
        execution("execution_id", step.execution)
        member("status", step.status.rawValue)
        let reason = record.reasonText(of: index)
        optional("reason", reason)
        optional("reason_code", step.reason?.code)
        optional("parallel_group", header.parallelGroup)
        member("parallel_execution", step.ranInParallel)
        member("would_be_parallel", header.wouldBeParallel)
        key("dependencies_satisfied")
        beginArray()
        for dependency in record.satisfiedDependencies(of: index) {
            string(record.header.steps[dependency].id)
        }
        endArray()
        moment("launched_at", step.launchedAt, since: start)
        moment("completed_at", step.completedAt, since: start)
        milliseconds("execution_time_ms", step.elapsed(at: now))
        if let pid = step.pid { member("pid", pid) } else { null("pid") }
        write(step.exit)
        member("always", header.isFinalizer)
        member("attempts", step.attempts)
        optional("method_used", step.method?.description)
        write(step.earlierAttempts, of: record)
        moment("next_attempt_at", step.nextAttempt?.at, since: start)
        // What a step that came from the cache once wrote is put there.
        let hasLog = step.execution > 0 || step.attempts > 0 || step.status == .cached
        log(of: header, wasLaunched: hasLog)
        key("outputs")
        beginArray()
        for output in header.outputs { string(output) }
        endArray()
        if let causes = record.causes[index] { write(causes) }
        write(step.leftovers)
        write(step.usage)
        key("events")
        beginArray()
        for event in step.events { write(event, of: record, error: reason) }
        endArray()
        endObject()
    }

    private mutating func write(_ event: StepEvent, of record: RunRecord, error: String?) {
        beginObject()
        key("event")
        write(event.name)
        moment("timestamp", event.time, since: record.header.startedAt)
        switch event.name {
        case .methodFailed(_, let reason):
            member("error", event.error ?? record.text(of: reason))
        case .failed, .aborted:
            if let error = event.error ?? error { member("error", error) }
        case .terminating(let signal):
            member("signal", SignalName.name(of: signal))
        case .retryScheduled(let method, let delay):
            member("method", method.description)
            member("delay_ms", delay)
        case .decided(let decision):
            member("decision", decision.word)
        case .waiting(let holder):
            member("reason", holder.sentence)
            member("reason_code", holder.why.rawValue)
            optional("held_by", holder.step)
            if !holder.resource.isEmpty { member("subject", holder.resource) }
        default:
            break
        }
        endObject()
    }

    private mutating func write(_ exit: ExitStatus?) {
        switch exit {
        case .exited(let code): member("exit_code", code)
        case .signalled(let signal, _): member("signal", SignalName.name(of: signal))
        case nil: break
        }
    }

    private mutating func write(_ attempts: [AttemptRecord], of record: RunRecord) {
        key("earlier_attempts")
        beginArray()
        for attempt in attempts {
            beginObject()
            member("attempt", attempt.number)
            member("method", attempt.method.description)
            execution("execution_id", attempt.execution)
            moment("launched_at", attempt.launchedAt, since: record.header.startedAt)
            moment("completed_at", attempt.completedAt, since: record.header.startedAt)
            milliseconds("execution_time_ms", attempt.completedAt.map { attempt.elapsed(at: $0) })
            optional("reason", attempt.reason.map { record.text(of: $0) })
            optional("reason_code", attempt.reason?.code)
            write(attempt.exit)
            member("busy", attempt.isBusy)
            optional("next_method", attempt.next?.method.description)
            if let rest = attempt.next?.restMilliseconds {
                member("rest_ms", rest)
            } else {
                null("rest_ms")
            }
            endObject()
        }
        endArray()
    }

    private mutating func write(_ leftovers: [Leftover]) {
        key("leftovers")
        beginArray()
        for leftover in leftovers {
            beginObject()
            member("pid", leftover.pid)
            member("command", leftover.command)
            member("age_ms", leftover.ageMilliseconds)
            endObject()
        }
        endArray()
    }

    private mutating func write(_ usage: ResourceUsage?) {
        guard let usage else { return null("usage") }
        key("usage")
        beginObject()
        key("user_ms")
        thousandths(usage.userMicroseconds)
        key("system_ms")
        thousandths(usage.systemMicroseconds)
        if let peak = usage.peakMemoryKiB {
            member("peak_memory_kib", peak)
        } else {
            null("peak_memory_kib")
        }
        endObject()
    }

    /// As ``ExecutionID``, without a string for each step.
    private mutating func execution(_ name: StaticString, _ number: Int32) {
        guard number > 0 else { return null(name) }
        key(name)
        literal("\"exec_")
        if number < 100 { digits(0) }
        if number < 10 { digits(0) }
        digits(number)
        bytes.append(UInt8(ascii: "\""))
    }

    /// As ``StepEvent/Name/description``, without a string for each event.
    private mutating func write(_ name: StepEvent.Name) {
        switch name {
        case .launched: literal("\"launched\"")
        case .started: literal("\"started\"")
        case .methodStarted(.primary): literal("\"primary_method_started\"")
        case .methodComplete(.primary): literal("\"primary_method_complete\"")
        case .complete: literal("\"complete\"")
        default: string(name.description)
        }
    }

    /// The log's path within the run's directory.
    private mutating func log(of step: StepHeader, wasLaunched: Bool) {
        guard wasLaunched else { return null("log") }
        key("log")
        literal("\"logs/")
        escaped(step.id)
        bytes.append(contentsOf: ".log\"".utf8)
    }

    mutating func optional(_ name: StaticString, _ text: String?) {
        if let text { member(name, text) } else { null(name) }
    }

    mutating func moment(_ name: StaticString, _ time: RunTime?, since start: WallTime) {
        guard let time else { return null(name) }
        key(name)
        timestamp(start.advanced(to: time))
    }

    mutating func milliseconds(_ name: StaticString, _ nanoseconds: Int64?) {
        guard let nanoseconds else { return null(name) }
        member(name, nanoseconds / 1_000_000)
    }

    mutating func timestamp(_ time: WallTime) {
        // A timestamp needs no escapes, and it follows a name, so that no comma is due.
        bytes.append(UInt8(ascii: "\""))
        Timestamp.append(time, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }
}

/// The names of executions.
public enum ExecutionID {
    /// The name of an execution: `exec_001` for 1; digits are added when three do not suffice.
    public static func text(_ number: Int32) -> String {
        let digits = String(number)
        return "exec_" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    }
}

extension StepEvent.Name: CustomStringConvertible {
    /// The name as `progress.json` has it: `primary_method_started`, `backup[1]_failed`.
    public var description: String {
        switch self {
        case .waiting: "waiting"
        case .launched: "launched"
        case .started: "started"
        case .methodStarted(let method): Self.stem(method) + "_started"
        case .methodFailed(let method, _): Self.stem(method) + "_failed"
        case .methodComplete(let method): Self.stem(method) + "_complete"
        case .terminating: "terminating"
        case .killed: "killed"
        case .retryScheduled: "retry_scheduled"
        case .checkStarted: "verify_started"
        case .reviewWanted: "review_wanted"
        case .decided: "decided"
        case .complete: "complete"
        case .failed: "failed"
        case .aborted: "aborted"
        case .skipped: "skipped"
        case .cached: "cached"
        }
    }

    private static func stem(_ method: StepMethod) -> String {
        switch method {
        case .primary: "primary_method"
        case .backup: method.description
        }
    }
}
