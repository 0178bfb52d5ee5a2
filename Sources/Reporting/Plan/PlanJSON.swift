import DependencyGraph
import Execution
import WorkflowModel

/// A plan as JSON.
struct PlanJSON {
    private let report: PlanReport
    private let skips: SkipReport?

    init(_ report: PlanReport) {
        self.report = report
        skips = report.skips
    }

    /// The whole document.
    var bytes: [UInt8] {
        let plan = report.plan
        let workflow = report.workflow
        var writer = JSONWriter(capacity: 160 * plan.count + 512)
        writer.beginObject()
        writer.member("workflow", workflow.name)
        writer.member("execution_mode", plan.mode.rawValue)
        writer.member("max_parallel_steps", plan.limit)
        writer.key("phases")
        writer.beginArray()
        for phase in report.phases {
            writer.newLine()
            writer.beginObject()
            writer.member("task_id", workflow.tasks[phase.task].id)
            writer.member("phase_id", phase.number)
            writer.key("steps")
            writer.beginArray()
            for step in phase.steps { write(step, to: &writer) }
            writer.endArray()
            writer.endObject()
        }
        writer.endArray()
        writer.key("finalizers")
        writer.beginArray()
        for step in report.finalizers { write(step, to: &writer) }
        writer.endArray()
        writeEdges(to: &writer)
        writeConflicts(to: &writer)
        writer.key("critical_path")
        writer.beginArray()
        for step in report.criticalPath { writer.string(workflow.steps[step].id.rawValue) }
        writer.endArray()
        writeTimes(to: &writer)
        report.terms.writePolicy(to: &writer)
        writer.endObject()
        writer.bytes.append(UInt8(ascii: "\n"))
        return writer.bytes
    }

    private func write(_ index: Int, to writer: inout JSONWriter) {
        let step = report.workflow.steps[index]
        writer.newLine()
        writer.beginObject()
        writer.member("step_id", step.id.rawValue)
        writer.member("description", step.description)
        writer.member("parallel_safe", step.isParallelSafe)
        writer.member("critical", step.isCritical)
        if let group = step.parallelGroup { writer.member("parallel_group", group) }
        if let measured = report.plan.measured(of: index) {
            writer.member("expected_ms", measured.value)
        } else {
            writer.null("expected_ms")
        }
        report.terms.write(index, to: &writer)
        skips?.write(index, to: &writer)
        writer.endObject()
    }

    private func writeEdges(to writer: inout JSONWriter) {
        let graph = report.resolved.graph
        var origins: [Int64: EdgeOrigin] = [:]
        for edge in report.resolved.inferredEdges {
            origins[Int64(edge.dependency) << 32 | Int64(edge.dependent)] = edge.origin
        }
        writer.key("edges")
        writer.beginArray()
        for step in 0..<graph.count where report.plan.selected[step] {
            for dependency in graph.dependencies(of: step) where report.plan.selected[dependency] {
                writer.newLine()
                writer.beginObject()
                writer.member("from", graph.nodes[dependency].rawValue)
                writer.member("to", graph.nodes[step].rawValue)
                let origin = origins[Int64(dependency) << 32 | Int64(step)] ?? .declared
                writer.member("origin", origin.name)
                if case .inferred(let path) = origin { writer.member("path", path) }
                writer.endObject()
            }
        }
        writer.endArray()
    }

    private func writeConflicts(to writer: inout JSONWriter) {
        writer.key("conflicts")
        writer.beginArray()
        for conflict in report.conflicts {
            writer.newLine()
            writer.beginObject()
            writer.key("steps")
            writer.beginArray()
            writer.string(report.workflow.steps[Int(conflict.first)].id.rawValue)
            writer.string(report.workflow.steps[Int(conflict.second)].id.rawValue)
            writer.endArray()
            writer.member("shared_output", conflict.path)
            writer.endObject()
        }
        writer.endArray()
    }

    private func writeTimes(to writer: inout JSONWriter) {
        // A partial sum would be mistaken for the total.
        guard let forecast = report.forecast, let wall = report.expectedWall,
            forecast.unmeasuredCount == 0
        else {
            writer.null("expected")
            return
        }
        writer.key("expected")
        writer.beginObject()
        writer.member("wall_ms", wall.value)
        writer.member("sum_ms", forecast.sum.value)
        writer.member("critical_path_ms", forecast.criticalPathLength.value)
        writer.endObject()
    }
}

extension EdgeOrigin {
    /// The name in JSON.
    var name: String {
        switch self {
        case .declared: "declared"
        case .inferred: "inferred"
        case .condition: "condition"
        case .taskOrder: "task_order"
        case .stepOrder: "step_order"
        }
    }
}
