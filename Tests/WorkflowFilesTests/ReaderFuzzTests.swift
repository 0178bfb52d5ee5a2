import Testing
import TestSupport
import WorkflowFiles
import WorkflowModel

/// Damaged documents: the readers always end, never crash, and what they report lies in the file.
@Suite("Readers on damaged input")
struct ReaderFuzzTests {
    static let toml = """
        # A workflow\r
        name = "docs" # π
        when = [1979-05-27 07:32:00.5-07:00, 07:32, 1979-05-27]
        "quoted \\u00e9 key".'x y'.z = 0x1F
        numbers = [1_000, -0.5e+3, inf, -nan, 0b101,
          { a = true, b = [[], {}], },
        ]
        text = \"\"\"
        multi \\
           line \"" \\U0001F600
        \"\"\"
        raw = '''a\\'b'''
        [execution]
        max_parallel_steps = 3
        [[steps]]
        id = "a"
        [steps.environment]
        DEPTH = "2"
        [[steps]]
        id = 'b'
        dependencies = ["a"]
        """
    static let json = """
        {"name": "d\\u00e9\\n π", "numbers": [1, -2.5e+3, 0, true, false, null],
         "steps": [{"id": "a", "x": {}}, {"id": "b", "dependencies": ["a"], "y": []}]}
        """
    static let script = """
        #!/usr/bin/env bash
        # Some words
        # /// step
        # id = "a"
        # command = ["x",
        #   "é"]
        # ///
        set -e
        # /// step
        """

    enum Syntax: String, CaseIterable, Sendable {
        case toml, json, script

        var sample: [UInt8] {
            switch self {
            case .toml: Array(ReaderFuzzTests.toml.utf8)
            case .json: Array(ReaderFuzzTests.json.utf8)
            case .script: Array(ReaderFuzzTests.script.utf8)
            }
        }

        /// The problems found, and all ranges that occur anywhere.
        func read(_ bytes: [UInt8]) -> (problems: [Diagnostic], ranges: [SourceRange]) {
            var table: DocumentTable
            var problems: [Diagnostic]
            switch self {
            case .toml: (table, problems) = TOMLReader.read(bytes, file: 0)
            case .json: (table, problems) = JSONReader.read(bytes, file: 0)
            case .script:
                let reading = StepFileReader.read(bytes, file: 0)
                table = reading.header?.table ?? DocumentTable()
                problems = reading.diagnostics
            }
            let value = DocumentValue(.table(table), at: .init(file: 0, offset: 0, length: 0))
            let inner = problems.flatMap { [$0.range].compactMap { $0 } + $0.related.map(\.range) }
            return (problems, inner + ranges(in: value))
        }

        private func ranges(in value: DocumentValue) -> [SourceRange] {
            switch value.content {
            case .table(let table):
                [value.range]
                    + table.entries.flatMap { [$0.keyRange] + ranges(in: $0.value) }
            case .array(let values): [value.range] + values.flatMap(ranges)
            default: [value.range]
            }
        }
    }

    /// Reads, checks that every range lies in the file, and shows what was found.
    private func survives(_ syntax: Syntax, _ bytes: [UInt8]) -> [Diagnostic] {
        let (problems, ranges) = syntax.read(bytes)
        let outside = ranges.filter { Int($0.offset) + Int($0.length) > bytes.count }
        #expect(outside.isEmpty, "\(bytes)")
        var source = SourceTable()
        _ = source.add(SourceFile(path: "f", bytes: bytes))
        #expect(problems.isEmpty || !source.render(problems).isEmpty)
        return problems
    }

    @Test("the samples themselves are right", arguments: Syntax.allCases)
    func samples(syntax: Syntax) {
        #expect(syntax.read(syntax.sample).problems.map(\.message) == [])
    }

    @Test("cut off at each byte", arguments: Syntax.allCases)
    func truncated(syntax: Syntax) {
        let sample = syntax.sample
        for length in 0..<sample.count {
            let problems = survives(syntax, Array(sample[..<length]))
            // A JSON object is only whole with its last brace.
            if syntax == .json { #expect(!problems.isEmpty, "\(length)") }
        }
    }

    @Test("a cut inside of a statement is reported")
    func truncatedStatement() {
        let sample = Self.Syntax.toml.sample
        for (index, byte) in sample.enumerated() where byte == UInt8(ascii: "=") {
            let problems = survives(.toml, Array(sample[...index]))
            #expect(problems.contains { $0.severity == .error }, "\(index)")
        }
    }

    @Test("bytes changed, removed and doubled at random", arguments: Syntax.allCases, 0..<8)
    func mutated(syntax: Syntax, seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let sample = syntax.sample
        let telling = Array("[]{}\"'#=.,\\\n\r\t -_0e:\u{0}\u{1}\u{7F}".utf8) + [0x80, 0xC3, 0xFF]
        for _ in 0..<250 {
            var bytes = sample
            for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[at] = telling.randomElement(using: &random) ?? 0
                case 1: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 2: bytes.remove(at: at)
                default:
                    let end = min(bytes.count, at + Int.random(in: 1...40, using: &random))
                    let target = Int.random(in: 0...bytes.count, using: &random)
                    bytes.insert(contentsOf: Array(bytes[at..<end]), at: target)
                }
            }
            _ = survives(syntax, bytes)
        }
    }

    @Test("nothing but telling bytes", arguments: Syntax.allCases, 0..<4)
    func noise(syntax: Syntax, seed: Int) {
        var random = SeededGenerator(seed: UInt64(1_000 + seed))
        let alphabet = Array("[]{}\"'#=.,\\\n\r a1-:".utf8)
        for _ in 0..<250 {
            let count = Int.random(in: 0...80, using: &random)
            let bytes = (0..<count).map { _ in alphabet.randomElement(using: &random) ?? 0 }
            let lead = syntax == .script ? Array("# /// step\n# ".utf8) : []
            let tail = syntax == .script ? Array("\n# ///\n".utf8) : []
            _ = survives(syntax, lead + bytes + tail)
        }
    }
}
