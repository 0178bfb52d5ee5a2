import DependencyGraph
import Foundation
import Platform
import Synchronization
import Testing
import WorkflowModel

@testable import WorkflowFiles

/// Nanoseconds since 1970.
@Sendable
private func wallClock() -> Int64 { Int64(Date().timeIntervalSince1970 * 1e9) }

/// Snapshots in memory, and a clock that is set by hand.
private final class MemorySnapshots: Sendable {
    let kept = Mutex<[SnapshotPlace: [UInt8]]>([:])
    /// Contents that were compared.
    let reads = Mutex(0)
    let program: String
    /// Added to the wall clock, in seconds.
    let ahead = Mutex<Int64>(0)

    init(program: String = "this program") { self.program = program }

    var snapshots: WorkflowSnapshots {
        WorkflowSnapshots(
            program: program,
            clock: { [self] in
                wallClock() + ahead.withLock { $0 } * 1_000_000_000
            },
            digest: { [self] bytes in
                reads.withLock { $0 += 1 }
                return bytes
            },
            read: { [self] place in kept.withLock { $0[place] } })
    }

    /// Loads, and keeps what is worth it.
    func load(_ path: String?, from directory: String) -> (loaded: LoadedWorkflow, isKnown: Bool) {
        let loaded = WorkflowLoader.load(
            path: path, workingDirectory: directory, snapshots: snapshots)
        var isKnown = loaded.resolved != nil && loaded.diagnostics.isEmpty
        if case .parsed = loaded.pendingSnapshot?.content { isKnown = false }
        if let (place, bytes) = snapshots.snapshot(of: loaded) {
            kept.withLock { $0[place] = bytes }
        }
        return (loaded, isKnown)
    }
}

/// Whether a workflow is had without parsing.
private func isKnown(
    _ memory: MemorySnapshots, _ project: TemporaryProject, _ path: String? = nil
) -> Bool {
    memory.load(path, from: project.path).isKnown
}

/// What commands see of a loaded workflow, in a form that can be compared.
private func facts(_ loaded: LoadedWorkflow) -> [String] {
    [
        "\(String(describing: loaded.resolved?.snapshot))", "\(loaded.workflow.steps)",
        loaded.files.render(loaded.diagnostics), "\(loaded.files.files.map(\.path))",
        "\(loaded.files.files.map(\.bytes))",
        "\(loaded.workflowFiles.sorted { $0.key < $1.key })", loaded.projectRoot,
        loaded.path ?? "-", loaded.workflowFile ?? "-",
    ]
}

/// A project of all kinds of sources: includes of includes, directories with and without settings, links.
private func project() throws -> TemporaryProject {
    let project = try TemporaryProject()
    try project.write(
        "workflow.toml",
        """
        name = "all"
        [composition]
        includes = [
            "parts/test.toml",
            { file = "parts/more", prefix = "m" },
            { file = "linked.toml", prefix = "l" },
            { file = "./parts/../parts/spec_x.md", prefix = "x" },
        ]
        [[steps]]
        id = "a"
        command = "true"
        condition = "steps.t.status == 'complete'"
        """)
    try project.write(
        "parts/test.toml",
        "[composition]\nincludes = [\"deep/../below.json\"]\n[[steps]]\nid = \"t\"\n")
    try project.makeDirectory("parts/deep")
    try project.write("parts/below.json", #"{"steps": [{"id": "j", "inputs": ["x"]}]}"#)
    try project.writeStep("parts/more/one.sh")
    try project.writeStep("parts/more/two.sh", "dependencies = [\"one\"]")
    try project.write("parts/more/workflow.toml", "[[steps]]\nid = \"three\"\n")
    try project.makeDirectory("parts/more/data")
    try project.write("parts/more/.hidden", "words\n")
    try project.write("elsewhere.toml", "[[steps]]\nid = \"e\"\n")
    try project.link("linked.toml", to: "elsewhere.toml")
    try project.write("parts/parameters_x.toml", "[[steps]]\nid = \"p\"\n")
    try project.writeStep("steps/first.sh")
    try project.writeStep("steps/second.sh")
    try project.link("steps/third.sh", to: "../tools/third.sh")
    try project.writeStep("tools/third.sh")
    try project.write("steps/workflow.toml", "[composition]\nincludes = [\"../parts/test.toml\"]\n")
    try project.write("own/inner/workflow.toml", "[[steps]]\nid = \"o\"\n")
    try project.write("other.toml", "[[steps]]\nid = \"other\"\n")
    try project.link("alias.toml", to: "other.toml")
    return project
}

@Suite("Snapshots of workflows", .timeLimit(.minutes(20)))
struct SnapshotLoadTests {
    /// What is typed, and where.
    private static let typed: [(path: String?, directory: String)] = [
        (nil, ""), (nil, "/parts/deep"), ("workflow.toml", ""), ("./workflow.toml", ""),
        ("../workflow.toml", "/parts"), ("parts/../workflow.toml", ""), ("steps", ""),
        ("./steps/", ""), ("../steps", "/parts"), (nil, "/steps"), ("workflow.toml", "/steps"),
        ("steps/workflow.toml", ""), ("own/inner", ""), (".", "/own/inner"),
        ("inner/workflow.toml", "/own"), ("other.toml", ""), ("alias.toml", ""),
        ("parts/spec_x.md", ""), ("parts/below.json", ""),
    ]

    @Test("what comes of a snapshot is what comes of parsing, wherever and however it is typed")
    func sameAsParsed() throws {
        let project = try project()
        let memory = MemorySnapshots()
        for isKept in [false, true] {
            for (path, directory) in Self.typed {
                let directory = project.path + directory
                let (known, isKnown) = memory.load(path, from: directory)
                let parsed = WorkflowLoader.load(path: path, workingDirectory: directory)
                #expect(facts(known) == facts(parsed), "\(path ?? "-") in \(directory)")
                #expect(parsed.resolved != nil)
                if isKept { #expect(isKnown, "\(path ?? "-") in \(directory)") }
            }
            let absolute = project.path + "/workflow.toml"
            let (known, _) = memory.load(absolute, from: "/")
            let parsed = WorkflowLoader.load(path: absolute, workingDirectory: "/")
            #expect(facts(known) == facts(parsed))
        }
    }

    /// What changes a project, each by itself.
    private static let changes:
        [(name: String, change: @Sendable (TemporaryProject) throws -> Void)] =
            [
                ("the file", { try $0.write("workflow.toml", "[[steps]]\nid = \"new\"\n") }),
                (
                    "an included file",
                    { try $0.write("parts/test.toml", "[[steps]]\nid = \"t\"\n") }
                ),
                ("an included JSON file", { try $0.write("parts/below.json", #"{"steps": []}"#) }),
                (
                    "a file that a link leads to",
                    {
                        try $0.write("elsewhere.toml", "[[steps]]\nid = \"f\"\n")
                    }
                ),
                (
                    "where a link leads",
                    {
                        try $0.remove("linked.toml")
                        try $0.link("linked.toml", to: "other.toml")
                    }
                ),
                (
                    "a step file",
                    {
                        try $0.writeStep("parts/more/one.sh", "description = \"other\"")
                    }
                ),
                ("a new step file", { try $0.writeStep("parts/more/four.sh") }),
                ("a step file that is gone", { try $0.remove("parts/more/one.sh") }),
                (
                    "a directory that becomes a step file",
                    {
                        try $0.remove("parts/more/data")
                        try $0.writeStep("parts/more/data")
                    }
                ),
                (
                    "a hidden file that can be started",
                    {
                        try $0.write("parts/more/.hidden", "words\n", isExecutable: true)
                    }
                ),
                ("settings that are gone", { try $0.remove("parts/more/workflow.toml") }),
                ("an included file that is gone", { try $0.remove("parts/test.toml") }),
                (
                    "what stands in for a Markdown file",
                    {
                        try $0.write("parts/parameters_x.toml", "[[steps]]\nid = \"q\"\n")
                    }
                ),
                (
                    "a directory in place of a file",
                    {
                        try $0.remove("parts/test.toml")
                        try $0.makeDirectory("parts/test.toml")
                    }
                ),
                (
                    "a link in place of a directory",
                    {
                        try $0.rename("parts/more", to: "parts/moved")
                        try $0.link("parts/more", to: "moved")
                        try $0.writeStep("parts/more/one.sh", "description = \"other\"")
                    }
                ),
            ]

    @Test("any change of what was read shows", arguments: [0, 10])
    func changes(ahead: Int64) throws {
        for (name, change) in Self.changes {
            let project = try project()
            let memory = MemorySnapshots()
            memory.ahead.withLock { $0 = ahead }
            #expect(!isKnown(memory, project))
            #expect(isKnown(memory, project))
            try change(project)
            let parsed = WorkflowLoader.load(path: nil, workingDirectory: project.path)
            let now = memory.load(nil, from: project.path)
            #expect(facts(now.loaded) == facts(parsed), "\(name)")
            #expect(!now.isKnown, "\(name)")
            let again = memory.load(nil, from: project.path)
            #expect(facts(again.loaded) == facts(parsed), "\(name), again")
        }
    }

    @Test("a change in a directory of steps shows, however it is named", arguments: [0, 10])
    func stepDirectory(ahead: Int64) throws {
        for path in ["steps", "steps/workflow.toml"] {
            let project = try project()
            let memory = MemorySnapshots()
            memory.ahead.withLock { $0 = ahead }
            for change in 0..<5 {
                switch change {
                case 0: try project.writeStep("steps/fourth.sh")
                case 1: try project.write("tools/third.sh", "#!/bin/sh\n", isExecutable: true)
                case 2:
                    for name in ["first", "second", "third", "fourth"] {
                        try project.remove("steps/\(name).sh")
                    }
                case 3: try project.writeStep("steps/fifth.sh")
                default: try project.remove("steps/workflow.toml")
                }
                for _ in 0..<2 {
                    let parsed = WorkflowLoader.load(path: path, workingDirectory: project.path)
                    let now = memory.load(path, from: project.path)
                    #expect(facts(now.loaded) == facts(parsed), "\(path), change \(change)")
                }
            }
        }
    }

    @Test("old sources are told by their stamps, young ones by their contents, once")
    func racyWindow() throws {
        let project = try project()
        let memory = MemorySnapshots()
        func reads() -> Int {
            memory.reads.withLock { $0 = 0 }
            #expect(isKnown(memory, project))
            return memory.reads.withLock { $0 }
        }
        _ = memory.load(nil, from: project.path)
        #expect(reads() > 5)
        #expect(reads() > 5)
        // The names in the one directory are read each time.
        memory.ahead.withLock { $0 = 10 }
        #expect(reads() > 5)
        #expect(reads() == 1)
        // The same content under another stamp is the same, and need not be read twice either.
        let text = "[[steps]]\nid = \"e\"\n"
        try project.write("elsewhere.toml", text)
        #expect(reads() == 2)
        #expect(reads() == 1)
    }

    @Test("a stamp that fits proves nothing of what was read when it was young")
    func youngStamp() throws {
        let project = try project()
        let path = project.path + "/other.toml"
        let (bytes, stamp) = try FileInput.readStamped(path)
        func isSame(observedAt: Int64, digest: [UInt8]) -> Bool {
            let file = LoadTrace.File(
                place: .init(path: path, resolved: path), stamp: stamp, observedAt: observedAt,
                name: SourceName(form: .typed, path: "other.toml"), isWorkflow: true)
            var header = SnapshotHeader(
                program: "", place: SnapshotPlace(root: "/", name: "", isDirectory: false),
                workflowFile: "", trace: LoadTrace(files: [file], directories: [], bystanders: []),
                fileDigests: [digest], directoryDigests: [])
            var check = SourceCheck(clock: wallClock, digest: { $0 })
            return check.isSame(&header)
        }
        #expect(isSame(observedAt: stamp.modifiedAt + 10_000_000_000, digest: [1]))
        #expect(!isSame(observedAt: stamp.modifiedAt + 1_000_000_000, digest: [1]))
        #expect(isSame(observedAt: stamp.modifiedAt + 1_000_000_000, digest: bytes))
    }

    @Test("a workflow with something to say, or with mistakes, is parsed each time")
    func messages() throws {
        for (name, text) in [
            ("workflow.toml", "[[steps]]\nid = \"a\"\ntimeout = \"soon\"\n"),
            ("workflow.toml", "[[steps]]\nid = \"a\"\nphase_timeout = 1\n"),
            ("steps/README.md", "words\n"),
        ] {
            let project = try TemporaryProject()
            if name.hasPrefix("steps") { try project.writeStep("steps/a.sh") }
            try project.write(name, text)
            let memory = MemorySnapshots()
            for _ in 0..<2 {
                let loaded = memory.load(nil, from: project.path).loaded
                #expect(!loaded.diagnostics.isEmpty)
            }
            #expect(memory.kept.withLock { $0.isEmpty }, "\(text)")
        }
    }

    @Test("a workflow as it was at an earlier time is neither kept nor had from a snapshot")
    func earlier() throws {
        let project = try project()
        let memory = MemorySnapshots()
        _ = memory.load("other.toml", from: project.path)
        let loaded = WorkflowLoader.load(
            path: "other.toml", workingDirectory: project.path,
            earlier: { _ in .content(Array("[[steps]]\nid = \"old\"\n".utf8)) },
            snapshots: memory.snapshots)
        #expect(loaded.workflow.steps.map(\.id) == [StepID("old")])
        #expect(loaded.pendingSnapshot == nil)
    }
}

@Suite("Snapshots that are damaged or another's", .timeLimit(.minutes(20)))
struct SnapshotDamageTests {
    @Test("every byte flipped and every cut: parsed anew")
    func damage() throws {
        let project = try TemporaryProject()
        try project.write("workflow.toml", "[[steps]]\nid = \"a\"\n[[steps]]\nid = \"b\"\n")
        let memory = MemorySnapshots()
        let parsed = facts(memory.load(nil, from: project.path).loaded)
        #expect(isKnown(memory, project))
        let (place, whole) = try #require(memory.kept.withLock { $0.first })
        func judge(_ bytes: [UInt8], _ what: String) {
            memory.kept.withLock { $0[place] = bytes }
            let (loaded, isKnown) = memory.load(nil, from: project.path)
            #expect(!isKnown, "\(what)")
            #expect(loaded.resolved?.graph.count == 2, "\(what)")
        }
        for index in whole.indices {
            var bytes = whole
            bytes[index] ^= 0x01
            judge(bytes, "bit of byte \(index)")
            bytes[index] = ~whole[index]
            judge(bytes, "byte \(index)")
            judge(Array(whole[..<index]), "cut at \(index)")
        }
        judge(whole + [0], "one byte more")
        judge([], "empty")
        judge(Array("[[steps]]\nid = \"evil\"\n".utf8), "foreign")
        #expect(facts(memory.load(nil, from: project.path).loaded) == parsed)
    }

    @Test("that of another file, another project or another program is not used")
    func swapped() throws {
        let (first, second) = (try TemporaryProject(), try TemporaryProject())
        for project in [first, second] {
            for name in ["x.toml", "y.toml"] {
                try project.write(name, "[[steps]]\nid = \"\(name.prefix(1))\"\n")
            }
        }
        let memory = MemorySnapshots()
        for project in [first, second] {
            for name in ["x.toml", "y.toml"] { _ = memory.load(name, from: project.path) }
        }
        let kept = memory.kept.withLock { $0 }
        #expect(kept.count == 4)
        for (place, _) in kept {
            for (other, bytes) in kept where other != place {
                memory.kept.withLock { $0[place] = bytes }
                let (loaded, isKnown) = memory.load(place.name, from: place.root)
                #expect(!isKnown)
                #expect(loaded.workflow.steps.map(\.id.rawValue) == ["\(place.name.prefix(1))"])
            }
        }
        let updated = MemorySnapshots(program: "a newer program")
        updated.kept.withLock { $0 = kept }
        #expect(!isKnown(updated, first, "x.toml"))
        #expect(isKnown(updated, first, "x.toml"))
    }
}
