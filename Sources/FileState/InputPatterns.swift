package import Execution
import Platform
package import WorkflowModel

/// What a step declares to read, ready to be looked for.
package struct InputPatterns: Sendable {
    /// Patterns of files that count.
    package let included: [Glob]
    /// Patterns of files that do not count although they are included.
    let excluded: [Glob]
    /// Its own script, and those that its command, its backups and its `verify` name.
    package let scripts: [String]
    /// What the step writes itself: that these change while it runs is its own doing.
    package let written: [Glob]
    /// What it declares to write, which is no input of it; nil where it declares nothing.
    package let own: OutputPatterns?
    /// The cache, where it lies in the project: no input of any step.
    package let cache: String?
    /// Whether a link counts with the directory that it leads to wherever it is met, not only by name.
    ///
    /// A step may read through it; what it has written through one is no output by that.
    package let followsLinks: Bool

    package var isEmpty: Bool { included.isEmpty && scripts.isEmpty }

    /// What a step reads.
    ///
    /// - Parameters:
    ///   - index: The step.
    ///   - plan: The plan that says what starts it.
    ///   - root: The project root, absolute.
    package init(of index: Int, plan: RunPlan, root: String) {
        let step = plan.resolved.workflow.steps[index]
        var included: [Glob] = []
        var excluded: [Glob] = []
        for pattern in step.inputs {
            let isExclusion = pattern.text.utf8.first == UInt8(ascii: "!")
            let path = isExclusion ? String(pattern.text.dropFirst()) : pattern.text
            let text = Glob.located(path, root: root)
            // Patterns that are none are refused when the workflow is loaded.
            guard let glob = try? Glob(text) else { continue }
            if isExclusion { excluded.append(glob) } else { included.append(glob) }
        }
        self.included = included
        self.excluded = excluded
        followsLinks = true
        let own = OutputPatterns(step.outputFiles.map(\.text), root: root)
        self.own = own
        cache = CachePlace.path(in: root)
        scripts = InputPatterns.scripts(of: index, step, plan: plan, root: root)
            .filter { own?.mean($0) != true }
        written =
            included.isEmpty
            ? []
            : (step.outputFiles + step.modifies).compactMap {
                try? Glob(Glob.located($0.text, root: root))
            }
    }

    /// What a list of patterns means, of which those that begin with `!` exclude.
    package init(
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
        own = nil
        cache = nil
        scripts = []
        self.written = written.compactMap { try? Glob($0) }
    }

    /// Whether a file is one of those that the patterns mean.
    package func mean(_ path: String) -> Bool {
        included.contains { $0.matches(path) } && !excluded.contains { $0.matches(path) }
    }

    /// Whether something is no input whatever the patterns say: an output of the step itself, a
    /// directory that it makes for one, or what stepvisor keeps.
    func areNotAbout(_ path: String, isDirectory: Bool = false) -> Bool {
        if let cache, path == cache || path.hasPrefix(cache + "/") { return true }
        guard let own else { return false }
        return own.mean(path) || isDirectory && own.lieBelow(path)
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

    /// What the files that steps mean depend on beside the workflow: where the project and the cache lie,
    /// and where in the project this process looks for programs.
    package static func surroundings(root: String) -> [UInt8] {
        let words =
            [root, CachePlace.path(in: root) ?? ""]
            + ProjectPrograms.own(ProjectPrograms.inheritedDirectories, root: root)
        return words.flatMap { Array($0.utf8) + [0] }
    }

    /// The files of the project that a step's methods, and what verifies them, start.
    package static func scripts(of index: Int, _ step: Step, plan: RunPlan, root: String)
        -> [String]
    {
        var commands = [plan.command(of: index)]
        if step.hasRecovery {
            commands += step.recovery.backups.indices.map {
                plan.command(of: index, by: .backup($0 + 1))
            }
        }
        return scripts(of: commands, of: step, in: plan.resolved.workflow, root: root)
    }

    /// The files of the project that commands of a step start, and what verifies it.
    package static func scripts(
        of commands: [Command?], of step: Step, in workflow: Workflow, root: String
    ) -> [String] {
        var scripts: [String] = []
        func add(_ command: Command?) {
            if case .script(let path)? = command {
                scripts.append(path)
                return
            }
            let found = CommandScripts(of: command, shell: workflow.execution.shell)
            scripts += CommandScripts.located(
                found.paths + ProjectPrograms.paths(of: found.programs, step, workflow, root: root),
                in: step.workingDirectory, root: root)
        }
        for command in commands { add(command) }
        if step.hasGating, let line = step.gating.verify { add(.shell(line)) }
        return scripts
    }
}

/// Programs of the project that are found by their names, since PATH leads there.
private enum ProjectPrograms {
    /// Where this process looks for programs.
    static let inheritedDirectories =
        ProcessEnvironment.variable("PATH").map {
            directories(in: String(decoding: $0, as: UTF8.self))
        } ?? []

    /// Where programs of these names would lie: absolute, or from where the step runs.
    static func paths(
        of programs: [String], _ step: Step, _ workflow: Workflow, root: String
    ) -> [String] {
        guard !programs.isEmpty else { return [] }
        let declared =
            step.environment.last { $0.name == "PATH" }
            ?? workflow.environment.last { $0.name == "PATH" }
        // Taken apart once, and not for each of thousands of steps.
        let all = declared.map { self.directories(in: $0.value) } ?? inheritedDirectories
        return own(all, root: root).flatMap { directory in
            programs.map { directory.isEmpty ? $0 : "\(directory)/\($0)" }
        }
    }

    /// Of directories those that may lie in the project.
    static func own(_ directories: [String], root: String) -> [String] {
        directories.filter {
            $0.utf8.first != UInt8(ascii: "/") || $0.utf8.starts(with: root.utf8)
        }
    }

    private static func directories(in path: String) -> [String] {
        path.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
    }
}

extension Glob {
    /// How many directories deep below ``directory`` a match can lie; nil for any depth.
    package var depth: Int? {
        guard literal == nil, !text.contains("**"), !text.hasSuffix("/") else { return nil }
        return text.utf8.count { $0 == UInt8(ascii: "/") }
            - directory.utf8.count { $0 == UInt8(ascii: "/") }
    }
}
