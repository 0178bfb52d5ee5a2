import DependencyGraph
import Execution
import WorkflowModel

extension RunDiagram {
    /// The diagram in the DOT language of Graphviz, with the same marks as ``mermaid()``.
    ///
    /// A dashed line without arrow joins two steps that must not run at the same time.
    public func dot() -> String {
        var text = "digraph \(DOT.string(resolved.workflow.name)) {\n"
        text += "    rankdir=TB;\n"
        text += "    node [shape=box, style=\"rounded,filled\", fillcolor=white];\n"
        for (number, frame) in frames.enumerated() {
            guard let title = frame.title else {
                text += clusters(frame.phases, prefix: "", indent: "    ")
                continue
            }
            text += "    subgraph cluster_t\(number) {\n"
            text += "        label=\(DOT.label([title]));\n"
            text += clusters(frame.phases, prefix: "t\(number)_", indent: "        ")
            text += "    }\n"
        }
        for edge in edges where !edge.isImplied {
            var attributes: [String] = []
            if let label = edge.origin.label { attributes.append("label=\(DOT.label([label]))") }
            if edge.origin != .declared { attributes.append("style=dashed") }
            if edge.isCritical { attributes.append("penwidth=3, color=\"#c2410c\"") }
            let list = attributes.isEmpty ? "" : " [\(attributes.joined(separator: ", "))]"
            text += "    n\(edge.from) -> n\(edge.to)\(list);\n"
        }
        for conflict in resolved.conflicts where isInRange(conflict) {
            let label = DOT.label(["shared output: \(conflict.path)"])
            text += "    n\(conflict.first) -> n\(conflict.second) "
            text += "[dir=none, style=dotted, constraint=false, label=\(label)];\n"
        }
        return text + "}\n"
    }

    private func clusters(_ phases: [Phase], prefix: String, indent: String) -> String {
        var text = ""
        for phase in phases {
            text += "\(indent)subgraph cluster_\(prefix)p\(phase.number) {\n"
            text += "\(indent)    label=\(DOT.label([title(of: phase)]));\n"
            let (groups, others) = groups(of: phase)
            text += clusters(
                groups, prefix: "\(prefix)p\(phase.number)_g", indent: indent + "    ")
            for step in others { text += "\(indent)    \(node(step))\n" }
            text += "\(indent)}\n"
        }
        return text
    }

    private func clusters(_ groups: [Group], prefix: String, indent: String) -> String {
        var text = ""
        for (place, group) in groups.enumerated() {
            text += "\(indent)subgraph cluster_\(prefix)\(place) {\n"
            text += "\(indent)    label=\(DOT.label([group.title]));\n"
            text += clusters(group.children, prefix: "\(prefix)\(place)_", indent: indent + "    ")
            for step in group.steps { text += "\(indent)    \(node(step))\n" }
            text += "\(indent)}\n"
        }
        return text
    }

    private func node(_ step: Int) -> String {
        var attributes = ["label=\(DOT.label(label(of: step)))"]
        let declared = resolved.workflow.steps[step]
        if !declared.isParallelSafe { attributes.append("peripheries=2") }
        if declared.gating.condition != nil {
            attributes.append("shape=hexagon")
        } else if declared.gating.always {
            attributes.append("shape=ellipse")
        }
        if isCritical(step) { attributes.append("penwidth=3, color=\"#c2410c\"") }
        if let status = record(of: step)?.drawnStatus {
            attributes.append("fillcolor=\"\(status.fill)\"")
        }
        return "n\(step) [\(attributes.joined(separator: ", "))];"
    }
}

/// The quoting rules of the DOT language.
private enum DOT {
    /// A quoted name.
    static func string(_ text: String) -> String {
        // Only a quote needs a backslash in a name, and a backslash at the end would escape the
        // closing quote.
        let line = Sanitizer.line(text).replacing("\\", with: "/")
        return "\"" + line.replacing("\"", with: "\\\"") + "\""
    }

    /// A quoted label: backslashes and entities are literal, lines are centred.
    static func label(_ lines: [String]) -> String {
        let shown = lines.flatMap { Sanitizer.lines(bytes: $0.utf8) }.map { line in
            line.replacing("&", with: "&amp;").replacing("\\", with: "\\\\")
                .replacing("\"", with: "\\\"")
        }
        return "\"" + shown.joined(separator: "\\n") + "\""
    }
}
