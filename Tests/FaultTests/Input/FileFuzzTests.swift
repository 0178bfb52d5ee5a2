import Foundation
import Testing
import TestSupport
import WorkflowFiles
import WorkflowModel

/// The files that this repository itself runs by, damaged: from bytes to the resolved workflow
/// nothing crashes or hangs, and whatever is not usable is said.
@Suite("Faults 71 and 89: damaged workflow files", .timeLimit(.minutes(20)))
struct FileFuzzTests {
    private static let isLong = ProcessInfo.processInfo.environment["STEPVISOR_FUZZ"] == "long"

    enum Syntax: String, CaseIterable, Sendable {
        case toml, json, script

        /// Real files of this form.
        fileprivate var samples: [[UInt8]] {
            let root = Repository.root
            let steps = root.appendingPathComponent("steps")
            switch self {
            case .toml:
                let reference = try? String(
                    contentsOf: root.appendingPathComponent("docs/workflow-file.md"),
                    encoding: .utf8)
                let blocks = (reference ?? "").components(separatedBy: "```toml\n").dropFirst()
                    .map { Array($0.components(separatedBy: "\n```")[0].utf8) }
                return [Self.bytes(steps.appendingPathComponent("workflow.toml"))] + blocks
            case .json:
                return [
                    Array(
                        #"""
                        {"name": "d\u00e9", "execution": {"max_parallel_steps": 3, "timeout": "5m"},
                         "resources": {"api": 2}, "steps": [
                          {"id": "a", "command": ["x", "y"], "environment": {"K": "v"},
                           "output_files": ["o/*.txt"]},
                          {"id": "b", "command": "z | w", "dependencies": ["a"],
                           "resources_required": ["api"], "retry": {"max_attempts": 3}}]}
                        """#.utf8)
                ]
            case .script:
                let names = (try? FileManager.default.contentsOfDirectory(atPath: steps.path)) ?? []
                return names.sorted().filter { $0.hasPrefix("step_") }
                    .map { Array(Self.bytes(steps.appendingPathComponent($0)).prefix(2_000)) }
            }
        }

        private static func bytes(_ url: URL) -> [UInt8] {
            [UInt8]((try? Data(contentsOf: url)) ?? Data())
        }

        /// What a run makes of such a file: table, workflow, resolved workflow, rendered problems.
        fileprivate func carryThrough(_ bytes: [UInt8]) -> (isUsable: Bool, text: String) {
            var source = SourceTable()
            let file = source.add(SourceFile(path: "f", bytes: bytes))
            var table = DocumentTable()
            var problems: [Diagnostic] = []
            switch self {
            case .toml: (table, problems) = TOMLReader.read(bytes, file: file)
            case .json: (table, problems) = JSONReader.read(bytes, file: file)
            case .script:
                let reading = StepFileReader.read(bytes, file: file)
                table = reading.header?.table ?? DocumentTable()
                problems = reading.diagnostics
            }
            let decoded = WorkflowDecoder.decode(table, defaultName: "project")
            let resolved = WorkflowValidator.resolve(decoded.workflow)
            problems += decoded.diagnostics + resolved.diagnostics
            return (resolved.workflow != nil, source.render(problems))
        }
    }

    private static func mutate(_ sample: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
        let telling =
            Array("[]{}\"'#=.,\\\n\r\t -_0e:*?/$()<>\u{0}\u{1}\u{7F}".utf8) + [0x80, 0xC3, 0xFF]
        var bytes = sample
        for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &random)
            let end = min(bytes.count, at + Int.random(in: 1...60, using: &random))
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[at] = telling.randomElement(using: &random) ?? 0
            case 1: bytes[at] = UInt8.random(in: 0...255, using: &random)
            case 2: bytes.removeSubrange(at..<end)
            case 3: bytes.removeSubrange(end...)
            case 4: bytes.replaceSubrange(at..<end, with: sample.suffix(30))
            default:
                let target = Int.random(in: 0...bytes.count, using: &random)
                bytes.insert(contentsOf: Array(bytes[at..<end]), at: target)
            }
        }
        return bytes
    }

    @Test("the files themselves are read", arguments: Syntax.allCases)
    func unharmed(syntax: Syntax) {
        let samples = syntax.samples
        #expect(!samples.isEmpty && samples.allSatisfy { !$0.isEmpty })
        if syntax == .json { #expect(samples.allSatisfy { syntax.carryThrough($0).isUsable }) }
    }

    @Test(
        "mutated files end in a workflow or in words, and never in a crash",
        arguments: Syntax.allCases, 0..<4)
    func mutated(syntax: Syntax, seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed) &+ 77)
        let samples = syntax.samples
        for round in 0..<(Self.isLong ? 2_000 : 60) {
            guard let sample = samples.randomElement(using: &random) else { return }
            let bytes = Self.mutate(sample, using: &random)
            let result = syntax.carryThrough(bytes)
            #expect(result.isUsable || !result.text.isEmpty, "seed \(seed), round \(round)")
            // Control characters of a damaged file never reach the terminal.
            let harmful = result.text.unicodeScalars.contains {
                ($0.value < 0x20 && $0 != "\n" && $0 != "\t") || (0x7F...0x9F).contains($0.value)
            }
            #expect(!harmful, "seed \(seed), round \(round): \(result.text.debugDescription)")
        }
    }
}
