extension MermaidFlowchart {
    /// The Mermaid text, ending with a line feed; equal flowcharts give the same text.
    public func rendered() -> String {
        var text = ""
        for line in comments.flatMap(MermaidText.lines(of:)) where !line.isEmpty {
            text += "%% \(MermaidText.comment(line))\n"
        }
        text += "flowchart \(direction.rawValue)\n"
        var isPlaced = [Bool](repeating: false, count: nodes.count)
        var number = 0
        for subgraph in subgraphs {
            text += rendered(subgraph, indent: "    ", number: &number, isPlaced: &isPlaced)
        }
        for node in nodes.indices where !isPlaced[node] {
            text += "    \(rendered(node))\n"
        }
        for edge in edges where nodes.indices.contains(edge.from) && nodes.indices.contains(edge.to)
        {
            text += "    n\(edge.from) \(edge.style.rawValue)"
            // An invisible arrow cannot carry text.
            if let label = edge.label, edge.style != .invisible { text += "|\(quoted(label))|" }
            text += " n\(edge.to)\n"
        }
        return text + renderedClasses()
    }

    /// A frame with its content; frames are numbered in the order in which they are written.
    private func rendered(
        _ subgraph: Subgraph, indent: String, number: inout Int, isPlaced: inout [Bool]
    ) -> String {
        var text = "\(indent)subgraph p\(number)[\(quoted(subgraph.title))]\n"
        number += 1
        for child in subgraph.children {
            text += rendered(child, indent: indent + "    ", number: &number, isPlaced: &isPlaced)
        }
        for node in subgraph.nodes where nodes.indices.contains(node) && !isPlaced[node] {
            isPlaced[node] = true
            text += "\(indent)    \(rendered(node))\n"
        }
        return text + "\(indent)end\n"
    }

    /// The definitions of the classes, and the nodes of each.
    private func renderedClasses() -> String {
        var members: [String: [Int]] = [:]
        for (index, node) in nodes.enumerated() {
            for name in Set(node.classes) { members[name, default: []].append(index) }
        }
        var text = ""
        for item in classes {
            // A semicolon would end the statement; after a colour, mermaid drops one anyway.
            let style = item.style.filter { $0 != ";" && !$0.isNewline && $0 != "%" }
            text += "    classDef \(identifier(item.name)) \(style)\n"
        }
        for item in classes {
            guard let nodes = members[item.name] else { continue }
            let list = nodes.map { "n\($0)" }.joined(separator: ",")
            text += "    class \(list) \(identifier(item.name))\n"
        }
        return text
    }

    private func rendered(_ node: Int) -> String {
        let label = quoted(nodes[node].label)
        let box =
            switch nodes[node].shape {
            case .rectangle: "[\(label)]"
            case .rounded: "(\(label))"
            case .stadium: "([\(label)])"
            case .subroutine: "[[\(label)]]"
            case .hexagon: "{{\(label)}}"
            }
        return "n\(node)\(box)"
    }

    private func quoted(_ text: String) -> String {
        // The parser rejects an empty label.
        "\"\(text.isEmpty ? " " : MermaidText.escape(text))\""
    }

    /// A class name that the parser cannot take for anything else.
    private func identifier(_ name: String) -> String {
        let word = name.filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
        let isUsable = word.first?.isLetter == true && !Self.keywords.contains(word)
        return isUsable ? word : "c_\(word)"
    }

    /// Keywords of the flowchart lexer, and `default`, a class that would apply to every node.
    private static let keywords: Set<String> = [
        "BT", "LR", "RL", "TB", "TD", "call", "class", "classDef", "click", "default", "direction",
        "end", "flowchart", "graph", "href", "interpolate", "linkStyle", "style", "subgraph", "v",
    ]
}
