import DependencyGraph
import Execution
import Foundation
import Testing
import TestSupport
import WorkflowModel

@testable import Reporting

/// Nothing that a step or a file says can move the cursor, turn the text, or command a build service.
@Suite("What is shown is harmless", .timeLimit(.minutes(20)))
struct NeutralisingTests {
    /// Enough for every run; many more with `STEPVISOR_FUZZ=long`.
    private static let rounds =
        ProcessInfo.processInfo.environment["STEPVISOR_FUZZ"] == "long" ? 20_000 : 400

    /// Output of a step with all that a terminal could be told.
    private static let hostile =
        "\u{1B}[2J\u{1B}[31mred\u{1B}[0m \u{1B}]0;title\u{07}\u{1B}]8;;http://x\u{1B}\\link"
        + "\u{1B}]8;;\u{1B}\\\u{1B}]52;c;cm0=\u{07}\u{9B}2J\u{202E}turned\u{2066}\u{E0041}end"

    /// Whether a scalar may never be shown.
    private func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0A: false
        case 0...0x1F, 0x7F...0x9F, 0x61C, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F,
            0xFEFF, 0xE0000...0xE007F:
            true
        default: false
        }
    }

    /// What is left of a text when colours are taken out as a terminal reads them.
    private func withoutColors(_ text: String) -> String {
        // By scalars: an accent behind the sequence would make a character with its last letter.
        text.replacing(/\u{1B}\[[0-9;]*m/.matchingSemantics(.unicodeScalar), with: "")
    }

    private func isCommand(_ line: String) -> Bool {
        line.drop(while: \.isWhitespace).hasPrefix("::") || line.contains("##[")
    }

    @Test("fault 83: of any bytes, cut anywhere into two reads, a log shows nothing harmful")
    func fuzzLog() {
        var random = SeededGenerator(seed: 83)
        for _ in 0..<Self.rounds {
            var bytes = random.hostileBytes()
            bytes += Array("kept".utf8) + random.hostileBytes()
            var whole: [String] = []
            var reader = LogReader(keepsColors: true)
            reader.take(bytes, to: &whole)
            reader.finish(to: &whole)
            for cut in bytes.indices {
                var lines: [String] = []
                var second = LogReader(keepsColors: true)
                second.take(Array(bytes[..<cut]), to: &lines)
                second.take(Array(bytes[cut...]), to: &lines)
                second.finish(to: &lines)
                #expect(lines == whole, "\(bytes) at \(cut)")
            }
            for line in whole {
                let shown = withoutColors(line)
                #expect(!shown.unicodeScalars.contains(where: isHarmful), "\(bytes)")
                #expect(!isCommand(shown), "\(bytes)")
                #expect(Sanitizer.line(line, keepingColors: true) == line, "\(bytes)")
                #expect(Sanitizer.line(line) == Sanitizer.line(shown), "\(bytes)")
            }
        }
    }

    @Test("fault 83: text that is printable comes through unchanged")
    func printable() {
        var random = SeededGenerator(seed: 84)
        let letters = Array("abc XYZ 019 .,;-_/()äöü日本🚀é")
        for _ in 0..<Self.rounds {
            let text = String(
                (0..<Int.random(in: 0...60, using: &random)).compactMap { _ in
                    letters.randomElement(using: &random)
                })
            #expect(Sanitizer.line(text) == text)
            #expect(Sanitizer.line("\u{1B}[1m" + text + "\u{1B}[0m") == text)
            #expect(DisplayText.neutralised(text) == text)
        }
    }

    @Test(
        "fault 83: messages about files, Mermaid and JSON show nothing harmful of any text either")
    func fuzzOthers() throws {
        var random = SeededGenerator(seed: 85)
        for _ in 0..<Self.rounds {
            let bytes = random.hostileBytes()
            let text = String(decoding: bytes, as: UTF8.self)
            var table = SourceTable()
            let file = table.add(SourceFile(path: text, bytes: bytes))
            let shown = table.render(
                .error(text, at: SourceRange(file: file, offset: 0, length: 1), help: text))
            let lines = Sanitizer.lines(bytes: Array(shown.utf8))
            let mermaid = MermaidText.escape(text)
            var writer = JSONWriter(capacity: 64)
            writer.string(text)
            let json = String(decoding: writer.bytes, as: UTF8.self)
            #expect(!shown.unicodeScalars.contains { isHarmful($0) && $0 != "\t" }, "\(bytes)")
            #expect(!lines.contains(where: isCommand), "\(bytes)")
            // What joins letters, U+200C and U+200D, belongs to some scripts and stays.
            let label = mermaid.unicodeScalars.filter { !(0x200C...0x200D).contains($0.value) }
            #expect(!label.contains(where: isHarmful), "\(bytes)")
            let ascii = String(mermaid.unicodeScalars.map { $0.isASCII ? Character($0) : "x" })
            let plain = ascii.replacing("<br/>", with: "")
            #expect(!plain.contains { "\"<>`\\[]{}|".contains($0) }, "\(bytes)")
            #expect(!json.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202E })
            #expect(!json.contains("##["), "\(bytes)")
            let read = try JSONDecoder().decode(String.self, from: Data(json.utf8))
            #expect(Array(read.utf8) == Array(text.utf8), "\(bytes)")
        }
    }

    private func noisy() throws -> TestSpace {
        let space = try TestSpace()
        try space.file(
            "hostile",
            Self.hostile + "\n::error::forged\n  ::stop-commands::x\n##[error]y\n"
                + "x\r::set-output name=a::b\n")
        try space.workflow(
            """
            name = "w\\u001B[2J\\u202E"
            [[steps]]
            id = "loud"
            description = "d\\u001B]0;t\\u0007 \\"]; click x; </script>"
            command = "cat hostile; exit 3"
            """)
        return space
    }

    @Test("fault 83: every view of a run is harmless, and the log stays as it was written")
    func views() throws {
        let space = try noisy()
        for mode in ["failures", "group", "prefix", "stream"] {
            let result = try space.run("--output", mode)
            #expect(
                result.error.contains("turnedend") && result.error.contains("link"), "\(result)")
            #expect(!result.error.unicodeScalars.contains(where: isHarmful), "\(mode): \(result)")
        }
        for command in [
            ["status"], ["timeline"], ["logs"], ["plan"], ["check"], ["graph"],
            ["graph", "--format", "dot"], ["run", "--dry-run"], ["status", "--json"],
            ["plan", "--json"], ["run", "--json"],
        ] {
            let result = try space.start(command).wait()
            for text in [result.output, result.error] {
                #expect(!text.unicodeScalars.contains(where: isHarmful), "\(command): \(result)")
            }
        }
        let raw = try space.shell("cmp hostile .stepvisor/latest/logs/loud.log")
        #expect(raw.code == 0, "\(raw)")
    }

    @Test("fault 83: a colour terminal gets colours of a step, and no other sequence")
    func colors() throws {
        let space = try noisy()
        let result = try space.run("--output", "stream", "--color", "always")
        #expect(result.error.contains("\u{1B}[31mred"), "\(result)")
        let shown = withoutColors(result.error)
        #expect(!shown.unicodeScalars.contains(where: isHarmful), "\(result)")
    }

    @Test(
        "fault 83: on a terminal a step can neither set the title, nor the clipboard, nor turn text"
    )
    func terminal() throws {
        let space = try noisy()
        space.environment = ["TERM": "xterm-256color"]
        for mode in ["stream", "failures"] {
            let terminal = try space.startOnTerminal(["run", "--output", mode])
            #expect(terminal.wait().code == 1)
            let shown = terminal.shown
            #expect(shown.contains("turnedend"), "\(shown)")
            for sequence in ["\u{1B}]", "\u{07}", "\u{1B}[2J", "52;c;", "\u{9B}", "\u{202E}"] {
                #expect(!shown.contains(sequence), "\(mode): \(shown)")
            }
        }
    }

    @Test("fault 83: what hostile files and arguments are called is shown harmlessly")
    func names() throws {
        let space = try TestSpace()
        let name = "::error::\u{1B}[2J\u{202E}##[group]x.toml"
        try space.file(name, "[[steps]]\nid = \"\u{9B}##[error]\"\ncommand = 3\n::warning::\n")
        for arguments in [["run", "-f", name], ["run", "-f", "nothing" + name], [name]] {
            let result = try space.start(arguments).wait()
            #expect(result.code == 2, "\(result)")
            #expect(!result.error.unicodeScalars.contains(where: isHarmful), "\(result)")
            #expect(!result.error.split(separator: "\n").contains { isCommand(String($0)) })
        }
    }

    @Test("fault 83: a lock's note of another program is shown harmlessly")
    func lockNote() throws {
        let space = try TestSpace()
        try space.workflow("[[steps]]\nid = \"a\"\ncommand = \"true\"\n")
        #expect(try space.run().code == 0)
        let line =
            "exec 9>.stepvisor/run.lock; flock 9; printf 'pid=77\\nsince=\\033[2J\\n::error::x\\n' >&9; "
            + "\"$STEPVISOR\" run"
        let result = try space.shell(line)
        #expect(result.code == 4, "\(result)")
        #expect(result.error.contains("pid 77"), "\(result)")
        #expect(!result.error.unicodeScalars.contains(where: isHarmful), "\(result)")
    }

    @Test("fault 84: no line of a step can command a build service, in any view")
    func workflowCommands() throws {
        let space = try noisy()
        space.environment = ["GITHUB_ACTIONS": "true"]
        for mode in ["failures", "group", "stream"] {
            let result = try space.run("--output", mode)
            let lines = (result.output + result.error).split(separator: "\n").map(String.init)
            #expect(lines.contains { $0.contains("forged") }, "\(result)")
            #expect(!lines.contains(where: isCommand), "\(mode): \(result)")
        }
        let logs = try space.run("logs", "loud")
        let lines = logs.output.split(separator: "\n").map(String.init)
        #expect(lines.contains { $0.contains("forged") }, "\(logs)")
        #expect(!lines.contains(where: isCommand), "\(logs)")
        #expect(!logs.output.unicodeScalars.contains(where: isHarmful), "\(logs)")
    }

    @Test("fault 84: outside of a build service `logs` gives a program the bytes as they are")
    func rawLogs() throws {
        let space = try noisy()
        #expect(try space.run().code == 1)
        space.environment = ["GITHUB_ACTIONS": nil]
        let result = try space.shell("\"$STEPVISOR\" logs loud | cmp - hostile")
        #expect(result.code == 0, "\(result)")
    }
}
