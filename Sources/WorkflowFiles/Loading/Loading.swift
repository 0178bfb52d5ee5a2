import WorkflowModel

/// The passes of loading, and their results so far.
struct Loading {
    let workingDirectory: String
    var sources = LoadedSources()
    private var entry: WorkflowEntry?
    private(set) var diagnostics: [Diagnostic] = []
    var decoder = WorkflowDecoder(defaultName: "")
    private(set) var projectRoot: String
    private var shownPath: String?
    private var workflowFile: String?
    /// Whether there is something to validate.
    private var isRead = false
    /// Whether the main file is not a workflow, which has been reported.
    private var isRefused = false
    /// The state of including files.
    var inclusion = Inclusion()
    /// The files at the requested time; nil for now.
    let earlier: ((String) -> FileAtRevision)?
    /// The entries of ``files`` that are not step files, by index: absolute, without links.
    private var workflowFiles: [Int: String] = [:]

    init(workingDirectory: String, earlier: ((String) -> FileAtRevision)? = nil) {
        self.workingDirectory = workingDirectory
        self.earlier = earlier
        projectRoot = workingDirectory
    }

    mutating func report(_ diagnostic: Diagnostic) { diagnostics.append(diagnostic) }

    mutating func load(_ entry: WorkflowEntry) {
        self.entry = entry
        shownPath = entry.shown
        if entry.isDirectory {
            loadDirectory(entry.absolute, shown: entry.shown)
        } else {
            setRoot(entry.parent)
            let file = PathText.resolved(entry.absolute) ?? entry.absolute
            workflowFile = PathText.name(
                of: PathText.parent(of: file) == projectRoot ? file : entry.absolute)
            let name = PathText.name(of: entry.absolute)
            loadFile(
                entry.absolute, shown: entry.shown,
                lookup: (projectRoot == "/" ? "/" : projectRoot + "/") + name,
                named: SourceName(form: .typed, path: name))
        }
    }

    private mutating func setRoot(_ root: String) {
        projectRoot = root
        decoder = WorkflowDecoder(defaultName: PathText.name(of: root))
    }

    private mutating func loadFile(
        _ path: String, shown: String, lookup: String, named name: SourceName
    ) {
        let reading: FileReading
        do throws(FileProblem) {
            reading = try read(path)
        } catch {
            report(FileProblem(shown, error.reason).diagnostic)
            return
        }
        isRead = true
        let place = FilePlace(
            path: PathText.resolved(path) ?? path, shown: shown, lookup: lookup, name: name)
        add(reading, at: place, in: FileScope(), chain: [])
    }

    /// Reads a file's settings, then its includes, then its own steps.
    mutating func add(
        _ reading: FileReading, at place: FilePlace, in scope: FileScope, chain: [FilePlace]
    ) {
        let bytes = reading.bytes
        let number = sources.add(
            reading, shown: place.shown, at: .init(path: place.lookup, resolved: place.path),
            named: place.name, isWorkflow: true)
        workflowFiles[number] = place.path
        let isJSON = [place.path, place.shown].contains { $0.lowercased().hasSuffix(".json") }
        let (table, problems) =
            isJSON ? JSONReader.read(bytes, file: number) : TOMLReader.read(bytes, file: number)
        if let refusal = refusal(of: place, bytes, table, problems) {
            report(refusal)
            if scope.isIncluded { inclusion.hasLostSteps = true } else { isRefused = true }
            return
        }
        diagnostics += problems
        let file = decoder.begin(
            table, isWhole: !problems.contains { $0.severity == .error }, in: scope,
            isParameters: MarkdownFile.isParameters(place.shown))
        for include in file.includes {
            self.include(include, from: place, in: file.scope, chain: chain + [place])
        }
        decoder.addContents(of: file)
    }

    /// The report for a file that is not a workflow at all, instead of its single mistakes.
    private func refusal(
        of place: FilePlace, _ bytes: [UInt8], _ table: DocumentTable, _ problems: [Diagnostic]
    ) -> Diagnostic? {
        let isSound = !problems.contains { $0.severity == .error }
        if bytes.allSatisfy({ $0 <= ASCII.space }) {
            return .error(
                "`\(place.shown)` is empty, and a workflow without steps is invalid",
                at: place.range, help: "declare a step with `[[steps]]`, or run `stepvisor init`")
        }
        if !isSound, let id = StepFolder.idOfStepFile(place.path, bytes) {
            let directory = PathText.parent(of: place.shown)
            return .error(
                "`\(place.shown)` is a step file, which is no workflow by itself",
                at: place.range,
                help: "name its directory, `-f \(directory)`; to run this step alone: "
                    + "`stepvisor run \(id) --only -f \(directory)`")
        }
        return ForeignFormat.of(place.shown, bytes, table: table, isSound: isSound)?
            .diagnostic(of: place.shown, at: place.range)
    }

    private mutating func loadDirectory(_ directory: String, shown: String) {
        workflowFile = PathText.name(of: directory)
        guard let names = DirectoryListing.names(in: directory) else {
            report(
                .error(
                    "the directory `\(shown)` cannot be read",
                    help: "give yourself the right to read it: `chmod u+rx \(shown)`"))
            return
        }
        sources.trace.add(
            LoadTrace.Directory(
                place: .init(path: directory, resolved: directory), names: names.sorted()))
        let settings = directory + "/" + WorkflowSearch.fileName
        let hasSettings = names.contains(WorkflowSearch.fileName)
        let shownSettings = PathText.joined(shown, WorkflowSearch.fileName)
        let folder = StepFolder(
            directory: directory, shown: shown, root: PathText.parent(of: directory), names: names,
            scripts: PathText.name(of: directory))
        let found = folder.read(into: &sources)
        // A directory that holds only a workflow file is that file's project.
        let isOwnProject = found.steps.isEmpty && hasSettings
        setRoot(isOwnProject ? directory : folder.root)
        workflowFile = isOwnProject ? WorkflowSearch.fileName : folder.scripts
        diagnostics += found.diagnostics
        for step in found.steps {
            decoder.addStepFile(
                header: step.header.table, id: step.id, script: step.script,
                range: step.header.range)
        }
        if hasSettings {
            loadFile(
                settings, shown: shownSettings, lookup: settings,
                named: SourceName(form: .inside, path: WorkflowSearch.fileName))
        } else if found.steps.isEmpty {
            if !found.diagnostics.contains(where: { $0.severity == .error }) {
                report(
                    .error(
                        "`\(shown)` holds neither a step file nor a `workflow.toml`",
                        help: "a step file begins with comments that hold `# /// step`, its keys "
                            + "and `# ///`"))
            }
            return
        }
        isRead = true
    }

    var result: LoadedWorkflow {
        var decoder = decoder
        decoder.hasLostFiles = inclusion.hasLostSteps
        let hasLostSteps = decoder.hasLostSteps || decoder.hasLostFiles
        let (workflow, problems) = decoder.finish()
        var all = diagnostics + problems
        var resolved: ResolvedWorkflow?
        if isRead, !isRefused {
            // A file that could not be parsed may lack steps that others name; do not report those
            // as unknown.
            let isUnderstood =
                !hasLostSteps
                && (!workflow.steps.isEmpty || !all.contains { $0.severity == .error })
            if isUnderstood {
                let result = WorkflowValidator.resolve(
                    workflow, root: projectRoot, source: shownPath)
                resolved = result.workflow
                all += result.diagnostics
            }
        }
        if all.contains(where: { $0.severity == .error }) { resolved = nil }
        var loaded = LoadedWorkflow(
            resolved: resolved, workflow: workflow, diagnostics: all.sortedByPlace(),
            files: sources.table, workflowFiles: workflowFiles, projectRoot: projectRoot,
            path: shownPath,
            workflowFile: workflowFile)
        if !loaded.diagnostics.isEmpty { loaded.concealSecrets() }
        if let entry, resolved != nil, loaded.diagnostics.isEmpty, sources.trace.isComplete {
            loaded.pendingSnapshot = PendingSnapshot(
                place: entry.place(inProject: projectRoot), content: .parsed(sources.trace))
        }
        return loaded
    }
}
