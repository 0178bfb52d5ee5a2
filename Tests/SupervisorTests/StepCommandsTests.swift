import Foundation
import Testing
import WorkflowModel

@testable import Processes
@testable import Supervisor
@testable import SupervisorTestSupport

@Suite("Looking at what steps start")
struct StepCommandsTests {
    /// A command, and what is said of it: nil for one that can be started.
    struct Case: Sendable {
        var command: Command?
        var says: String?
        var help: String?

        init(_ command: Command?, says: String? = nil, help: String? = nil) {
            self.command = command
            self.says = says
            self.help = help
        }
    }

    static let good = [
        Case(.script("ok.sh")), Case(.script("env.sh")), Case(.script("env-split.sh")),
        Case(.script("env-options.sh")), Case(.arguments(["sh", "-c", "true"])),
        Case(.arguments(["./ok.sh"])), Case(.arguments(["/bin/sh"])),
        Case(.shell("anything | else")), Case(.shell("sh -c true")), Case(.shell("echo hi")),
        Case(.shell("./ok.sh a")), Case(.shell("./bare.sh a")), Case(.shell("X=1 nosuch")),
    ]

    static let firstLine = "let its first line be `#!/bin/sh` (or its interpreter)"

    static let bad = [
        Case(
            .script("gone.sh"), says: "`gone.sh` does not exist",
            help: "create it, or correct the path"),
        Case(
            .script("dangling"), says: "`dangling` is a link to nothing",
            help: "mend or remove the link"),
        Case(
            .script("plain.sh"), says: "`plain.sh` is not executable",
            help: "run `chmod +x plain.sh`"),
        Case(
            .script("it's.sh"), says: "`it's.sh` is not executable",
            help: #"run `chmod +x 'it'\''s.sh'`"#),
        Case(.script("dir"), says: "`dir` is a directory", help: "name the program inside it"),
        Case(
            .script("fifo"), says: "`fifo` is not a regular file",
            help: "name a program or a script"),
        Case(
            .script("empty.sh"), says: "`empty.sh` is empty",
            help: "write a script that begins with `#!/bin/sh`"),
        Case(
            .script("bare.sh"),
            says: "`bare.sh` has neither a `#!` line nor the form of a program", help: firstLine),
        Case(
            .script("nameless.sh"), says: "`nameless.sh` names no interpreter after `#!`",
            help: firstLine),
        Case(
            .script("crlf.sh"),
            says: "`crlf.sh` has Windows line ends (CRLF), so its interpreter is not found",
            help: #"run `sed -i 's/\r$//' crlf.sh`"#),
        Case(
            .script("lost.sh"),
            says: "`lost.sh` wants the interpreter `/no/such/sh`, which cannot be run",
            help: "install it, or mend the script's first line"),
        Case(
            .script("env-lost.sh"),
            says: "`nosuch`, the interpreter of `env-lost.sh`, was not found in PATH",
            help: "install it, or mend the script's first line"),
        Case(
            .arguments(["nosuch-program"]), says: "`nosuch-program` was not found in PATH",
            help: "install it, or give its path"),
        Case(
            .arguments(["ok.sh"]), says: "`ok.sh` was not found in PATH",
            help: "to start the file beside it write `./ok.sh`"),
        Case(
            .shell("nosuch-program -x"), says: "`nosuch-program` was not found in PATH",
            help: "install it, or give its path"),
        Case(
            .shell("./crlf.sh -x"),
            says: "`./crlf.sh` has Windows line ends (CRLF), so its interpreter is not found",
            help: #"run `sed -i 's/\r$//' ./crlf.sh`"#),
        Case(
            nil, says: "it has no `command`, and `[execution]` has no `runner`",
            help: "give it a `command`, or set a `runner` for all steps without one"),
    ]

    private static func fill(_ project: Project) throws {
        for (name, text) in [
            ("ok.sh", "#!/bin/sh\n"), ("env.sh", "#!/usr/bin/env sh\n"),
            ("env-split.sh", "#!/usr/bin/env -S sh -e\n"),
            // What `env` makes of its options is its own affair.
            ("env-options.sh", "#!/usr/bin/env -S -u nosuch sh\n"), ("empty.sh", ""),
            ("bare.sh", "echo\n"), ("nameless.sh", "#! \n"), ("crlf.sh", "#!/bin/sh\r\ntrue\r\n"),
            ("lost.sh", "#!/no/such/sh -e\n"), ("env-lost.sh", "#!/usr/bin/env nosuch\n"),
            ("bin/tool", "#!/bin/sh\n"), ("sub/local.sh", "#!/bin/sh\n"),
            ("tool.sh", "#!/usr/bin/env tool\n"),
        ] { try project.write(name, text, mode: 0o755) }
        try project.write("plain.sh", "#!/bin/sh\n")
        try project.write("it's.sh", "#!/bin/sh\n")
        try project.write("dir/file", "")
        project.makeFifo("fifo")
        symlink("nothing", "\(project.root)/dangling")
    }

    @Test("each cause has its own message and its own way out", arguments: good + bad)
    func causes(item: Case) async throws {
        try await Project.with { project in
            try Self.fill(project)
            var workflow = Workflow(name: "w")
            var step = Step(id: StepID("s"))
            step.command = item.command
            workflow.steps = [step]
            var commands = StepCommands(of: workflow, root: project.root)
            let problem = commands.problem(of: 0, inheritedPath: "/usr/bin:/bin")
            #expect(problem?.message == item.says)
            #expect(problem?.help == item.help)
        }
    }

    @Test("a program is looked for in the step's own PATH and from its own directory")
    func surroundings() async throws {
        try await Project.with { project in
            try Self.fill(project)
            var workflow = Workflow(name: "w")
            workflow.execution.runner = .arguments(["tool"])
            func add(_ id: String, _ change: (inout Step) -> Void = { _ in }) {
                var step = Step(id: StepID(id))
                change(&step)
                workflow.steps.append(step)
            }
            let path = EnvironmentVariable("PATH", project.root + "/bin")
            add("runner") { $0.environment = [path] }
            add("runner-lost")
            add("directory") { step in
                step.command = .arguments(["./local.sh"])
                step.workingDirectory = "sub"
            }
            add("directory-lost") { $0.workingDirectory = "no such" }
            // The same file again, whose interpreter depends on who asks.
            add("env") { step in
                step.command = .script("tool.sh")
                step.environment = [path]
            }
            add("env-lost") { $0.command = .script("tool.sh") }
            var commands = StepCommands(of: workflow, root: project.root)
            let messages = workflow.steps.indices.map {
                commands.problem(of: $0, inheritedPath: "/usr/bin:/bin")?.message
            }
            #expect(
                messages == [
                    nil, "`tool` was not found in PATH", nil,
                    "the working directory `no such` does not exist", nil,
                    "`tool`, the interpreter of `tool.sh`, was not found in PATH",
                ])
        }
    }

    @Test("a shell that is not the default is what is started, and looked at")
    func shell() async throws {
        try await Project.with { project in
            var workflow = Workflow(name: "w")
            workflow.execution.shell = ["nosuch-shell", "-c"]
            var step = Step(id: StepID("s"))
            step.command = .shell("also-missing")
            workflow.steps = [step]
            var commands = StepCommands(of: workflow, root: project.root)
            let problem = commands.problem(of: 0, inheritedPath: nil)
            #expect(problem?.message == "`nosuch-shell` was not found in PATH")
        }
    }

    @Test("the shebang line is taken apart")
    func shebang() {
        func shebang(_ text: String) -> Shebang? { Shebang.read(Array(text.utf8)) }
        #expect(shebang("echo") == nil)
        #expect(shebang(" #!/bin/sh") == nil)
        let plain = shebang("#!/bin/sh\n")
        #expect(plain?.interpreter == "/bin/sh")
        #expect(plain?.argument == nil)
        #expect(plain?.endsInCarriageReturn == false)
        let environment = shebang("#! /usr/bin/env  -S bash -e \necho")
        #expect(environment?.interpreter == "/usr/bin/env")
        #expect(environment?.argument == "-S bash -e")
        #expect(environment?.programOfEnv == "bash")
        let returned = shebang("#!/bin/sh\r\necho\r\n")
        #expect(returned?.interpreter == "/bin/sh")
        #expect(returned?.endsInCarriageReturn == true)
        #expect(shebang("#!")?.interpreter == "")
        #expect(shebang("#!\r")?.interpreter == "")
    }
}
