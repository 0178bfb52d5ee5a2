import DependencyGraph
import Execution
import WorkflowModel

extension RunDiagram {
    /// The diagram as Mermaid text: phases as frames, edges reduced.
    ///
    /// Thick arrows are the critical path; dotted arrows are inferred and carry their origin. A
    /// step that runs alone has doubled sides, one with a condition is a hexagon, and one that
    /// always runs has round ends. With a record, the colour of a box shows how its step ended.
    public func mermaid() -> String { flowchart().rendered() }

    /// Why Mermaid with its default limits would reject the text, and what to do; nil when it would
    /// not.
    public func mermaidWarning(for text: String) -> String? {
        let arrows = edges.count { !$0.isImplied }
        let edgeLimit = MermaidFlowchart.defaultEdgeLimit
        let textLimit = MermaidFlowchart.defaultTextLimit
        if arrows > edgeLimit {
            return "the diagram has \(arrows) arrows, and Mermaid shows at most \(edgeLimit) "
                + "unless its page sets `maxEdges`; `--format dot` has no limit"
        }
        if text.utf16.count > textLimit {
            return "the diagram has \(text.utf16.count) characters, and Mermaid shows at most "
                + "\(textLimit) unless its page sets `maxTextSize`; `--format dot` has no limit"
        }
        return nil
    }

    private func flowchart() -> MermaidFlowchart {
        let steps = resolved.workflow.steps
        var comments = [
            "\(resolved.workflow.name): drawn by `stepvisor graph`",
            "thick: critical path, inferred or not; dotted: inferred; doubled sides: runs alone",
        ]
        if steps.contains(where: { $0.gating.condition != nil }) {
            comments.append("hexagon: runs if its condition holds")
        }
        if !resolved.workflow.finalizers.isEmpty {
            comments.append("round ends: always runs, at the end")
        }
        for conflict in resolved.conflicts where isInRange(conflict) {
            let (first, second) = (Int(conflict.first), Int(conflict.second))
            comments.append(
                "\(steps[first].id) and \(steps[second].id) never run at the same time "
                    + "(shared output: \(conflict.path))")
        }
        let nodes = steps.indices.map { step in
            MermaidFlowchart.Node(
                label(of: step).joined(separator: "\n"),
                shape: shape(of: steps[step]),
                classes: classes(of: step))
        }
        let arrows = edges.filter { !$0.isImplied }.map { edge in
            MermaidFlowchart.Edge(
                from: edge.from, to: edge.to, label: edge.origin.label,
                style: edge.isCritical ? .thick : edge.origin == .declared ? .solid : .dotted)
        }
        let subgraphs = frames.flatMap { frame in
            let phases = frame.phases.map { phase in
                let (groups, others) = groups(of: phase)
                return MermaidFlowchart.Subgraph(
                    title(of: phase), nodes: others,
                    children: groups.map { subgraph(of: $0) })
            }
            return frame.title.map { [MermaidFlowchart.Subgraph($0, children: phases)] } ?? phases
        }
        let used = Set(nodes.flatMap(\.classes))
        return MermaidFlowchart(
            comments: comments, nodes: nodes, edges: arrows, subgraphs: subgraphs,
            classes: RunDiagram.looks.filter { used.contains($0.name) })
    }

    private func subgraph(of group: Group) -> MermaidFlowchart.Subgraph {
        MermaidFlowchart.Subgraph(
            group.title, nodes: group.steps, children: group.children.map { subgraph(of: $0) })
    }

    private func shape(of step: Step) -> MermaidFlowchart.Node.Shape {
        if !step.isParallelSafe { return .subroutine }
        if step.gating.condition != nil { return .hexagon }
        return step.gating.always ? .stadium : .rectangle
    }

    private func classes(of step: Int) -> [String] {
        var names: [String] = []
        if let status = record(of: step)?.drawnStatus { names.append(status.rawValue) }
        if isCritical(step) { names.append("critical") }
        if !resolved.workflow.steps[step].isParallelSafe { names.append("alone") }
        return names
    }

    private static let looks: [MermaidFlowchart.Class] =
        StepStatus.allCases.map { status in
            MermaidFlowchart.Class(status.rawValue, style: "fill:\(status.fill),color:#111")
        } + [
            MermaidFlowchart.Class("critical", style: "stroke:#c2410c,stroke-width:3px"),
            MermaidFlowchart.Class("alone", style: "stroke-dasharray:6 3"),
        ]
}

extension EdgeOrigin {
    /// The label of an arrow with this origin.
    var label: String? {
        switch self {
        case .declared, .taskOrder, .stepOrder: nil
        case .inferred(let path): path
        case .condition: "condition"
        }
    }

    /// The name in JSON.
    var word: String {
        switch self {
        case .declared: "declared"
        case .inferred: "inferred"
        case .condition: "condition"
        case .taskOrder: "task_order"
        case .stepOrder: "step_order"
        }
    }
}

extension StepRecord {
    /// The status that decides the colour of a box: done earlier and up to date count as cached.
    var drawnStatus: StepStatus { isDoneEarlier || isUpToDate ? .cached : status }
}

extension StepStatus {
    /// The colour of a box; its text states the same in words.
    var fill: String {
        switch self {
        case .pending: "#f3f4f6"
        case .running: "#bfdbfe"
        case .complete: "#bbf7d0"
        case .failed: "#fecaca"
        case .aborted: "#fde68a"
        case .skipped: "#e5e7eb"
        case .cached: "#ccfbf1"
        }
    }
}
