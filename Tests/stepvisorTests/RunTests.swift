import Testing
import TestSupport

@Suite(
    "`run` runs the steps that are asked for, in an order that the graph allows",
    .timeLimit(.minutes(20)))
struct RunTests {
    /// Steps that write their names into `order.txt`, declared so that the order is not the graph's.
    private func chain() throws -> TestSpace {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "last"
            command = "echo last >> order.txt"
            dependencies = ["left", "right"]
            [[steps]]
            id = "right"
            command = "echo right >> order.txt"
            dependencies = ["first"]
            [[steps]]
            id = "left"
            command = "echo left >> order.txt"
            dependencies = ["first"]
            [[steps]]
            id = "first"
            command = "echo first >> order.txt"
            [[steps]]
            id = "other"
            command = "echo other >> order.txt"
            """)
        return space
    }

    @Test(
        "without a command all steps run, one at a time, in declaration order as far as edges allow"
    )
    func sequential() throws {
        let space = try chain()
        let result = try space.run()
        #expect(result.code == 0, "\(result)")
        #expect(space.lines("order.txt") == ["first", "right", "left", "last", "other"])
        #expect(result.output.isEmpty)
        #expect(result.error.contains("complete: 5 complete of 5 steps"))
    }

    @Test("`-n` shows phase, order and reason, and writes nothing")
    func dryRun() throws {
        let space = try chain()
        let before = space.tree()
        let result = try space.run("-n", "left")
        #expect(result.code == 0, "\(result)")
        #expect(result.output.contains("would run 2 of 5 steps"))
        #expect(result.output.contains("1  first  phase 1  needed by `left`"))
        #expect(result.output.contains("2  left   phase 2  named"))
        #expect(result.output.contains("left out: last, right and other"))
        #expect(space.tree() == before)
        let json = try space.run("-n", "--json")
        #expect(json.output.contains(#""step_id":"first","order":1,"phase":1"#))
        #expect(space.tree() == before)
    }

    struct Choice: CustomTestStringConvertible {
        let words: [String]
        let order: [String]
        var testDescription: String { words.joined(separator: " ") }
    }

    @Test(
        "a selection runs these and nothing else",
        arguments: [
            Choice(words: ["left"], order: ["first", "left"]),
            Choice(words: ["run", "left", "other"], order: ["first", "left", "other"]),
            Choice(words: ["--only", "last"], order: ["last"]),
            Choice(words: ["--only", "last,left"], order: ["left", "last"]),
            Choice(words: ["--until", "right"], order: ["first", "right"]),
            Choice(words: ["--from", "left"], order: ["left", "last"]),
            Choice(words: ["--skip", "left,other"], order: ["first", "right", "last"]),
            Choice(
                words: ["--from", "first", "--skip", "right"], order: ["first", "left", "last"]),
        ])
    func selection(choice: Choice) throws {
        let space = try chain()
        let result = try space.start(choice.words).wait()
        #expect(result.code == 0, "\(result)")
        #expect(space.lines("order.txt") == choice.order)
    }

    @Test("a selection that names what there is not, or leaves nothing, runs nothing")
    func emptySelection() throws {
        let space = try chain()
        let before = space.tree()
        let cases: [([String], String)] = [
            (["lst"], "did you mean `last`?"),
            (["--only", "frist"], "`--only`: no step `frist`"),
            (["--from", "left", "--skip", "left,last"], "no step is left to run"),
            (["chek"], "did you mean `check`?"),
        ]
        for (words, message) in cases {
            let result = try space.start(words).wait()
            #expect(result.code == 2, "\(words): \(result)")
            #expect(result.error.contains(message), "\(words): \(result)")
        }
        #expect(space.tree() == before)
    }

    @Test("two steps run at the same time under `-j 2`, and only then")
    func parallel() throws {
        let space = try TestSpace()
        // Each waits until the other has come: alone, neither can end before its timeout.
        let meet = "touch $STEPVISOR_STEP; until test -e a && test -e b; do sleep 0.01; done"
        try space.workflow(
            """
            [execution]
            timeout = "8s"
            grace = "1s"
            [[steps]]
            id = "a"
            command = "\(meet)"
            [[steps]]
            id = "b"
            command = "\(meet)"
            """)
        let together = try space.run("-j2")
        #expect(together.code == 0, "\(together)")
        _ = try space.shell("rm -f a b")
        let alone = try space.run("--timeout", "300ms")
        #expect(alone.code == 1, "\(alone)")
    }

    @Test(
        "where the workflow switches parallel execution off, `--parallel` says so and runs in order"
    )
    func parallelDisabled() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [execution]
            parallel_enabled = false
            [[steps]]
            id = "a"
            command = "sleep 0.1; echo a >> order.txt"
            [[steps]]
            id = "b"
            command = "echo b >> order.txt"
            """)
        let result = try space.run("--parallel")
        #expect(result.code == 0, "\(result)")
        #expect(space.lines("order.txt") == ["a", "b"])
        let note = "Parallel execution disabled, using sequential mode"
        #expect(result.error.split(separator: "\n").count { $0.contains(note) } == 1, "\(result)")
        for file in ["events.ndjson", "progress.json"] {
            #expect(space.text(".stepvisor/latest/\(file)").contains(note), "\(file)")
        }
        #expect(try space.run("status").output.contains("warning: \(note)"))
        #expect(try space.run("run", "-n", "--parallel").error.contains(note))
        _ = try space.run("run")
        #expect(!space.text(".stepvisor/latest/progress.json").contains(note))
    }

    @Test("a critical failure halts the run; `-k` goes on with what does not depend on it")
    func failures() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "bad"
            command = "echo the reason; exit 7"
            [[steps]]
            id = "after_bad"
            command = "echo after_bad >> order.txt"
            dependencies = ["bad"]
            [[steps]]
            id = "free"
            command = "echo free >> order.txt"
            """)
        let halted = try space.run()
        #expect(halted.code == 1, "\(halted)")
        #expect(!space.exists("order.txt"))
        #expect(halted.error.contains("FAILED bad"))
        #expect(halted.error.contains("| the reason"))
        #expect(halted.error.contains("logs/bad.log"))
        #expect(halted.error.contains("stepvisor run --only bad"))
        let going = try space.run("-k")
        #expect(going.code == 1, "\(going)")
        #expect(space.lines("order.txt") == ["free"])
    }

    @Test("a failure that is allowed does not fail the run")
    func allowedFailure() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "bad"
            command = "exit 3"
            allow_failure = true
            """)
        #expect(try space.run().code == 0)
    }

    @Test("`--runner` starts the steps that have no command")
    func runner() throws {
        let space = try TestSpace()
        try space.workflow("[[steps]]\nid = \"a\"\n")
        let without = try space.run()
        #expect(without.code == 2, "\(without)")
        #expect(without.error.contains("`--runner`"))
        #expect(!space.exists(".stepvisor"))
        let with = try space.run("--runner", "echo $STEPVISOR_STEP > ran.txt")
        #expect(with.code == 0, "\(with)")
        #expect(space.lines("ran.txt") == ["a"])
    }

    @Test("`-C` runs elsewhere, `-f` names a file, a directory of steps, or JSON")
    func places() throws {
        let space = try TestSpace()
        try space.file("toml/flow.toml", "[[steps]]\nid = \"a\"\ncommand = \"pwd > where.txt\"\n")
        try space.file("json/flow.json", #"{"steps":[{"id":"a","command":"pwd > where.txt"}]}"#)
        try space.file(
            "dir/steps/step_01_a.sh", "#!/bin/sh\n# /// step\n# ///\npwd > where.txt\n", mode: 0o755
        )
        for words in [["-f", "toml/flow.toml"], ["-f", "json/flow.json"], ["-f", "dir/steps"]] {
            let result = try space.start(words).wait()
            #expect(result.code == 0, "\(words): \(result)")
        }
        for name in ["toml", "json", "dir"] {
            #expect(space.lines("\(name)/where.txt") == [space.path(name)])
        }
        try space.file(
            "deep/workflow.toml", "[[steps]]\nid = \"a\"\ncommand = \"pwd > where.txt\"\n")
        try space.directory("deep/er/est")
        let result = try space.run("-C", "deep/er/est")
        #expect(result.code == 0, "\(result)")
        #expect(space.lines("deep/where.txt") == [space.path("deep")])
    }

    @Test("a second run of the project waits its turn, or exits with 4 and names the first")
    func projectLock() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "a"
            command = "echo started >> order.txt; until test -e go; do sleep 0.01; done; echo ended >> order.txt"
            """)
        let first = try space.start([])
        #expect(TestSpace.wait { space.exists("order.txt") })
        let second = try space.run()
        #expect(second.code == 4, "\(second)")
        #expect(second.error.contains("pid \(first.pid), run 20"), "\(second)")
        #expect(second.error.contains("`--wait`"))
        let third = try space.start(["--wait"])
        try space.file("go", "")
        #expect(first.wait().code == 0)
        #expect(third.wait().code == 0)
        #expect(space.lines("order.txt") == ["started", "ended", "started", "ended"])
    }

    @Test(
        "a signal stops the run, ends its steps, and is what stepvisor dies of",
        arguments: [2, 15, 1])
    func signals(signal: Int32) throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [execution]
            grace = "1s"
            [[steps]]
            id = "a"
            command = "echo $$ > pid.txt; while :; do sleep 0.05; done"
            [[steps]]
            id = "b"
            command = "touch never"
            """)
        let run = try space.start([])
        #expect(TestSpace.wait { !space.lines("pid.txt").isEmpty })
        run.signal(signal)
        let result = run.wait()
        #expect(result.end == .signal(signal), "\(result)")
        #expect(!space.exists("never"))
        let pid = space.lines("pid.txt")[0]
        #expect(try space.shell("grep -qs '^State:.[^ZX]' /proc/\(pid)/status").code != 0)
        let status = try space.run("status", "--json")
        #expect(status.output.contains(#""status":"aborted""#), "\(status)")
    }

    @Test("a workflow that wants what is not yet carried out says so in a line each")
    func notYetHonoured() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "a"
            command = "true"
            mode = "collaborative"
            """)
        let result = try space.run()
        #expect(result.code == 0, "\(result)")
        #expect(result.error.contains("not yet honoured: mode (step a)"))
    }

    @Test("`-q` says nothing of what went well and all of what did not")
    func quiet() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "good"
            command = "true"
            [[steps]]
            id = "bad"
            command = "echo the reason; exit 1"
            """)
        let good = try space.run("-q", "good")
        #expect(good.code == 0)
        #expect(!good.error.contains("good"), "\(good)")
        #expect(good.error.split(separator: "\n").count <= 2, "\(good)")
        let bad = try space.run("-q")
        #expect(bad.code == 1)
        #expect(bad.error.contains("FAILED bad"))
        #expect(bad.error.contains("| the reason"))
        #expect(!bad.error.contains("ok"))
    }
}
