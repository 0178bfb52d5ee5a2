import WorkflowModel

/// A file of another known format: reported with one sentence instead of one for each of its lines.
///
/// The name alone never decides when the content is a workflow: `flow.conf` may hold TOML.
struct ForeignFormat: Hashable {
    /// The format, as in "`x` is YAML".
    var description: String
    /// What to do about it.
    var help: String

    private static let readable =
        "a workflow is a TOML file, a JSON file with the same keys, or a directory of step files; "
        + "`stepvisor init` writes one to begin with"

    private init(_ description: String, help: String? = nil) {
        self.description = description
        self.help = help ?? Self.readable
    }

    /// The error about a file of this format.
    func diagnostic(of shown: String, at range: SourceRange? = nil) -> Diagnostic {
        .error("`\(shown)` is \(description), which is not read", at: range, help: help)
    }

    /// The format of a file that was read as TOML or JSON.
    /// - Parameters:
    ///   - shown: Its path, as messages show it.
    ///   - bytes: Its content.
    ///   - table: What could be parsed.
    ///   - isSound: Whether all of it could be parsed.
    /// - Returns: Nil for a workflow, and for a file that its own mistakes describe best.
    static func of(
        _ shown: String, _ bytes: [UInt8], table: DocumentTable, isSound: Bool
    ) -> ForeignFormat? {
        let name = PathText.name(of: shown)
        if let kind = binaryKind(bytes) { return ForeignFormat(kind) }
        if isSound {
            if let format = taskmaster(table) { return format }
            guard !holdsSteps(table) else { return nil }
            if let format = named(name) { return format }
            // For a file with nothing but comments, the name decides.
            if table.entries.isEmpty, let format = byExtension(name) { return format }
            return isJSON(name) ? withoutAnyKey(table) : nil
        }
        if let format = named(name) ?? byExtension(name) { return format }
        return byContent(shown, bytes)
    }

    private static func isJSON(_ name: String) -> Bool { name.lowercased().hasSuffix(".json") }

    // MARK: What was read

    /// Whether it has steps, in any place where a workflow may have them.
    private static func holdsSteps(_ table: DocumentTable) -> Bool {
        ["steps", "tasks", "speclets", "composition"].contains { key in
            switch table[key]?.content {
            case .array?: true
            case .table(let inner)?: inner["steps"] != nil || inner["includes"] != nil
            default: false
            }
        }
    }

    /// The task list of task-master-ai: tasks with a title, one file or one tag of it.
    private static func taskmaster(_ table: DocumentTable) -> ForeignFormat? {
        func isList(_ table: DocumentTable) -> Bool {
            guard case .array(let tasks)? = table["tasks"]?.content,
                case .table(let first)? = tasks.first?.content
            else { return false }
            return first["title"] != nil && first["steps"] == nil
                && ["status", "testStrategy", "subtasks", "priority"].contains { first[$0] != nil }
        }
        let isTagged = table.entries.contains { entry in
            if case .table(let tag) = entry.value.content { isList(tag) } else { false }
        }
        return isTagged || isList(table)
            ? ForeignFormat("a task list of task-master-ai (JSON)") : nil
    }

    /// JSON without any key that is, or resembles, a key of a workflow.
    private static func withoutAnyKey(_ table: DocumentTable) -> ForeignFormat? {
        let known = WorkflowTables.workflow.keys
        guard table.entries.count > 0,
            table.entries.allSatisfy({ entry in
                !known.contains { $0.spellings.contains(entry.key) }
                    && UnknownKey(entry, in: table, of: .workflow, known: known).help == nil
            })
        else { return nil }
        let keys = table.entries.prefix(3).map { "`\($0.key)`" }
        let more = table.entries.count > 3 ? ["\(table.entries.count - 3) more"] : []
        return ForeignFormat(
            "JSON of another kind (it holds \(Wording.list(keys + more, "and")))")
    }

    // MARK: Names

    /// Well-known file names.
    private static func named(_ name: String) -> ForeignFormat? {
        let folded = name.lowercased()
        let description: String? =
            switch folded {
            case "package.json", "package-lock.json": "the manifest of an npm package"
            case "tsconfig.json", "deno.json", "composer.json", "turbo.json", "nx.json":
                "the configuration of another tool (JSON)"
            case "pyproject.toml": "the manifest of a Python project"
            case "cargo.toml": "the manifest of a Rust package"
            case "makefile.toml": "a file of cargo-make"
            case "mise.toml", ".mise.toml", "pixi.toml", "netlify.toml", "fly.toml":
                "the configuration of another tool (TOML)"
            case "makefile", "gnumakefile", "bsdmakefile": "a Makefile"
            case "justfile", ".justfile": "a justfile"
            case "dockerfile", "containerfile": "a Dockerfile"
            case "jenkinsfile": "a Jenkinsfile"
            case "rakefile", "gemfile", "vagrantfile", "brewfile", "podfile", "fastfile":
                "a Ruby file"
            case "snakefile": "a Snakefile"
            case "procfile": "a Procfile"
            case "cmakelists.txt": "a file of CMake"
            case "build", "build.bazel", "workspace": "a file of Bazel"
            default: nil
            }
        if folded.hasPrefix("dockerfile.") { return ForeignFormat("a Dockerfile") }
        return description.map { ForeignFormat($0) }
    }

    /// File name endings, with the formats of such files.
    private static let endings: [String: String] = [
        "yaml": "YAML", "yml": "YAML", "md": "Markdown", "markdown": "Markdown", "mdx": "Markdown",
        "rst": "reStructuredText", "adoc": "AsciiDoc", "org": "an Org file", "tex": "TeX",
        "xml": "XML", "html": "HTML", "htm": "HTML", "svg": "SVG", "plist": "XML",
        "mk": "a Makefile", "mak": "a Makefile", "just": "a justfile", "ninja": "a file of Ninja",
        "cmake": "a file of CMake", "gradle": "a file of Gradle", "bzl": "a file of Bazel",
        "star": "Starlark", "nix": "Nix", "tf": "HCL", "hcl": "HCL", "kdl": "KDL",
        "json5": "JSON5", "jsonc": "JSON with comments", "jsonl": "a list of JSON lines",
        "ndjson": "a list of JSON lines", "ini": "an INI file", "cfg": "an INI file",
        "properties": "a file of properties", "env": "a list of variables", "csv": "CSV",
        "tsv": "TSV", "dot": "a graph of Graphviz", "gv": "a graph of Graphviz",
        "mmd": "a Mermaid diagram", "puml": "a PlantUML diagram", "dag": "a DAG of HTCondor",
        "cwl": "CWL", "wdl": "WDL", "nf": "Nextflow", "smk": "a Snakefile", "sql": "SQL",
        "log": "a log", "patch": "a patch", "diff": "a patch",
    ]
    private static let languages: [String: String] = [
        "sh": "a shell script", "bash": "a shell script", "zsh": "a shell script",
        "fish": "a shell script", "ksh": "a shell script", "ps1": "a PowerShell script",
        "bat": "a batch file", "cmd": "a batch file", "py": "a Python script",
        "rb": "a Ruby script", "pl": "a Perl script", "js": "JavaScript", "mjs": "JavaScript",
        "ts": "TypeScript", "lua": "Lua", "go": "Go", "rs": "Rust", "swift": "Swift", "c": "C",
        "java": "Java", "kt": "Kotlin", "groovy": "Groovy", "php": "PHP", "r": "R",
    ]

    private static func byExtension(_ name: String) -> ForeignFormat? {
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return nil }
        let ending = name[name.index(after: dot)...].lowercased()
        if let description = endings[ending] { return ForeignFormat(description) }
        return languages[ending].map { script($0, name) }
    }

    private static func script(_ description: String, _ name: String) -> ForeignFormat {
        ForeignFormat(
            description,
            help: "let a step start it: `command = [\"./\(name)\"]`; or put it into a directory of "
                + "step files, each with a header, and name that")
    }

    // MARK: Contents

    /// The format of bytes that are not text.
    private static func binaryKind(_ bytes: [UInt8]) -> String? {
        let kinds: [([UInt8], String)] = [
            ([0x7F, 0x45, 0x4C, 0x46], "a compiled program"),
            ([0x1F, 0x8B], "compressed (gzip)"), ([0x50, 0x4B, 0x03, 0x04], "a zip archive"),
            ([0x28, 0xB5, 0x2F, 0xFD], "compressed (zstd)"),
            ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "compressed (xz)"), (Array("BZh".utf8), "compressed"),
            (Array("%PDF-".utf8), "a PDF"),
            (Array("SQLite format 3".utf8), "an SQLite database"),
        ]
        return kinds.first { bytes.starts(with: $0.0) }?.1
    }

    /// A Markdown file with check boxes; nil for other Markdown.
    static func taskList(_ path: String) -> ForeignFormat? {
        guard let bytes = try? FileInput.read(path), TextLines(bytes[...]).boxes > 0 else {
            return nil
        }
        return ForeignFormat("a task list (Markdown)")
    }

    /// The format that the text resembles.
    private static func byContent(_ shown: String, _ bytes: [UInt8]) -> ForeignFormat? {
        let name = PathText.name(of: shown)
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
        let lines = TextLines(text)
        if lines.isScript { return script("a script", name) }
        guard let first = lines.first else { return nil }
        if first == UInt8(ascii: "{"), !isJSON(name) {
            return ForeignFormat(
                "JSON by its look", help: "rename it, so that its name ends in `.json`")
        }
        if first == UInt8(ascii: "<") { return ForeignFormat("XML or HTML") }
        // One mistake does not make it another format, nor do the lines of a long string.
        guard !isJSON(name), !lines.beginsAsTOML, lines.other > lines.toml else { return nil }
        if lines.boxes > 0 { return ForeignFormat("a task list (Markdown)") }
        if lines.tabbed > 0, lines.colons > 0 { return ForeignFormat("a Makefile") }
        if lines.instructions { return ForeignFormat("a Dockerfile") }
        if lines.colons + lines.dashes > lines.other / 2 { return ForeignFormat("YAML") }
        return lines.headings > 0 ? ForeignFormat("Markdown") : nil
    }
}
