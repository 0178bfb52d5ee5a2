import Execution
import WorkflowModel

/// What a step declares to read, ready to be looked for.
struct InputPatterns: Sendable {
    /// Patterns of files that count.
    let included: [Glob]
    /// Patterns of files that do not count although they are included.
    let excluded: [Glob]
    /// Its own script, and those that its command, its backups and its `verify` name.
    let scripts: [String]
    /// What the step writes itself: that these change while it runs is its own doing.
    let written: [Glob]
    /// Whether a link counts with the directory that it leads to wherever it is met, not only by name.
    ///
    /// A step may read through it; what it has written through one is no output by that.
    let followsLinks: Bool

    var isEmpty: Bool { included.isEmpty && scripts.isEmpty }

    /// What a step reads.
    ///
    /// - Parameters:
    ///   - index: The step.
    ///   - plan: The plan that says what starts it.
    ///   - root: The project root, absolute.
    init(of index: Int, plan: RunPlan, root: String) {
        let step = plan.resolved.workflow.steps[index]
        var included: [Glob] = []
        var excluded: [Glob] = []
        for pattern in step.inputs {
            let isExclusion = pattern.text.utf8.first == UInt8(ascii: "!")
            let text = isExclusion ? String(pattern.text.dropFirst()) : pattern.text
            // Patterns that are none are refused when the workflow is loaded.
            guard let glob = try? Glob(text) else { continue }
            if isExclusion { excluded.append(glob) } else { included.append(glob) }
        }
        self.included = included
        self.excluded = excluded
        followsLinks = true
        scripts = InputPatterns.scripts(of: index, step, plan: plan, root: root)
        written =
            included.isEmpty
            ? [] : (step.outputFiles + step.modifies).compactMap { try? Glob($0.text) }
    }

    /// What a list of patterns means, of which those that begin with `!` exclude.
    init(
        _ texts: [String], written: [String], followsLinks: Bool = true
    ) throws(GlobError) {
        self.followsLinks = followsLinks
        var included: [Glob] = []
        var excluded: [Glob] = []
        for text in texts {
            if text.utf8.first == UInt8(ascii: "!") {
                excluded.append(try Glob(String(text.dropFirst())))
            } else {
                included.append(try Glob(text))
            }
        }
        self.included = included
        self.excluded = excluded
        scripts = []
        self.written = written.compactMap { try? Glob($0) }
    }

    /// Whether a file is one of those that the patterns mean.
    func mean(_ path: String) -> Bool {
        included.contains { $0.matches(path) } && !excluded.contains { $0.matches(path) }
    }

    /// Whether a pattern could mean something below a directory.
    func mayMean(below directory: String) -> Bool {
        var escaped = ""
        for character in directory.unicodeScalars {
            if "*?[]{},\\".unicodeScalars.contains(character) { escaped += "\\" }
            escaped.unicodeScalars.append(character)
        }
        guard let all = try? Glob(escaped + "/**") else { return true }
        return included.contains { $0.overlaps(all) }
    }

    /// Whether a pattern excludes all that could be found below a directory: a path that is one means
    /// all below it.
    func excludeAll(below directory: String) -> Bool {
        excluded.contains { glob in
            glob.literal == directory
                || (glob.text.hasSuffix("**") || glob.text.hasSuffix("/"))
                    && glob.matches("\(directory)/\u{1}")
        }
    }

    /// The files of the project that a step's methods, and what verifies them, start.
    static func scripts(of index: Int, _ step: Step, plan: RunPlan, root: String) -> [String] {
        let directory = step.workingDirectory
        var scripts: [String] = []
        if let script = script(of: plan.command(of: index), in: directory, root: root) {
            scripts.append(script)
        }
        if step.hasRecovery {
            for number in step.recovery.backups.indices {
                let command = plan.command(of: index, by: .backup(number + 1))
                if let script = script(of: command, in: directory, root: root) {
                    scripts.append(script)
                }
            }
        }
        if step.hasGating, let line = step.gating.verify,
            let script = script(of: .shell(line), in: directory, root: root)
        {
            scripts.append(script)
        }
        return scripts
    }

    /// The file of the project that a command starts, or gives to an interpreter to run.
    static func script(
        of command: Command?, in directory: String?, root: String
    ) -> String? {
        let words: ArraySlice<String>
        switch command {
        case .script(let path)?: return path
        case .arguments(let list)?: words = list[...]
        // What follows an operator cannot be told from data; such a step declares its `inputs`.
        case .shell(let line)?: words = (DirectCommand.words(of: line) ?? [])[...]
        case nil: return nil
        }
        guard let first = words.first else { return nil }
        if first.utf8.contains(UInt8(ascii: "/")) { return path(of: first, in: directory, root) }
        guard interpreters.contains(first), let second = words.dropFirst().first,
            !second.hasPrefix("-")
        else { return nil }
        return path(of: second, in: directory, root)
    }

    /// A path relative to the project root; nil for what is no part of the project.
    private static func path(of word: String, in directory: String?, _ root: String) -> String? {
        if word.hasPrefix("/") {
            return word.hasPrefix(root + "/") ? String(word.dropFirst(root.utf8.count + 1)) : nil
        }
        guard let directory else { return Glob.normalized(word) }
        return directory.hasPrefix("/") ? nil : Glob.normalized("\(directory)/\(word)")
    }

    private static let interpreters: Set<String> = [
        "sh", "bash", "dash", "zsh", "ksh", "python", "python3", "perl", "ruby", "node",
    ]
}

extension Glob {
    /// How many directories deep below ``directory`` a match can lie; nil for any depth.
    var depth: Int? {
        guard literal == nil, !text.contains("**"), !text.hasSuffix("/") else { return nil }
        return text.utf8.count { $0 == UInt8(ascii: "/") }
            - directory.utf8.count { $0 == UInt8(ascii: "/") }
    }
}
