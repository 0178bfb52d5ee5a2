/// Writes `progress.json`: the record in the fields that programs read.
///
/// Streams in pieces of about 64 KiB, since the document of 10,000 steps has 10 MB. Fields without
/// a value are `null`, but for `exit_code` and `signal` (a name like `SIGKILL`), of which at most one
/// is there, and for steps that did not start, of which they are left out.
///
/// Where many steps of a phase were skipped at once for one reason, the file names them together, by
/// their positions in `steps_in_phase`, and has no entry in `steps` for each (`skipped_together`).
public struct ProgressDocument: Sendable {
    private let layout: RunLayout
    private let isWhole: Bool
    private var writer = JSONWriter(capacity: pieceSize + 4096)
    private static let pieceSize = 64 * 1024

    /// The version of the document's form.
    public static let schemaVersion = 3

    /// A writer for one run; keeps the order of its steps between documents.
    ///
    /// - Parameters:
    ///   - header: What the run is.
    ///   - isWhole: Whether each step has an entry of its own, even of many that were skipped together.
    public init(header: RunHeader, isWhole: Bool = true) {
        layout = RunLayout(header)
        self.isWhole = isWhole
    }

    /// The whole document as bytes.
    public mutating func bytes(of record: RunRecord, at now: RunTime) -> [UInt8] {
        var bytes: [UInt8] = []
        write(record, at: now) { bytes += $0 }
        return bytes
    }

    /// Writes the document of a record.
    ///
    /// - Parameters:
    ///   - record: The record of the run that the writer was made for.
    ///   - now: Up to when running steps are measured.
    ///   - sink: Takes the pieces in order.
    /// - Throws: What `sink` throws.
    public mutating func write(
        _ record: RunRecord, at now: RunTime, to sink: ([UInt8]) throws -> Void
    ) rethrows {
        writer.bytes.removeAll(keepingCapacity: true)
        writer.beginObject()
        writeRun(record, at: now)
        writer.key("tasks")
        writer.beginArray()
        var phases = layout.phases[...]
        while let first = phases.first {
            let task = phases.prefix { $0.task == first.task }
            phases = phases.dropFirst(task.count)
            writer.newLine()
            writer.beginObject()
            writeTask(first.task, of: record)
            writer.key("phases")
            writer.beginArray()
            for phase in task { try write(phase, of: record, at: now, to: sink) }
            writer.endArray()
            writer.endObject()
        }
        writer.endArray()
        writeSummary(record)
        writer.endObject()
        writer.bytes.append(UInt8(ascii: "\n"))
        try sink(writer.bytes)
    }

    private mutating func writeRun(_ record: RunRecord, at now: RunTime) {
        let header = record.header
        writer.member("schema_version", Self.schemaVersion)
        writer.member("run_id", header.runID)
        writer.member("workflow", header.workflow)
        if let file = header.workflowFile { writer.member("workflow_file", file) }
        writer.member("execution_mode", header.mode.rawValue)
        writer.member("max_parallel_steps", header.maxParallelSteps)
        writer.member("status", record.status.rawValue)
        writer.key("started_at")
        writer.timestamp(header.startedAt)
        writer.moment("ended_at", record.endedAt, since: header.startedAt)
        writer.member("duration_ms", record.wallTime(at: now) / 1_000_000)
        writer.member("suspended_ms", record.suspendedTime / 1_000_000)
        if let resumes = header.resumes {
            writer.member("resumes", resumes)
        } else {
            writer.null("resumes")
        }
        if let replays = header.replays {
            writer.member("replays", replays)
        } else {
            writer.null("replays")
        }
        if let seed = header.seed { writer.member("seed", seed) } else { writer.null("seed") }
        writer.writeSmart(of: header)
        writer.writePolicy(of: record)
    }

    private mutating func writeTask(_ task: Int, of record: RunRecord) {
        let tasks = record.header.tasks
        writer.member("task_id", tasks.indices.contains(task) ? tasks[task].id : "")
    }

    private mutating func writeSummary(_ record: RunRecord) {
        writer.newLine()
        // `newLine` has placed the comma.
        writer.key("parallel_execution_summary")
        writer.beginObject()
        writer.member("concurrent_steps", record.peakConcurrency)
        writer.milliseconds("time_saved_ms", record.timeSaved)
        writer.member("synchronisation_points", record.synchronisationPoints)
        writer.endObject()
        writer.writeSharedEvents(of: record)
        writer.key("warnings")
        writer.beginArray()
        for warning in record.warnings { writer.string(warning) }
        writer.endArray()
    }

    private mutating func write(
        _ phase: RunLayout.Phase, of record: RunRecord, at now: RunTime,
        to sink: ([UInt8]) throws -> Void
    ) rethrows {
        let times = record.times(of: phase)
        let start = record.header.startedAt
        writer.newLine()
        writer.beginObject()
        writer.member("phase_id", phase.number)
        writer.key("parallel_groups")
        writer.beginArray()
        for group in record.header.parallelGroups(of: phase) { writer.string(group) }
        writer.endArray()
        writer.key("steps_in_phase")
        writer.beginArray()
        for step in phase.steps { writer.string(record.name(of: step)) }
        writer.endArray()
        writer.moment("phase_start", times.start, since: start)
        writer.moment("phase_end", times.end, since: start)
        writer.milliseconds(
            "phase_duration_ms", times.start.map { span(from: $0, to: times.end ?? now) })
        let barrier = Barrier(task: phase.task, phase: phase.number)
        writer.moment("barrier_passed", record.barriers[barrier], since: start)
        let together = isWhole ? [] : record.skippedTogether(in: phase)
        writer.write(together, in: phase, of: record)
        writer.key("steps")
        writer.beginArray()
        for (position, step) in phase.steps.enumerated()
        where !together.contains(where: { $0.contains(position) }) {
            writer.newLine()
            writer.write(step: step, of: record, at: now)
            if writer.bytes.count >= Self.pieceSize { try writer.drain(to: sink) }
        }
        writer.endArray()
        writer.endObject()
    }
}

extension RunHeader {
    /// The named sets of a phase's steps, each once, in declaration order.
    func parallelGroups(of phase: RunLayout.Phase) -> [String] {
        var seen: Set<String> = []
        return phase.steps.compactMap { index in
            guard let group = steps[index].parallelGroup, seen.insert(group).inserted else {
                return nil
            }
            return group
        }
    }
}
