import Testing
import TestSupport

@Suite("A resumed run looks at what steps left, and leaves what is done", .timeLimit(.minutes(20)))
struct ResumedStateTests {
    /// `a` makes something, `b` needs it and `c` needs `b`; `last` fails until `ok` is there.
    private func space(_ command: String, outputs: String, inputs: String) throws -> TestSpace {
        let space = try TestSpace()
        try space.file("in", "1")
        try space.workflow(
            """
            [[steps]]
            id = "a"
            command = "echo a >> ran; \(command)"
            \(inputs)
            output_files = [\(outputs)]
            [[steps]]
            id = "b"
            command = "echo b >> ran"
            dependencies = ["a"]
            [[steps]]
            id = "c"
            command = "echo c >> ran"
            dependencies = ["b"]
            [[steps]]
            id = "last"
            command = "test -e ok"
            dependencies = ["c"]
            """)
        #expect(try space.run().code == 1)
        #expect(space.lines("ran") == ["a", "b", "c"])
        return space
    }

    /// What `a` does, what it declares, what is done to that, and what is told of it.
    private static let losses: [(make: String, outputs: String, harm: String, told: String)] = [
        ("echo x > x.out", "'x.out'", "rm x.out", "output missing: x.out"),
        ("echo x > x.out", "'x.out'", "echo y > x.out", "output is not as it was left: x.out"),
        ("mkdir -p d; echo x > d/f", "'d'", "rm d/f", "output missing: d/f"),
        ("mkdir -p d; echo x > d/f", "'d/*'", "echo y >> d/f", "not as it was left: d/f"),
        ("mkdir -p d; touch d/f d/g", "'d/*'", "rm d/g", "output missing: d/g"),
        ("ln -sf in l", "'l'", "rm l", "output missing: l"),
        ("ln -sf in l", "'l'", "ln -sf workflow.toml l", "not as it was left: l"),
    ]

    @Test(
        "a step whose output is gone or altered runs again with what depends on it, and it is said",
        arguments: losses.indices, ["inputs = ['in']", ""])
    func lost(number: Int, inputs: String) throws {
        let loss = Self.losses[number]
        for option in ["--resume", "--failed"] {
            let space = try space(loss.make, outputs: loss.outputs, inputs: inputs)
            _ = try space.shell("\(loss.harm); touch ok")
            let preview = try space.run("-n", option)
            #expect(preview.output.contains("a  "), "\(preview)")
            let result = try space.run(option)
            #expect(result.code == 0, "\(result)")
            #expect(result.error.contains("`a` runs again: "), "\(result)")
            #expect(result.error.contains(loss.told), "\(result)")
            #expect(space.lines("ran") == ["a", "b", "c", "a", "b", "c"], "\(result)")
        }
    }

    @Test("outputs that are as they were left, and files that another step writes too, say nothing")
    func untouched() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "a"
            command = "echo a >> ran; echo a > f"
            output_files = ["f"]
            [[steps]]
            id = "b"
            command = "echo b >> ran; echo b >> f"
            modifies = ["f"]
            dependencies = ["a"]
            [[steps]]
            id = "last"
            command = "test -e ok"
            dependencies = ["b"]
            """)
        #expect(try space.run().code == 1)
        _ = try space.shell("touch ok f")
        #expect(try space.run("--resume").code == 0)
        #expect(space.lines("ran") == ["a", "b"])
    }

    @Test("what ended well after a decision stays done in all later resumes")
    func decided() throws {
        for word in ["skip", "continue"] {
            for policy in ["collaborative_review", "halt_on_critical"] {
                let space = try TestSpace()
                try space.workflow(
                    """
                    [execution]
                    error_propagation = "\(policy)"
                    [[steps]]
                    id = "bad"
                    command = "exit 1"
                    [[steps]]
                    id = "work"
                    command = "echo work >> ran"
                    dependencies = ["bad"]
                    [[steps]]
                    id = "bad2"
                    command = "test -e ok"
                    dependencies = ["work"]
                    [[steps]]
                    id = "end"
                    command = "echo end >> ran"
                    dependencies = ["bad2"]
                    """)
                #expect(try space.run().code != 0)
                #expect(try space.run("--resume", "--decide", "bad=\(word)").code != 0)
                #expect(try space.run("--resume").code != 0)
                #expect(space.lines("ran") == ["work"], "\(word), \(policy)")
                try space.file("ok", "")
                let last = try space.run("--resume")
                #expect(space.lines("ran") == ["work", "end"], "\(word), \(policy): \(last)")
            }
        }
    }

    /// `work` below `improve`, which runs where the score of `review` is low; `last` fails first.
    private func reviewed() throws -> TestSpace {
        let space = try TestSpace()
        try space.file("score", "score=0.9\n")
        return try space.workflow(
            """
            [[steps]]
            id = "review"
            command = 'cat score > "$STEPVISOR_OUTPUT"'
            inputs = ["score"]
            [[steps]]
            id = "improve"
            command = "echo improve >> ran"
            condition = "steps.review.score < 0.8"
            [[steps]]
            id = "work"
            command = 'echo work >> ran; echo n=1 > "$STEPVISOR_OUTPUT"'
            dependencies = ["improve"]
            [[steps]]
            id = "last"
            command = 'cat "$STEPVISOR_OUTPUTS/work"; test -e ok'
            dependencies = ["work"]
            """)
    }

    @Test("what is done below a condition that is false again stays done, with what it handed on")
    func falseAgain() throws {
        let space = try reviewed()
        #expect(try space.run().code == 1)
        let again = try space.run("--resume")
        #expect(again.code == 1, "\(again)")
        // The review runs again and comes to the same.
        try space.file("score", "score=0.95\n")
        try space.file("ok", "")
        let result = try space.run("--resume")
        #expect(result.code == 0, "\(result)")
        #expect(result.error.contains("`work` stays done unless `improve`"), "\(result)")
        #expect(space.lines("ran") == ["work"])
        #expect(try space.run("logs", "last").output == "n=1\n")
    }

    @Test("where the condition holds now, the step runs, and what depends on it")
    func trueNow() throws {
        let space = try reviewed()
        #expect(try space.run().code == 1)
        try space.file("score", "score=0.5\n")
        try space.file("ok", "")
        #expect(try space.run("--resume").code == 0)
        #expect(space.lines("ran") == ["work", "improve", "work"])
    }

    @Test("`--failed` leaves what is done below a false condition, and below a decision, as it is")
    func failedBelow() throws {
        for jobs in ["-j1", "-j3"] {
            let space = try reviewed()
            #expect(try space.run(jobs).code == 1)
            try space.file("ok", "")
            let result = try space.run("--failed", jobs)
            #expect(result.code == 0, "\(result)")
            #expect(space.lines("ran") == ["work"], "\(jobs)")
        }
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "bad"
            command = "test -e good"
            [[steps]]
            id = "work"
            command = "echo work >> ran"
            dependencies = ["bad"]
            [[steps]]
            id = "last"
            command = "test -e ok"
            dependencies = ["work"]
            """)
        #expect(try space.run().code == 1)
        _ = try space.run("--resume", "--decide", "bad=continue")
        #expect(space.lines("ran") == ["work"])
        let again = try space.run("--failed", "--decide", "bad=continue")
        #expect(space.lines("ran") == ["work"], "\(again)")
        // Where it ends well this time, what depends on it was made from something else.
        try space.file("good", "")
        try space.file("ok", "")
        #expect(try space.run("--failed").code == 0)
        #expect(space.lines("ran") == ["work", "work"])
    }

    @Test("a smart run that goes on leaves what ended well below a decision as it is")
    func smartDecision() throws {
        let space = try TestSpace()
        try space.file("in", "1\n")
        try space.workflow(
            ["bad", "work", "last"].enumerated().map { index, id in
                """
                [[steps]]
                id = "\(id)"
                command = "echo \(id) >> ran; \(index == 1 ? "true" : "test -e ok")"
                inputs = ["in"]
                \(index == 0 ? "" : "dependencies = ['\(index == 1 ? "bad" : "work")']")

                """
            }.joined())
        let smart = "--smart-execution"
        #expect(try space.run(smart).code == 1)
        _ = try space.run(smart, "--resume", "--decide", "bad=continue")
        #expect(space.lines("ran") == ["bad", "work", "last"])
        let again = try space.run(smart, "--resume")
        #expect(space.lines("ran") == ["bad", "work", "last", "last"], "\(again)")
    }

    @Test("a step below a condition that never held is up to date until the condition holds")
    func smartBelow() throws {
        let space = try TestSpace()
        try space.file("score", "score=0.9\n")
        try space.file("in", "1\n")
        try space.workflow(
            """
            [[steps]]
            id = "review"
            command = 'cat score > "$STEPVISOR_OUTPUT"'
            inputs = ["score"]
            [[steps]]
            id = "improve"
            command = "echo improve >> ran"
            condition = "steps.review.score < 0.8"
            [[steps]]
            id = "work"
            command = "echo work >> ran"
            inputs = ["in"]
            dependencies = ["improve"]
            [[steps]]
            id = "last"
            command = "echo last >> ran; test -e ok"
            inputs = ["in"]
            dependencies = ["work"]
            """)
        let smart = "--smart-execution"
        #expect(try space.run(smart).code == 1)
        try space.file("ok", "")
        #expect(try space.run(smart, "--resume").code == 0)
        #expect(space.lines("ran") == ["work", "last", "last"])
        let third = try space.run(smart)
        #expect(third.code == 0 && !third.error.contains("nothing that is known"), "\(third)")
        // Another score that does not hold either changes nothing below.
        try space.file("score", "score=0.95\n")
        #expect(try space.run(smart).code == 0)
        #expect(space.lines("ran") == ["work", "last", "last"])
        try space.file("score", "score=0.5\n")
        #expect(try space.run(smart).code == 0)
        #expect(space.lines("ran").suffix(3) == ["improve", "work", "last"])
    }

    @Test("`--failed` runs what a halt kept from running, and is green only when all of that is")
    func halted() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "a"
            command = "echo a >> ran"
            [[steps]]
            id = "bad"
            command = "test -e ok"
            [[steps]]
            id = "x"
            command = "echo x >> ran"
            dependencies = ["bad"]
            [[steps]]
            id = "z"
            command = "echo z >> ran; test -e z.ok"
            """)
        #expect(try space.run().code == 1)
        try space.file("ok", "")
        #expect(try space.run("--failed").code == 1)
        #expect(space.lines("ran") == ["a", "x", "z"])
        try space.file("z.ok", "")
        #expect(try space.run("--failed").code == 0)
        #expect(space.lines("ran") == ["a", "x", "z", "z"])
        #expect(try space.run("--failed").error.contains("nothing failed in run"))
    }
}
