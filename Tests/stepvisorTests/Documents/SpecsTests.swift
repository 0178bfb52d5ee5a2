import Testing
import TestSupport

@Suite("SPECS files run as they are", .timeLimit(.minutes(20)))
struct SpecsTests {
    /// A block of the source documents, with what is expected of it.
    struct Block: CustomTestStringConvertible, Sendable {
        let name: String
        let text: String
        let steps: [String]
        /// What does the steps; each notes its id.
        var runner = "echo $STEPVISOR_STEP >> ran.txt"

        var testDescription: String { name }
    }

    static let blocks = [
        Block(name: "a task", text: SpecsBlocks.taskWithSteps, steps: ["1.1", "1.2", "1.3"]),
        Block(
            name: "the scenario", text: SpecsBlocks.scenario,
            steps: ["1.1", "1.2", "1.3", "1.4", "1.5"]),
        Block(
            name: "outputs", text: SpecsBlocks.outputs, steps: ["1.1", "1.2"],
            runner:
                "echo $STEPVISOR_STEP >> ran.txt; mkdir -p docs; touch docs/api.md docs/tests.md"
        ),
        Block(
            name: "the other spellings", text: SpecsBlocks.otherSpellings,
            steps: ["1.1", "1.2", "1.3", "1.4"]),
    ]

    @Test(
        "without a runner they are checked, planned and drawn, and `run` says what is missing",
        arguments: blocks)
    func withoutRunner(block: Block) throws {
        let space = try TestSpace()
        try space.workflow(block.text)
        let missing = "\(block.steps.count) steps have no command and there is no runner"
        let check = try space.run("check")
        #expect(check.code == 0, "\(check)")
        #expect(check.error.contains("warning: \(missing): `run` needs `[execution] runner = '…'`"))
        #expect(check.output.contains("ok: \(block.steps.count) steps"))
        let plan = try space.run("plan")
        #expect(plan.code == 0, "\(plan)")
        #expect(plan.error.hasPrefix(missing), "\(plan)")
        for step in block.steps { #expect(plan.output.contains("  \(step)"), "\(step) in \(plan)") }
        #expect(try space.run("graph").code == 0)
        let dryRun = try space.run("run", "--dry-run")
        #expect(dryRun.code == 0, "\(dryRun)")
        #expect(dryRun.error.contains(missing), "\(dryRun)")
        for words in [["run"], ["run", "--parallel"]] {
            let run = try space.start(words).wait()
            #expect(run.code == 2, "\(run)")
            #expect(run.error.contains("error: \(missing): `\(block.steps[0])`, "), "\(run)")
            #expect(run.error.contains("stepvisor run --runner 'COMMAND'"), "\(run)")
        }
        #expect(!space.exists(".stepvisor"))
    }

    @Test("with a runner they run to the end, in sequence and in parallel", arguments: blocks)
    func withRunner(block: Block) throws {
        let space = try TestSpace()
        try space.workflow(block.text)
        let sequence = try space.run("run", "--runner", block.runner)
        #expect(sequence.code == 0, "\(sequence)")
        #expect(space.lines("ran.txt") == block.steps)
        let parallel = try space.run("run", "--parallel", "--runner", block.runner)
        #expect(parallel.code == 0, "\(parallel)")
        #expect(space.lines("ran.txt").dropFirst(block.steps.count).sorted() == block.steps)
    }

    @Test("a runner in the file itself serves as well, and `check` looks at it")
    func ownRunner() throws {
        let space = try TestSpace()
        // The scenario begins with its `[execution]`.
        try space.workflow(
            SpecsBlocks.scenario.replacing(
                "[execution]", with: "[execution]\nrunner = ['./agent']"))
        let check = try space.run("check")
        #expect(check.code == 2, "\(check)")
        #expect(check.error.contains("`./agent` does not exist"), "\(check)")
        try space.script("agent", "echo $STEPVISOR_DESCRIPTION >> ran.txt")
        #expect(try space.run("check").code == 0)
        let run = try space.run("--parallel")
        #expect(run.code == 0, "\(run)")
        #expect(
            space.lines("ran.txt").suffix(2) == [
                "Generate comprehensive report", "Validate report completeness",
            ])
    }

    @Test("a block that leaves out the step of its condition is refused by that step's name")
    func conditionAlone() throws {
        let space = try TestSpace()
        try space.workflow(SpecsBlocks.condition)
        for command in ["check", "plan", "graph", "run"] {
            let result = try space.run(command)
            #expect(result.code == 2, "\(result)")
            #expect(
                result.error.contains(
                    "workflow.toml:4:17: error: the condition of step `1.3` names an unknown step "
                        + "`step2`"), "\(result)")
            #expect(result.error.contains("`1.2`"), "\(result)")
        }
        #expect(!space.exists(".stepvisor"))
    }

    @Test(
        "beside its other steps the condition decides by what step 2 wrote",
        arguments: [("0.5", true), ("0.9", false)])
    func condition(score: String, runs: Bool) throws {
        let space = try TestSpace()
        try space.workflow(
            SpecsBlocks.outputs.replacing("output_files", with: "modifies") + "\n"
                + SpecsBlocks.condition)
        let runner =
            "echo performance_score=\(score) > $STEPVISOR_OUTPUT; echo $STEPVISOR_STEP >> ran.txt"
        let run = try space.run("run", "--runner", runner)
        #expect(run.code == 0, "\(run)")
        #expect(space.lines("ran.txt") == ["1.1", "1.2"] + (runs ? ["1.3"] : []))
    }

    @Test("a block of settings alone is a workflow without steps")
    func settingsAlone() throws {
        let space = try TestSpace()
        try space.workflow(SpecsBlocks.limit)
        let check = try space.run("check")
        #expect(check.code == 2, "\(check)")
        #expect(check.error.contains("a workflow without steps is invalid"))
    }

    @Test("a composition takes the parameters beside each source document, under its name")
    func composition() throws {
        let space = try TestSpace()
        try space.workflow(SpecsBlocks.composition)
        let missing = try space.run("check")
        #expect(missing.code == 2, "\(missing)")
        #expect(
            missing.error.contains(
                "workflow.toml:2:13: error: `spec_analysis.md` is prose, and there is no "
                    + "`parameters_analysis.toml` beside it"), "\(missing)")
        try space.file("parameters_analysis.toml", SpecsBlocks.scenario)
        try space.file("parameters_testing.toml", SpecsBlocks.taskWithSteps)
        #expect(try space.run("check").code == 0)
        let run = try space.run("run", "--runner", "echo $STEPVISOR_STEP >> ran.txt")
        #expect(run.code == 0, "\(run)")
        #expect(
            space.lines("ran.txt") == (1...5).map { "analysis.1.\($0)" }
                + (1...3).map { "testing.1.\($0)" })
    }

    /// The whole file with its tool, which notes how it was called.
    private func whole() throws -> TestSpace {
        let space = try TestSpace()
        try space.file("parameters_site.toml", SpecsBlocks.whole)
        try space.script("scripts/grep", "echo \"$STEPVISOR_METHOD: $*\" >> ran.txt")
        return space
    }

    @Test("a whole file runs by its speclets, its retries, and each backup in turn")
    func wholeFile() throws {
        let space = try whole()
        let runner =
            "echo \"$STEPVISOR_STEP $STEPVISOR_METHOD: $STEPVISOR_DESCRIPTION\" >> ran.txt; "
            + "test $STEPVISOR_STEP != 1.1"
        let run = try space.run("-f", "spec_site.md", "--runner", runner)
        #expect(run.code == 0, "\(run)")
        #expect(
            space.lines("ran.txt") == [
                "1.1 primary: Read", "1.1 primary: Read", "1.1 backup[1]: Ask",
                "backup[2]: --all docs", "2.1 primary: Draft", "2.2 primary: Review",
            ])
        #expect(run.error.contains("by backup[2], after 3 failed attempts"), "\(run)")
        #expect(!run.error.contains("not yet honoured"), "\(run)")
    }

    @Test(
        "its mode goes from dynamic to collaborative at the threshold, and a decision takes it up")
    func dynamicMode() throws {
        let space = try whole()
        let words = ["-f", "parameters_site.toml", "--runner"]
        let run = try space.start(words + ["test $STEPVISOR_STEP = 1.1"]).wait()
        #expect(run.code == 3, "\(run)")
        for part in [
            "mode: dynamic, after failures in a row a person decides",
            "2 failures in a row, the last one `2.2`",
            "mode: collaborative from here on, a person decides about each critical failure",
            "--resume --decide 2.2=skip",
        ] {
            #expect(run.error.contains(part), "\(part) in \(run)")
        }
        let record = space.text(".stepvisor/latest/progress.json")
        for part in [
            "\"status\":\"review\"", "\"mode\":\"collaborative\"", "\"threshold_reached\"",
        ] {
            #expect(record.contains(part), "\(part)")
        }
        let decided = try space.start(words + ["true", "--resume", "--decide", "2.2=skip"]).wait()
        #expect(decided.code == 0, "\(decided)")
        #expect(decided.error.contains("2 complete, 1 skipped of 3 steps"), "\(decided)")
    }
    @Test("a runner is told the first method of a step, and the mode that its task is meant for")
    func told() throws {
        let space = try TestSpace()
        try space.file(
            "parameters_t.toml",
            """
            [[tasks]]
            id = 1
            mode_specific = "collaborative"
            [[tasks.steps]]
            id = 1
            description = "Ask"
            primary_method = "interview the users; don't guess"
            backup_methods = ["read the mails"]
            [[tasks.steps]]
            id = 2
            [[tasks]]
            id = 2
            [[tasks.steps]]
            id = 1
            primary_method = "$HOME `x`"
            """)
        let runner =
            "echo \"$STEPVISOR_STEP|${STEPVISOR_PRIMARY_METHOD-unset}|"
            + "${STEPVISOR_MODE_SPECIFIC-unset}|$STEPVISOR_METHOD\" >> ran.txt; "
            + "test $STEPVISOR_METHOD != primary || test $STEPVISOR_STEP != 1.1"
        // What another stepvisor above told is nothing to these steps.
        space.environment = [
            "STEPVISOR_PRIMARY_METHOD": "old", "STEPVISOR_MODE_SPECIFIC": "old",
        ]
        let run = try space.run("-f", "parameters_t.toml", "--runner", runner)
        #expect(run.code == 0, "\(run)")
        let method = "interview the users; don't guess"
        #expect(
            space.lines("ran.txt") == [
                "1.1|\(method)|collaborative|primary", "1.1|\(method)|collaborative|backup[1]",
                "1.2|unset|collaborative|primary", "2.1|$HOME `x`|unset|primary",
            ])
    }
}
