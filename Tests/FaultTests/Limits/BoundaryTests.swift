import Foundation
import Testing
import TestSupport

/// Ids and paths stay inside the project; what steps are given reaches them as it is.
@Suite("Ids, paths and values stay what they are", .timeLimit(.minutes(20)))
struct BoundaryTests {
    private static let badIDs = [
        "../../x", "/etc/x", "a/b", "", ".", "..", "-rf", "a b", "a\\u0000b", "a\\nb", "\\u0430pi",
        "\\u202Eabc", String(repeating: "x", count: 300),
    ]

    @Test(
        "fault 79: an id that is no plain name is refused before anything is made",
        arguments: badIDs)
    func ids(id: String) throws {
        let space = try TestSpace()
        try space.workflow("[[steps]]\nid = \"\(id)\"\ncommand = \"touch ran\"\n")
        let before = try space.shell("ls -a ..").output
        for command in ["run", "check", "plan"] {
            let result = try space.run(command)
            #expect(result.code == 2, "\(result)")
            #expect(!result.error.isEmpty)
            #expect(
                result.error.unicodeScalars.allSatisfy {
                    $0.value >= 0x20 && $0.value != 0x202E || $0 == "\n"
                })
        }
        #expect(!space.exists("ran") && !space.exists(".stepvisor"))
        #expect(try space.shell("ls -a .. | grep -v stepvisor-").code != nil && !before.isEmpty)
    }

    @Test("fault 79: names of resources, and of locks, are no paths")
    func resources() throws {
        let space = try TestSpace()
        try space.workflow(
            "[[steps]]\nid = \"a\"\ncommand = \"true\"\nresources_required = [\"../x\"]\n")
        #expect(try space.run().code == 2)
        for name in ["../x", "/tmp/x", "", "-x", "a b"] {
            let result = try space.run("lock", "--", name, "true")
            #expect(result.code == 2, "\(name): \(result)")
        }
        #expect(!space.exists(".stepvisor"))
    }

    @Test("fault 80: a step file that is a link out of the project is refused with its name")
    func stepFileOutside() throws {
        let outside = try TestSpace()
        try outside.step("evil.sh", [], "touch ran")
        let space = try TestSpace()
        try space.step("good.sh", [], "true")
        try FileManager.default.createSymbolicLink(
            atPath: space.path("steps/evil.sh"), withDestinationPath: outside.path("steps/evil.sh"))
        let result = try space.run()
        #expect(result.code == 2, "\(result)")
        #expect(result.error.contains("`steps/evil.sh` is a link that leads out of the project"))
        #expect(!space.exists("ran") && !outside.exists("ran"))
    }

    @Test("fault 80: a step file that is a link within the project is a step")
    func stepFileInside() throws {
        let space = try TestSpace()
        try space.step("one.sh", [], "touch ran")
        #expect(
            try space.shell("mkdir real; mv steps/one.sh real; ln -s ../real/one.sh steps/").code
                == 0)
        #expect(try space.run().code == 0)
        #expect(space.exists("ran"))
    }

    @Test(
        "fault 80: declared files outside of the project are refused",
        arguments: [
            "output_files = [\"../x\"]", "output_files = [\"/etc/x\"]",
            "output_files = [\"a/../../x\"]", "modifies = [\"../x\"]",
            "working_directory = \"..\"", "working_directory = \"/\"",
        ])
    func declaredOutside(key: String) throws {
        let space = try TestSpace()
        try space.workflow("[[steps]]\nid = \"a\"\ncommand = \"touch ran\"\n\(key)\n")
        let result = try space.run()
        #expect(result.code == 2, "\(result)")
        #expect(!space.exists("ran"))
    }

    @Test("fault 12: a working directory that a link leads out of the project fails the step")
    func directoryOutside() throws {
        let outside = try TestSpace()
        let space = try TestSpace()
        try FileManager.default.createSymbolicLink(
            atPath: space.path("out"), withDestinationPath: outside.root.path)
        try space.workflow(
            "[[steps]]\nid = \"a\"\ncommand = \"touch ran\"\nworking_directory = \"out\"\n")
        let result = try space.run()
        #expect(result.code == 1, "\(result)")
        #expect(result.error.contains("`out` leads out of the project by a link"), "\(result)")
        #expect(!outside.exists("ran") && !space.exists("ran"))
        #expect(try space.run("check").code == 2)
    }

    @Test("fault 12: a working directory that goes away fails the next step, in no other directory")
    func directoryGone() throws {
        let space = try TestSpace()
        try space.directory("work")
        try space.workflow(
            """
            [[steps]]
            id = "remove"
            command = "rmdir work"
            [[steps]]
            id = "use"
            command = "touch ran"
            working_directory = "work"
            dependencies = ["remove"]
            """)
        let result = try space.run()
        #expect(result.code == 1, "\(result)")
        #expect(result.error.contains("the working directory `work` does not exist"), "\(result)")
        #expect(!space.exists("ran"))
    }

    @Test("fault 12: a directory that is removed under a running step fails only that step")
    func directoryRemovedWhileRunning() throws {
        let space = try TestSpace()
        try space.directory("work")
        try space.workflow(
            """
            [[steps]]
            id = "inside"
            command = "rmdir ../work; echo still; pwd > /dev/null; exit 3"
            working_directory = "work"
            allow_failure = true
            [[steps]]
            id = "next"
            command = "touch ran"
            """)
        let result = try space.run()
        #expect(result.code == 0, "\(result)")
        #expect(space.exists("ran"))
        #expect(try space.run("logs", "inside").output.contains("still"))
    }

    /// Values that a shell would take apart.
    private static let hostile = [
        "plain", "two words", "it's", "\"quoted\"", "$(touch injected)", "`touch injected`",
        "; touch injected", "&& touch injected", "a\nb", "*", "~", "$HOME", "\\", "-rf", "",
    ]

    @Test("fault 88: words of a command reach the program as they are")
    func literalArguments() throws {
        let space = try TestSpace()
        try space.script("show.sh", "for word; do printf '<%s>' \"$word\"; done > shown")
        let words = (["./show.sh"] + Self.hostile).map { toml($0) }.joined(separator: ", ")
        try space.workflow("[[steps]]\nid = \"a\"\ncommand = [\(words)]\n")
        #expect(try space.run().code == 0)
        #expect(space.text("shown") == Self.hostile.map { "<\($0)>" }.joined())
        #expect(!space.exists("injected"))
    }

    @Test("fault 88: variables, descriptions and paths reach the step as they are")
    func literalVariables() throws {
        let space = try TestSpace()
        try space.script("show.sh", "printf '%s|%s' \"$VALUE\" \"$STEPVISOR_DESCRIPTION\" > shown")
        for value in Self.hostile {
            try space.workflow(
                """
                [environment]
                VALUE = \(toml(value))
                [[steps]]
                id = "a"
                description = \(toml(value))
                command = ["./show.sh"]
                """)
            let result = try space.run()
            #expect(result.code == 0, "\(result)")
            #expect(space.text("shown") == "\(value)|\(value)")
        }
        #expect(!space.exists("injected"))
    }

    @Test("fault 88: a project whose path is hostile runs all the same")
    func hostilePath() throws {
        let space = try TestSpace()
        let name = "it's $(touch injected) \"x\"; touch injected"
        try space.file("\(name)/workflow.toml", "[[steps]]\nid = \"a\"\ncommand = \"touch ran\"\n")
        let result = try space.start(["run"], in: name).wait()
        #expect(result.code == 0, "\(result)")
        #expect(space.exists("\(name)/ran"))
        #expect(!space.exists("injected") && !space.exists("\(name)/injected"))
    }

    private func toml(_ text: String) -> String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            .replacing("\n", with: "\\n")
        return "\"\(escaped)\""
    }

    @Test("fault 87: nothing in the state is executed, whatever is written there")
    func stateIsData() throws {
        let space = try TestSpace()
        try space.workflow("[[steps]]\nid = \"a\"\ncommand = \"true\"\n")
        #expect(try space.run().code == 0)
        let evil = "$(touch injected); touch injected\n`touch injected`\n"
        let plant =
            "for f in $(find .stepvisor -type f); do cp evil \"$f\"; chmod 700 \"$f\"; done; "
            + "cp evil .stepvisor/durations; chmod 700 .stepvisor/*"
        try space.file("evil", "#!/bin/sh\n\(evil)", mode: 0o755)
        #expect(try space.shell(plant).code == 0)
        for command in ["status", "logs", "timeline", "plan", "run", "check"] {
            _ = try space.run(command)
        }
        #expect(try space.run().code == 0)
        #expect(!space.exists("injected"))
    }

    @Test("fault 87: an id in a journal leads to no file outside of the logs")
    func journalIDs() throws {
        let space = try TestSpace()
        try space.workflow("[[steps]]\nid = \"aaaaaaaaaaa\"\ncommand = \"echo out\"\n")
        try space.file("secret.log", "elsewhere\n")
        #expect(try space.run().code == 0)
        let forge =
            "sed -i 's#\"aaaaaaaaaaa\"#\"../../../../secret\"#g' .stepvisor/runs/*/events.ndjson"
        #expect(try space.shell(forge).code == 0)
        for arguments in [["logs", "../../../../secret"], ["logs"]] {
            let result = try space.start(arguments).wait()
            #expect(!result.output.contains("elsewhere"), "\(result)")
        }
    }
}
