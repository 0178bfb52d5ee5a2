/// Turns events into the journal's lines by the table ``JournalEvents``: one JSON object and a newline
/// for each.
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
        _ = JournalEvents.all.contains { $0.write(event.kind, &self) }
        writer.endObject()
    }

    // MARK: - What several fields have in common

    /// A step by its id; by its index where the run has no such step.
    mutating func write(step: Int, as key: StaticString) {
        writer.key(key)
        if steps.indices.contains(step) {
            writer.string(steps[step].id)
        } else {
            writer.integer(step)
        }
    }

    mutating func write(_ reason: StepReason) {
        writer.key("reason")
        writer.beginObject()
        writer.key("code")
        _ = JournalReasons.all.contains { $0.write(reason, &self) }
        writer.endObject()
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

    mutating func write(_ header: RunHeader) {
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
