import Foundation
import Testing
import TestSupport

@Suite(
    "Bad input gets a clear message and the right exit code, and leaves nothing behind",
    .timeLimit(.minutes(20)))
struct BadInputTests {
    /// What is wrong, and what has to be said of it; nothing may run, nothing may be written.
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        var words: [String] = []
        let parts: [String]
        var prepare: @Sendable (TestSpace) throws -> Void = { _ in }

        var testDescription: String { name }

        init(
            _ name: String, _ words: [String] = [], says parts: [String],
            prepare: @escaping @Sendable (TestSpace) throws -> Void = { _ in }
        ) {
            self.name = name
            self.words = words
            self.parts = parts
            self.prepare = prepare
        }

        /// A workflow file of this text.
        init(_ name: String, file text: String, says parts: [String]) {
            self.init(name, says: parts) { try $0.workflow(text) }
        }
    }

    static let files = [
        Case("no workflow at all", says: ["neither a `workflow.toml`", "stepvisor init"]),
        Case("a named file that is missing", ["-f", "nope.toml"], says: ["nope.toml"]),
        Case("a directory for a file", says: ["workflow.toml", "`steps/`"]) {
            try $0.directory("workflow.toml")
        },
        Case("a directory without steps", ["-f", "empty"], says: ["`empty`", "# /// step"]) {
            try $0.directory("empty")
        },
        Case("a directory that is missing", ["-C", "nowhere"], says: ["nowhere", "-C"]),
        Case("invalid UTF-8", says: ["workflow.toml:1:9", "UTF-8"]) {
            try $0.file(
                "workflow.toml", Data(#"name = ""#.utf8) + Data([0xFF, 0xFE]) + Data("\"\n".utf8))
        },
        Case("a NUL", says: ["workflow.toml:1:10", "NUL byte"]) {
            try $0.file("workflow.toml", Data("name = \"a\u{0}b\"\n".utf8))
        },
        Case("a large file of nothing but `[`", says: ["workflow.toml"]) {
            try $0.file("workflow.toml", Data(repeating: UInt8(ascii: "["), count: 100_000_000))
        },
        Case("JSON that nests without end", ["-f", "a.json"], says: ["a.json"]) {
            try $0.file("a.json", Data(repeating: UInt8(ascii: "["), count: 1_000_000))
        },
        Case("JSON that is cut off", ["-f", "a.json"], says: ["a.json:1:"]) {
            try $0.file("a.json", #"{"steps": [{"id": "a""#)
        },
        Case("a step file with a broken header", says: ["steps/a.sh:3:"]) {
            try $0.file("steps/a.sh", "#!/bin/sh\n# /// step\n# depends = \n# ///\n", mode: 0o755)
        },
        Case("two step files of one id", says: ["step_01_a.sh", "step_02_a.sh", "`a`"]) {
            try $0.step("step_01_a.sh", [], "true").step("step_02_a.sh", [], "true")
        },
    ]

    static let contents = [
        Case("an empty file", file: "", says: ["without steps is invalid", "stepvisor init"]),
        Case(
            "a workflow without steps", file: "name = \"x\"\n",
            says: ["without steps is invalid", "`[[steps]]`"]),
        Case(
            "a key given twice",
            file: "name = \"x\"\nname = \"y\"\n[[steps]]\nid = \"a\"\ncommand = \"true\"\n",
            says: [
                "workflow.toml:2:1: error:", "`name` is given twice", "^^^^", "workflow.toml:1:1",
            ]),
        Case(
            "an unknown key",
            file: "[[steps]]\nid = \"a\"\ncommand = \"true\"\ndependancies = []\n",
            says: ["workflow.toml:4:1", "`dependancies`", "did you mean `dependencies`?"]),
        Case(
            "a cycle",
            file: """
                [[steps]]
                id = "a"
                command = "touch ran"
                dependencies = ["b"]
                [[steps]]
                id = "b"
                command = "touch ran"
                dependencies = ["a"]
                """, says: ["workflow.toml:4:17", "wait for each other: a -> b -> a"]),
        Case(
            "a step that waits for itself",
            file: "[[steps]]\nid = \"a\"\ncommand = \"touch ran\"\ndependencies = [\"a\"]\n",
            says: ["`a`", "itself"]),
        Case(
            "an unknown dependency",
            file: "[[steps]]\nid = \"build\"\ncommand = \"touch ran\"\n[[steps]]\nid = \"b\"\n"
                + "command = \"touch ran\"\ndependencies = [\"biuld\"]\n",
            says: ["workflow.toml:7:", "`biuld`", "did you mean `build`?"]),
        Case(
            "a name that is a path",
            file: "[[steps]]\nid = \"../evil\"\ncommand = \"touch ran\"\n",
            says: ["workflow.toml:2:6", "../evil"]),
        Case(
            "a name that looks like an option",
            file: "[[steps]]\nid = \"--force\"\ncommand = \"touch ran\"\n", says: ["--force"]),
        Case(
            "an id given twice",
            file: "[[steps]]\nid = \"a\"\ncommand = \"touch ran\"\n[[steps]]\nid = \"a\"\n"
                + "command = \"touch ran\"\n",
            says: ["workflow.toml:5:", "workflow.toml:2:"]),
        Case(
            "a value of the wrong kind",
            file: "[[steps]]\nid = \"a\"\ncommand = 5\n", says: ["workflow.toml:3:", "command"]),
        Case(
            "several mistakes at once",
            file:
                "nme = \"x\"\n[[steps]]\nid = \"a\"\ncommand = \"touch ran\"\ntimeout = \"soon\"\n"
                + "retries = -1\n",
            says: ["`nme`", "`name`", "timeout", "retries"]),
        Case(
            "control characters, which are shown and not obeyed",
            file: "\"a\\u001b[2Jb\" = 1\n[[steps]]\nid = \"a\"\ncommand = \"true\"\n",
            says: ["unknown key"]),
    ]

    @Test("a file that cannot be used is told with its place", arguments: files + contents)
    func invalid(wrong: Case) throws {
        let space = try TestSpace()
        try wrong.prepare(space)
        let before = space.tree().filter { $0.value.utf8.count < 1_000_000 }
        for command in [["run"], ["run", "--dry-run"], ["plan"], ["check"]] {
            let result = try space.start(wrong.words + command).wait()
            #expect(result.code == 2, "\(command): \(result.end) \(result.error.prefix(2000))")
            for part in wrong.parts {
                #expect(
                    result.error.contains(part),
                    "\(command): \(part) in \(result.error.prefix(2000))")
            }
            #expect(!result.error.contains("\u{1B}"))
            #expect(result.error.utf8.count < 50_000)
        }
        #expect(space.tree().filter { $0.value.utf8.count < 1_000_000 } == before)
    }

    /// A program that cannot be started, and the words that tell why.
    static let programs: [(name: String, mode: Int, text: String, part: String)] = [
        ("missing.sh", -1, "", "`./missing.sh` does not exist"),
        ("plain.sh", 0o644, "#!/bin/sh\ntouch ran\n", "chmod +x"),
        ("bare.sh", 0o755, "touch ran\n", "`#!"),
        ("crlf.sh", 0o755, "#!/bin/sh\r\ntouch ran\r\n", "sed -i"),
        ("lost.sh", 0o755, "#!/no/such/interpreter\ntouch ran\n", "/no/such/interpreter"),
        ("empty.sh", 0o755, "", "empty"),
    ]

    @Test(
        "a script that cannot be started is told by `check`, and fails its step with the reason",
        arguments: programs)
    func program(name: String, mode: Int, text: String, part: String) throws {
        let space = try TestSpace()
        if mode >= 0 { try space.file(name, text, mode: mode) }
        try space.workflow(
            """
            [[steps]]
            id = "a"
            command = ["./\(name)"]
            [[steps]]
            id = "b"
            command = "touch after"
            dependencies = ["a"]
            """)
        let before = space.tree()
        let check = try space.run("check")
        #expect(check.code == 2, "\(check)")
        #expect(check.error.contains(part), "\(check)")
        #expect(space.tree() == before)
        let run = try space.run()
        #expect(run.code == 1, "\(run)")
        #expect(run.error.contains(part), "\(run)")
        #expect(!space.exists("ran"))
        #expect(!space.exists("after"))
    }

    @Test("a directory as a program, and a working directory that does not exist, fail their step")
    func directories() throws {
        let space = try TestSpace()
        try space.directory("tool")
        try space.workflow(
            """
            [[steps]]
            id = "a"
            command = ["./tool"]
            [[steps]]
            id = "b"
            command = "touch ran"
            working_directory = "nowhere"
            """)
        let check = try space.run("check")
        #expect(check.code == 2)
        #expect(check.error.contains("`./tool` is a directory"), "\(check)")
        #expect(check.error.contains("`nowhere`"), "\(check)")
        let run = try space.run("-k")
        #expect(run.code == 1, "\(run)")
        #expect(run.error.contains("`./tool` is a directory"), "\(run)")
        #expect(run.error.contains("nowhere"), "\(run)")
        #expect(!space.exists("ran"))
    }

    @Test("what an earlier step may still make is a warning, an unknown program an error")
    func madeByStep() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "make"
            command = "printf '#!/bin/sh\\ntouch ran\\n' > tool && chmod +x tool && mkdir -p out"
            [[steps]]
            id = "use"
            command = "../tool x"
            working_directory = "out"
            dependencies = ["make"]
            """)
        let check = try space.run("check")
        #expect(check.code == 0, "\(check)")
        #expect(check.error.contains("workflow.toml:5:6: warning:"), "\(check)")
        #expect(check.error.contains("a step before it has to make it"), "\(check)")
        #expect(try space.run().code == 0)
        #expect(space.exists("out/ran"))
        try space.workflow(
            """
            [[steps]]
            id = "make"
            command = "true"
            [[steps]]
            id = "use"
            command = "no-such-program x"
            dependencies = ["make"]
            """)
        let unknown = try space.run("check")
        #expect(unknown.code == 2, "\(unknown)")
        #expect(unknown.error.contains("`no-such-program` was not found in PATH"), "\(unknown)")
    }

    @Test("a state directory that cannot be used is exit 5, and no step runs")
    func stateDirectory() throws {
        let space = try TestSpace()
        try space.workflow("[[steps]]\nid = \"a\"\ncommand = \"touch ran\"\n")
        try space.file(".stepvisor", "somebody's file")
        let file = try space.run()
        #expect(file.code == 5, "\(file)")
        #expect(file.error.contains(".stepvisor"), "\(file)")
        #expect(space.text(".stepvisor") == "somebody's file")
        _ = try space.shell("rm .stepvisor; ln -s /tmp .stepvisor")
        let link = try space.run()
        #expect(link.code == 5, "\(link)")
        #expect(!space.exists("ran"))
    }

    @Test("a disk that is full stops the run with exit 5")
    func fullDisk() throws {
        let space = try TestSpace()
        try space.workflow("[[steps]]\nid = \"a\"\ncommand = \"touch ran\"\n")
        // A limit on file sizes is met like a full disk.
        let result = try space.shell(
            "(ulimit -f 0; $STEPVISOR; echo code=$?) 2>&1 | cat")
        #expect(result.output.contains("code=5"), "\(result)")
        #expect(result.output.contains("error: cannot write"), "\(result)")
        #expect(!space.exists("ran"))
    }

    @Test("output that cannot be written is no success")
    func fullOutput() throws {
        let space = try TestSpace()
        try space.workflow("[[steps]]\nid = \"a\"\ncommand = \"true\"\n")
        guard FileManager.default.fileExists(atPath: "/dev/full") else { return }
        for command in ["plan", "graph", "check", "help", "--version", "-n"] {
            let result = try space.shell("exec $STEPVISOR \(command) > /dev/full")
            #expect(result.code == 5, "\(command): \(result)")
            #expect(result.error.contains("standard output"), "\(command): \(result)")
        }
    }

    @Test("a failed `graph -o` leaves the old file, and no other")
    func halfWritten() throws {
        let space = try TestSpace()
        try space.workflow("[[steps]]\nid = \"a\"\ncommand = \"true\"\n")
        try space.file("out.mmd", "old")
        let before = space.tree()
        let result = try space.shell("ulimit -f 0; exec $STEPVISOR graph -o out.mmd")
        #expect(result.code == 5, "\(result)")
        #expect(space.tree() == before)
        #expect(try space.run("graph", "-o", "no/such/dir.mmd").code == 5)
        #expect(space.tree() == before)
    }
}
