import Platform
import Reporting
import Supervisor

/// `stepvisor init`: a small working example to start from.
struct InitCommand {
    private let arguments: ParsedArguments
    private let console: Console

    init(_ arguments: ParsedArguments, _ console: Console) {
        self.arguments = arguments
        self.console = console
    }

    func run() throws -> Int32 {
        let template =
            arguments.text(.template).flatMap { WorkflowTemplate(rawValue: $0) } ?? .scripts
        if arguments.has(.file) {
            throw CommandFailure(
                .usage, "`init` writes where it is called",
                help: "name another directory with `-C DIR`")
        }
        let taken = WorkflowTemplate.allNames.filter { ProjectFiles.exists($0) }
        guard taken.isEmpty else {
            let names = Wording.list(taken.map { "`\($0)`" })
            throw CommandFailure(
                .usage, "there is a workflow here already: \(names)",
                help: "look at it with `stepvisor plan`, or call `init` in another directory")
        }
        try write(template)
        var text = ""
        for file in template.files { text += "wrote \(file.path)\n" }
        text += "\nTry it:\n"
        text += "  stepvisor plan         see the steps and their order\n"
        text += "  stepvisor --parallel   run them, as many at a time as the order allows\n"
        text += "  stepvisor timeline     see when each one ran\n"
        console.note(text.trimmingLastNewline)
        return 0
    }

    /// Writes all files or none.
    private func write(_ template: WorkflowTemplate) throws {
        var made: [String] = []
        do {
            for directory in template.directories {
                try ProjectFiles.makeDirectory(directory)
                made.append(directory)
            }
            for file in template.files {
                try ProjectFiles.create(
                    file.path, with: Array(file.text.utf8), isExecutable: file.isExecutable)
                made.append(file.path)
            }
        } catch {
            for path in made.reversed() { ProjectFiles.remove(path) }
            throw error
        }
    }
}

extension String {
    fileprivate var trimmingLastNewline: String { hasSuffix("\n") ? String(dropLast()) : self }
}
