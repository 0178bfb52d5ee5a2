import Testing
import WorkflowModel

@testable import Execution

extension PlanBuilder {
    /// Gives step `b` another method.
    fileprivate mutating func backup(_ command: Command?, _ description: String? = nil) {
        workflow.steps[1].recovery.backups = [
            BackupMethod(command: command, description: description)
        ]
    }
}

@Suite("What a step is made from is listed once for hash and words")
struct IngredientTests {
    private func basis(
        inherited: [String: String] = [:], _ change: (inout PlanBuilder) -> Void = { _ in }
    ) throws -> (command: UInt64, settings: UInt64) {
        var builder = PlanBuilder()
        builder.step("a")
        builder.step("b", after: ["a"]) {
            $0.environment = [EnvironmentVariable("X", "1"), EnvironmentVariable("A", "2")]
            $0.gating.environmentInputs = ["LANG"]
        }
        change(&builder)
        let list = StepIngredients(plan: try builder.plan(), inherited: inherited)
        return (list.command(of: 1).digest, list.settings(of: 1).digest)
    }

    private static let commandChanges: [@Sendable (inout PlanBuilder) -> Void] = [
        { $0.workflow.steps[1].command = .arguments(["true", ""]) },
        { $0.workflow.steps[1].command = .shell("true") },
        { $0.workflow.steps[1].command = .script("true") },
        { $0.workflow.steps[1].id = StepID("c") },
        { $0.workflow.steps[1].workingDirectory = "docs" },
        {
            $0.workflow.steps[1].command = nil
            $0.options.runner = .arguments(["true"])
        },
    ]

    private static let settingsChanges: [@Sendable (inout PlanBuilder) -> Void] = [
        { $0.workflow.steps[1].environment[0].value = "2" },
        { $0.workflow.environment = [EnvironmentVariable("Y", "1")] },
        { $0.workflow.steps[1].dependencies = [] },
        { $0.workflow.steps[1].outputFiles = [FilePattern("out")] },
        { $0.workflow.steps[1].modifies = [FilePattern("out")] },
        { $0.workflow.steps[1].expectedOutput = "a table" },
        { $0.workflow.steps[1].gating.verify = "test -s out" },
        { $0.workflow.steps[1].gating.successPattern = "ok" },
        { $0.workflow.steps[1].gating.condition = "a.x > 1" },
        { $0.backup(.arguments(["sh", "x"])) },
        { $0.backup(.shell("sh x")) },
        { $0.backup(.script("sh x")) },
        { $0.backup(.arguments(["sh x"])) },
        {
            $0.options.runner = .arguments(["agent"])
            $0.backup(nil)
        },
        {
            $0.options.runner = .arguments(["agent"])
            $0.backup(nil, "other words")
        },
        { $0.workflow.execution.passEnvironment = [] },
        { $0.workflow.execution.passEnvironment = ["PATH"] },
        { $0.workflow.execution.passEnvironment = ["PATH", "LC_*"] },
    ]

    private static let noChanges: [@Sendable (inout PlanBuilder) -> Void] = [
        // Without a runner nobody tries what is only described.
        { $0.backup(nil, "words") },
        { $0.workflow.steps[1].environment.reverse() },
        { $0.workflow.steps[1].description = "other words" },
        { $0.workflow.steps[1].timeout = Milliseconds(5) },
        { $0.workflow.steps[1].recovery.retries = 3 },
        { $0.workflow.steps[1].isCritical = false },
        { $0.workflow.environment = [EnvironmentVariable("X", "9")] },
        { $0.step("z") },
    ]

    @Test("a command is its words, its shell and its directory", arguments: commandChanges.indices)
    func commands(number: Int) throws {
        let (old, new) = (try basis(), try basis(Self.commandChanges[number]))
        #expect(old.command != new.command)
        #expect(old.settings == new.settings)
    }

    @Test("settings are what else decides the result", arguments: settingsChanges.indices)
    func settings(number: Int) throws {
        let (old, new) = (try basis(), try basis(Self.settingsChanges[number]))
        #expect(old.command == new.command)
        #expect(old.settings != new.settings)
    }

    @Test("no two of these are the same settings")
    func distinct() throws {
        let all = try Self.settingsChanges.map { try basis($0).settings }
        #expect(Set(all).count == all.count)
    }

    @Test("the shell counts where anything that is started needs it")
    func shell() throws {
        func differs(_ change: (inout PlanBuilder) -> Void) throws -> Bool {
            let usual = try basis(change)
            let other = try basis {
                change(&$0)
                $0.workflow.execution.shell = ["/bin/bash", "-ec"]
            }
            return usual != other
        }
        #expect(try !differs { _ in })
        #expect(try differs { $0.workflow.steps[1].command = .shell("true") })
        #expect(try differs { $0.workflow.steps[1].gating.verify = "true" })
        #expect(try differs { $0.backup(.shell("true")) })
    }

    @Test("which variables steps inherit counts by the names, in whatever order")
    func passed() throws {
        let lists = [["A", "B"], ["B", "A", "B"], ["A"], ["A", "C"]]
        let values = try lists.map { names in
            try basis { $0.workflow.execution.passEnvironment = names }.settings
        }
        #expect(values[0] == values[1])
        #expect(Set(values).count == 3)
    }

    @Test("texts are compared by their bytes, as they are hashed")
    func spellings() {
        let (composed, decomposed) = ("\u{e9}", "e\u{301}")
        #expect(FingerprintPart("line", composed) != FingerprintPart("line", decomposed))
        #expect(FingerprintPart(composed, "x") != FingerprintPart(decomposed, "x"))
        #expect(FingerprintPart("line", composed) == FingerprintPart("line", "\u{e9}"))
        let (old, new) = (
            [FingerprintPart("line", composed)], [FingerprintPart("line", decomposed)]
        )
        #expect(old != new)
        func contents(_ list: [FingerprintPart]) -> Fingerprint {
            Fingerprint(
                declared: list, declaredDigest: list.fullDigest, files: [], products: [])
        }
        #expect(contents(new).causes(since: contents(old)).map(\.kind) == [.commandChanged])
        for name in ["verify", "environment X"] {
            let (old, new) = (
                [FingerprintPart(name, composed)], [FingerprintPart(name, decomposed)]
            )
            let causes = contents(new).causes(since: contents(old))
            #expect(causes.flatMap(\.details).map(\.new) == [decomposed])
        }
        let renamed = contents([FingerprintPart("environment \(decomposed)", "x")])
            .causes(since: contents([FingerprintPart("environment \(composed)", "x")]))
        #expect(renamed.map(\.kind) == [.environmentChanged])
        #expect(renamed.first?.details.count == 2)
    }

    @Test("what decides nothing of the result is no change", arguments: noChanges.indices)
    func same(number: Int) throws {
        #expect(try basis() == basis(Self.noChanges[number]))
    }

    @Test("a declared variable counts by its value, and unset is not empty")
    func environmentInputs() throws {
        let values = try [[:], ["LANG": ""], ["LANG": "C"], ["LANG": "C", "TERM": "x"]].map {
            try basis(inherited: $0).settings
        }
        #expect(Set(values).count == 3)
        #expect(values[2] == values[3])
    }

    @Test("a secret counts by being there, never by its value")
    func secrets() throws {
        let values = try [[:], ["LANG": "one-key"], ["LANG": "other-key"]].map {
            try basis(inherited: $0) { $0.workflow.execution.secrets = ["LANG", "X"] }.settings
        }
        #expect(values[0] != values[1])
        #expect(values[1] == values[2])
        let other = try basis(inherited: ["LANG": "one-key"]) {
            $0.workflow.execution.secrets = ["LANG", "X"]
            $0.workflow.steps[1].environment[0].value = "2"
        }
        #expect(other.settings == values[1])
    }

    @Test("what a runner is told to do is its command")
    func runner() throws {
        func command(_ words: String) throws -> UInt64 {
            try basis {
                $0.options.runner = .shell("agent")
                $0.workflow.steps[1].command = nil
                $0.workflow.steps[1].description = words
            }.command
        }
        #expect(try command("write a") != command("write b"))
    }
}
