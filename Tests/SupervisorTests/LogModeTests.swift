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

        @Test("output comes through a pipe, or goes to the file itself where that is asked for")
        func kinds() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                let line = "readlink /proc/self/fd/1; readlink /proc/self/fd/2"
                scenario.shell("usual", line)
                scenario.shell("told", line) { $0.log = "pipe" }
                scenario.shell("own", line) { $0.log = "file" }
                let run = try await project.run(scenario)
                for id in ["usual", "told"] {
                    let lines = run.log(id).split(separator: "\n")
                    #expect(
                        lines.count == 2 && lines.allSatisfy { $0.hasPrefix("pipe:[") }, "\(id)")
                    #expect(
                        Set(lines).count == 1, "both streams share one pipe, and so their order")
                }
                let path = "\(run.path)/logs/own.log\n"
                #expect(run.log("own") == Self.firstLine(of: "own", run) + path + path)
            }
        }

        private static func firstLine(of step: String, _ run: FinishedRun) -> String {
            let id = run.path.split(separator: "/").last ?? ""
            return "--- stepvisor: log of \(step) in run \(id) ---\n"
        }

        /// Nested, so that nothing of it stands in the step's own text.
        private static let reopening = [
            "sh": "echo x > /dev/stderr", "append": "echo x >> /proc/self/fd/2",
            "tee": "echo x | tee /dev/stderr /dev/fd/1 > /dev/null",
            "python": "python3 -c 'open(\"/dev/stdout\", \"w\").write(\"x\\n\")'",
            "perl": "perl -e 'open(my $f, \">\", \"/dev/stderr\"); print $f \"x\\n\"'",
            "dd": "echo x | dd of=/dev/stdout 2> /dev/null",
        ]

        @Test(
            "what was written before something nested opens a stream anew is kept",
            arguments: reopening.keys.sorted())
        func reopened(_ kind: String) async throws {
            try await Project.with { project in
                let body = try #require(Self.reopening[kind])
                try project.write("inner", "#!/bin/sh\n\(body)\n", mode: 0o755)
                try project.write(
                    "outer", "#!/bin/sh\necho before\nsh ./inner\necho after\n", mode: 0o755)
                var scenario = Scenario()
                // Executed by themselves, they may still be open for writing in a process that a
                // test beside this one starts just now.
                scenario.shell("step", "true && sh ./outer")
                let log = try await project.run(scenario).log("step")
                #expect(log.hasPrefix("before\nx\n") && log.hasSuffix("x\nafter\n"), "\(log)")
            }
        }

        @Test(
            "a log that its step cut is said to be, however long it has become since",
            arguments: [
                "echo x > /dev/stderr; seq 1 1000", ": > /dev/stdout; head -c 5 /dev/zero",
                "cp /dev/null $STEPVISOR_LOG; seq 1 1000",
            ])
        func cut(_ line: String) async throws {
            try await Project.with { project in
                var scenario = Scenario()
                // The cut and all that follows happen between two looks.
                scenario.shell("own", "seq 1 100; \(line)") { $0.log = "file" }
                scenario.shell("whole", "seq 1 100; seq 1 100 >> $STEPVISOR_LOG") {
                    $0.log = "file"
                }
                let run = try await project.run(scenario)
                let warnings = run.record.warnings
                #expect(warnings.count == 1, "\(warnings)")
                #expect(warnings.first?.contains("its log was cut") == true, "\(warnings)")
                #expect(warnings.first?.contains("log = \"auto\"") == true, "\(warnings)")
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
                    let first = log == "file" ? Self.firstLine(of: id, run).utf8.count : 0
                    #expect(size == 67_108_864 + 4 + first)
                    #expect(try run.step(id).exit == .exited(3))
                }
            }
        }

        @Test("who outlives a step and keeps its pipe holds up nobody, and all it writes is kept")
        func keptPipe() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.shell(
                    "server",
                    """
                    echo early
                    setsid sh -c 'touch away; until [ -e asked ]; do sleep 0.01; done; echo late; seq 1 100000
                    touch answered; exec sleep 60' &
                    until [ -e away ]; do :; done
                    """)
                scenario.shell(
                    "after", "touch asked; until [ -e answered ]; do sleep 0.01; done",
                    after: ["server"])
                scenario.shell(
                    "group",
                    """
                    echo mine; (trap '' TERM; touch deaf; while sleep 0.01; do echo late; done) &
                    until [ -e deaf ]; do :; done; echo end
                    """
                ) {
                    $0.grace = 100
                }
                let run = try await project.run(scenario)
                #expect(run.report.status == "complete")
                let lines = (1...100_000).map { "\($0)\n" }.joined()
                #expect(run.log("server") == "early\nlate\n" + lines)
                #expect(run.log("group").contains("mine\n") && run.log("group").contains("end\n"))
                #expect(try run.signals("group") == [SIGTERM, SIGKILL])
            }
        }

        @Test("a loud step and what a step before it has left write into their own logs")
        func loudTogether() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.shell(
                    "server",
                    """
                    setsid sh -c 'touch away; until [ -e go ]; do sleep 0.01; done; seq 1 300000
                    touch done; exec sleep 60' &
                    until [ -e away ]; do :; done
                    """)
                scenario.shell(
                    "loud", "touch go; seq 300001 600000; until [ -e done ]; do sleep 0.01; done",
                    after: ["server"])
                let run = try await project.run(scenario)
                #expect(run.log("server") == (1...300_000).map { "\($0)\n" }.joined())
                #expect(run.log("loud") == (300_001...600_000).map { "\($0)\n" }.joined())
            }
        }
    }
}
