import Execution
import Foundation
import Testing

@testable import SupervisorTestSupport

extension Supervision {
    @Suite("Log modes")
    struct LogModeTests {
        private static let script =
            "#!/bin/sh\necho one > /dev/stderr\necho two > /dev/stdout\necho three > /dev/stderr\n"

        @Test("a step that opens its standard streams by name keeps all its lines")
        func namedStreams() async throws {
            try await Project.with { project in
                try project.write("steps/loud", Self.script, mode: 0o755)
                symlink("loud", "\(project.root)/steps/linked")
                var scenario = Scenario()
                scenario.script("script", "steps/loud")
                scenario.script("link", "steps/linked")
                scenario.direct("word", ["./steps/loud"])
                scenario.shell(
                    "line", "echo one > /dev/stderr; echo two >/dev/fd/1; echo three >/dev/stderr")
                scenario.shell("told", "./steps/loud") { $0.log = "pipe" }
                let run = try await project.run(scenario)
                for id in ["script", "link", "word", "line", "told"] {
                    #expect(run.log(id) == "one\ntwo\nthree\n", "\(id)")
                }
            }
        }

        @Test("the log is the step's own output where nothing speaks against it")
        func plainFile() async throws {
            try await Project.with { project in
                // Not by the full name, which would speak for a pipe.
                try project.write(
                    "quiet", "#!/bin/sh\ncd /proc/self/fd && readlink 1\n", mode: 0o755)
                var scenario = Scenario()
                scenario.script("script", "quiet")
                scenario.shell("line", "./quiet")
                scenario.shell("told", "./quiet # /dev/stderr") { $0.log = "file" }
                let run = try await project.run(scenario)
                for id in ["script", "line", "told"] {
                    #expect(run.log(id) == "\(run.path)/logs/\(id).log\n", "\(id)")
                }
            }
        }

        @Test("64 MiB arrive whole, by file and by pipe", arguments: ["file", "pipe"])
        func large(log: String) async throws {
            try await Project.with { project in
                var scenario = Scenario()
                for number in 0..<2 {
                    scenario.shell("s\(number)", "head -c 67108864 /dev/zero; echo end >&2; exit 3")
                    {
                        $0.log = log
                    }
                }
                let run = try await project.run(scenario)
                for id in ["s0", "s1"] {
                    let path = "\(run.path)/logs/\(id).log"
                    let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
                    #expect(size == 67_108_864 + 4)
                    #expect(try run.step(id).exit == .exited(3))
                }
            }
        }

        @Test("who keeps a step's pipe holds up nobody, and writes to nobody")
        func keptPipe() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.shell(
                    "loud",
                    """
                    echo early
                    setsid sh -c 'touch away; until [ -e after ]; do sleep 0.01; done; echo late; touch survived' &
                    until [ -e away ]; do :; done
                    """
                ) { $0.log = "pipe" }
                scenario.shell("after", "touch after", after: ["loud"])
                scenario.shell(
                    "group",
                    "echo mine; (trap '' TERM; while sleep 0.01; do echo late; done) & echo end"
                ) {
                    $0.log = "pipe"
                    $0.grace = 100
                }
                let run = try await project.run(scenario)
                #expect(run.report.status == "complete")
                #expect(run.log("loud") == "early\n")
                // SIGPIPE, or the end of the run: in no case it went on as if somebody had read it.
                #expect(project.read("survived") == nil)
                #expect(run.log("group").contains("mine\n") && run.log("group").contains("end\n"))
                #expect(try run.signals("group") == [SIGTERM, SIGKILL])
            }
        }
    }
}
