import Testing
import WorkflowFiles
import WorkflowModel

@Suite("Looking at commands before a run")
struct CommandCheckTests {
    @Test("each cause has its own message and its own way out")
    func causes() throws {
        let project = try TemporaryProject()
        try project.write("ok.sh", "#!/bin/sh\n", isExecutable: true)
        try project.write("env.sh", "#!/usr/bin/env sh\n", isExecutable: true)
        try project.write("plain.sh", "#!/bin/sh\n")
        try project.write("it's.sh", "#!/bin/sh\n")
        try project.makeDirectory("dir")
        try project.write("empty.sh", "", isExecutable: true)
        try project.write("bare.sh", "echo\n", isExecutable: true)
        try project.write("crlf.sh", "#!/bin/sh\r\ntrue\r\n", isExecutable: true)
        try project.write("lost.sh", "#!/no/such/sh -e\n", isExecutable: true)
        try project.write("env-lost.sh", "#!/usr/bin/env -S nosuch -u\n", isExecutable: true)
        let cases: [(command: Command?, message: String?, help: String?)] = [
            (.script("ok.sh"), nil, nil), (.script("env.sh"), nil, nil),
            (.arguments(["sh", "-c", "true"]), nil, nil), (.shell("anything | else"), nil, nil),
            (.arguments(["./ok.sh"]), nil, nil), (.arguments(["/bin/sh"]), nil, nil),
            (.script("gone.sh"), "`gone.sh` does not exist", "create it, or correct the path"),
            (.script("plain.sh"), "`plain.sh` is not executable", "run `chmod +x plain.sh`"),
            (.script("it's.sh"), "`it's.sh` is not executable", #"run `chmod +x 'it'\''s.sh'`"#),
            (
                .script("dir"), "`dir` is a directory",
                "name the file in it that is to be started"
            ),
            (
                .script("empty.sh"), "`empty.sh` is empty",
                "begin it with a line such as `#!/bin/sh`"
            ),
            (
                .script("bare.sh"), "`bare.sh` has no `#!` line, so the system cannot start it",
                "begin it with a line such as `#!/bin/sh`"
            ),
            (
                .script("crlf.sh"), "the `#!` line of `crlf.sh` ends in a carriage return",
                #"run `sed -i 's/\r$//' crlf.sh`"#
            ),
            (
                .script("lost.sh"), "`/no/such/sh`, the interpreter of `lost.sh`, does not exist",
                "install it, or correct the `#!` line"
            ),
            (
                .script("env-lost.sh"),
                "`nosuch`, the interpreter of `env-lost.sh`, was not found in PATH",
                "install it, or correct the `#!` line"
            ),
            (
                .arguments(["nosuch-program"]), "`nosuch-program` was not found in PATH",
                "install it, or write its path"
            ),
            (
                .arguments(["ok.sh"]), "`ok.sh` was not found in PATH",
                "to start the file beside it write `./ok.sh`"
            ),
            (
                nil, "it has no `command`, and `[execution]` has no `runner`",
                "give it a `command`, or set a `runner` for all steps without one"
            ),
        ]
        for (command, message, help) in cases {
            var workflow = Workflow(name: "w")
            var step = Step(id: StepID("s"))
            step.command = command
            workflow.steps = [step]
            let problems = CommandCheck.problems(
                in: workflow, root: project.path, inheritedPath: "/usr/bin:/bin")
            let expected = message.map { ["step `s` cannot be started: \($0)"] } ?? []
            #expect(problems.map(\.diagnostic.message) == expected)
            #expect(problems.compactMap(\.diagnostic.help) == (help.map { [$0] } ?? []))
        }
    }

    @Test("a program is looked for in the step's own PATH and from its own directory")
    func surroundings() throws {
        let project = try TemporaryProject()
        try project.write("bin/tool", "#!/bin/sh\n", isExecutable: true)
        try project.write("sub/local.sh", "#!/bin/sh\n", isExecutable: true)
        var workflow = Workflow(name: "w")
        workflow.execution.runner = .arguments(["tool"])
        var first = Step(id: StepID("first"))
        first.environment = [EnvironmentVariable("PATH", project.path + "/bin")]
        var second = Step(id: StepID("second"))
        second.command = .arguments(["./local.sh"])
        second.workingDirectory = "sub"
        var third = Step(id: StepID("third"))
        third.command = .arguments(["./local.sh"])
        third.workingDirectory = "no such"
        let fourth = Step(id: StepID("fourth"))
        workflow.steps = [first, second, third, fourth]
        let problems = CommandCheck.problems(
            in: workflow, root: project.path, inheritedPath: "/usr/bin:/bin")
        #expect(problems.map(\.step) == [2, 3])
        #expect(
            problems.map(\.diagnostic.message) == [
                "step `third` cannot be started: its working directory `no such` does not exist",
                "step `fourth` cannot be started: `tool` was not found in PATH",
            ])
        #expect(problems[0].diagnostic.help == "create it with `mkdir -p 'no such'`")
    }
}
