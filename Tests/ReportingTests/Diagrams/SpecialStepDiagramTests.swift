import DependencyGraph
import Execution
import Foundation
import Testing
import WorkflowModel

@testable import Reporting

@Suite("Diagrams of conditions, finalizers and groups")
struct SpecialStepDiagramTests {
    /// `go`, two instances of `each` after it, `maybe` by a condition, and `clean`, which always runs.
    static func resolved(
        condition: String = "IF steps.go.score < 0.8 and \"a|b\" != \"]\""
    ) throws -> ResolvedWorkflow {
        let plain = try SampleWorkflow.resolved(
            [("go", ""), ("each.a", ""), ("each.b", ""), ("maybe", ""), ("clean", "Tidy up")],
            edges: [(0, 1), (0, 2), (0, 3)], tasks: [0, 0, 0, 1, 0])
        var workflow = plain.workflow
        workflow.steps[3].gating.condition = condition
        workflow.steps[4].gating.always = true
        workflow.groups = [StepGroup(StepID("each"), members: 1..<3)]
        return ResolvedWorkflow(
            workflow: workflow, graph: plain.graph, inferredEdges: [], conflicts: [])
    }

    /// `go` is done by its second backup in its fourth attempt, `each.a` fails in its second.
    private static var record: RunRecord {
        let header = SampleRun.header(["go", "each.a"].map { StepHeader(id: $0) })
        return SampleRun.record(
            header,
            [
                (0, .launched(step: 0, attempt: 4, method: .backup(2), execution: 4)),
                SampleRun.complete(0, at: 2),
            ] + SampleRun.launch(1, at: 2, attempt: 2) + [SampleRun.fail(1, at: 3, 1)])
    }

    @Test("Mermaid: hexagons for conditions, round ends and a frame for what always runs")
    func mermaid() throws {
        let text = RunDiagram(try Self.resolved()).mermaid()
        #expect(
            text.contains(
                """
                %% hexagon: runs if its condition holds
                %% round ends: always runs, at the end
                flowchart TD
                    subgraph p0["Task 1#58; work 1"]
                        subgraph p1["Phase 1"]
                            n0["go"]
                        end
                        subgraph p2["Phase 2"]
                            subgraph p3["each#58; 2 items"]
                                n1["each.a"]
                                n2["each.b"]
                            end
                        end
                    end
                """),
            "\(text)")
        #expect(text.contains("n3{{\"maybe<br/>if steps"), "\(text)")
        #expect(text.contains("subgraph p6[\"Finalizers\"]\n        n4([\"clean<br/>Tidy up\"])"))
    }

    @Test("a run is drawn with the method and the attempt that it ended with")
    func run() throws {
        let diagram = RunDiagram(try Self.resolved(), record: Self.record)
        #expect(diagram.label(of: 0).last == "(complete 2.0s, by backup[2], attempt 4)")
        #expect(diagram.label(of: 1).last == "(failed 1.0s, attempt 2)")
        let json = diagram.json()
        #expect(json.contains(#""attempts":4,"method_used":"backup[2]""#), "\(json)")
    }

    @Test("DOT: hexagons, ellipses and clusters")
    func dot() throws {
        let text = RunDiagram(try Self.resolved()).dot()
        #expect(text.contains("shape=hexagon"))
        #expect(text.contains("n4 [label=\"clean\\nTidy up\", shape=ellipse];"), "\(text)")
        #expect(
            text.contains("subgraph cluster_t0_p2_g0 {\n                label=\"each: 2 items\";"))
        #expect(text.contains("subgraph cluster_p0 {\n        label=\"Finalizers\";"))
    }

    /// `go` and `each` are the group `first`, `maybe` is one that no other is in.
    static func grouped() throws -> ResolvedWorkflow {
        let plain = try resolved()
        var workflow = plain.workflow
        for step in 0..<2 { workflow.steps[step].parallelGroup = "first" }
        workflow.steps[3].parallelGroup = "say \"it\" ]"
        return ResolvedWorkflow(
            workflow: workflow, graph: plain.graph, inferredEdges: [], conflicts: [])
    }

    @Test(
        "parallel groups are frames inside their phase, around what was declared once for several")
    func parallelGroups() throws {
        let diagram = RunDiagram(try Self.grouped())
        #expect(
            diagram.mermaid().contains(
                """
                        subgraph p1["Phase 1"]
                            subgraph p2["Group first"]
                                n0["go"]
                            end
                        end
                        subgraph p3["Phase 2"]
                            subgraph p4["Group first"]
                                subgraph p5["each#58; 1 item"]
                                    n1["each.a"]
                                end
                            end
                            subgraph p6["each#58; 1 item"]
                                n2["each.b"]
                            end
                        end
                """),
            "\(diagram.mermaid())")
        #expect(diagram.mermaid().contains("[\"Group say #34;it#34; #93;\"]"))
        let dot = diagram.dot()
        #expect(
            dot.contains("subgraph cluster_t0_p2_g0 {\n                label=\"Group first\";"),
            "\(dot)")
        #expect(dot.contains("subgraph cluster_t0_p2_g0_0 {"), "\(dot)")
        #expect(dot.contains("label=\"Group say \\\"it\\\" ]\";"), "\(dot)")
        let names = dot.split(separator: "\n").filter { $0.contains("subgraph") }
        #expect(Set(names.map { $0.drop { $0 == " " } }).count == names.count, "\(dot)")
        #expect(diagram.json().contains(#""parallel_group":"first""#))
        #expect(diagram.json().contains(#""parallel_group":null"#))
    }

    @Test("JSON: the condition, the groups, and finalizers beside the phases")
    func json() throws {
        let text = RunDiagram(try Self.resolved()).json()
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(object["finalizers"] as? [String] == ["clean"])
        let group = try #require((object["groups"] as? [[String: Any]])?.first)
        #expect(group["name"] as? String == "each")
        #expect(group["steps"] as? [String] == ["each.a", "each.b"])
        let nodes = try #require(object["nodes"] as? [[String: Any]])
        #expect(nodes.map { $0["always"] as? Bool } == [false, false, false, false, true])
        #expect(nodes[3]["condition"] as? String == "IF steps.go.score < 0.8 and \"a|b\" != \"]\"")
        #expect(nodes[4]["phase"] is NSNull && nodes[0]["phase"] as? Int == 1)
        let phases = try #require(object["phases"] as? [[String: Any]])
        #expect(phases.flatMap { $0["steps"] as? [String] ?? [] }.contains("clean") == false)
    }

    @Test(
        "Mermaid's own parser takes each condition literally",
        .enabled(if: MermaidParser.isInstalled, "needs the parser"))
    func parser() throws {
        let conditions = MermaidParserTests.nasty.filter {
            $0.count < 40 && !$0.contains("\n") && !$0.isEmpty
        }
        let texts = try conditions.map { try RunDiagram(Self.resolved(condition: $0)).mermaid() }
        let parsed = try MermaidParser.parse(texts)
        try #require(parsed.count == texts.count)
        for (condition, diagram) in zip(conditions, parsed) {
            #expect(diagram.vertices.count == 5, "\(condition)")
            #expect(diagram.vertices.first { $0.id == "n3" }?.shape == "hexagon", "\(condition)")
            #expect(diagram.vertices.first { $0.id == "n4" }?.shape == "stadium", "\(condition)")
            #expect(diagram.edges.count == 3 && diagram.links == 0, "\(condition)")
            #expect(diagram.subgraphs.count == 7, "\(condition)")
        }
        let typical = try #require(
            try MermaidParser.parse([
                RunDiagram(Self.resolved(), record: Self.record).mermaid()
            ]).first)
        #expect(
            typical.vertices.first { $0.id == "n3" }?.text
                == "maybe\nif steps.go.score < 0.8 and \"a|b\" != \"]\"")
        #expect(
            typical.vertices.first { $0.id == "n0" }?.text
                == "go\n(complete 2.0s, by backup[2], attempt 4)")
        #expect(typical.subgraphs.first { $0.title == "each: 2 items" }?.nodes.count == 2)
    }
}
