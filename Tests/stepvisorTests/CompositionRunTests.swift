import Foundation
import Testing
import TestSupport

@Suite("Included files, from the command line", .timeLimit(.minutes(20)))
struct CompositionRunTests {
    /// A project whose included files cannot be put together, and all that is printed of it.
    struct Mistake: CustomTestStringConvertible, Sendable {
        let name: String
        let files: [String: String]
        let printed: String
        var prepare: @Sendable (TestSpace) throws -> Void = { _ in }

        var testDescription: String { name }
    }

    private static let own = "[[steps]]\nid = \"own\"\ncommand = \"true\"\n"

    private static func main(_ includes: String) -> String {
        "[composition]\nincludes = [\(includes)]\n" + own
    }

    static let mistakes = [
        Mistake(
            name: "a cycle",
            files: [
                "workflow.toml": main("\"a/one.toml\""),
                "a/one.toml": "[composition]\nincludes = [\"b/two.toml\"]\n",
                "a/b/two.toml": "[composition]\nincludes = [\"../one.toml\"]\n",
            ],
            printed: """
                a/b/two.toml:2:13: error: files include each other: a/one.toml -> a/b/two.toml -> a/one.toml
                    2 | includes = ["../one.toml"]
                      |             ^^^^^^^^^^^^^
                      = help: remove one of these includes
                a/one.toml:2:13: note: `a/b/two.toml` is included here

                """),
        Mistake(
            name: "a file that includes itself",
            files: ["workflow.toml": main("\"workflow.toml\"")],
            printed: """
                workflow.toml:2:13: error: files include each other: workflow.toml -> workflow.toml
                    2 | includes = ["workflow.toml"]
                      |             ^^^^^^^^^^^^^^^
                      = help: remove one of these includes

                """),
        Mistake(
            name: "a clash of steps",
            files: [
                "workflow.toml": main("\"part.toml\""), "part.toml": "steps = [{ id = \"own\" }]\n",
            ],
            printed: """
                workflow.toml:4:6: error: step `own` is declared twice
                    4 | id = "own"
                      |      ^^^^^
                      = help: give one of them another id, or its file a `prefix` where it is included
                part.toml:1:17: note: first declared here

                """),
        Mistake(
            name: "a clash of tasks",
            files: [
                "workflow.toml": main("\"part.toml\"") + "[[tasks]]\nid = 1\n",
                "part.toml": "[[tasks]]\nid = 1\n[[tasks.steps]]\nid = 1\ncommand = \"true\"\n",
            ],
            printed: """
                workflow.toml:7:6: error: task `1` is declared twice
                    7 | id = 1
                      |      ^
                      = help: give one of them another id, or its file a `prefix` where it is included
                part.toml:2:6: note: first declared here

                """),
        Mistake(
            name: "steps of two files that wait for each other",
            files: [
                "workflow.toml": main("\"part.toml\"") + "dependencies = [\"part\"]\n",
                "part.toml":
                    "[[steps]]\nid = \"part\"\ncommand = \"true\"\ndependencies = [\"own\"]\n",
            ],
            printed: """
                part.toml:4:17: error: steps wait for each other: part -> own -> part
                    4 | dependencies = ["own"]
                      |                 ^^^^^
                      = help: remove one of these dependencies
                workflow.toml:6:17: note: `own` depends on `part`

                """),
        Mistake(
            name: "a file that is missing", files: ["workflow.toml": main("\"none.toml\"")],
            printed: refused(
                "there is no file `none.toml`", "\"none.toml\"",
                "an include is relative to the file that names it; a pattern is none")),
        Mistake(
            name: "a pipe", files: ["workflow.toml": main("\"pipe.toml\"")],
            printed: refused(
                "`pipe.toml` is not a regular file but a pipe, a socket or a device",
                "\"pipe.toml\"", "copy its content into a file, and name that"),
            prepare: { _ = try $0.shell("mkfifo pipe.toml") }),
        Mistake(
            name: "a directory without steps", files: ["workflow.toml": main("\"empty\"")],
            printed: refused(
                "`empty` holds neither a step file nor a `workflow.toml`", "\"empty\"",
                "name a file with steps"), prepare: { try $0.directory("empty") }),
        Mistake(
            name: "a link out of the project", files: ["workflow.toml": main("\"out.toml\"")],
            printed: refused(
                "`out.toml` lies outside of the project, or leads out of it by a link",
                "\"out.toml\"",
                "copy it into the project, such as to `parts/out.toml`, and include that"),
            prepare: { _ = try $0.shell("ln -s /etc/hostname out.toml") }),
        Mistake(
            name: "a link to itself", files: ["workflow.toml": main("\"loop.toml\"")],
            printed: refused(
                "there is no file `loop.toml`", "\"loop.toml\"",
                "an include is relative to the file that names it; a pattern is none"),
            prepare: { _ = try $0.shell("ln -s loop.toml loop.toml") }),
        Mistake(
            name: "a file that is no text", files: ["workflow.toml": main("\"nul.toml\"")],
            printed: """
                nul.toml:1:7: error: the file holds a NUL byte, so it is not a text file
                    1 | GIF89a␀␀
                      |       ^
                      = help: save it as text in UTF-8, without NUL bytes

                """, prepare: { try $0.file("nul.toml", Data("GIF89a\0\0".utf8)) }),
        Mistake(
            name: "a number for a path", files: ["workflow.toml": main("{ file = 1 }")],
            printed: """
                workflow.toml:2:22: error: `file` must be a string, found an integer
                    2 | includes = [{ file = 1 }]
                      |                      ^

                """),
    ]

    /// What is printed of the first entry of `includes`.
    private static func refused(_ message: String, _ entry: String, _ help: String) -> String {
        """
        workflow.toml:2:13: error: \(message)
            2 | includes = [\(entry)]
              |             \(String(repeating: "^", count: entry.count))
              = help: \(help)

        """
    }

    @Test("a mistake is printed with its places, by every command", arguments: mistakes)
    func mistake(_ mistake: Mistake) throws {
        let space = try TestSpace()
        for (name, text) in mistake.files { try space.file(name, text) }
        try mistake.prepare(space)
        for command in ["check", "plan", "graph", "run"] {
            let result = try space.run(command)
            #expect(result.code == 2, "\(command): \(result)")
            #expect(result.error == mistake.printed, "\(command): \(result)")
            #expect(result.output.isEmpty, "\(command): \(result)")
        }
        #expect(!space.exists(".stepvisor"))
    }

    @Test("paths lead from the file that names a file, and steps run in the project root")
    func nested() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [composition]
            includes = [{ file = "parts/a.toml", prefix = "a" }]
            [[steps]]
            id = "end"
            command = "echo end >> ran.txt"
            dependencies = ["a.b.deep"]
            """)
        try space.file(
            "parts/a.toml",
            """
            [composition]
            includes = [{ file = "more/b.toml", prefix = "b" }, "../side/c.json"]
            [[steps]]
            id = "own"
            command = "cat data.txt >> ran.txt"
            dependencies = ["c"]
            """)
        try space.file(
            "parts/more/b.toml",
            """
            [environment]
            WHO = "b"
            [[steps]]
            id = "deep"
            command = ["./say"]
            inputs = ["data.txt"]
            dependencies = ["own"]
            """)
        try space.file(
            "side/c.json",
            #"{"steps": [{"id": "c", "command": "echo $STEPVISOR_STEP >> ran.txt"}]}"#)
        try space.file("data.txt", "data\n").script(
            "say", "echo $WHO in $(basename $PWD) >> ran.txt")
        let check = try space.run("check")
        #expect(check.code == 0 && !check.error.contains("warning"), "\(check)")
        let plan = try space.run("plan")
        #expect(plan.output.contains("  a.own  after a.c"), "\(plan)")
        #expect(plan.output.contains("  a.b.deep  after a.own"), "\(plan)")
        let graph = try space.run("graph", "--format", "json")
        #expect(graph.output.contains("\"a.b.deep\""), "\(graph)")
        let run = try space.run("a.b.deep")
        #expect(run.code == 0, "\(run)")
        let name = space.root.lastPathComponent
        #expect(space.lines("ran.txt") == ["a.c", "data", "b in \(name)"])
        let all = try space.run("--parallel")
        #expect(all.code == 0, "\(all)")
        #expect(space.lines("ran.txt").suffix(4) == ["a.c", "data", "b in \(name)", "end"])
    }

    @Test("an include without dependencies runs beside the one before it, and one with them after")
    func besideEachOther() throws {
        let space = try TestSpace()
        for name in ["a", "b"] {
            // Each waits until the other has begun.
            let other = name == "a" ? "b" : "a"
            try space.file(
                "parameters_\(name).toml",
                """
                [[tasks]]
                id = 1
                [[tasks.steps]]
                id = 1
                command = "touch \(name).begun; until test -e \(other).begun; do sleep 0.02; done"
                timeout = "120s"
                """)
        }
        try space.file(
            "parameters_c.toml",
            "[[tasks]]\nid = 1\n[[tasks.steps]]\nid = 1\ncommand = 'echo c >> ran.txt'\n")
        try space.workflow(
            """
            [composition]
            includes = [
              "spec_a.md",
              { file = "spec_b.md", dependencies = [] },
              { file = "spec_c.md", dependencies = ["end"] },
            ]
            [[steps]]
            id = "end"
            command = "sleep 0.1; echo end >> ran.txt"
            """)
        let plan = try space.run("plan")
        #expect(plan.output.contains("  c.1.1  after end"), "\(plan)")
        let run = try space.run("--parallel", "--jobs", "4", seconds: 120)
        #expect(run.code == 0, "\(run)")
        #expect(space.lines("ran.txt") == ["end", "c"])
    }

    @Test("files that multiply end in a refusal, and soon")
    func bomb() throws {
        let space = try TestSpace()
        for number in 0..<30 {
            let next = number == 29 ? "end.toml" : "\(number + 1).toml"
            let line = ["a", "b", "c"].map { "{ file = \"\(next)\", prefix = \"\($0)\" }" }
            try space.file(
                "\(number).toml", "composition.includes = [\(line.joined(separator: ", "))]\n")
        }
        let items = (0..<60_000).map { "\"\($0)\"" }.joined(separator: ",")
        try space.file(
            "end.toml", "steps = [{ id = \"x\", foreach = [\"a\"], command = \"true\" }]")
        try space.file("many.toml", "steps = [{ id = \"m\", foreach = [\(items)] }]")
        let wide = try space.run("check", "-f", "0.toml", seconds: 60)
        #expect(
            wide.code == 2 && wide.error.contains("more than 1000 files are included"), "\(wide)")
        #expect(wide.error.utf8.count < 10_000)
        try space.workflow(
            """
            composition.includes = [
              { file = "many.toml", prefix = "a" }, { file = "many.toml", prefix = "b" }]
            """)
        let many = try space.run("check", seconds: 60)
        #expect(many.code == 2 && many.error.contains("more than 100000 steps"), "\(many)")
        #expect(many.error.utf8.count < 10_000)
    }

    /// A file of very many declarations, and what a workflow that includes it comes to.
    struct Mass: CustomTestStringConvertible, Sendable {
        let name: String
        let code: Int32
        let says: String
        let text: @Sendable () -> String

        var testDescription: String { name }

        init(
            _ name: String, code: Int32 = 0, says: String = "",
            _ text: @escaping @Sendable () -> String
        ) {
            self.name = name
            self.code = code
            self.says = says
            self.text = text
        }

        static func lines(_ count: Int, _ line: (Int) -> String) -> String {
            (0..<count).map(line).joined()
        }
    }

    static let masses = [
        Mass("resources") { "[resources]\n" + Mass.lines(40_000) { "r\($0) = 1\n" } },
        Mass("classes of files") { "[changes]\n" + Mass.lines(20_000) { "c\($0) = ['a']\n" } },
        Mass("tasks that depend on nobody", code: 2, says: "depends on an unknown task `n0`") {
            Mass.lines(4_000) {
                "[[tasks]]\nid = \($0)\ndepends_on = ['n\($0)']\nsteps = [{ id = 1 }]\n"
            }
        },
        Mass("speclets of unknown tasks", code: 2, says: "names an unknown task `n0`") {
            Mass.lines(4_000) { "[[speclets]]\ntasks = ['n\($0)']\n" }
                + Mass.lines(4_000) { "[[tasks]]\nid = \($0)\nsteps = [{ id = 1 }]\n" }
        },
        Mass("speclets that run alone") {
            Mass.lines(4_000) { "[[speclets]]\nparallel_allowed = false\ntasks = [\($0)]\n" }
                + Mass.lines(4_000) { "[[tasks]]\nid = \($0)\nsteps = [{ id = 1 }]\n" }
        },
        Mass("variables for many items", code: 2, says: "more than 5000000 values together") {
            "[environment]\n" + Mass.lines(3_000) { "V\($0) = '1'\n" }
                + "[[steps]]\nid = 'm'\nforeach = [" + Mass.lines(20_000) { "'\($0)'," } + "]\n"
        },
    ]

    @Test("very many declarations are read soon, or refused", arguments: masses)
    func mass(_ mass: Mass) throws {
        let space = try TestSpace()
        try space.file("part.toml", mass.text())
        try space.workflow(Self.main("\"part.toml\""))
        let check = try space.run("check", seconds: 120)
        #expect(check.code == mass.code, "\(check.error.prefix(1_000))")
        #expect(
            mass.says.isEmpty || check.error.contains(mass.says), "\(check.error.prefix(1_000))")
    }

    @Test("many files with tasks of their own come one after the other")
    func manyFiles() throws {
        let space = try TestSpace()
        let tasks = Mass.lines(90) {
            "[[tasks]]\nid = \($0)\nsteps = [{ id = 1, command = 'true' }]\n"
        }
        try space.file("part.toml", tasks)
        let includes = (0..<500).map { "{ file = \"part.toml\", prefix = \"p\($0)\" }" }
        try space.workflow(Self.main(includes.joined(separator: ", ")))
        let check = try space.run("check", seconds: 120)
        #expect(check.code == 0, "\(check.error.prefix(1_000))")
        #expect(check.output == "ok: 45001 steps, 44999 edges, 45001 phases\n", "\(check)")
    }
}
