import DependencyGraph
import Execution
import Foundation
import Testing
import TestSupport
import WorkflowModel

@testable import Reporting

@Suite("RunDiagram")
struct RunDiagramTests {
    @Test("Mermaid: phases are frames, edges are reduced, and what is special is marked")
    func mermaid() throws {
        let diagram = RunDiagram(try SampleWorkflow.typical())
        #expect(diagram.mermaid() == RunDiagramTests.typicalMermaid)
        #expect(diagram.mermaid() == RunDiagram(try SampleWorkflow.typical()).mermaid())
        #expect(diagram.mermaidWarning(for: diagram.mermaid()) == nil)
    }

    static let typicalMermaid = #"""
        %% sample: drawn by `stepvisor graph`
        %% thick: critical path, inferred or not; dotted: inferred; doubled sides: runs alone
        %% api and link never run at the same time (shared output: docs/api.md)
        flowchart TD
            subgraph p0["Phase 1"]
                n0["scan<br/>Find the #34;files#34;"]
                n3[["link<br/>Check links"]]
            end
            subgraph p1["Phase 2"]
                n1["api"]
            end
            subgraph p2["Phase 3"]
                n2["docs<br/>Write docs"]
            end
            subgraph p3["Phase 4"]
                n4["push<br/>Publish"]
            end
            n0 ==> n1
            n1 ==>|"docs/api.md"| n2
            n2 ==>|"condition"| n4
            n3 --> n4
            classDef critical stroke:#c2410c,stroke-width:3px
            classDef alone stroke-dasharray:6 3
            class n0,n1,n2,n4 critical
            class n3 alone

        """#

    @Test("durations decide which path is critical")
    func durations() throws {
        let resolved = try SampleWorkflow.typical()
        #expect(RunDiagram(resolved).criticalPath == [0, 1, 2, 4])
        #expect(RunDiagram(resolved, durations: [1, 1, 1, 50, 1]).criticalPath == [3, 4])
    }

    @Test("a run colours the steps that it had, found by id")
    func colors() throws {
        let header = RunHeader(
            runID: "r", workflow: "sample", mode: .parallel, maxParallelSteps: 2,
            startedAt: WallTime(microseconds: 0), pid: 1, bootID: "",
            tasks: [],
            steps: [StepHeader(id: "api"), StepHeader(id: "gone"), StepHeader(id: "scan")])
        var record = RunRecord(header: header)
        record.apply(
            RunEvent(.launched(step: 0, attempt: 1, method: .primary, execution: 1), at: .zero))
        record.apply(
            RunEvent(
                .ended(step: 0, StepEnd(status: .failed)), at: RunTime(milliseconds: 1_500)))
        let diagram = RunDiagram(try SampleWorkflow.typical(), record: record)
        let text = diagram.mermaid()
        #expect(text.contains("n1[\"api<br/>(failed 1.5s)\"]"))
        #expect(text.contains("class n1 failed"))
        #expect(text.contains("class n0 pending"))
        #expect(!text.contains("gone"))
        #expect(diagram.dot().contains("fillcolor=\"#fecaca\""))
        #expect(diagram.json().contains("\"status\":\"failed\",\"execution_time_ms\":1500"))
    }

    @Test("the frame of steps outside of tasks says so")
    func outsideOfTasks() throws {
        var resolved = try SampleWorkflow.resolved(
            [("a", ""), ("b", "")], edges: [], tasks: [0, 1])
        var workflow = resolved.workflow
        workflow.tasks[0] = WorkflowTask(id: "")
        resolved = ResolvedWorkflow(
            workflow: workflow, graph: resolved.graph, inferredEdges: [], conflicts: [])
        #expect(RunDiagram(resolved).mermaid().contains("[\"Steps outside of tasks\"]"))
        #expect(RunDiagram(resolved).dot().contains("label=\"Steps outside of tasks\""))
    }

    @Test("tasks are frames around their phases, which count from 1 in each")
    func tasks() throws {
        let resolved = try SampleWorkflow.resolved(
            [("1.1", ""), ("1.2", ""), ("2.1", ""), ("2.2", "")], edges: [(0, 1), (2, 3)],
            inferred: [WorkflowEdge(dependency: 1, dependent: 2, origin: .taskOrder)],
            tasks: [0, 0, 1, 1])
        let diagram = RunDiagram(resolved)
        #expect(diagram.phases.map(\.number) == [1, 2, 1, 2])
        let text = diagram.mermaid()
        #expect(
            text.contains(
                "    subgraph p0[\"Task 1#58; work 1\"]\n        subgraph p1[\"Phase 1\"]"))
        #expect(text.contains("    subgraph p3[\"Task 2#58; work 2\"]"))
        let dot = diagram.dot()
        #expect(dot.contains("subgraph cluster_t1 {"))
        #expect(dot.contains("subgraph cluster_t1_p2 {"))
    }

    @Test("DOT: the same marks, and conflicts as lines without arrow")
    func dot() throws {
        let dot = RunDiagram(try SampleWorkflow.typical()).dot()
        #expect(dot.hasPrefix("digraph \"sample\" {\n"))
        #expect(dot.contains("n0 [label=\"scan\\nFind the \\\"files\\\"\", penwidth=3"))
        #expect(dot.contains("n3 [label=\"link\\nCheck links\", peripheries=2];"))
        #expect(dot.contains("n1 -> n2 [label=\"docs/api.md\", style=dashed, penwidth=3"))
        #expect(dot.contains("n1 -> n3 [dir=none, style=dotted, constraint=false"))
        #expect(!dot.contains("n0 -> n2"))
    }

    @Test("DOT: no text leaves its quotes")
    func dotQuotes() throws {
        var random = SeededGenerator(seed: 17)
        for _ in 0..<500 {
            let ends = ["\\", "\"", "\\\"", "&lt;", ""]
            let text = random.hostileText() + (ends.randomElement(using: &random) ?? "")
            let steps = [(id: "a", description: text), (id: "b", description: "")]
            let dot = RunDiagram(try SampleWorkflow.resolved(steps, edges: [(0, 1)])).dot()
            let line = try #require(dot.split(separator: "\n").first { $0.contains("n0 [") })
            #expect(line.hasSuffix("\", penwidth=3, color=\"#c2410c\"];"))
            var isOpen = false
            var isEscaped = false
            for character in line.unicodeScalars {
                if isEscaped {
                    isEscaped = false
                } else if character == "\\" {
                    isEscaped = true
                } else if character == "\"" {
                    isOpen.toggle()
                }
            }
            #expect(!isOpen, "\(line)")
        }
    }

    @Test("JSON: every edge with its origin, phases, critical path and conflicts")
    func json() throws {
        let text = RunDiagram(try SampleWorkflow.typical()).json()
        let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
        let object = try #require(value as? [String: Any])
        let nodes = try #require(object["nodes"] as? [[String: Any]])
        #expect(nodes.count == 5)
        #expect(nodes.first?["description"] as? String == "Find the \"files\"")
        let edges = try #require(object["edges"] as? [[String: Any]])
        #expect(edges.count == 6)
        #expect(edges.count { $0["implied"] as? Bool == true } == 2)
        let inferred = try #require(edges.first { $0["origin"] as? String == "inferred" })
        #expect(inferred["from"] as? String == "api")
        #expect(inferred["path"] as? String == "docs/api.md")
        #expect(object["critical_path"] as? [String] == ["scan", "api", "docs", "push"])
        let conflicts = try #require(object["conflicts"] as? [[String: Any]])
        #expect(conflicts.first?["steps"] as? [String] == ["api", "link"])
        let phases = try #require(object["phases"] as? [[String: Any]])
        #expect(
            phases.map { $0["steps"] as? [String] ?? [] }
                == [["scan", "link"], ["api"], ["docs"], ["push"]])
    }

    @Test("a diagram that Mermaid would refuse by its defaults says so")
    func limits() throws {
        let steps = (0..<100).map { (id: "s\($0)", description: "") }
        let edges = (0..<50).flatMap { from in (50..<61).map { (from, $0) } }
        let diagram = RunDiagram(try SampleWorkflow.resolved(steps, edges: edges))
        #expect(diagram.mermaidWarning(for: diagram.mermaid())?.contains("550 arrows") == true)
        let long = RunDiagram(
            try SampleWorkflow.resolved(
                [("a", String(repeating: "x", count: 60_000))], edges: []))
        #expect(long.mermaidWarning(for: long.mermaid())?.contains("maxTextSize") == true)
    }
}
