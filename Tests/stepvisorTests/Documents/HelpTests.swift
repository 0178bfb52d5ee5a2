import Reporting
import Testing
import TestSupport

@testable import stepvisor

@Suite("Help is drawn from the table that parses", .timeLimit(.minutes(20)))
struct HelpTests {
    @Test("the overview names every command")
    func overview() {
        let text = HelpText.text(of: nil)
        for command in CommandName.allCases {
            #expect(text.contains(command.rawValue), "\(command)")
        }
    }

    @Test(
        "a command's help names all its options and gives an example",
        arguments: CommandDeclaration.working.map(\.name))
    func command(name: CommandName) {
        let command = CommandDeclaration.of(name)
        let text = HelpText.text(of: name)
        for option in command.options + OptionDeclaration.common {
            #expect(text.contains(option.long), "\(option.long)")
        }
        #expect(text.contains("Usage: stepvisor"))
        #expect(text.contains("Examples:"))
    }

    @Test("no help is longer than a screen, or wider than 100 columns")
    func size() {
        for topic in [nil] + CommandDeclaration.working.map({ Optional($0.name) }) {
            let lines = HelpText.text(of: topic).split(
                separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.count <= 52, "\(String(describing: topic)): \(lines.count) lines")
            for line in lines { #expect(TextWidth.columns(of: line) <= 100, "\(line)") }
        }
    }

    @Test("every example is a command line that parses", arguments: CommandDeclaration.working)
    func examples(command: CommandDeclaration) throws {
        for example in command.examples {
            let words = example.line.split(separator: " ").dropFirst().map(String.init)
            let parsed = try ArgumentParser.parse(words)
            #expect(parsed.command == command.name, "\(example.line)")
        }
    }

    @Test("the help of `run` names the exit code of the run's own limit")
    func runTimeout() {
        #expect(HelpText.text(of: .run).contains("124 the run reached its own limit"))
    }

    @Test("no two options of a command share a name")
    func names() {
        for command in CommandDeclaration.working {
            let longs = (command.options + OptionDeclaration.common).map(\.long)
            #expect(Set(longs).count == longs.count, "\(command.name)")
            let shorts = command.options.compactMap(\.short)
            #expect(Set(shorts).count == shorts.count, "\(command.name)")
        }
    }

    @Test("every option belongs to a command")
    func allKeysDeclared() {
        let declared = Set(
            (OptionDeclaration.common + [OptionDeclaration.version]
                + CommandDeclaration.all.flatMap(\.options)).map(\.key))
        #expect(declared == Set(OptionKey.allCases))
    }

    @Test("the program prints help and version on standard output and exits with 0")
    func program() throws {
        let space = try TestSpace()
        for words in [["help"], ["--help"], ["help", "graph"], ["graph", "--help"], ["-h"]] {
            let result = try space.start(words).wait()
            #expect(result.code == 0, "\(words): \(result)")
            #expect(result.output.contains("Usage: stepvisor"), "\(words)")
            #expect(result.error.isEmpty, "\(words)")
        }
        let version = try space.run("--version")
        #expect(version.output == "stepvisor \(Program.version)\n")
        #expect(try space.run("help", "grph").error.contains("did you mean `graph`?"))
        #expect(space.tree().isEmpty)
    }
}

extension CommandDeclaration: CustomTestStringConvertible {
    /// The command's word.
    public var testDescription: String { name.rawValue }
}
