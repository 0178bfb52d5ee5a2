import Platform
import WorkflowModel

/// A directory of step files.
///
/// A step is a regular file with a header; the content of subdirectories belongs to the steps.
struct StepFolder {
    /// Absolute, without links.
    let directory: String
    /// As messages show it.
    let shown: String
    /// The project root; no script may be outside of it.
    let root: String
    /// The names in it, in any order.
    let names: [String]
    /// The directory relative to the project root.
    let scripts: String
    /// How messages name it; nil for the directory that was typed.
    var name: SourceName?

    /// The largest file that is read, in bytes: a script is much shorter.
    static let sizeLimit = 1 << 20

    /// A step file with its header.
    struct StepFile {
        var id: String
        /// Relative to the project root.
        var script: String
        var header: StepHeader
    }

    /// The directory of steps to which a settings file belongs, absolute and without links; nil for
    /// any other path.
    ///
    /// A `workflow.toml` in a directory `steps` that holds step files is not a project of its own:
    /// the steps beside it belong to the directory above, wherever stepvisor was started.
    static func directory(ofSettings path: String) -> String? {
        guard PathText.name(of: path) == WorkflowSearch.fileName,
            let directory = PathText.resolved(PathText.parent(of: path)),
            PathText.name(of: directory) == WorkflowSearch.directoryName,
            let names = DirectoryListing.names(in: directory)
        else { return nil }
        let folder = StepFolder(
            directory: directory, shown: directory, root: PathText.parent(of: directory),
            names: names, scripts: WorkflowSearch.directoryName)
        var sources = LoadedSources()
        return folder.read(into: &sources).steps.isEmpty ? nil : directory
    }

    /// All step files by name, and the diagnostics of these and of the other files.
    func read(
        into sources: inout LoadedSources
    ) -> (steps: [StepFile], diagnostics: [Diagnostic]) {
        var steps: [StepFile] = []
        var diagnostics: [Diagnostic] = []
        let candidates = names.filter {
            !EditorLeftover.isNamed($0) && $0 != WorkflowSearch.fileName
        }
        if let note = leftoversNote { diagnostics.append(note) }
        for name in names where EditorLeftover.isNamed(name) {
            let path = directory + "/" + name
            sources.trace.add(.init(path: path, kind: FileKind(path)))
        }
        for name in candidates.sorted(by: NumericOrder.isBefore) {
            let path = directory + "/" + name
            let kind = FileKind(path)
            if kind == .missing { diagnostics.append(leadsNowhere(name)) }
            guard kind == .regular else {
                sources.trace.add(.init(path: path, kind: kind))
                continue
            }
            let resolved = PathText.resolved(path) ?? path
            guard PathText.isInside(resolved, root) else {
                diagnostics.append(leadsOut(name))
                continue
            }
            let now = sources.clock()
            let bytes: [UInt8]
            let stamp: FileStamp
            do throws(FileProblem) {
                (bytes, stamp) = try FileInput.readStamped(path, limit: Self.sizeLimit)
            } catch {
                diagnostics.append(unread(name, error))
                continue
            }
            let file = sources.add(
                FileReading(bytes: bytes, stamp: stamp, observedAt: now), shown: named(name),
                at: .init(path: path, resolved: resolved, isListed: true), named: sourceName(name),
                isWorkflow: false)
            let reading = StepFileReader.read(bytes, file: file)
            diagnostics += reading.diagnostics
            guard let header = reading.header else {
                // A mistake in the header's form has been reported already.
                if reading.diagnostics.isEmpty { diagnostics.append(withoutHeader(name, path)) }
                continue
            }
            steps.append(
                StepFile(
                    id: Self.id(ofFile: name),
                    script: PathText.joined(scripts, name),
                    header: header))
        }
        return (steps, diagnostics)
    }

    /// Reports the files that are ignored for their names alone; nil when none looks like a step.
    private var leftoversNote: Diagnostic? {
        let left = names.filter {
            // A hidden file can only be taken for a step when it is executable.
            EditorLeftover.isNamed($0) && FileKind(directory + "/" + $0) == .regular
                && (!$0.hasPrefix(".") || FileKind.isExecutable(directory + "/" + $0))
        }.sorted(by: NumericOrder.isBefore)
        guard !left.isEmpty else { return nil }
        let shown = left.prefix(5).map { "`\(named($0))`" }
        let more = left.count > 5 ? ["\(left.count - 5) more"] : []
        let isOne = left.count == 1
        return Diagnostic(
            .note,
            "\(Wording.list(shown + more, "and")) \(isOne ? "is" : "are") passed over: "
                + (isOne
                    ? "the name is that of a copy" : "the names are those of copies")
                + " left behind by an editor, a merge or a package manager",
            help: "delete what is not needed; to make one a step, rename it")
    }

    /// The name of a file in messages; no two files have the same.
    ///
    /// A name that could not be read as text was already made safe to show.
    private func named(_ name: String) -> String {
        let isThere = FileKind(directory + "/" + name) != .missing
        return PathText.joined(shown, isThere ? DisplayText.fileName(name.utf8) : name)
    }

    /// The same, whatever the directory was typed as.
    private func sourceName(_ file: String) -> SourceName {
        let file = DisplayText.fileName(file.utf8)
        guard let name else { return SourceName(form: .inside, path: file) }
        return SourceName(form: name.form, path: PathText.joined(name.path, file))
    }

    /// Reports a name that the directory lists but that does not exist.
    private func leadsNowhere(_ name: String) -> Diagnostic {
        .warning(
            "`\(named(name))` is a link that leads nowhere, or its name is not "
                + "UTF-8, so it is not a step", help: "correct the link, or rename the file")
    }

    private func leadsOut(_ name: String) -> Diagnostic {
        .error(
            "`\(named(name))` is a link that leads out of the project",
            help: "copy the file into the project, or start it by a `command` in `workflow.toml`")
    }

    private func unread(_ name: String, _ problem: FileProblem) -> Diagnostic {
        let shown = named(name)
        if case .tooLarge = problem.reason {
            return .warning("`\(shown)` is too large for a script, so it is not a step")
        }
        return FileProblem(shown, problem.reason).diagnostic
    }

    private func withoutHeader(_ name: String, _ path: String) -> Diagnostic {
        // Only an executable file was perhaps meant to be a step.
        Diagnostic(
            FileKind.isExecutable(path) ? .warning : .note,
            "`\(named(name))` has no header, so it is not a step",
            help: "to make it one, begin it with comments: `# /// step`, its keys, `# ///`")
    }

    /// The id of a step file; nil when it has no header.
    static func idOfStepFile(_ path: String, _ bytes: [UInt8]) -> String? {
        guard let header = StepFileReader.read(bytes, file: 0).header else { return nil }
        guard case .string(let id)? = header.table["id"]?.content else {
            return id(ofFile: PathText.name(of: path))
        }
        return id
    }

    /// The name without extension and without a leading `step_NN_`.
    static func id(ofFile name: String) -> String {
        var stem = Substring(name)
        if let dot = stem.lastIndex(of: "."), dot != stem.startIndex { stem = stem[..<dot] }
        guard stem.hasPrefix("step_") else { return String(stem) }
        let rest = stem.dropFirst(5)
        let number = rest.prefix { $0.isASCII && $0.isNumber }
        let name = rest.dropFirst(number.count + 1)
        guard !number.isEmpty, !name.isEmpty, rest.dropFirst(number.count).first == "_" else {
            return String(stem)
        }
        return String(name)
    }
}

/// Names in numeric order: `step_2` before `step_10`.
enum NumericOrder {
    static func isBefore(_ a: String, _ b: String) -> Bool {
        var left = Array(a.utf8)[...]
        var right = Array(b.utf8)[...]
        while let x = left.first, let y = right.first {
            if ASCII.isDigit(x), ASCII.isDigit(y) {
                let first = number(&left)
                let second = number(&right)
                if first.count != second.count { return first.count < second.count }
                if first != second { return first.lexicographicallyPrecedes(second) }
            } else if x != y {
                return x < y
            } else {
                left = left.dropFirst()
                right = right.dropFirst()
            }
        }
        if left.isEmpty != right.isEmpty { return left.isEmpty }
        // Equal apart from leading zeros.
        return a.utf8.lexicographicallyPrecedes(b.utf8)
    }

    /// Removes the digits at the front, and returns them without leading zeros.
    private static func number(_ text: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let digits = text.prefix { ASCII.isDigit($0) }
        text = text[digits.endIndex...]
        return digits.drop { $0 == ASCII.zero }
    }
}
