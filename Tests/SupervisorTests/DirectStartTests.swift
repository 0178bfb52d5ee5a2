import Execution
import Foundation
import Testing

@testable import SupervisorTestSupport

extension Supervision {
    @Suite("Direct starts")
    struct DirectStartTests {
        /// Runs each line as the engine does, and through the shell, and compares what came of it.
        private func compare(_ lines: [String], in project: Project) async throws -> FinishedRun {
            try project.write(
                "args", "#!/bin/sh\nfor word; do echo \"[$word]\"; done\nexit $#\n", mode: 0o755)
            try project.write("noshebang", "echo \"as a script: $1\"\n", mode: 0o755)
            try project.write("empty", "", mode: 0o755)
            try project.write("plain", "#!/bin/sh\n")
            try project.write("folder/file", "")
            symlink("args", "\(project.root)/linked")
            var scenario = Scenario()
            scenario.jobs = 8
            for (number, line) in lines.enumerated() {
                scenario.shell("line\(number)", line)
                scenario.direct("shell\(number)", ["/bin/sh", "-c", line])
            }
            let run = try await project.run(scenario)
            for (number, line) in lines.enumerated() {
                let (ours, shells) = (try run.step("line\(number)"), try run.step("shell\(number)"))
                #expect(ours.exit == shells.exit, "\(line)")
                #expect(ours.exit != nil, "\(line)")
                #expect(run.log("line\(number)") == run.log("shell\(number)"), "\(line)")
            }
            return run
        }

        @Test("a line means the same whether it is started directly or by the shell")
        func table() async throws {
            try await Project.with { project in
                let lines = [
                    "true", "false", "/bin/true", "./args a b", "  ./args   x\ty ", "./args a=b c=",
                    "./linked 1",
                    "X=1 ./args", "./args -- -n", "./args %1 @x ./y ../z :,", "./args ~ a",
                    "./args $PWD",
                    "./args *", "./args a;./args b", "./args 'a b'", "./args \"a  b\" c",
                    "./args a\\ b",
                    "./args # no", "./args a#b", "./args {a,b}", "./args !x", "./args [a",
                    "./args é ü",
                    "no-such-program x", "./none", "./noshebang hi", "./empty", "./folder",
                    "./plain",
                    "./args/x", "folder", "echo hi", "echo -n hi", "printf x", "test -e args",
                    "[ -e none ]",
                    "exit 3", "kill -9 $$", "cd /; pwd", "pwd", "umask", ":", ". ./plain",
                    "type true",
                    "ls -d folder", "env -i ./args x", "sh -c exit", "! true", "{ true; }",
                    "(exit 4)", "./args a &",
                    "true\nfalse", "./args a\r", "a=b", "/", "..", "-x", "%1", "@", "./args a|cat",
                ]
                _ = try await compare(lines, in: project)
            }
        }

        @Test("lines of random plain words mean the same both ways")
        func randomWords() async throws {
            try await Project.with { project in
                var generator = SystemRandomNumberGenerator()
                let letters = Array("abzAZ019_./,:@%+=-~#!?*[]{}'\"\\^ \t")
                var lines: [String] = []
                for _ in 0..<150 {
                    let plain = letters.prefix(18)
                    // Half of plain letters only, which are started directly; half of any.
                    let alphabet = Bool.random(using: &generator) ? Array(plain) : letters
                    let words = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                        String(
                            (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                                alphabet.randomElement(using: &generator) ?? "a"
                            })
                    }
                    lines.append("./args " + words.joined(separator: " "))
                }
                let run = try await compare(lines, in: project)
                #expect(run.report.problem == nil)
            }
        }
    }
}
