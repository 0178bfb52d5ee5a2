import Foundation
import Testing
import TestSupport

@Suite(
    "`graph` draws the workflow, and tells when a drawing is out of date",
    .timeLimit(.minutes(20)))
struct GraphTests {
    private func workflow() throws -> TestSpace {
        let space = try TestSpace()
        try space.workflow(
            #"""
            name = "pictures"
            [[steps]]
            id = "first"
            description = "say \"hi\" </script> [click] é"
            command = "true"
            [[steps]]
            id = "middle"
            command = "exit 1"
            dependencies = ["first"]
            parallel_safe = false
            [[steps]]
            id = "last"
            command = "true"
            dependencies = ["first", "middle"]
            """#)
        return space
    }

    @Test("Mermaid, DOT and JSON go to standard output, reduced and by phase")
    func formats() throws {
        let space = try workflow()
        let before = space.tree()
        let mermaid = try space.run("graph")
        #expect(mermaid.code == 0, "\(mermaid)")
        #expect(mermaid.output.contains("flowchart TD"))
        #expect(mermaid.output.contains("Phase 3"))
        #expect(!mermaid.output.contains("</script>"))
        // The way over `middle` says what first → last would.
        #expect(mermaid.output.contains("n0 ==> n1"))
        #expect(!mermaid.output.contains("n0 --> n2"))
        let dot = try space.run("graph", "--format", "dot")
        #expect(dot.output.hasPrefix("digraph"))
        for words in [["graph", "--format", "json"], ["graph", "--json"]] {
            let json = try space.start(words).wait()
            #expect(throws: Never.self) {
                try JSONSerialization.jsonObject(with: Data(json.output.utf8))
            }
        }
        let svg = try space.run("graph", "--format", "svg")
        #expect(svg.code == 2)
        #expect(svg.error == "error: `--format svg` is not yet supported by this version\n")
        #expect(space.tree() == before)
    }

    @Test(
        "`--check` passes for what `-o` wrote, and fails with the first difference after a change")
    func check() throws {
        let space = try workflow()
        let missing = try space.run("graph", "--check", "graph.mmd")
        #expect(missing.code == 1, "\(missing)")
        #expect(missing.error.contains("`stepvisor graph -o graph.mmd`"), "\(missing)")
        #expect(try space.run("graph", "-o", "graph.mmd").code == 0)
        #expect(space.text("graph.mmd") == (try space.run("graph").output))
        #expect(try space.run("graph", "--check", "graph.mmd").code == 0)
        // A run changes nothing in it: the diagram is the workflow's.
        _ = try space.run("-k")
        #expect(try space.run("graph", "--check", "graph.mmd").code == 0)
        try space.workflow(space.text("workflow.toml").replacing("\"middle\"", with: "\"centre\""))
        let before = space.tree()
        let stale = try space.run("graph", "--check", "graph.mmd")
        #expect(stale.code == 1, "\(stale)")
        #expect(stale.error.contains("is not the workflow's diagram: line "), "\(stale)")
        #expect(stale.error.contains("middle"), "\(stale)")
        #expect(stale.error.contains("centre"), "\(stale)")
        #expect(stale.error.contains("`stepvisor graph -o graph.mmd`"))
        #expect(space.tree() == before)
    }

    @Test("a directory in the place of the file is told as one", arguments: ["--check", "-o"])
    func directory(option: String) throws {
        let space = try workflow()
        try space.directory("pictures")
        let result = try space.run("graph", option, "pictures")
        #expect(result.code == 2, "\(result)")
        #expect(result.error.contains("`pictures` is a directory, not a diagram"), "\(result)")
        #expect(result.error.contains("such as `pictures/graph.mmd`"), "\(result)")
    }

    @Test(
        "a file that differs only in what is not to be seen is told so",
        arguments: [
            ("\u{FEFF}", "\n", "it begins with a byte order mark"),
            ("", "\r\n", "lines end in CR LF instead of LF"),
            ("\u{FEFF}", "\r\n", "it begins with a byte order mark and "),
        ])
    func unseen(start: String, lineEnd: String, words: String) throws {
        let space = try workflow()
        let text = try space.run("graph").output
        try space.file("graph.mmd", start + text.replacing("\n", with: lineEnd))
        let result = try space.run("graph", "--check", "graph.mmd")
        #expect(result.code == 1, "\(result)")
        #expect(result.error.contains("the text is the same, but "), "\(result)")
        #expect(result.error.contains(words), "\(result)")
    }

    @Test("what is no regular file is never read to its end, nor waited for")
    func endless() throws {
        let space = try workflow()
        _ = try space.shell("mkfifo pipe; truncate -s 900G sparse")
        for file in ["/dev/zero", "pipe", "/dev/urandom"] {
            let result = try space.run("graph", "--check", file)
            #expect(result.code == 2, "\(result)")
            #expect(result.error.contains("is not a regular file"), "\(result)")
        }
        let sparse = try space.run("graph", "--check", "sparse")
        #expect(sparse.code == 2 && sparse.error.contains("at most 64 MiB"), "\(sparse)")
    }

    @Test("`-o` writes into what is there: through links, with rights and further names kept")
    func intoFile() throws {
        let space = try workflow()
        let text = try space.run("graph").output
        _ = try space.shell(
            "echo old > first; chmod 640 first; ln first second; ln -s first link; ln -s link far; "
                + "mkdir d; ln -s ../made d/dangling")
        #expect(try space.run("graph", "-o", "far").code == 0)
        #expect(space.text("second") == text)
        #expect(
            try space.shell("stat -c %a-%h-%F first far").output
                == "640-2-regular file\n777-1-symbolic link\n")
        #expect(try space.run("graph", "-o", "d/dangling").code == 0)
        #expect(space.text("made") == text)
        let null = try space.run("graph", "-o", "/dev/null")
        #expect(null.code == 0, "\(null)")
        #expect(try space.shell("stat -c %F /dev/null").output == "character special file\n")
    }

    @Test("`-o` writes to descriptors where they stand, and to a named pipe once somebody reads it")
    func intoStream() throws {
        let space = try workflow()
        let text = try space.run("graph").output
        let program = "'\(BuiltProgram.path)'"
        let around = try space.shell(
            "{ echo head; \(program) graph -q -o /dev/stdout; \(program) graph -q -o /dev/fd/5 5>&1; "
                + "echo tail; } > around; cat around")
        #expect(around.output == "head\n\(text)\(text)tail\n", "\(around)")
        let piped = try space.shell(
            "mkfifo pipe; { \(program) graph -o pipe 2> words & }; cat pipe; wait; cat words")
        #expect(piped.output.hasPrefix(text), "\(piped)")
        #expect(piped.output.hasSuffix("wrote pipe\n"), "\(piped)")
        let full = try space.run("graph", "-o", "/dev/full")
        #expect(full.code == 5, "\(full)")
    }

    @Test("a running step counts up to now for the critical path")
    func runningPath() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "quick"
            command = "touch quick"
            [[steps]]
            id = "slow"
            command = "until test -e go; do sleep 0.01; done"
            """)
        let run = try space.start(["-j2"])
        #expect(TestSpace.wait { space.exists("quick") })
        #expect(
            TestSpace.wait {
                ((try? space.run("graph", "--run").output) ?? "").contains("class n1 critical")
            })
        try space.file("go", "")
        #expect(run.wait().code == 0)
    }

    @Test("a file's name tells its format where nothing else does")
    func formatByName() throws {
        let space = try workflow()
        #expect(try space.run("graph", "-o", "g.dot").code == 0)
        #expect(space.text("g.dot").hasPrefix("digraph"))
        #expect(try space.run("graph", "--check", "g.dot").code == 0)
    }

    @Test("`--run` shows how the steps of a run ended")
    func ofRun() throws {
        let space = try workflow()
        let none = try space.run("graph", "--run")
        #expect(none.code == 2)
        #expect(none.error.contains("stepvisor run"))
        _ = try space.run()
        let graph = try space.run("graph", "--run")
        #expect(graph.output.contains("complete"), "\(graph)")
        #expect(graph.output.contains("failed"), "\(graph)")
    }
}
