import Foundation
import Testing
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The values of `[execution] secrets` are nowhere to be found but in the raw logs.
@Suite("Secrets stay secret", .timeLimit(.minutes(20)))
struct SecretTests {
    private static let value = "tok/en+with 'quotes' and=more"

    /// A workflow whose steps give their secrets away in every way they can.
    private func leaky() throws -> TestSpace {
        let space = try TestSpace()
        space.environment = ["API_KEY": Self.value, "PEM": "FIRSTLINE1\nSECONDLINE2\n"]
        try space.script(
            "leak.sh",
            """
            echo "plain $API_KEY end"
            printf '%s' "$API_KEY" | base64 -w 0; echo
            printf 'a:%s' "$API_KEY" | base64 -w 0; echo
            printf 'ab:%s' "$API_KEY" | base64 -w 0; echo
            printf '%s' "$API_KEY" | cut -c 1-9; printf '%s\\n' "$API_KEY" | cut -c 10-
            echo "$PEM" | grep SECOND
            echo 'tok%2Fen%2Bwith%20%27quotes%27%20and%3Dmore'
            echo "error $API_KEY" >&2
            sh -c 'sleep 30; :' "$API_KEY" &
            exit 3
            """)
        try space.workflow(
            """
            [execution]
            secrets = ["API_KEY", "PEM", "DECLARED", "UNSET_ONE"]
            grace = "1s"
            [environment]
            DECLARED = "declared-value"
            [[steps]]
            id = "leak"
            description = "uses declared-value"
            command = ["./leak.sh"]
            allow_failure = true
            [[steps]]
            id = "argv"
            command = ["./no-such-program", "--key", "declared-value"]
            allow_failure = true
            [[steps]]
            id = "missing"
            command = ["declared-value-is-no-program"]
            allow_failure = true
            """)
        return space
    }

    /// Nothing of a secret: not as it is, in base64, URL-encoded, or by one of its lines.
    private func leaks(in text: String) -> [String] {
        let encoded = ["", "a:", "ab:"].map { lead -> String in
            let all = Data((lead + Self.value).utf8).base64EncodedString()
            return String(all.dropFirst(8).dropLast(8))
        }
        let parts =
            [
                Self.value, "tok%2Fen", "declared-value", "SECONDLINE2", "tok/en+wi",
                "'quotes' and=more",
            ]
            + encoded
        return parts.filter { text.contains($0) }
    }

    @Test("fault 85: the workflow's own output shows that its steps leak, when nothing is declared")
    func witness() throws {
        let space = try leaky()
        let workflow = space.text("workflow.toml")
        try space.workflow(workflow.replacing(/secrets = .*/, with: ""))
        let result = try space.run("--output", "stream")
        #expect(leaks(in: result.error).count >= 6, "\(result)")
    }

    @Test("fault 85: no view of a run shows a secret", arguments: ["failures", "group", "stream"])
    func views(mode: String) throws {
        let space = try leaky()
        let result = try space.run("--output", mode)
        #expect(result.code == 0, "\(result)")
        #expect(leaks(in: result.output + result.error) == [], "\(result)")
        #expect(mode == "failures" || result.error.contains("plain *** end"), "\(result)")
        #expect(result.error.contains("`UNSET_ONE` has no value"), "\(result)")
    }

    @Test("fault 85: no record holds a secret; the raw log does, for its owner only")
    func records() throws {
        let space = try leaky()
        #expect(try space.run().code == 0)
        let files = try space.shell(
            "find .stepvisor -type f ! -name '*.log' -exec cat {} +; cat .stepvisor/run.lock")
        #expect(leaks(in: files.output) == [], "\(files)")
        #expect(files.output.contains("leftovers") && files.output.contains("***"), "\(files)")
        let log = try space.shell("cat .stepvisor/latest/logs/leak.log")
        #expect(log.output.contains(Self.value))
        #expect(try space.shell("find .stepvisor -name '*.log' -perm /077").output == "")
    }

    @Test(
        "fault 85: no command that looks at a run or a plan shows a secret",
        arguments: [
            ["status"], ["status", "--json"], ["timeline"], ["logs"], ["logs", "leak"],
            ["logs", "argv"], ["plan"], ["plan", "--json"], ["run", "--dry-run"],
            ["run", "--dry-run", "--json"], ["graph"], ["graph", "--format", "json"],
            ["graph", "--format", "dot"], ["run", "--json"], ["check"], ["check", "--json"],
        ])
    func looks(command: [String]) throws {
        let space = try leaky()
        #expect(try space.run().code == 0)
        let result = try space.start(command).wait()
        #expect(result.output != "" || result.error != "" || command.contains("argv"))
        #expect(leaks(in: result.output + result.error) == [], "\(result)")
    }

    @Test("fault 85: a message about the file does not show the declared value that stands in it")
    func excerpt() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [execution]
            secrets = ["DECLARED"]
            [environment]
            DECLARED = "declared-value"
            [[steps]]
            id = "a"
            command = "echo declared-value"
            dependencies = ["nowhere declared-value"]
            """)
        let result = try space.run()
        #expect(result.code == 2)
        #expect(leaks(in: result.error) == [], "\(result)")
    }

    @Test("fault 85: a command too long to start does not give its words away")
    func tooLong() throws {
        let space = try TestSpace()
        space.environment = ["API_KEY": Self.value]
        let long = String(repeating: "x", count: 200_000)
        try space.workflow(
            """
            [execution]
            secrets = ["API_KEY"]
            [[steps]]
            id = "a"
            command = ["/bin/echo", "\(Self.value)", "\(long)"]
            """)
        let result = try space.run()
        #expect(result.code == 1, "\(result)")
        #expect(leaks(in: result.error) == [])
        #expect(leaks(in: try space.shell("cat .stepvisor/latest/events.ndjson").output) == [])
    }

    @Test("fault 85: the screen of a terminal, and the answer to SIGUSR1, show no secret")
    func terminal() throws {
        let space = try TestSpace()
        space.environment = ["API_KEY": Self.value]
        try space.script(
            "slow.sh",
            """
            printf 'begin %s' "$API_KEY" | cut -c 1-12 | tr -d '\\n'; printf '%s' "$API_KEY" | cut -c 7-
            echo "now $API_KEY"
            touch said
            until [ -e go ]; do sleep 0.02; done
            """)
        try space.workflow(
            """
            [execution]
            secrets = ["API_KEY"]
            [[steps]]
            id = "slow"
            command = ["./slow.sh"]
            """)
        let terminal = try space.startOnTerminal(["run", "--output", "stream"])
        #expect(terminal.waitFor("now ***"), "\(terminal.shown)")
        terminal.signal(SIGUSR1)
        #expect(terminal.waitFor("running"), "\(terminal.shown)")
        try space.file("go", "")
        #expect(terminal.wait().code == 0)
        #expect(leaks(in: terminal.shown) == [], "\(terminal.shown)")
    }

    @Test("fault 85: a short secret is refused rather than half the output masked")
    func short() throws {
        let space = try leaky()
        space.environment["API_KEY"] = "short"
        for arguments in [["run"], ["run", "--dry-run"]] {
            let result = try space.start(arguments).wait()
            #expect(result.code == 2, "\(result)")
            #expect(result.error.contains("secret `API_KEY` has fewer than 6 bytes"), "\(result)")
        }
        #expect(!space.exists(".stepvisor/runs"))
        #expect(try space.run("check").error.contains("so a run is refused"))
    }

    @Test("fault 85: steps themselves get the value untouched")
    func steps() throws {
        let space = try TestSpace()
        space.environment = ["API_KEY": Self.value]
        try space.workflow(
            """
            [execution]
            secrets = ["API_KEY"]
            [[steps]]
            id = "a"
            command = "printf %s \\"$API_KEY\\" > got"
            """)
        #expect(try space.run().code == 0)
        #expect(space.text("got") == Self.value)
    }

    /// What the journal of the latest run says that its step was started from.
    private func bases(_ space: TestSpace) throws -> [String] {
        let line = "grep -o '\"basis\":\"[0-9a-f]*\"' .stepvisor/latest/events.ndjson"
        return try space.shell(line).output.split(separator: "\n").map(String.init)
    }

    @Test(
        "fault 86: digests hold no secret, and are keyed: the same in a project, another in the next"
    )
    func keyed() throws {
        var all: [[String]] = []
        for _ in 0..<2 {
            let space = try TestSpace()
            space.environment = ["API_KEY": "123456"]
            try space.workflow(
                """
                [execution]
                secrets = ["API_KEY"]
                [[steps]]
                id = "a"
                command = ["true"]
                env_inputs = ["API_KEY"]
                """)
            #expect(try space.run().code == 0)
            let first = try bases(space)
            #expect(try space.run().code == 0)
            #expect(try bases(space) == first && first.count == 1)
            space.environment["API_KEY"] = "1234567"
            #expect(try space.run().code == 0)
            // The value itself is no ingredient: an exchanged key makes nothing run again.
            #expect(try bases(space) == first)
            #expect(try space.shell("find .stepvisor/key -perm 600 -type f").output != "")
            all.append(first)
        }
        #expect(all[0] != all[1])
    }

    @Test(
        "fault 86: nothing that is kept between runs tells a secret, not by a change of it either")
    func fingerprints() throws {
        let space = try leaky()
        #expect(try space.run().code == 0)
        space.environment["API_KEY"] = "another-value-of-it"
        #expect(try space.run().code == 0)
        let kept = try space.shell(
            "find .stepvisor -type f ! -name '*.log' -exec cat {} +; find .stepvisor")
        #expect(leaks(in: kept.output) == [] && !kept.output.contains("another-value-of-it"))
        #expect(!kept.output.contains("PATH=") && !kept.output.contains("API_KEY="))
    }
}
