public import WorkflowModel

/// A step that could not be started as things stand on the disk.
///
/// Kept apart from the workflow's own errors: `check` reports it as one, a run lets that step fail
/// and goes on with the others.
public struct CommandProblem: Hashable, Sendable {
    /// Index of the step in ``Workflow/steps``.
    public var step: Int
    /// What is wrong, as an error at the step's place.
    public var diagnostic: Diagnostic
}

/// Looks at what the steps would start, without starting anything.
///
/// Nothing can be learnt from a failed start itself: a missing directory, a missing interpreter
/// and a carriage return in the first line all read "no such file".
public struct CommandCheck {
    private let workflow: Workflow
    private let root: String
    private let inheritedPath: String
    private var files: [String: ProgramFile] = [:]

    /// Prepares to look at the commands of a workflow.
    /// - Parameters:
    ///   - workflow: The workflow.
    ///   - root: The project root, absolute.
    ///   - inheritedPath: The PATH that steps inherit; nil where there is none.
    public init(_ workflow: Workflow, root: String, inheritedPath: String?) {
        self.workflow = workflow
        self.root = root
        self.inheritedPath = inheritedPath ?? "/usr/bin:/bin"
    }

    /// All that is wrong, at most one problem a step, in declaration order.
    public static func problems(
        in workflow: Workflow, root: String, inheritedPath: String?
    ) -> [CommandProblem] {
        var check = CommandCheck(workflow, root: root, inheritedPath: inheritedPath)
        return workflow.steps.indices.compactMap { check.problem(ofStep: $0) }
    }

    /// What keeps one step from being started, or nil.
    public mutating func problem(ofStep position: Int) -> CommandProblem? {
        let step = workflow.steps[position]
        guard let finding = finding(of: step) else { return nil }
        return CommandProblem(
            step: position,
            diagnostic: .error(
                "step `\(step.id)` cannot be started: \(finding.message)", at: step.range,
                help: finding.help))
    }

    private mutating func finding(of step: Step) -> Finding? {
        guard let command = step.command ?? workflow.execution.runner else {
            return Finding(
                "it has no `command`, and `[execution]` has no `runner`",
                "give it a `command`, or set a `runner` for all steps without one")
        }
        let directory = step.workingDirectory.map { root + "/" + $0 } ?? root
        if let name = step.workingDirectory, FileKind(directory) != .directory {
            return Finding(
                "its working directory `\(name)` does not exist",
                "create it with `mkdir -p \(Self.quoted(name))`")
        }
        switch command {
        case .script(let path):
            return finding(ofFile: root + "/" + path, shown: path, path: searchPath(of: step))
        case .arguments(let words):
            return finding(ofProgram: words.first ?? "", from: directory, of: step)
        case .shell:
            let shell = workflow.execution.shell.first ?? "/bin/sh"
            return finding(ofProgram: shell, from: directory, of: step)
        }
    }

    private mutating func finding(
        ofProgram program: String, from directory: String, of step: Step
    ) -> Finding? {
        let path = searchPath(of: step)
        if program.utf8.contains(UInt8(ascii: "/")) {
            let file = program.hasPrefix("/") ? program : directory + "/" + program
            return finding(ofFile: file, shown: program, path: path)
        }
        guard !isInPath(program, path) else { return nil }
        return Finding(
            "`\(program)` was not found in PATH",
            FileKind(directory + "/" + program) == .regular
                ? "to start the file beside it write `./\(program)`"
                : "install it, or write its path")
    }

    /// What is wrong with a file that is to be started.
    private mutating func finding(ofFile file: String, shown: String, path: String) -> Finding? {
        let known = files[file] ?? ProgramFile(file)
        files[file] = known
        let quoted = Self.quoted(shown)
        switch known {
        case .missing:
            return Finding("`\(shown)` does not exist", "create it, or correct the path")
        case .directory:
            return Finding("`\(shown)` is a directory", "name the file in it that is to be started")
        case .special:
            return Finding("`\(shown)` is no regular file", "name a program or a script")
        case .notExecutable:
            return Finding("`\(shown)` is not executable", "run `chmod +x \(quoted)`")
        case .unreadable, .binary:
            return nil
        case .empty:
            return Finding("`\(shown)` is empty", "begin it with a line such as `#!/bin/sh`")
        case .withoutInterpreter:
            return Finding(
                "`\(shown)` has no `#!` line, so the system cannot start it",
                "begin it with a line such as `#!/bin/sh`")
        case .carriageReturn:
            return Finding(
                "the `#!` line of `\(shown)` ends in a carriage return",
                "run `sed -i 's/\\r$//' \(quoted)`")
        case .interpreter(let interpreter, let program):
            guard FileKind(interpreter) == .regular else {
                return Finding(
                    "`\(interpreter)`, the interpreter of `\(shown)`, does not exist",
                    "install it, or correct the `#!` line")
            }
            guard let program, !isInPath(program, path) else { return nil }
            return Finding(
                "`\(program)`, the interpreter of `\(shown)`, was not found in PATH",
                "install it, or correct the `#!` line")
        }
    }

    private func searchPath(of step: Step) -> String {
        step.environment.last { $0.name == "PATH" }?.value
            ?? workflow.environment.last { $0.name == "PATH" }?.value ?? inheritedPath
    }

    private func isInPath(_ program: String, _ path: String) -> Bool {
        if program.utf8.contains(UInt8(ascii: "/")) { return FileKind(program) == .regular }
        return path.split(separator: ":").contains { directory in
            let file = directory + "/" + program
            return FileKind(file) == .regular && FileKind.isExecutable(file)
        }
    }

    /// A path as a shell takes it.
    private static func quoted(_ path: String) -> String {
        let isPlain = path.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
                UInt8(ascii: "."), UInt8(ascii: "/"):
                true
            default: false
            }
        }
        return isPlain
            ? path
            : "'"
                + path.split(separator: "'", omittingEmptySubsequences: false).joined(
                    separator: "'\\''") + "'"
    }

    /// The two halves of a message.
    private struct Finding {
        var message: String
        var help: String

        init(_ message: String, _ help: String) {
            self.message = message
            self.help = help
        }
    }
}

/// What a file that is to be started turned out to be.
enum ProgramFile: Hashable {
    case missing
    case directory
    /// A device, a socket or a FIFO.
    case special
    case notExecutable
    /// May be started, but not read: nothing can be said of its content.
    case unreadable
    case empty
    /// Starts with no `#!` and is no binary.
    case withoutInterpreter
    case carriageReturn
    /// A script; `program` is what it asks `env` for.
    case interpreter(String, program: String?)
    case binary

    /// Looks at a file; follows links, and never opens what could block.
    init(_ path: String) {
        switch FileKind(path) {
        case .missing: self = .missing
        case .directory: self = .directory
        case .other: self = .special
        case .regular:
            guard FileKind.isExecutable(path) else {
                self = .notExecutable
                return
            }
            guard let head = FileInput.head(of: path, count: 256) else {
                self = .unreadable
                return
            }
            self = Self.content(head)
        }
    }

    /// What the first bytes say.
    static func content(_ head: [UInt8]) -> ProgramFile {
        if head.isEmpty { return .empty }
        guard let shebang = Shebang.read(head, file: 0) else {
            return isBinary(head) ? .binary : .withoutInterpreter
        }
        if shebang.endsInCarriageReturn { return .carriageReturn }
        if shebang.interpreter.isEmpty { return .withoutInterpreter }
        return .interpreter(shebang.interpreter, program: programOfEnv(shebang))
    }

    /// `#!/usr/bin/env python3` asks for `python3`, by PATH.
    private static func programOfEnv(_ shebang: Shebang) -> String? {
        guard shebang.interpreter.hasSuffix("/env"), let argument = shebang.argument else {
            return nil
        }
        return argument.split { $0 == " " || $0 == "\t" }
            .first { !$0.hasPrefix("-") && !$0.contains("=") }.map(String.init)
    }

    /// ELF, or Mach-O in either byte order, or universal.
    private static func isBinary(_ head: [UInt8]) -> Bool {
        let magics: [[UInt8]] = [
            [0x7F, 0x45, 0x4C, 0x46], [0xCF, 0xFA, 0xED, 0xFE], [0xCE, 0xFA, 0xED, 0xFE],
            [0xFE, 0xED, 0xFA, 0xCF], [0xFE, 0xED, 0xFA, 0xCE], [0xCA, 0xFE, 0xBA, 0xBE],
        ]
        return magics.contains { head.starts(with: $0) }
    }
}
