import Execution
import Foundation
import Testing
import TestSupport

@testable import SupervisorTestSupport

extension Supervision {
    @Suite("What a step is given")
    struct StepSurroundingsTests {
        /// Number and target of each descriptor in what `ls -l /proc/self/fd` says.
        private func open(in listing: String) -> [[String]] {
            var found: [[String]] = []
            for line in listing.split(separator: "\n") {
                let words = line.split(separator: " ").suffix(3).map(String.init)
                // The directory is what `ls` itself has opened.
                guard words.count == 3, words[1] == "->", !words[2].hasPrefix("/proc/") else {
                    continue
                }
                found.append([words[0], words[2]])
            }
            return found.sorted { (Int($0[0]) ?? 0) < (Int($1[0]) ?? 0) }
        }

        @Test("standard input is /dev/null, whatever stepvisor's own is")
        func standardInput() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.shell("name", "readlink /proc/self/fd/0; cat; echo end")
                let run = try await project.run(scenario)
                #expect(run.log("name") == "/dev/null\nend\n")
            }
        }

        @Test(
            "a step has descriptors 0, 1, 2 and at most one socket",
            arguments: ["file", "pipe"])
        func descriptors(log: String) async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.surroundings.strayDescriptors = 20
                scenario.resources = [.init(name: "lock", capacity: 4)]
                for number in 0..<4 {
                    scenario.shell(
                        "s\(number)",
                        """
                        touch s\(number)
                        until [ -e s0 ] && [ -e s1 ] && [ -e s2 ] && [ -e s3 ]; do :; done
                        exec ls -l /proc/self/fd
                        """
                    ) {
                        $0.log = log
                        $0.resources = ["lock": 1]
                    }
                }
                let run = try await project.run(scenario)
                for number in 0..<4 {
                    let lines = open(in: run.log("s\(number)"))
                    try #require(lines.count >= 3, "\(run.log("s\(number)"))")
                    #expect(lines[0] == ["0", "/dev/null"])
                    #expect(lines[1][0] == "1" && lines[2][0] == "2" && lines[1][1] == lines[2][1])
                    #expect(
                        log == "pipe"
                            ? lines[1][1].hasPrefix("pipe:")
                            : lines[1][1].hasSuffix("/logs/s\(number).log"))
                    let others = lines.dropFirst(3)
                    #expect(
                        others.count <= 1 && others.allSatisfy { $0[1].hasPrefix("socket:") },
                        "\(lines)")
                }
            }
        }

        @Test("the reference lists exactly the variables that a step is given")
        func documentedVariables() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.resources = [.init(name: "api", capacity: 1)]
                scenario.direct("tell", ["env"]) { $0.resources = ["api": 1] }
                let run = try await project.run(scenario)
                let given = run.log("tell").split(separator: "\n")
                    .map { String($0.prefix { $0 != "=" }) }
                    .filter { $0.hasPrefix("STEPVISOR_") && $0 != "STEPVISOR_TEST_MARKER" }
                let root = Repository.root
                let reference = try String(
                    contentsOf: root.appendingPathComponent("docs/workflow-file.md"),
                    encoding: .utf8)
                let documented = reference.split(separator: "\n")
                    .filter { $0.hasPrefix("| `STEPVISOR_") }
                    .map { String($0.dropFirst(3).prefix { $0 != "`" }) }
                    // Only steps that need a failed one, those of a `foreach`, and those of which
                    // SPECS files tell their runner more, have these.
                    .filter {
                        ![
                            "STEPVISOR_FAILED_DEPENDENCIES", "STEPVISOR_ITEM",
                            "STEPVISOR_MODE_SPECIFIC", "STEPVISOR_PRIMARY_METHOD",
                        ].contains($0)
                    }
                #expect(Set(documented) == Set(given))
                #expect(documented.count == Set(documented).count)
            }
        }

        @Test("the environment tells a step who it is, and nothing of an outer run's step")
        func environment() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.surroundings.environment = [
                    "STEPVISOR_RUNS": "outer", "STEPVISOR_RUN_ID": "outer",
                    "STEPVISOR_STEP": "outer", "STEPVISOR_STEPS": "around",
                    "STEPVISOR_OUTPUT": "outer", "STEPVISOR_LOG": "outer", "INHERITED": "kept",
                    "STEPVISOR_LOCKS": "above",
                ]
                scenario.resources = [.init(name: "api", capacity: 2)]
                scenario.direct("first", ["true"])
                scenario.direct("tell.me_1", ["env"], after: ["first"]) {
                    $0.description = "Says \"all\" – $HOME `x` \\ é"
                    $0.expectedOutput = "a list"
                    $0.resources = ["api": 2]
                    $0.environment = ["OWN": "a b  c", "INHERITED_TOO": ""]
                }
                let run = try await project.run(scenario)
                var values: [String: String] = [:]
                for line in run.log("tell.me_1").split(separator: "\n") {
                    let parts = line.split(
                        separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                    values[String(parts[0])] = String(parts[1])
                }
                let id = run.report.runID
                #expect(
                    values.filter {
                        $0.key.hasPrefix("STEPVISOR_") && $0.key != "STEPVISOR_TEST_MARKER"
                    }
                        == [
                            "STEPVISOR_RUN_ID": id, "STEPVISOR_RUNS": "outer:\(id)",
                            "STEPVISOR_STEP": "tell.me_1",
                            "STEPVISOR_STEPS": "around:tell.me_1",
                            "STEPVISOR_DESCRIPTION": "Says \"all\" – $HOME `x` \\ é",
                            "STEPVISOR_EXPECTED_OUTPUT": "a list",
                            "STEPVISOR_EXECUTION_ID": "exec_002",
                            "STEPVISOR_ATTEMPT": "1", "STEPVISOR_METHOD": "primary",
                            "STEPVISOR_RUN_DIR": run.path,
                            "STEPVISOR_LOG": "\(run.path)/logs/tell.me_1.log",
                            "STEPVISOR_OUTPUT": "\(run.path)/outputs/tell.me_1",
                            "STEPVISOR_OUTPUTS": "\(run.path)/outputs",
                            "STEPVISOR_LOCKS": "above,api",
                        ])
                #expect(values["OWN"] == "a b  c")
                #expect(values["INHERITED"] == "kept")
                #expect(values["INHERITED_TOO"] == "")
                #expect(values["PWD"] == project.root)
            }
        }

        @Test("a step's results can be read by its dependents")
        func outputs() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.shell("give", "echo score=3 > \"$STEPVISOR_OUTPUT\"")
                scenario.shell("take", "cat \"$STEPVISOR_OUTPUTS/give\"", after: ["give"])
                let run = try await project.run(scenario)
                #expect(run.log("take") == "score=3\n")
            }
        }

        @Test("a step runs in its directory, and finds programs by its own PATH")
        func directoryAndPath() async throws {
            try await Project.with { project in
                try project.write("one/tool", "#!/bin/sh\necho one\n", mode: 0o755)
                try project.write("two/tool", "#!/bin/sh\necho two\n", mode: 0o755)
                try project.write("two/plain", "#!/bin/sh\n", mode: 0o644)
                let path = "/usr/bin:/bin"
                var scenario = Scenario()
                scenario.direct("root", ["pwd"])
                scenario.direct("sub", ["pwd"]) { $0.directory = "two" }
                scenario.direct("first", ["tool"]) {
                    $0.environment = ["PATH": "\(project.root)/one:\(path)"]
                }
                scenario.direct("second", ["tool"]) {
                    $0.environment = ["PATH": "\(project.root)/none:\(project.root)/two:\(path)"]
                }
                scenario.direct("relative", ["tool"]) { $0.environment = ["PATH": "two:\(path)"] }
                scenario.direct("here", ["tool"]) {
                    $0.environment = ["PATH": ":\(path)"]
                    $0.directory = "one"
                }
                scenario.direct("slash", ["./tool"]) { $0.directory = "two" }
                scenario.direct("none", ["tool"])
                scenario.direct("unfit", ["plain"]) {
                    $0.environment = ["PATH": "\(project.root)/two"]
                }
                let run = try await project.run(scenario)
                #expect(run.log("root") == "\(project.root)\n")
                #expect(run.log("sub") == "\(project.root)/two\n")
                let expected = [
                    "first": "one", "second": "two", "relative": "two", "here": "one",
                    "slash": "two",
                ]
                for (id, word) in expected { #expect(run.log(id) == "\(word)\n", "\(id)") }
                #expect(try run.reason("none").contains("was not found in PATH"))
                #expect(try run.reason("unfit").contains("is not executable"))
            }
        }

        @Test(
            "a step has every signal at its default and none blocked, whatever stepvisor was given")
        func signals() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.surroundings.ignoredSignals = [
                    SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGCHLD, SIGUSR1, SIGTSTP, SIGTTOU, SIGXFSZ,
                    40,
                ]
                scenario.surroundings.blockedSignals = [SIGUSR2, SIGTERM, SIGCHLD, SIGALRM]
                scenario.direct("state", ["grep", "-E", "Sig(Blk|Ign)", "/proc/self/status"])
                let run = try await project.run(scenario)
                let masks = run.log("state").split(separator: "\n").map {
                    UInt64($0.suffix(16), radix: 16)
                }
                // 32 and 33 belong to the C library, which lets nobody touch them.
                #expect(masks.map { $0.map { $0 & ~(3 << 31) } } == [0, 0])
            }
        }

        @Test("started with SIGCHLD ignored, signals blocked or 0 to 2 closed, `exit 7` is 7")
        func oddStart() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.surroundings.ignoredSignals = [SIGCHLD]
                scenario.surroundings.blockedSignals = [SIGCHLD, SIGTERM, SIGINT]
                scenario.surroundings.closedDescriptors = [0, 1, 2]
                scenario.shell("seven", "echo out; echo error >&2; exit 7")
                scenario.shell("twice", "(exit 8) & wait $!; exit $?")
                let run = try await project.run(scenario)
                #expect(try run.step("seven").exit == .exited(7))
                #expect(try run.step("twice").exit == .exited(8))
                #expect(run.log("seven") == "out\nerror\n")
            }
        }
    }
}
