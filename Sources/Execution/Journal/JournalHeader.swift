extension JournalDecoder {
    /// What the first line says of a list of steps in another file; nil where it names them itself.
    static func stepList(_ members: JSONMembers) -> StepList.Reference? {
        guard let sum = members.text("step_list"), let count: Int = members.integer("steps") else {
            return nil
        }
        return StepList.Reference(sum: sum, count: count)
    }

    /// The run's header from the members of the first line and the steps that it names or refers to;
    /// nil when a part is missing.
    static func header(_ members: JSONMembers, listed: [JSONValue]?) -> RunHeader? {
        guard let schema: Int = members.integer("schema"), schema >= 1,
            let runID = members.text("run_id"), let workflow = members.text("workflow"),
            let mode = members.text("mode").flatMap({ ExecutionMode(rawValue: $0) }),
            let limit: Int = members.integer("max_parallel_steps"),
            let startedAt: Int64 = members.integer("started_at_us"),
            let pid: Int32 = members.integer("pid"), let bootID = members.text("boot_id"),
            let tasks = members.array("tasks"), let steps = listed ?? members.array("steps")
        else { return nil }
        var header = RunHeader(
            runID: runID, workflow: workflow, mode: mode, maxParallelSteps: limit,
            startedAt: WallTime(microseconds: startedAt), pid: pid, bootID: bootID,
            tasks: tasks.compactMap(task), steps: steps.compactMap(step),
            resumes: members.text("resumes"))
        header.schemaVersion = schema
        header.workflowFile = members.text("workflow_file")
        header.startTicks = members.integer("start") ?? 0
        header.seed = members.integer("seed")
        header.replays = members.text("replays")
        header.smart = members.smartChoice()
        header.usesCache = members.truth("cache")
        // A part that could not be read would shift every index after it.
        guard header.tasks.count == tasks.count, header.steps.count == steps.count else {
            return nil
        }
        return header
    }

    private static func task(_ value: JSONValue) -> TaskHeader? {
        guard case .object(let members) = value, let id = members.text("id") else { return nil }
        return TaskHeader(id: id, description: members.text("description") ?? "")
    }

    private static func step(_ value: JSONValue) -> StepHeader? {
        guard case .object(let members) = value, let id = members.text("id"),
            let task: Int32 = members.integer("task"),
            let phase: Int32 = members.integer("phase")
        else { return nil }
        var header = StepHeader(
            id: id, description: members.text("description") ?? "", task: Int(task),
            phase: Int(phase), parallelGroup: members.text("group"),
            dependencies: (members.array("dependencies") ?? []).compactMap { value in
                if case .integer(let index) = value { Int32(exactly: index) } else { nil }
            },
            outputs: (members.array("outputs") ?? []).compactMap { value in
                if case .string(let path) = value { path } else { nil }
            },
            runsAlone: members.truth("alone"))
        header.wouldBeParallel = members.truth("would_be_parallel")
        header.isFinalizer = members.truth("always")
        header.maxAttempts = members.integer("most_attempts") ?? 1
        header.doneUnlessNeedsRun = members.text("done_in").map {
            DoneEarlier(
                run: $0, basis: members.text("done_basis").flatMap { StepBasis(text: $0) })
        }
        return header
    }
}
