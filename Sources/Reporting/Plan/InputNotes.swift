import Execution
package import WorkflowModel

/// The notes of `check` on inputs that cannot be determined, and on steps that can never be up to
/// date.
package struct InputNotes {
    private let workflow: Workflow
    private let files: SourceTable
    private let root: String
    private let stateDirectory: String

    /// - Parameters:
    ///   - workflow: What is checked.
    ///   - files: The files with its steps.
    ///   - root: The project root, absolute.
    ///   - stateDirectory: The name of stepvisor's own directory, which is never an input.
    package init(_ workflow: Workflow, files: SourceTable, root: String, stateDirectory: String) {
        self.workflow = workflow
        self.files = files
        self.root = root
        self.stateDirectory = stateDirectory
    }

    private static let maxNotes = 20

    /// All notes.
    package var diagnostics: [Diagnostic] {
        var unknown: [Diagnostic] = []
        var endless: [Diagnostic] = []
        // Instances of one `foreach` would repeat the note for the same place.
        var seen: Set<String> = []
        for step in workflow.steps where RunReason.standing(of: step) == nil && !step.isFinalizer {
            for note in commandNotes(of: step) where seen.insert(key(note)).inserted {
                unknown.append(note)
            }
            for note in ownNotes(of: step) where seen.insert(key(note)).inserted {
                endless.append(note)
            }
        }
        return Array(unknown.prefix(Self.maxNotes)) + Array(endless.prefix(Self.maxNotes))
    }

    private func key(_ note: Diagnostic) -> String {
        note.range.map { "\($0.file) \($0.offset) \(note.help ?? "")" } ?? note.message
    }

    // MARK: - The program of a step

    /// Commands of a step, with their places and the names that messages use.
    private func commands(of step: Step) -> [(name: String, command: Command, range: SourceRange?)]
    {
        var list: [(name: String, command: Command, range: SourceRange?)] = []
        if let command = step.command {
            list.append(("`command`", command, step.commandRange ?? step.range))
        } else if let runner = step.runner ?? workflow.execution.runner {
            list.append(("`runner`", runner, step.range))
        }
        if step.hasRecovery {
            for (number, backup) in step.recovery.backups.enumerated() {
                guard let command = backup.command else { continue }
                list.append(("backup \(number + 1)", command, backup.range ?? step.range))
            }
        }
        if step.hasGating, let line = step.gating.verify {
            list.append(("`verify`", .shell(line), step.range))
        }
        return list
    }

    /// Words that stand for a program or a script and whose value is only known during a run.
    private func commandNotes(of step: Step) -> [Diagnostic] {
        commands(of: step).flatMap { name, command, range in
            CommandScripts(of: command, shell: workflow.execution.shell).unknown.map { word in
                Diagnostic(
                    .note,
                    "step `\(step.id)`: what `\(word)` in its \(name) starts is known only when it "
                        + "runs, so a change of it does not make the step run again",
                    at: place(of: word, in: range), help: "name the file in `inputs`")
            }
        }
    }

    /// The place of a word in the file, if the file contains it literally.
    private func place(of word: String, in range: SourceRange?) -> SourceRange? {
        guard let range, Int(range.file) < files.files.count else { return range }
        let bytes = files.files[Int(range.file)].bytes
        let start = Int(range.offset)
        guard start < bytes.count else { return range }
        let text = bytes[start..<min(bytes.count, start + Int(range.length))]
        let bare = word.filter { $0 != "\"" && $0 != "'" }
        for needle in [Array(word.utf8), Array(bare.utf8)] where !needle.isEmpty {
            var place = text.startIndex
            while place + needle.count <= text.endIndex {
                if text[place..<(place + needle.count)].elementsEqual(needle) {
                    return SourceRange(
                        file: Int(range.file), offset: place, length: needle.count)
                }
                place += 1
            }
        }
        return range
    }

    // MARK: - Inputs that the step itself changes

    private func ownNotes(of step: Step) -> [Diagnostic] {
        let own = OutputPatterns(step.outputFiles.map(\.text))
        let included = step.inputs.filter { !$0.text.hasPrefix("!") }
        let excluded = step.inputs.filter { $0.text.hasPrefix("!") }
            .compactMap { try? Glob(String($0.text.dropFirst())) }
        var notes: [Diagnostic] = []
        for pattern in included {
            if pattern.text.split(separator: "/").contains(Substring(stateDirectory)) {
                notes.append(
                    .warning(
                        "step `\(step.id)`: what stepvisor keeps is no input: `\(pattern.text)` "
                            + "means nothing", at: pattern.range, help: "remove it"))
            } else if step.outputFiles.contains(where: {
                $0.text == "**" || $0.text == pattern.text
            }) {
                notes.append(
                    Diagnostic(
                        .note,
                        "step `\(step.id)`: all that `\(pattern.text)` means is output of the step "
                            + "itself, and no input", at: pattern.range,
                        help:
                            "a change of it by others makes the step run as a change of its outputs"
                    ))
            }
        }
        for (_, command, range) in commands(of: step) {
            let found = CommandScripts(of: command, shell: workflow.execution.shell)
            let written = CommandScripts.located(
                found.written, in: step.workingDirectory, root: root)
            for path in written where own?.mean(path) != true {
                guard !excluded.contains(where: { $0.matches(path) }),
                    let pattern = included.first(where: { mean($0.text, path) })
                else { continue }
                notes.append(
                    .warning(
                        "step `\(step.id)` writes `\(path)`, which its `inputs` mean "
                            + "(`\(pattern.text)`), and is never up to date",
                        at: place(of: path, in: range),
                        help: "name it in `output_files`, or add `\"!\(path)\"` to `inputs`"
                    ))
            }
        }
        return notes
    }

    private func mean(_ pattern: String, _ path: String) -> Bool {
        guard let glob = try? Glob(pattern) else { return false }
        return glob.matches(path) || glob.literal.map { path.hasPrefix("\($0)/") } ?? false
    }

    /// A tool of a step whose version cannot be determined.
    ///
    /// - Parameters:
    ///   - tool: The tool as the workflow names it.
    ///   - step: Which step names it.
    ///   - problem: Why it cannot be started.
    ///   - help: What to do about that.
    /// - Returns: A warning at the step.
    package static func missing(
        _ tool: String, of step: Step, because problem: String, help: String?
    ) -> Diagnostic {
        .warning(
            "step `\(step.id)`: the tool `\(tool)` gives no answer, so the step is never up to "
                + "date: \(problem)", at: step.range, help: help)
    }
}
