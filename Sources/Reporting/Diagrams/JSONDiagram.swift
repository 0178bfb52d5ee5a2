import DependencyGraph
import Execution
import WorkflowModel

extension RunDiagram {
    /// The diagram as one JSON object: `nodes`, `edges` with their origin, `phases`,
    /// `critical_path` and `conflicts`; steps are named by id.
    ///
    /// All edges are listed; `implied` marks those that the pictures leave out.
    public func json() -> String {
        var writer = JSONWriter(capacity: 256 * resolved.graph.count + 256)
        writer.beginObject()
        writer.member("workflow", resolved.workflow.name)
        writer.key("nodes")
        writer.beginArray()
        for phase in phases {
            for step in phase.steps { write(step, in: phase, to: &writer) }
        }
        writer.endArray()
        writer.key("edges")
        writer.beginArray()
        for edge in edges { write(edge, to: &writer) }
        writer.endArray()
        writer.key("phases")
        writer.beginArray()
        for phase in phases where !phase.isLast { write(phase, to: &writer) }
        writer.endArray()
        writer.key("finalizers")
        write(phases.filter(\.isLast).flatMap(\.steps), to: &writer)
        writer.key("groups")
        writer.beginArray()
        for group in resolved.workflow.groups {
            writer.beginObject()
            writer.member("name", group.name.rawValue)
            writer.key("steps")
            write(Array(group.members), to: &writer)
            writer.endObject()
        }
        writer.endArray()
        writer.key("critical_path")
        write(criticalPath, to: &writer)
        writer.key("conflicts")
        writer.beginArray()
        for conflict in resolved.conflicts where isInRange(conflict) {
            writer.beginObject()
            writer.key("steps")
            write([Int(conflict.first), Int(conflict.second)], to: &writer)
            writer.member("path", conflict.path)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self) + "\n"
    }

    private func write(_ step: Int, in phase: Phase, to writer: inout JSONWriter) {
        let declared = resolved.workflow.steps[step]
        writer.beginObject()
        writer.member("id", declared.id.rawValue)
        writer.member("description", declared.description)
        writer.member("task", taskID(declared.task))
        if phase.isLast { writer.null("phase") } else { writer.member("phase", phase.number) }
        writer.member("always", phase.isLast)
        if let condition = declared.gating.condition {
            writer.member("condition", condition)
        } else {
            writer.null("condition")
        }
        if let group = declared.parallelGroup {
            writer.member("parallel_group", group)
        } else {
            writer.null("parallel_group")
        }
        writer.member("parallel_safe", declared.isParallelSafe)
        writer.member("critical_path", isCritical(step))
        if let record = record(of: step) {
            writer.member("status", record.status.rawValue)
            if let duration = record.duration {
                writer.member("execution_time_ms", duration / 1_000_000)
            }
            writer.member("attempts", record.attempts)
            if let method = record.method { writer.member("method_used", method.description) }
        }
        writer.endObject()
    }

    private func write(_ edge: Edge, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("from", id(edge.from))
        writer.member("to", id(edge.to))
        writer.member("origin", edge.origin.word)
        if case .inferred(let path) = edge.origin { writer.member("path", path) }
        writer.member("implied", edge.isImplied)
        writer.endObject()
    }

    private func write(_ phase: Phase, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("task", taskID(phase.task))
        writer.member("phase", phase.number)
        writer.key("steps")
        write(phase.steps, to: &writer)
        writer.endObject()
    }

    private func write(_ steps: [Int], to writer: inout JSONWriter) {
        writer.beginArray()
        for step in steps { writer.string(id(step)) }
        writer.endArray()
    }

    private func id(_ step: Int) -> String {
        let steps = resolved.workflow.steps
        return steps.indices.contains(step) ? steps[step].id.rawValue : ""
    }

    private func taskID(_ task: Int) -> String {
        let tasks = resolved.workflow.tasks
        return tasks.indices.contains(task) ? tasks[task].id : ""
    }
}
