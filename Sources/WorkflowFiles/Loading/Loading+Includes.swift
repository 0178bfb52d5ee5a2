import WorkflowModel

/// A file as the system and as messages name it.
struct FilePlace {
    /// Absolute, without links.
    var path: String
    var shown: String
    /// Where another file names it.
    var range: SourceRange?
    /// How that file names it; empty for the main file.
    var written = ""
    /// The path as it was looked up, absolute; it may lead through links.
    var lookup: String
    /// ``shown``, whatever the workflow was typed as.
    var name: SourceName
}

/// The state of including files.
struct Inclusion {
    static let depthLimit = 32
    static let fileLimit = 1_000

    var count = 0
    var bytes = 0
    /// A limit was exceeded: no further file is read.
    var isOver = false
    /// A file is missing, and with it perhaps steps that others name.
    var hasLostSteps = false
    /// Files with the prefix under which they were included, and whether they added steps.
    var seen: [String: (range: SourceRange?, hasSteps: Bool)] = [:]
}

extension Loading {
    /// Adds what an entry of `includes` names; the path as written may differ from the path found.
    mutating func include(
        _ include: WorkflowInclude, written: String? = nil, from file: FilePlace,
        in scope: FileScope, chain: [FilePlace]
    ) {
        guard !inclusion.isOver else { return }
        guard var place = find(include, from: file) else {
            inclusion.hasLostSteps = true
            return
        }
        place.range = include.range
        place.written = written ?? include.file
        var inner = scope.nested(include.prefix ?? MarkdownFile.descriptor(of: include.file))
        inner.isIncluded = true
        let start = decoder.ends
        // The settings file inside a directory of step files applies to those step files.
        if written == nil { (inner.firstStep, inner.firstTask) = start }
        guard isAllowed(place, in: inner, chain: chain) else {
            inclusion.hasLostSteps = true
            return
        }
        let before = decoder.contentCount
        if FileKind(place.path) == .directory {
            includeDirectory(place, in: inner, chain: chain)
        } else {
            includeFile(place, in: inner, chain: chain)
        }
        inclusion.seen[key(of: place, in: inner)] = (
            include.range, decoder.contentCount > before
        )
        let end = decoder.ends
        decoder.note(
            IncludedPart(
                include: include, scope: scope, prefix: inner.prefix,
                steps: start.step..<end.step, tasks: start.task..<end.task))
        if decoder.contentCount > StepInstances.limit {
            stop(
                "the included files make more than \(StepInstances.limit) steps and tasks",
                at: include.range, help: "include fewer of them")
        }
    }

    private func key(of place: FilePlace, in scope: FileScope) -> String {
        scope.prefix + "\0" + place.path
    }

    private mutating func stop(_ message: String, at range: SourceRange?, help: String) {
        guard !inclusion.isOver else { return }
        inclusion.isOver = true
        inclusion.hasLostSteps = true
        report(.error(message, at: range, help: help))
    }

    // MARK: The file

    /// The included file, inside the project; nil after the reason was reported.
    private mutating func find(_ include: WorkflowInclude, from file: FilePlace) -> FilePlace? {
        let text = include.file
        func refuse(_ message: String, _ help: String) -> FilePlace? {
            report(.error(message, at: include.range, help: help))
            return nil
        }
        guard !text.isEmpty, !text.utf8.contains(0) else {
            return refuse(
                "an include names no file", "name one: `includes = [\"parts/test.toml\"]`")
        }
        guard !text.hasPrefix("/") else {
            return refuse(
                "`\(text)` is an absolute path",
                "write it relative to the file that includes it")
        }
        var path = PathText.parent(of: file.path) + "/" + text
        var shown = PathText.collapsed(PathText.joined(PathText.parent(of: file.shown), text))
        var relative = PathText.collapsed(
            PathText.joined(PathText.parent(of: file.name.path), text))
        do throws(MarkdownFile) {
            let written = path
            (path, shown) = try MarkdownFile.replacing(path, shown: shown)
            if path != written {
                relative = PathText.joined(
                    PathText.parent(of: relative), PathText.name(of: path))
            }
        } catch {
            return refuse(error.message, error.help)
        }
        guard let resolved = PathText.resolved(path) else {
            return refuse(
                "there is no file `\(shown)`",
                "an include is relative to the file that names it; a pattern is none")
        }
        guard PathText.isInside(resolved, projectRoot) else {
            let name = PathText.name(of: shown)
            let copy = PathText.joined(
                PathText.shown(projectRoot, from: workingDirectory),
                "parts/" + (name == ".." ? PathText.name(of: resolved) : name))
            return refuse(
                "`\(shown)` lies outside of the project, or leads out of it by a link",
                "copy it into the project, such as to `\(copy)`, and include that")
        }
        return FilePlace(
            path: resolved, shown: shown, lookup: path,
            name: SourceName(form: .relative, path: relative))
    }

    private mutating func isAllowed(
        _ place: FilePlace, in scope: FileScope, chain: [FilePlace]
    ) -> Bool {
        if let start = chain.firstIndex(where: { $0.path == place.path }) {
            let circle = chain[start...] + [place]
            report(
                .error(
                    "files include each other: "
                        + circle.map(\.shown).joined(separator: " -> "), at: place.range,
                    help: "remove one of these includes",
                    related: circle.dropFirst().dropLast().compactMap { link in
                        link.range.map { .init("`\(link.shown)` is included here", at: $0) }
                    }))
            return false
        }
        guard chain.count <= Inclusion.depthLimit else {
            stop(
                "includes are nested more than \(Inclusion.depthLimit) deep", at: place.range,
                help: "include the file from the main file")
            return false
        }
        inclusion.count += 1
        guard inclusion.count <= Inclusion.fileLimit else {
            stop(
                "more than \(Inclusion.fileLimit) files are included", at: place.range,
                help: "put several into one file")
            return false
        }
        if let first = inclusion.seen[key(of: place, in: scope)], first.hasSteps {
            report(
                .error(
                    "`\(place.shown)` is included twice, so each of its steps would be there twice",
                    at: place.range,
                    help: "remove one, or write "
                        + "`{ file = \"\(place.written)\", prefix = \"again\" }`",
                    related: first.range.map { [.init("first included here", at: $0)] } ?? []))
            return false
        }
        return true
    }

    private mutating func includeFile(
        _ place: FilePlace, in scope: FileScope, chain: [FilePlace]
    ) {
        do throws(FileProblem) {
            let reading = try read(place.path)
            inclusion.bytes += reading.bytes.count
            guard inclusion.bytes <= FileInput.sizeLimit else {
                stop(
                    "the included files have more than \(FileInput.sizeLimit >> 20) MiB",
                    at: place.range, help: "include fewer of them")
                return
            }
            add(reading, at: place, in: scope, chain: chain)
        } catch {
            inclusion.hasLostSteps = true
            var problem = FileProblem(place.shown, error.reason).diagnostic
            problem.range = place.range
            report(problem)
        }
    }

    private mutating func includeDirectory(
        _ place: FilePlace, in scope: FileScope, chain: [FilePlace]
    ) {
        guard let names = DirectoryListing.names(in: place.path) else {
            inclusion.hasLostSteps = true
            report(.error("the directory `\(place.shown)` cannot be read", at: place.range))
            return
        }
        sources.trace.add(
            LoadTrace.Directory(
                place: .init(path: place.lookup, resolved: place.path), names: names.sorted()))
        let below = place.path.dropFirst(projectRoot == "/" ? 1 : projectRoot.count + 1)
        let folder = StepFolder(
            directory: place.path, shown: place.shown, root: projectRoot, names: names,
            scripts: below.isEmpty ? "." : String(below), name: place.name)
        let found = folder.read(into: &sources)
        found.diagnostics.forEach { report($0) }
        for step in found.steps {
            decoder.addStepFile(
                header: step.header.table, id: step.id, script: step.script,
                range: step.header.range, in: scope)
        }
        if names.contains(WorkflowSearch.fileName) {
            var settings = WorkflowInclude(WorkflowSearch.fileName, at: place.range)
            settings.prefix = nil
            let inside = FilePlace(
                path: place.path + "/-", shown: PathText.joined(place.shown, "-"),
                lookup: place.path + "/-",
                name: SourceName(form: .relative, path: PathText.joined(place.name.path, "-")))
            include(
                settings, written: place.written, from: inside, in: scope, chain: chain + [place])
        } else if found.steps.isEmpty {
            inclusion.hasLostSteps = true
            report(
                .error(
                    "`\(place.shown)` holds neither a step file nor a `workflow.toml`",
                    at: place.range, help: "name a file with steps"))
        }
    }
}

/// A name as in the source documents, whose steps are in a file beside the Markdown file.
struct MarkdownFile: Error {
    var message: String
    var help: String

    /// For `spec_X.md` the X, which prefixes its steps: the tasks of each file are numbered from 1.
    static func descriptor(of path: String) -> String? {
        let name = PathText.name(of: path)
        guard name.hasPrefix("spec_"), name.lowercased().hasSuffix(".md") else { return nil }
        let text = String(name.dropFirst(5).dropLast(3))
        return StepID.isValid(text) ? text : nil
    }

    /// Whether a file is named `parameters_X.toml` and so may hold keys of the project's own.
    static func isParameters(_ path: String) -> Bool {
        let name = PathText.name(of: path)
        return name.hasPrefix("parameters_") && name.hasSuffix(".toml")
    }

    /// For `spec_X.md` the `parameters_X.toml` beside it; any other path unchanged.
    static func replacing(
        _ path: String, shown: String
    ) throws(MarkdownFile) -> (path: String, shown: String) {
        let name = PathText.name(of: path)
        guard name.lowercased().hasSuffix(".md") else { return (path, shown) }
        let stem = String(name.dropLast(3))
        guard stem.hasPrefix("spec_") else {
            guard FileKind(path) != .missing else { return (path, shown) }
            if let list = ForeignFormat.taskList(path) {
                let refusal = list.diagnostic(of: shown)
                throw MarkdownFile(message: refusal.message, help: refusal.help ?? "")
            }
            throw MarkdownFile(
                message:
                    "`\(shown)` is Markdown, which is not read: it is prose and holds no steps",
                help: "name the TOML file with its steps, such as `\(stem).toml`")
        }
        let other = "parameters_" + stem.dropFirst(5) + ".toml"
        let beside = PathText.joined(PathText.parent(of: path), other)
        let shownBeside = PathText.joined(PathText.parent(of: shown), other)
        guard FileKind(beside) == .regular else {
            throw MarkdownFile(
                message: "`\(shown)` is prose, and there is no `\(other)` beside it",
                help: "write its steps into `\(shownBeside)`")
        }
        return (beside, shownBeside)
    }
}
