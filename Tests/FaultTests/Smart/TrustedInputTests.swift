import Foundation
import Testing
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite(
    "What is up to date is so whatever its inputs are, and what cannot be told is said",
    .timeLimit(.minutes(20)))
struct TrustedInputTests {
    private func run(_ space: TestSpace, _ more: String...) throws -> String {
        let result = try space.start(["run", "--smart-execution"] + more).wait()
        #expect(result.code == 0, "\(result)")
        return result.output + result.error
    }

    private func isIdle(_ space: TestSpace, _ more: String...) throws -> Bool {
        let result = try space.start(["run", "--smart-execution"] + more).wait()
        return result.code == 0 && (result.output + result.error).contains("nothing to do")
    }

    private func step(_ command: String, _ rest: String) -> String {
        "[[steps]]\nid = \"a\"\ncommand = '''\(command)'''\n\(rest)\n"
    }

    // MARK: - Large inputs

    @Test(
        "inputs and outputs that are large, many or behind a link settle at once, in the cache too")
    func large() throws {
        for kind in ["one", "many", "middle", "link", "output", "script"] {
            let space = try TestSpace()
            try space.directory("d")
            let block = Data(repeating: 7, count: 3_000_000)
            var (inputs, command) = ("\"d\"", "ls d > out")
            switch kind {
            case "one": try space.file("d/big", block)
            case "many": for number in 0..<2_100 { try space.file("d/\(number)", "x") }
            case "middle":
                for number in 0..<20 { try space.file("d/\(number)", block.prefix(200_000)) }
            case "link":
                try space.file("big", block)
                symlink("../big", space.path("d/link"))
            case "output": (inputs, command) = ("\"in\"", "head -c 5000000 /dev/zero > out")
            default:
                try space.file("x", Data("#!/bin/sh\necho x\n#".utf8) + block, mode: 0o755)
                (inputs, command) = ("\"in\"", "./x > out")
            }
            try space.file("in", "1")
            try space.workflow(step(command, "inputs = [\(inputs)]\noutput_files = [\"out\"]"))
            _ = try run(space, "--cache")
            #expect(try isIdle(space), "\(kind)")
            #expect(try isIdle(space, "--cache"), "\(kind)")
        }
    }

    // MARK: - Scripts

    @Test(
        "a change of the script runs the step, by whatever syntax the script is started",
        arguments: [
            "bin/x > out", "cat in | bin/x > out", "A=1 exec bin/x > out", "(cd bin && ./x) > out",
            "sh bin/x > out", "echo \"$(bin/x)\" > out", "sh -c 'cd bin; ./x' > out",
            "if true; then\n  . ./bin/x > out\nfi", "PATH=$PATH:bin; bin/x | cat > out",
        ])
    func scripts(command: String) throws {
        let space = try TestSpace()
        try space.script("bin/x", "echo old").file("in", "1")
        try space.workflow(step(command, "inputs = [\"in\"]\noutput_files = [\"out\"]"))
        _ = try run(space)
        #expect(try isIdle(space))
        try space.script("bin/x", "echo new")
        #expect(try run(space).contains("inputs changed: bin/x (edited)"))
        #expect(space.text("out") == "new\n")
    }

    @Test("what the step makes itself is no script of it, and an undeclared copy settles")
    func madeScripts() throws {
        let space = try TestSpace()
        try space.file("in", "1")
        for command in [
            "cp in copy", "echo 'echo $$' > made.sh; sh made.sh",
            "printf '#!/bin/sh\\necho $$\\n' > p; chmod +x p; ./p > out",
        ] {
            try space.workflow(step(command, "inputs = [\"in\"]"))
            _ = try run(space)
            #expect(try isIdle(space), "\(command)")
        }
        try space.script("gen", "echo x")
        try space.workflow(
            step("cp in gen; chmod +x gen; echo", "inputs = [\"in\"]\noutput_files = [\"gen\"]"))
        _ = try run(space)
        #expect(try isIdle(space))
    }

    @Test("check names what a run alone knows, with its place")
    func untold() throws {
        let space = try TestSpace()
        try space.workflow(step("$DIR/x | sh \"$S\"", "inputs = [\"in\"]"))
        let text = try space.run("check").error
        #expect(text.contains("workflow.toml:3:14: note: step `a`: what `$DIR/x`"), "\(text)")
        #expect(text.contains("workflow.toml:3:26: note: step `a`: what `\"$S\"`"), "\(text)")
    }

    // MARK: - Own outputs

    @Test("a step's own outputs are no inputs of it, by whatever patterns")
    func ownOutputs() throws {
        for (command, inputs, outputs) in [
            ("date +%N > out.txt", "**", "out.txt"), ("date +%N > o/x", "**", "o/**"),
            ("date +%N > o/x", "**", "o"), ("mkdir -p b/c; date +%N > b/c/x", "**", "b/c/*"),
            ("date +%N > in", "in", "in"),
        ] {
            let space = try TestSpace()
            try space.directory("o")
            try space.file("in", "1")
            try space.workflow(
                step(command, "inputs = [\"\(inputs)\"]\noutput_files = [\"\(outputs)\"]"))
            _ = try run(space)
            #expect(try isIdle(space), "\(command) \(inputs) \(outputs)")
            try space.file("new", "1")
            #expect(try isIdle(space) == (inputs == "in"), "\(command) \(inputs) \(outputs)")
        }
    }

    @Test("what a step writes without saying so is named, by check and by the run")
    func ownLog() throws {
        let space = try TestSpace()
        try space.file("in", "1")
        try space.workflow(step("date +%N >> build.log; date > b", "inputs = [\"**\"]"))
        let check = try space.run("check").error
        #expect(
            check.contains(
                "step `a` writes `build.log`, which its `inputs` mean (`**`), and is never"),
            "\(check)")
        #expect(
            try run(space).contains("its inputs changed while it ran: b (new), build.log (new);"))
        #expect(
            try space.run("why", "a").output.contains(
                "inputs changed while it ran: b (new), build.log (new)"))
    }

    @Test("a cache in the project, and what stepvisor keeps, are no inputs")
    func cache() throws {
        let space = try TestSpace()
        try space.file("in", "1")
        space.environment["STEPVISOR_CACHE"] = space.path("kept")
        try space.workflow(
            step(
                "cp in out",
                "inputs = [\"**\", \".stepvisor/latest/*\"]\noutput_files = [\"out\"]"))
        _ = try run(space, "--cache")
        #expect(try isIdle(space, "--cache"))
        #expect(try space.run("check").error.contains("what stepvisor keeps is no input"))
    }

    @Test("an empty directory is not a missing one")
    func emptyDirectory() throws {
        for pattern in ["d", "d/", "d/**"] {
            let space = try TestSpace()
            try space.directory("d")
            try space.workflow(step("ls d", "inputs = [\"\(pattern)\"]"))
            _ = try run(space)
            #expect(try isIdle(space), "\(pattern)")
            rmdir(space.path("d"))
            #expect(try space.run("why", "a").output.contains("d (removed)"), "\(pattern)")
        }
    }

    // MARK: - Tools

    @Test(
        "a tool that gives no answer never counts as unchanged, and the step says why",
        arguments: [
            ("no-such-tool --v", "exit code 127"), ("exit 3", "exit code 3"),
            ("true", "printed nothing"),
            ("./in", "exit code 126"), ("kill -9 $$", "killed by SIGKILL"),
        ])
    func tools(tool: String, words: String) throws {
        let space = try TestSpace()
        try space.file("in", "1")
        try space.workflow(step("true", "inputs = [\"in\"]\ntools = ['\(tool)']"))
        for _ in 0..<2 {
            let text = try run(space)
            #expect(text.contains("no answer from the tool"), "\(text)")
        }
        let why = try space.run("why", "a").output
        #expect(why.contains(words), "\(why)")
        #expect(try !isIdle(space, "--cache"))
    }

    @Test("check names a tool that is not there")
    func missingTool() throws {
        let space = try TestSpace()
        try space.workflow(step("true", "inputs = [\"in\"]\ntools = [\"no-such-tool --v\"]"))
        let text = try space.run("check").error
        #expect(text.contains("`no-such-tool` was not found in PATH"), "\(text)")
    }

    // MARK: - Declarations

    @Test("an empty list of inputs is a declaration")
    func emptyInputs() throws {
        let space = try TestSpace()
        try space.file("in", "1")
        try space.workflow(
            step("cp in out", "inputs = [\"in\"]\noutput_files = [\"out\"]")
                + """
                [[steps]]
                id = "b"
                command = "cp out end"
                inputs = []
                output_files = ["end"]
                dependencies = ["a"]
                """)
        _ = try run(space)
        #expect(try isIdle(space))
        try space.file("in", "2")
        #expect(try run(space).contains("dependency a produced a different result"))
        #expect(space.text("end") == "2")
    }

    @Test("that a step never succeeded is said only where nothing is known against it")
    func causes() throws {
        let space = try TestSpace()
        try space.file("in", "1")
        func cause(_ rest: String) throws -> String {
            try space.workflow(step("true", rest))
            return try space.run("why", "a").output
        }
        #expect(try cause("inputs = [\"in\"]").contains("no success is known"))
        try space.workflow(step("true", ""))
        _ = try run(space)
        #expect(
            try cause("inputs = [\"in\"]").contains(
                "its `inputs` were not declared when it last succeeded"))
        _ = try run(space)
        #expect(try isIdle(space))
        try FileManager.default.removeItem(atPath: space.path(".stepvisor/known"))
        #expect(try cause("inputs = [\"in\"]").contains("no success is known"))
        _ = try run(space)
        try space.workflow(
            step("true", "inputs = [\"in\"]").replacing("\"a\"", with: "\"new\""))
        #expect(try space.run("why", "new").output.contains("never succeeded"))
    }
}
