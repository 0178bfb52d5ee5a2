import Foundation
import Testing
import TestSupport

/// What steps inherit: everything, or what `pass_environment` names.
@Suite("The environment of steps", .timeLimit(.minutes(20)))
struct EnvironmentTests {
    private func space(_ execution: String, _ more: String = "") throws -> TestSpace {
        let space = try TestSpace()
        try space.workflow(
            """
            [execution]
            \(execution)
            \(more)
            [[steps]]
            id = "env"
            command = "env > seen"
            """)
        return space
    }

    /// Names of the variables that the step saw.
    private func names(_ space: TestSpace) -> Set<String> {
        Set(space.lines("seen").compactMap { $0.split(separator: "=").first.map(String.init) })
    }

    /// What stepvisor itself gives, and what the shell adds.
    private func isOwn(_ name: String) -> Bool {
        name.hasPrefix("STEPVISOR_") || ["PWD", "SHLVL", "_", "OLDPWD"].contains(name)
    }

    @Test("fault 13: steps inherit only what `pass_environment` names")
    func passed() throws {
        let space = try space(
            "pass_environment = [\"HOME\", \"LC_*\", \"PATH\"]", "[environment]\nDECLARED = \"x\"")
        space.environment = [
            "LC_ALL": "C", "LC_CTYPE": "C", "LCX": "no", "TOKEN": "no", "HOMES": "no",
        ]
        #expect(try space.run().code == 0)
        let seen = names(space).filter { !isOwn($0) }
        #expect(seen == ["HOME", "LC_ALL", "LC_CTYPE", "PATH", "DECLARED"])
        let given = names(space)
        for name in ["RUN_ID", "STEP", "RUNS", "RUN_DIR", "LOG", "OUTPUT", "OUTPUTS", "ATTEMPT"] {
            #expect(given.contains("STEPVISOR_\(name)"), "\(name)")
        }
    }

    @Test("fault 13: without `pass_environment` everything is inherited")
    func everything() throws {
        let space = try space("")
        space.environment = ["TOKEN": "yes"]
        #expect(try space.run().code == 0)
        #expect(names(space).contains("TOKEN"))
    }

    @Test("fault 13: a PATH that is left out is the system's own, and that is said")
    func defaultPath() throws {
        let space = try space("pass_environment = []")
        let result = try space.run()
        #expect(result.code == 0, "\(result)")
        #expect(result.error.contains("`pass_environment` leaves out `PATH`"), "\(result)")
        #expect(space.lines("seen").contains("PATH=/usr/local/bin:/usr/bin:/bin"))
        #expect(names(space).filter { !isOwn($0) } == ["PATH"])
    }

    @Test("fault 13: a step that only a PATH of the user's would find is told of by `check`")
    func checkKnowsThePath() throws {
        let space = try TestSpace()
        try space.script("bin/own-tool", "true")
        try space.workflow(
            "[execution]\npass_environment = [\"HOME\"]\n[[steps]]\nid = \"a\"\ncommand = [\"own-tool\"]\n"
        )
        space.environment = ["PATH": space.path("bin") + ":/usr/bin:/bin"]
        let check = try space.run("check")
        #expect(check.code == 2, "\(check)")
        #expect(check.error.contains("`own-tool` was not found in PATH"), "\(check)")
        #expect(try space.run().code == 1)
    }

    @Test(
        "fault 13: names that no variable has are warned of",
        arguments: ["\"A B\"", "\"$HOME\"", "\"A=1\"", "\"*_TOKEN\"", "\"1A\"", "\"\""])
    func oddNames(name: String) throws {
        let space = try space("pass_environment = [\"PATH\", \(name)]")
        let check = try space.run("check")
        #expect(check.code == 0, "\(check)")
        #expect(check.error.contains("looks like no name of a variable"), "\(check)")
        let good = try self.space("pass_environment = [\"PATH\", \"LC_*\", \"*\", \"_x1\"]")
        #expect(!(try good.run("check").error.contains("warning")))
    }

    @Test("fault 13: a value in the place of a secret's name is warned of and not shown")
    func valueAsName() throws {
        let space = try space("secrets = [\"sk-live-0123456789\"]")
        let check = try space.run("check")
        #expect(check.error.contains("a name in `secrets` looks like no name"), "\(check)")
        #expect(!check.error.contains("sk-live-0123456789"), "\(check)")
    }

    @Test(
        "fault 13: a run works without HOME, PATH, TERM or a locale, and with an empty environment",
        arguments: [
            "env -u HOME", "env -u PATH", "env -u TERM", "LANG=C env", "env -i", "TERM=dumb env",
            "LC_ALL=nonsense env",
        ])
    func odd(command: String) throws {
        let space = try TestSpace()
        try space.workflow("[[steps]]\nid = \"a\"\ncommand = \"echo ran; ls / > list\"\n")
        let program = "\"$STEPVISOR\""
        let result = try space.shell("s=\(program); \(command) \"$s\" run")
        #expect(result.code == 0, "\(result)")
        #expect(space.exists("list"))
    }

    @Test("fault 13: names that are not UTF-8 do not keep a run from working")
    func bytes() throws {
        let space = try TestSpace()
        try space.workflow(
            "[[steps]]\nid = \"a\"\ncommand = \"printf '\\\\377\\\\n'; touch \\\"$(printf 'f\\\\377')\\\"\"\n"
        )
        let result = try space.shell("ODD=$(printf 'x\\377') \"$STEPVISOR\" run")
        #expect(result.code == 0, "\(result)")
        #expect(
            try space.shell("od -An -tx1 .stepvisor/latest/logs/a.log").output.contains("ff 0a"))
        let status = try space.run("status", "--json")
        #expect(try JSONSerialization.jsonObject(with: Data(status.output.utf8)) is [String: Any])
    }

    @Test("a secret that steps do not inherit is masked all the same")
    func secretNotPassed() throws {
        let space = try space("pass_environment = [\"PATH\"]\nsecrets = [\"TOKEN\"]")
        space.environment = ["TOKEN": "very-secret-token"]
        try space.workflow(
            space.text("workflow.toml")
                + "\n[[steps]]\nid = \"b\"\ncommand = \"echo very-secret-token\"\n")
        let result = try space.run("--output", "stream")
        #expect(result.error.contains("***") && !result.error.contains("very-secret-token"))
        #expect(!space.text("seen").contains("very-secret-token"))
    }
}
