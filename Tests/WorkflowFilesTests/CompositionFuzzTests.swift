import Testing
import TestSupport
import WorkflowFiles
import WorkflowModel

/// A project of a few files that include each other, repeat steps and name each other's, by chance.
private struct RandomProject {
    private var random: SeededGenerator
    /// Half of the projects are mostly sound.
    private let isTame: Bool
    private var prefixes = 0
    private(set) var files: [(name: String, text: String)] = []
    private static let names = [
        "workflow.toml", "a.toml", "b.toml", "sub/c.toml", "sub/d.toml", "parameters_x.toml",
    ]
    private static let ids = ["a", "b", "lint", "Lint", "x.1", "1"]

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        isTame = seed.isMultiple(of: 2)
        for name in Self.names { files.append((name, file(name))) }
    }

    private mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }

    /// The same for what makes most projects unsound.
    private mutating func mischief(_ percent: Int) -> Bool { !isTame && chance(percent) }

    private mutating func one(of words: [String]) -> String {
        words.randomElement(using: &random) ?? ""
    }

    private mutating func some(
        _ count: ClosedRange<Int>, _ make: (inout RandomProject) -> String
    ) -> String {
        (0..<Int.random(in: count, using: &random)).map { _ in make(&self) }
            .joined(separator: ", ")
    }

    private mutating func file(_ name: String) -> String {
        var text = ""
        if chance(name == "workflow.toml" ? 95 : 40) {
            text += "[composition]\nincludes = [\(some(1...3) { $0.include(from: name) })]\n"
        }
        if chance(15) {
            text +=
                "[execution]\n" + one(of: ["shell = ['sh']", "runner = 'r'", "barriers = true"])
                + "\n"
        }
        if mischief(15) { text += "[resources]\ndb = \(one(of: ["1", "2", "'x'"]))\n" }
        text += (0..<Int.random(in: 0...2, using: &random)).map { _ in step("steps", name) }
            .joined()
        if mischief(25) {
            text += "[[speclets]]\nid = \"s\"\ntasks = [\(some(0...2) { $0.number })]\n"
        }
        for _ in 0..<Int.random(in: 0...2, using: &random) {
            text += "[[tasks]]\nid = \(number)\n" + step("tasks.steps", name)
        }
        return mischief(20) ? damaged(text) : text
    }

    private var number: String {
        mutating get { String(Int.random(in: 1...3, using: &random)) }
    }

    private mutating func include(from name: String) -> String {
        prefixes += 1
        if isTame {
            // Only files that come later: no circles.
            let place = Self.names.firstIndex(of: name) ?? 0
            let others = Self.names[(place + 1)...].filter {
                !name.hasPrefix("sub/") || $0.hasPrefix("sub/")
            }
            let other = one(of: others.isEmpty ? ["none.toml"] : others)
            let path = name.hasPrefix("sub/") ? String(other.dropFirst(4)) : other
            return "{ file = \"\(path)\", prefix = \"p\(prefixes)\" }"
        }
        let up = name.hasPrefix("sub/") ? "../" : ""
        let path =
            chance(85)
            ? up + one(of: Self.names + ["spec_x.md", "sub"])
            : one(of: ["", "/", "..", ".", "*", "none.toml", "\\u0000", "é", "sub/", "/etc/passwd"])
        guard chance(70) else { return "\"\(path)\"" }
        let prefix =
            chance(90) ? one(of: ["p", "q", "p.q", "s\(number)"]) : one(of: ["", "-", "é", "p q"])
        return "{ file = \"\(path)\", prefix = \"\(prefix)\" }"
    }

    private mutating func step(_ header: String, _ file: String) -> String {
        var text = "[[\(header)]]\n"
        // Most ids are those of one file only, so that some projects are sound.
        let own = "\(file.filter(\.isLetter))\(Int.random(in: 0...99, using: &random))"
        text += mischief(5) ? "" : "id = \(mischief(25) ? identifier : "\"\(own)\"")\n"
        if chance(40) {
            text += "foreach = [\(isTame ? "\"a\", \"b\"" : some(0...4) { $0.item })]\n"
        }
        if chance(40) {
            text +=
                "command = \(one(of: ["'echo {item}'", "['x', '{item}']", mischief(50) ? "[]" : "'x'"]))\n"
        }
        if mischief(15) { text += "dependencies = [\(some(0...2) { $0.identifier })]\n" }
        if chance(20) { text += "output_files = ['\(one(of: ["{item}", "o", "../{item}"]))']\n" }
        if chance(20) { text += "inputs = ['{item}']\n" }
        if chance(15) { text += "success_pattern = '\(one(of: ["{item}", "(", "[{item}]"]))'\n" }
        if mischief(15) {
            text += "condition = 'steps[\"\(one(of: Self.ids))\"].\(one(of: ["{item}", "ok"]))'\n"
        }
        return text
    }

    private var identifier: String {
        mutating get {
            chance(20) ? number : "\"\(one(of: Self.ids))\(chance(20) ? ".{item}" : "")\""
        }
    }

    private var item: String {
        mutating get {
            !mischief(5)
                ? "\"\(one(of: ["a", "b", "c", "d", "e/f", "é", "a b", "$(x)", "{item}", "*"]))\""
                : one(of: [
                    "\"\"", "1", "[]", "\"\\u0000\"", "\"\(String(repeating: "x", count: 80))\"",
                ])
        }
    }

    private mutating func damaged(_ text: String) -> String {
        var bytes = Array(text.utf8)
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &random)
            let end = min(bytes.count, at + Int.random(in: 1...20, using: &random))
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes.removeSubrange(at..<end)
            case 1: bytes[at] = Array("[]{}\"'=.,\n".utf8).randomElement(using: &random) ?? 0
            default: bytes.insert(contentsOf: Array(bytes[at..<end]), at: at)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

@Suite("Composition and foreach on random documents", .timeLimit(.minutes(20)))
struct CompositionFuzzTests {
    @Test("they end in a workflow or in words, and never in a crash", arguments: 0..<8)
    func fuzz(seed: Int) throws {
        var usable = 0
        for round in 0..<60 {
            let random = RandomProject(seed: UInt64(seed * 1_000 + round))
            let project = try TemporaryProject()
            for (name, text) in random.files { try project.write(name, text) }
            let loaded = WorkflowLoader.load(
                path: "workflow.toml", workingDirectory: project.path)
            let note = Comment("seed \(seed), round \(round)")
            #expect(
                (loaded.resolved == nil)
                    == loaded.diagnostics.contains { $0.severity == .error }, note)
            check(loaded, note)
            guard let resolved = loaded.resolved else { continue }
            usable += 1
            let ids = resolved.workflow.steps.map(\.id.rawValue)
            #expect(Set(ids.map { $0.lowercased() }).count == ids.count, note)
            #expect(ids.allSatisfy { StepID.isValid($0) }, note)
        }
        #expect(usable > 0, "only files that are refused prove little")
    }

    /// Every place lies in its file, and nothing harmful is printed.
    private func check(_ loaded: LoadedWorkflow, _ note: Comment) {
        for diagnostic in loaded.diagnostics {
            for range in [diagnostic.range].compactMap({ $0 }) + diagnostic.related.map(\.range) {
                let bytes = loaded.files.files[Int(range.file)].bytes
                #expect(Int(range.offset) + Int(range.length) <= bytes.count, note)
            }
        }
        let text = loaded.files.render(loaded.diagnostics)
        #expect(text.isEmpty == loaded.diagnostics.isEmpty, note)
        let harmful = text.unicodeScalars.contains {
            ($0.value < 0x20 && $0 != "\n" && $0 != "\t") || (0x7F...0x9F).contains($0.value)
        }
        #expect(!harmful, note)
    }
}
