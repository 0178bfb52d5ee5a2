import Foundation
import TestSupport

/// A small Swift package with this repository's own steps in it, so that one thing can be broken.
///
/// The steps are the real ones, and so is the program that they ask; `swift` is a script that
/// answers as told, because a step must be testable while the tests' own build is in use.
final class OwnWorkflowFixture {
    /// The root of the repository that these tests belong to.
    static let repository = Repository.root.path

    /// The names of the step files, in their order.
    static let steps: [String] = {
        let names = try? FileManager.default.contentsOfDirectory(atPath: repository + "/steps")
        return (names ?? []).filter { $0.hasPrefix("step_") }.sorted()
    }()

    /// Holds `project`, the package, `bin` with the false `swift`, and `results` of earlier steps.
    let space: TestSpace

    /// The package as made once, which a fixture copies; it goes when the test process ends.
    private struct Template: Sendable {
        let path: String
        let environment: [String: String?]

        static let made = Result { try Template() }

        private init() throws {
            let name = "stepvisor-own-\(ProcessInfo.processInfo.processIdentifier)"
            let folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
                .appendingPathComponent(name)
            let fixture = try OwnWorkflowFixture(making: TestSpace())
            try? FileManager.default.removeItem(at: folder)
            try FileManager.default.copyItem(at: fixture.space.root, to: folder)
            path = folder.path
            environment = fixture.space.environment
            atexit {
                if case .success(let template) = Template.made {
                    try? FileManager.default.removeItem(atPath: template.path)
                }
            }
        }
    }

    init() throws {
        let template = try Template.made.get()
        space = try TestSpace()
        space.environment = template.environment
        space.environment["GIT_CONFIG_GLOBAL"] = space.path("git.config")
        let copied = try space.shell("cp -R -p '\(template.path)/.' .")
        guard copied.code == 0 else { throw FixtureFailure(description: "\(copied)") }
    }

    private init(making space: TestSpace) throws {
        self.space = space
        try writePackage()
        try writeTests()
        try writeDocuments()
        try writeTools()
        for name in Self.steps { try copy("steps/\(name)", mode: 0o755) }
        try copy("steps/workflow.toml", mode: 0o644)
        try copy("scripts/steplib.sh", mode: 0o644)
        try writeResults()
        let made = try space.shell(
            """
            set -e
            mkdir -p project/.build/debug project/Tests/stepvisorTests
            ln -s "$STEPVISOR" project/.build/debug/stepvisor
            sh bin/document project/README.md
            sh bin/mention project/Tests/stepvisorTests/CommandTests.swift
            cd project && git init -q . && git add -A && git commit -q -m "Begin the package"
            """)
        guard made.code == 0 else { throw FixtureFailure(description: "\(made)") }
    }

    /// Starts a step as stepvisor would: in the root, with the variables that a step gets.
    func run(_ step: String, with variables: String = "") throws -> CommandResult {
        try shell(
            """
            STEPVISOR_STEP=\(step.split(separator: "_").dropFirst(2).joined(separator: "_")) \
            STEPVISOR_OUTPUT="$PWD/../output" STEPVISOR_OUTPUTS="$PWD/../results" \
            \(variables) ./steps/\(step)
            """)
    }

    /// Runs a line of shell in the package, with the false `swift` before the real one.
    func shell(_ line: String) throws -> CommandResult {
        try space.shell(
            "cd project && PATH=\"$PWD/../bin:$PATH\" && export PATH\n\(line)", seconds: 50)
    }

    /// What was thrown when the fixture could not be made.
    struct FixtureFailure: Error, CustomStringConvertible {
        let description: String
    }
}

extension OwnWorkflowFixture {
    private func copy(_ name: String, mode: Int) throws {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: Self.repository + "/" + name))
        try space.file("project/" + name, bytes, mode: mode)
    }

    private func writePackage() throws {
        try space.file(
            "project/Package.swift",
            """
            // swift-tools-version: 6.2
            import PackageDescription

            let package = Package(
                name: "stepvisor",
                targets: [
                    module("DependencyGraph"),
                    module("WorkflowFiles", knows: ["DependencyGraph"]),
                    .executableTarget(
                        name: "stepvisor",
                        dependencies: ["WorkflowFiles"]),
                    tests(of: "DependencyGraph"),
                    tests(of: "WorkflowFiles"),
                    tests(of: "stepvisor"),
                ])

            """)
        try space.file(
            "project/Sources/DependencyGraph/Graph.swift",
            "/// A graph.\npublic struct Graph {\n    func order() {\n    }\n}\n")
        try space.file(
            "project/Sources/WorkflowFiles/Decoding/StepKeys.swift",
            "import DependencyGraph\n\n/// Keys.\npublic enum StepKeys {\n"
                + "    static let all = [KeyRule(\"description\")]\n}\n")
        try space.file(
            "project/Sources/stepvisor/Main.swift",
            "import Foundation\n\nenum Main {\n    static let version = \"0.1.0\"\n"
                + "    static let error = Failure(\"no file\", help: \"write one\")\n}\n")
    }

    private func writeTests() throws {
        for (module, type) in [("DependencyGraph", "Graph"), ("WorkflowFiles", "StepKeys")] {
            try space.file(
                "project/Tests/\(module)Tests/\(type)Tests.swift",
                """
                import Testing

                @Suite("\(type)")
                struct \(type)Tests {
                    @Test("it holds")
                    func holds() {
                        #expect(\(type).self == \(type).self)
                    }
                }

                """)
        }
    }

    private func writeDocuments() throws {
        try space.file(
            "project/docs/workflow-file.md",
            "# Workflow files\n\n## Keys\n\n`description` says what.\n")
        try space.file(
            "project/docs/design-notes.md",
            "# Design notes\n\nDependencyGraph, WorkflowFiles and stepvisor; see [keys](workflow-file.md#keys).\n"
        )
        try space.file("project/LICENSE", "MIT\n")
        try space.file("project/graph.mmd", "flowchart TD\n")
        try space.file("project/.gitignore", ".build/\n.stepvisor/\nPackage.resolved\n")
        try space.file("project/.swift-format", "{}\n")
        try space.file(
            "project/.ci/run", "#!/bin/sh\nset -e\nexec scripts/test\n", mode: 0o755)
        try space.file("project/scripts/test", "#!/bin/sh\nset -e\nswift test\n", mode: 0o755)
    }

    private func writeTools() throws {
        // What it was asked is kept; FAKE_… variables tell it to fail.
        try space.script(
            "bin/swift",
            """
            echo "$*" >> "${0%/*}/../swift.log"
            case "$1 $2" in
            "--version "*) echo "Swift version ${FAKE_VERSION:-6.3.1} (fake)" ;;
            "build "*) [ -z "$FAKE_BUILD" ] || { echo "Sources/a.swift:1:2: error: $FAKE_BUILD"; exit 1; } ;;
            "test "*)
                [ -z "$FAKE_TEST" ] || { echo "✘ Test x() recorded an issue at GraphTests.swift:7:9: $FAKE_TEST"; exit 1; }
                echo "✔ Test run with ${FAKE_TESTS:-2} tests in 2 suites passed after 0.001 seconds." ;;
            "format lint")
                [ -z "$FAKE_LINT" ] || { echo "$PWD/Sources/a.swift:3:1: error: [$FAKE_LINT] indent by 4 spaces"; exit 1; } ;;
            esac
            """)
        try space.script(
            "bin/document",
            #"""
            {
                printf '# stepvisor\n\nSee the [design](docs/design-notes.md). Run `scripts/test`.\n\n'
                printf '```sh\nstepvisor run --parallel\n```\n\n## Commands\n\n'
                "$STEPVISOR" help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | while read -r command; do
                    printf -- '- `stepvisor %s`:' "$command"
                    "$STEPVISOR" help "$command" | grep -oE -e '^  (-., |    )--[a-z-]*' | grep -oE -e '--[a-z-]*' \
                        | while read -r option; do printf ' `%s`' "$option"; done
                    printf ' [more](docs/design-notes.md)\n'
                done
            } > "$1"
            """#)
        try space.script(
            "bin/mention",
            #"""
            {
                printf 'import Testing\n\n@Suite("Commands")\nstruct CommandTests {\n    @Test("each is known", arguments: [\n'
                "$STEPVISOR" help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/        "\1",/p'
                printf '    ])\n    func known(word: String) {\n        #expect(!word.isEmpty)\n    }\n}\n'
            } > "$1"
            """#)
        try space.file("git.config", "[user]\nname = Tester\nemail = tester@example.com\n")
        space.environment["GIT_CONFIG_GLOBAL"] = space.path("git.config")
        space.environment["GIT_CONFIG_NOSYSTEM"] = "1"
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
            space.environment.updateValue(nil, forKey: name)
        }
    }

    /// Results as the steps before `context` leave them.
    private func writeResults() throws {
        for name in [
            "documentation", "consistency", "script_refs", "directory", "dependencies",
            "code_quality",
        ] {
            try space.file("results/\(name)", "summary=all well\n")
        }
        try space.file("results/pre_analysis", "summary=here\n")
        try space.file("results/test_review", "tests=3\nsummary=3 tests\n")
        try space.file(
            "results/test_generation",
            "suites=DependencyGraphTests,WorkflowFilesTests\ntests_expected=2\nsummary=2 tests\n")
        try space.file("results/test_execution", "tests_run=2\nsummary=2 tests passed\n")
    }
}
