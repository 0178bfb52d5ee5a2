import DependencyGraph
import Execution
import Testing
import TestSupport
import WorkflowModel

@testable import Reporting

@Suite(
    "Mermaid's own parser",
    .enabled(
        if: MermaidParser.isInstalled,
        "needs node, and: pip install --no-deps --target .build/mermaid mermaid-parser-py"))
struct MermaidParserTests {
    /// What a page must show literally.
    static let nasty: [String] = [
        "say \"hi\" and 'hi'", "a[b](c){d}<e>|f|", "\"]", "</script><script>alert(1)</script>",
        "click n0 \"javascript:alert(1)\"", "click n0 call f()", "end", "subgraph x", "default",
        "graph TD; a-->b", "two\nlines\n\nand more", "#quot; #35; &amp; &lt;b&gt; &#38;",
        "C:\\dir\\n \\", "`code` *em* __strong__ ~~no~~", "1. list", "- list", "# head", "> quote",
        "Grüße 日本語 العربية 🚀 👩‍👩‍👧", "\u{1B}[31mred\u{1B}[0m", "%% no comment", "%%{init: {}}%%",
        "---", "--- title: x ---", "===", "x-->y", "a ==> b", ";", "a;b", ":::critical",
        "style n0 fill:#f00", "classDef x", "class n0 alone", "linkStyle 0 stroke:red",
        "direction LR", "@{ shape: circle }", "$$x^2$$", "fa:fa-car", "http://example.com",
        "www.example.com", " blanks ", "    code block", "\t", "<br/>", "ﬂ°°35¶ß", "",
        "accTitle: x", "{{x}}", "o--o", "x--x", "<b>bold</b>", "![i](x)", "[l](x)", "\0", "\u{7F}",
        "\u{202E}txt.exe", String(repeating: "very long ", count: 1_000),
    ]

    /// A diagram with a text in every place that a user's text can reach.
    static func diagram(_ text: String) throws -> RunDiagram {
        var resolved = try SampleWorkflow.resolved(
            [(text + "-id", text), ("b", text), ("c", "")], edges: [(0, 1), (0, 2)],
            inferred: [WorkflowEdge(dependency: 1, dependent: 2, origin: .inferred(path: text))],
            conflicts: [OutputConflict(first: 0, second: 2, path: text)], tasks: [0, 0, 1])
        var workflow = resolved.workflow
        workflow.name = text
        workflow.tasks[0].description = text
        workflow.steps[0].parallelGroup = text
        resolved = ResolvedWorkflow(
            workflow: workflow, graph: resolved.graph, inferredEdges: resolved.inferredEdges,
            conflicts: resolved.conflicts)
        return RunDiagram(resolved)
    }

    @Test("any text is accepted, shown literally, and changes nothing else")
    func literal() throws {
        let texts = MermaidParserTests.nasty
        let diagrams = try texts.map { try MermaidParserTests.diagram($0).mermaid() }
        let answers = try MermaidParser.parse(diagrams)
        try #require(answers.count == texts.count)
        for (text, parsed) in zip(texts, answers) {
            #expect(parsed.vertices.map(\.id).sorted() == ["n0", "n1", "n2"], "\(text)")
            #expect(parsed.edges.map { $0.from + $0.to } == ["n0n1", "n1n2"], "\(text)")
            #expect(parsed.subgraphs.count == (text.isEmpty ? 5 : 6), "\(text)")
            #expect(parsed.links == 0, "\(text)")
            #expect(parsed.classes == ["critical"], "\(text)")
            let shown = MermaidParserTests.visible(text)
            let label = text.isEmpty ? "b" : "b\n" + shown
            #expect(parsed.vertices.first { $0.id == "n1" }?.text == label)
            #expect(parsed.edges.last?.text == shown)
            let title = text.isEmpty ? "Task 1" : "Task 1: " + shown
            #expect(parsed.subgraphs.contains { $0.title == title }, "\(text)")
            #expect(
                text.isEmpty || parsed.subgraphs.contains { $0.title == "Group " + shown },
                "\(text)")
        }
    }

    @Test("nodes, frames, marks and edges arrive as they were meant")
    func typical() throws {
        let parsed = try #require(
            try MermaidParser.parse([RunDiagram(SampleWorkflow.typical()).mermaid()]).first)
        #expect(parsed.vertices.count == 5)
        #expect(parsed.vertices.first { $0.id == "n0" }?.text == "scan\nFind the \"files\"")
        #expect(parsed.vertices.first { $0.id == "n3" }?.shape == "subroutine")
        #expect(parsed.vertices.first { $0.id == "n3" }?.classes == ["alone"])
        #expect(parsed.vertices.first { $0.id == "n4" }?.classes == ["critical"])
        #expect(parsed.edges.map { $0.from + $0.to } == ["n0n1", "n1n2", "n2n4", "n3n4"])
        #expect(parsed.edges.map(\.stroke) == ["thick", "thick", "thick", "normal"])
        #expect(parsed.edges[1].text == "docs/api.md")
        #expect(parsed.subgraphs.map(\.title).sorted() == (1...4).map { "Phase \($0)" })
        #expect(parsed.subgraphs.first { $0.title == "Phase 1" }?.nodes.sorted() == ["n0", "n3"])
    }

    @Test("texts out of all of these in disorder are accepted too")
    func disorder() throws {
        var random = SeededGenerator(seed: 23)
        let pieces = MermaidParserTests.nasty.filter { $0.count < 100 }
        let steps = (0..<150).map { index in
            let words = (0..<3).map { _ in pieces.randomElement(using: &random) ?? "" }
            return (id: "\(index)", description: "d" + words.joined() + random.hostileText())
        }
        let resolved = try SampleWorkflow.resolved(steps, edges: (1..<150).map { ($0 / 2, $0) })
        let parsed = try #require(try MermaidParser.parse([RunDiagram(resolved).mermaid()]).first)
        #expect(parsed.vertices.count == 150)
        #expect(parsed.edges.count == 149)
        for (index, step) in steps.enumerated() {
            let text = parsed.vertices.first { $0.id == "n\(index)" }?.text
            #expect(text == "\(index)\n" + MermaidParserTests.visible(step.description))
        }
    }

    /// The text with what cannot be seen made visible, as the diagram promises.
    private static func visible(_ text: String) -> String {
        var shown = ""
        let unified = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        for scalar in unified.unicodeScalars {
            switch scalar.value {
            case 0x09, 0x0A: shown.unicodeScalars.append(scalar)
            case 0..<0x20: shown.unicodeScalars.append(Unicode.Scalar(0x2400 + scalar.value) ?? " ")
            case 0x7F: shown += "␡"
            case 0x80...0x9F:
                shown += "[U+00" + String(scalar.value, radix: 16, uppercase: true) + "]"
            case 0x200B, 0x202E, 0x2060...0x206F, 0xFEFF, 0xE0000...0xE007F:
                shown += "[U+" + String(scalar.value, radix: 16, uppercase: true) + "]"
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }
}
