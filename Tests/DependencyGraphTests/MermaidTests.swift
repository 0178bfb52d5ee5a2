import DependencyGraph
import Testing

@Suite("Mermaid text")
struct MermaidTests {
    @Test(
        "a label is escaped where any stage of Mermaid would take it for syntax",
        arguments: [
            (
                "pre_analysis of docs/api.md, (first)! ok?",
                "pre_analysis of docs/api.md, (first)! ok?"
            ),
            ("it's é 日本語 🎉👩‍👩‍👧", "it's é 日本語 🎉👩‍👩‍👧"),
            ("say \"hi\"", "say #34;hi#34;"),
            ("a [b] {c} |d|", "a #91;b#93; #123;c#125; #124;d#124;"),
            ("</script>", "#60;/script#62;"),
            ("#quot; &amp;", "#35;quot#59; #38;amp#59;"),
            ("%%{init: 1}%%", "#37;#37;#123;init#58; 1#125;#37;#37;"),
            ("`code` *em* _em_ ~x~", "#96;code#96; #42;em#42; #95;em#95; #126;x#126;"),
            ("C:\\n", "C#58;#92;n"),
            ("1. one", "1#46; one"),
            ("12) two", "12#41; two"),
            ("- three", "#45; three"),
            ("+ four = 4", "#43; four #61; 4"),
            ("v1.2-rc", "v1.2-rc"),
            ("www.example.com a@b.c", "www#46;example.com a#64;b.c"),
            ("$$x$$ fa:fa-home", "#36;#36;x#36;#36; fa#58;fa-home"),
            ("direction TB", "direction#32;TB"),
            ("style a:b#c;", "style a#58;b#35;c#59;"),
            (" two  spaces ", "#32;two #32;spaces#32;"),
            ("\ttab\u{A0}", "#9;tab#160;"),
            ("\u{FB02}\u{B0}x\u{B6}\u{DF}", "#64258;\u{B0}x#182;\u{DF}"),
            ("a\nb\r\nc\rd", "a<br/>b<br/>c<br/>d"),
            ("a\n- b\n2. c", "a<br/>#45; b<br/>2#46; c"),
            ("\u{1B}[31m\0\u{7F}", "\u{241B}#91;31m\u{2400}\u{2421}"),
            ("\u{202E}x\u{85}", "#91;U+202E#93;x#91;U+0085#93;"),
            ("", ""),
        ])
    func escape(text: String, escaped: String) {
        #expect(MermaidText.escape(text) == escaped)
    }

    @Test("nothing but plain characters, entities and line breaks ever appears in a label")
    func onlyPlain() {
        let syntax = Set("\"`<>[]{}|\\&%*~$:@".unicodeScalars)
        for value in UInt32(0)...0x2FFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let escaped = MermaidText.escape("x\(scalar)\(scalar)y").replacing("<br/>", with: "")
            // Scalars, not characters: U+1FEF is canonically equivalent to a backtick.
            #expect(!escaped.unicodeScalars.contains { syntax.contains($0) }, "U+\(value)")
            #expect(!escaped.unicodeScalars.contains { $0.value < 0x20 })
        }
    }

    @Test("a flowchart is written with its own names for nodes and all its parts")
    func flowchart() {
        let chart = MermaidFlowchart(
            direction: .leftRight, comments: ["made\nby hand %%{init}"],
            nodes: [
                .init("first", classes: ["hot"]), .init("second", shape: .stadium),
                .init("", shape: .rounded, classes: ["hot", "end"]),
            ],
            edges: [
                .init(from: 0, to: 1), .init(from: 1, to: 2, label: "a|b", style: .thick),
                .init(from: 0, to: 2, label: "never shown", style: .invisible),
                .init(from: 2, to: 3),
            ],
            subgraphs: [.init("Phase \"1\"", nodes: [0, 7]), .init("Phase 2", nodes: [1, 0])],
            classes: [
                .init("hot", style: "fill:#fdd,stroke:#c00;"), .init("end", style: "color:#000"),
            ])
        #expect(
            chart.rendered() == """
                %% made
                %% by hand %% {init}
                flowchart LR
                    subgraph p0["Phase #34;1#34;"]
                        n0["first"]
                    end
                    subgraph p1["Phase 2"]
                        n1(["second"])
                    end
                    n2(" ")
                    n0 --> n1
                    n1 ==>|"a#124;b"| n2
                    n0 ~~~ n2
                    classDef hot fill:#fdd,stroke:#c00
                    classDef c_end color:#000
                    class n0,n2 hot
                    class n2 c_end

                """)
    }

    @Test("every shape has its brackets")
    func shapes() {
        let shapes: [MermaidFlowchart.Node.Shape] = [
            .rectangle, .rounded, .stadium, .subroutine, .hexagon,
        ]
        let text = MermaidFlowchart(nodes: shapes.map { .init("x", shape: $0) }).rendered()
        let lines = text.split(separator: "\n").dropFirst().map { $0.drop { $0 == " " } }
        #expect(
            lines == [#"n0["x"]"#, #"n1("x")"#, #"n2(["x"])"#, #"n3[["x"]]"#, #"n4{{"x"}}"#])
    }
}
