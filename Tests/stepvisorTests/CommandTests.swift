import Foundation
import Testing
import TestSupport

@Suite("The commands around a run", .timeLimit(.minutes(20)))
struct CommandTests {
    private func fan() throws -> TestSpace {
        let space = try TestSpace()
        try space.workflow(
            """
            name = "fan"
            [resources]
            api = 2
            [[steps]]
            id = "fetch"
            description = "Get the data"
            command = "true"
            output_files = ["data.csv"]
            [[steps]]
            id = "chart"
            command = "true"
            inputs = ["data.csv"]
            output_files = ["out/report.md"]
            resources_required = ["api"]
            [[steps]]
            id = "table"
            command = "true"
            dependencies = ["fetch"]
            output_files = ["out/report.md"]
            parallel_safe = false
            """)
        return space
    }

    @Test("`plan` shows phases, edges with their origin, conflicts and the critical path")
    func plan() throws {
        let space = try fan()
        let before = space.tree()
        let plan = try space.run("plan")
        #expect(plan.code == 0, "\(plan)")
        for part in [
            "fan: 3 steps, 2 dependencies, 2 phases", "phase 1 (1 step)", "Get the data",
            "chart  after fetch (inferred: reads data.csv)  [needs api]",
            "table  after fetch  [runs alone]",
            "Steps chart and table cannot run in parallel (shared output: out/report.md)",
            "critical path (2 steps): fetch → chart",
        ] {
            #expect(plan.output.contains(part), "\(part) in \(plan)")
        }
        #expect(plan.error.isEmpty)
        #expect(space.tree() == before)
        let json = try space.run("plan", "--json")
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
        let root = try #require(object as? [String: Any])
        #expect((root["phases"] as? [Any])?.count == 2)
        #expect(
            (root["edges"] as? [[String: Any]])?.map { $0["origin"] as? String } == [
                "inferred", "declared",
            ])
        #expect((root["critical_path"] as? [String]) == ["fetch", "chart"])
    }

    @Test("`plan -j` asks what a run with so many at once would take")
    func whatIf() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "a"
            command = "true"
            [[steps]]
            id = "b"
            command = "true"
            """)
        _ = try space.run()
        try space.durations(["a": "3000", "b": "1000 2000 9000"])
        #expect(try space.run("plan").output.contains("expected: 5.0s, one step at a time"))
        let two = try space.run("plan", "-j2")
        #expect(
            two.output.contains("expected: 3.0s with at most 2 at once; 5.0s one at a time"),
            "\(two)")
        #expect(two.output.contains("critical path (1 step): a, 3.0s"), "\(two)")
    }

    @Test("`plan` claims no time for a step that was never measured")
    func unmeasured() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "a"
            command = "true"
            [[steps]]
            id = "hour"
            command = "true"
            dependencies = ["a"]
            """)
        _ = try space.run()
        try space.durations(["a": "1000"])
        let plan = try space.run("plan")
        #expect(plan.output.contains("  hour  ?  after a\n"), "\(plan)")
        #expect(
            plan.output.contains(
                """
                critical path (2 steps): a → hour, at least 1.0s
                expected: at least 1.0s, one step at a time (1 step not measured)

                """), "\(plan)")
        let parallel = try space.run("plan", "-j2")
        #expect(
            parallel.output.contains(
                "at least 1.0s with at most 2 at once; at least 1.0s one at a time (1 step not"),
            "\(parallel)")
        let json = try space.run("plan", "--json")
        #expect(json.output.contains(#""expected_ms":1000"#), "\(json)")
        #expect(json.output.contains(#""expected_ms":null"#), "\(json)")
        #expect(json.output.contains(#""expected":null"#), "\(json)")
        let run = try space.run("-v")
        #expect(run.error.contains("expected: at least 1.0s (1 step not measured)"), "\(run)")
    }

    @Test("`plan` names no `-j` that the workflow forbids")
    func forbiddenParallel() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [execution]
            parallel_enabled = false
            [[steps]]
            id = "a"
            command = "true"
            [[steps]]
            id = "b"
            command = "true"
            """)
        _ = try space.run()
        try space.durations(["a": "1000", "b": "1000"])
        let plan = try space.run("plan", "--parallel")
        #expect(plan.output.contains("expected: 2.0s, one step at a time\n"), "\(plan)")
        #expect(!plan.output.contains("`-j"), "\(plan)")
    }

    @Test("a plan of a large workflow is cut, unless all of it is asked for")
    func largePlan() throws {
        let space = try TestSpace()
        let steps = (1...300).map { "[[steps]]\nid = \"s\($0)\"\ncommand = \"true\"\n" }
        try space.workflow(steps.joined())
        let short = try space.run("plan")
        #expect(short.output.split(separator: "\n").count < 60)
        #expect(short.output.contains("… and 275 more (`stepvisor plan -v` shows them all)"))
        let long = try space.run("plan", "-v")
        #expect(long.output.contains("  s300\n"))
    }

    @Test("`check` says ok with its counts, and all that a run would not mention")
    func check() throws {
        let space = try fan()
        let before = space.tree()
        let check = try space.run("check")
        #expect(check.code == 0, "\(check)")
        #expect(check.output.contains("ok: 3 steps, 2 edges, 2 phases"), "\(check)")
        #expect(check.output.contains("Steps chart and table cannot run in parallel"))
        #expect(space.tree() == before)
        try space.step("step_01_real.sh", [], "true")
        try space.file("steps/helper.sh", "#!/bin/sh\n", mode: 0o755)
        let directory = try space.run("check", "-f", "steps")
        #expect(directory.code == 0, "\(directory)")
        #expect(directory.error.contains("steps/helper.sh` has no header"), "\(directory)")
    }

    @Test("`check --json` names each problem with its place")
    func checkJSON() throws {
        let space = try TestSpace()
        try space.workflow("nme = 1\n[[steps]]\nid = \"a\"\ncommand = \"true\"\n")
        let check = try space.run("check", "--json")
        #expect(check.code == 2)
        let object = try JSONSerialization.jsonObject(with: Data(check.output.utf8))
        let root = try #require(object as? [String: Any])
        #expect(root["valid"] as? Bool == false)
        let first = try #require((root["diagnostics"] as? [[String: Any]])?.first)
        #expect(first["line"] as? Int == 1)
        #expect(first["column"] as? Int == 1)
        #expect(first["severity"] as? String == "error")
    }

    @Test(
        "`init` writes an example that checks, runs in parallel, and says what to type next",
        arguments: ["scripts", "toml"])
    func initialise(template: String) throws {
        let space = try TestSpace()
        let made = try space.run("init", "--template", template)
        #expect(made.code == 0, "\(made)")
        #expect(made.error.contains("stepvisor --parallel"))
        #expect(try space.run("check").code == 0)
        let run = try space.run("--parallel")
        #expect(run.code == 0, "\(run)")
        let log = try space.run("logs", "summary")
        #expect(log.output.contains("files"), "\(log)")
        let before = space.tree()
        let again = try space.run("init")
        #expect(again.code == 2, "\(again)")
        #expect(again.error.contains("there is a workflow here already"))
        #expect(space.tree() == before)
    }

    @Test("`lock` runs the command under the lock, and exits as it does")
    func lock() throws {
        let space = try fan()
        let ok = try space.shell("$STEPVISOR lock api -- sh -c 'echo $STEPVISOR_LOCKS; exit 7'")
        #expect(ok.code == 7, "\(ok)")
        #expect(ok.output == "api\n")
        #expect(try space.run("lock", "api", "--", "nosuchprogram").code == 2)
        #expect(try space.run("lock", "../x", "--", "true").code == 2)
        let signalled = try space.shell("$STEPVISOR lock api -- sh -c 'kill -9 $$'")
        #expect(signalled.code == 137, "\(signalled)")
    }

    @Test("a lock counts its units, waits with one line, or exits with 4")
    func lockIsExclusive() throws {
        let space = try fan()
        let hold = "touch held.$$; until test -e go; do sleep 0.01; done"
        let first = try space.start(["lock", "api", "--", "sh", "-c", hold])
        let second = try space.start(["lock", "api", "--", "sh", "-c", hold])
        #expect(TestSpace.wait { space.tree().keys.count { $0.hasPrefix("held.") } == 2 })
        let third = try space.run("lock", "--no-wait", "api", "--", "touch", "third")
        #expect(third.code == 4, "\(third)")
        #expect(third.error.contains("`api` is held"), "\(third)")
        #expect(third.error.contains("pid"), "\(third)")
        #expect(!space.exists("third"))
        // Who has it already does not wait for himself.
        let nested = try space.shell(
            "$STEPVISOR lock db -- sh -c '$STEPVISOR lock --no-wait db -- echo in $STEPVISOR_LOCKS'"
        )
        #expect(nested.output == "in db\n", "\(nested)")
        let fourth = try space.start(["lock", "api", "--", "touch", "fourth"])
        #expect(TestSpace.wait { fourth.errorSoFar.contains("waiting: `api` is held") })
        #expect(!space.exists("fourth"))
        try space.file("go", "")
        for command in [first, second, fourth] { #expect(command.wait().code == 0) }
        #expect(space.exists("fourth"))
    }

    @Test("a lock of scope `host` lies in the user's state, for all projects")
    func hostLock() throws {
        let space = try fan()
        let result = try space.shell(
            "$STEPVISOR lock --scope host gpu -- sh -c 'ls state/stepvisor/locks'")
        #expect(result.output == "gpu.0\n", "\(result)")
        #expect(!space.exists(".stepvisor"))
    }

    @Test("a run under a lock keeps it to its end, and its steps do not hold it longer")
    func lockAroundRun() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "a"
            command = "touch begun; until test -e go; do sleep 0.01; done"
            """)
        let run = try space.start(["lock", "outer", "--", BuiltProgram.path, "run"])
        #expect(TestSpace.wait { space.exists("begun") })
        #expect(try space.run("lock", "--no-wait", "outer", "--", "true").code == 4)
        try space.file("go", "")
        #expect(run.wait().code == 0)
        #expect(try space.run("lock", "--no-wait", "outer", "--", "true").code == 0)
    }

    @Test("a step and `lock` exclude each other")
    func lockAgainstStep() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "a"
            command = "touch begun; until test -e go; do sleep 0.01; done"
            resources_required = ["db"]
            """)
        let run = try space.start([])
        #expect(TestSpace.wait { space.exists("begun") })
        let taken = try space.run("lock", "--no-wait", "db", "--", "true")
        #expect(taken.code == 4, "\(taken)")
        #expect(taken.error.contains("step `a`"), "\(taken)")
        try space.file("go", "")
        #expect(run.wait().code == 0)
        #expect(try space.run("lock", "--no-wait", "db", "--", "true").code == 0)
    }

    @Test("`check` shows what can change nothing, with its place")
    func idle() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [execution.throttle]
            delay = "1s"
            [resources]
            db = { breaker = { failures = 2 } }
            [[steps]]
            id = "a"
            command = "true"
            foreach = ["x", "y"]
            retry_on = [75]
            backups = [{ description = "ask a colleague" }, "true"]
            """)
        let check = try space.run("check")
        #expect(check.code == 0, "\(check)")
        for part in [
            """
            workflow.toml:1:12: warning: `throttle` has no effect: neither `exit_codes` nor \
            `pattern` says which failures mean "busy"
                1 | [execution.throttle]
                  |            ^^^^^^^^
            """,
            """
            workflow.toml:4:1: warning: the breaker of `db` has no effect: no step takes it
                4 | db = { breaker = { failures = 2 } }
                  | ^^
            """,
            """
            workflow.toml:9:1: warning: `retry_on` has no effect without `retries`
                9 | retry_on = [75]
                  | ^^^^^^^^
            """,
            """
            workflow.toml:10:12: warning: backup 1 of step `a.x` has no command, and there is no \
            runner: it is passed over
               10 | backups = [{ description = "ask a colleague" }, "true"]
                  |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            """,
        ] {
            #expect(check.error.contains(part), "\(part)\nin \(check)")
        }
        #expect(check.error.components(separatedBy: "warning: ").count == 5, "\(check)")
        // What stands without a runner stands with one, too.
        try space.workflow(
            space.text("workflow.toml") + "\n[execution]\nrunner = 'true'\n")
        let again = try space.run("check")
        #expect(!again.error.contains("backup 1"), "\(again)")
    }

    @Test(
        "`check` and `plan` count the same phases",
        arguments: [
            ("parallel_enabled = false\n", "", 2), ("parallel_enabled = true\n", "", 2),
            ("", "dependencies = []\n", 3), ("", "[execution]\nbarriers = true\n", 3),
            (
                "dependencies = []\n",
                "[[steps]]\nid = \"last\"\ncommand = \"true\"\nalways = true\n", 3
            ),
        ])
    func phases(first: String, last: String, expected: Int) throws {
        func step(_ id: String, _ keys: String = "") -> String {
            "[[tasks.steps]]\nid = \"\(id)\"\ncommand = \"true\"\n" + keys
        }
        let space = try TestSpace()
        let isChain = !first.contains("parallel")
        try space.workflow(
            (last.hasPrefix("[") ? last : "") + "[[tasks]]\nid = \"x\"\n" + first
                + step("x1") + step("x2", isChain ? "dependencies = [\"x1\"]\n" : "")
                + "[[tasks]]\nid = \"y\"\n" + (last.hasPrefix("d") ? last : "") + step("y1"))
        for words in [["check"], ["plan"]] {
            let result = try space.start(words).wait()
            #expect(result.output.contains("\(expected) phases"), "\(result)")
        }
        let json = try space.run("check", "--json")
        #expect(json.output.contains("\"phases\":\(expected)"), "\(json)")
    }
}
