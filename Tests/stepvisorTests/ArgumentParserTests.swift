import Testing
import WorkflowModel

@testable import stepvisor

@Suite("The command line is understood by one declared table")
struct ArgumentParserTests {
    private func parse(_ line: String) throws -> ParsedArguments {
        try ArgumentParser.parse(line.split(separator: " ").map(String.init))
    }

    @Test("without a command it is a run, of the steps named")
    func impliedRun() throws {
        let bare = try parse("")
        #expect(bare.command == .run)
        #expect(bare.isCommandImplied)
        let named = try parse("build test")
        #expect(named.command == .run)
        #expect(named.operands == ["build", "test"])
    }

    @Test("a step that is called like a command is named after `run`")
    func stepCalledLikeCommand() throws {
        #expect(try parse("run plan").operands == ["plan"])
        #expect(try parse("plan").command == .plan)
        #expect(try parse("-- plan").operands == ["plan"])
    }

    @Test(
        "options stand before or after the command",
        arguments: ["-f a.toml plan -j4", "plan -f a.toml -j 4", "-j4 plan --file=a.toml"])
    func optionsAnywhere(line: String) throws {
        let arguments = try parse(line)
        #expect(arguments.command == .plan)
        #expect(arguments.text(.file) == "a.toml")
        #expect(arguments.jobs == .count(4))
    }

    @Test(
        "all spellings of a value are the same",
        arguments: ["-j4", "-j 4", "-j=4", "--jobs 4", "--jobs=4", "-kj4", "-vkj 4"])
    func valueSpellings(line: String) throws {
        #expect(try parse(line).jobs == .count(4))
    }

    @Test("a row of letters is one option each")
    func combinedLetters() throws {
        let arguments = try parse("-nkv")
        #expect(arguments.has(.dryRun))
        #expect(arguments.has(.keepGoing))
        #expect(arguments.has(.verbose))
    }

    @Test("`-j` takes a number, a percentage or `auto`")
    func jobs() throws {
        #expect(try parse("-j50%").jobs?.count(processors: 8) == 4)
        #expect(try parse("-j1%").jobs?.count(processors: 8) == 1)
        #expect(try parse("-jauto").jobs?.count(processors: 8) == 8)
        #expect(try parse("-j300%").jobs?.count(processors: 2) == 6)
    }

    @Test("steps are listed with commas, and options of steps add up")
    func stepLists() throws {
        let arguments = try parse("--only a,b --skip c --only d")
        #expect(arguments.steps(.only) == [StepID("a"), StepID("b"), StepID("d")])
        #expect(arguments.steps(.skip) == [StepID("c")])
    }

    @Test(
        "lengths of time are read as in files",
        arguments: [
            ("90s", 90_000), ("1h30m", 5_400_000), ("250ms", 250), ("3", 3000), ("1.5", 1500),
        ])
    func durations(text: String, milliseconds: Int64) throws {
        #expect(try parse("--timeout \(text)").duration(.timeout) == Milliseconds(milliseconds))
    }

    @Test("no time at all is a grace, and no limit")
    func noTime() throws {
        #expect(try parse("--grace 0").duration(.grace) == Milliseconds(0))
        for text in ["0", "0s", "0.0", "0ms"] {
            #expect(throws: ArgumentError.self) { try parse("--timeout \(text)") }
        }
    }

    @Test("`-f` of `logs` follows, before the command it names the file")
    func logsFollow() throws {
        let arguments = try parse("-f a.toml logs -f build")
        #expect(arguments.has(.follow))
        #expect(arguments.text(.file) == "a.toml")
        #expect(arguments.operands == ["build"])
    }

    @Test("an optional value is taken when it does not look like an option")
    func optionalValue() throws {
        #expect(try parse("graph --run").has(.run))
        #expect(try parse("graph --run").text(.run) == nil)
        #expect(try parse("graph --run 2026").text(.run) == "2026")
        #expect(try parse("graph --run=2026 -o x").text(.run) == "2026")
        #expect(try parse("graph --run -o x").text(.outputFile) == "x")
    }

    @Test("what stands after `--` belongs to the locked command, whatever it looks like")
    func lockedCommand() throws {
        let arguments = try parse("lock db --no-wait -- psql -f x --help")
        #expect(arguments.operands == ["db"])
        #expect(arguments.has(.noWait))
        #expect(!arguments.has(.help))
        #expect(arguments.commandWords == ["psql", "-f", "x", "--help"])
    }

    @Test("help is given whatever else is on the line")
    func helpWins() throws {
        #expect(try parse("lock --help").has(.help))
        #expect(try parse("--help").has(.help))
        #expect(try parse("check extra -h").has(.help))
    }

    @Test("of an option given twice the last counts")
    func lastCounts() throws {
        #expect(try parse("-j2 -j3").jobs == .count(3))
    }
}
