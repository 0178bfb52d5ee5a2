import Execution
import Foundation
import Testing

@testable import Platform
@testable import Supervisor
@testable import SupervisorTestSupport

extension Supervision {
    @Suite("Broken steps")
    struct BrokenStepTests {
        /// A step that cannot be started, and what its reason has to say.
        private struct Broken {
            var step: Scenario.Step
            var says: String
        }

        @Test("what cannot be started fails with its cause, at once, and the others go on")
        func causes() async throws {
            try await Project.with { project in
                var broken: [Broken] = []
                func add(_ step: Scenario.Step, _ says: String) {
                    broken.append(Broken(step: step, says: says))
                }
                try prepareFiles(in: project)
                add(.init(id: "missing-script", script: "steps/none.sh"), "does not exist")
                add(
                    .init(id: "missing-program", arguments: ["no-such-program-here"]),
                    "was not found in PATH")
                add(.init(id: "missing-path", arguments: ["./none"]), "does not exist")
                add(.init(id: "not-executable", script: "plain.sh"), "is not executable")
                add(.init(id: "not-executable-word", arguments: ["./plain.sh"]), "chmod +x")
                add(.init(id: "directory", script: "folder"), "is a directory")
                add(.init(id: "no-shebang", script: "words"), "neither a `#!` line")
                add(.init(id: "empty", script: "empty"), "is empty")
                add(.init(id: "crlf", script: "crlf.sh"), "CRLF")
                add(.init(id: "crlf-link", script: "crlf-link"), "CRLF")
                add(.init(id: "no-interpreter", script: "lost.sh"), "`/no/such/interpreter`")
                add(
                    .init(id: "directory-interpreter", script: "folder.sh"), "wants the interpreter"
                )
                add(.init(id: "dangling", script: "dangling"), "link to nothing")
                add(.init(id: "machine", script: "machine"), "another kind of processor")
                add(.init(id: "class", script: "class"), "no program that this system can run")
                add(.init(id: "nested", script: "nested.sh"), "cannot be executed")
                add(
                    .init(id: "no-directory", shell: "true", directory: "nowhere"),
                    "`nowhere` does not exist")
                add(
                    .init(id: "file-directory", shell: "true", directory: "words"),
                    "`words` does not exist")
                add(
                    .init(
                        id: "long-argument",
                        arguments: ["/bin/true", String(repeating: "x", count: 200_000)]),
                    "more than the system passes")
                var large = Scenario.Step(id: "long-variable", arguments: ["/bin/true"])
                large.environment = ["LARGE": String(repeating: "x", count: 200_000)]
                add(large, "more than the system passes")

                var scenario = Scenario()
                scenario.steps = broken.map(\.step)
                for number in 0..<5 {
                    scenario.shell("good\(number)", "echo fine")
                }
                scenario.shell("behind", "true", after: ["empty"])
                let run = try await project.run(scenario)
                for item in broken {
                    let step = try run.step(item.step.id)
                    #expect(step.status == .failed, "\(item.step.id)")
                    #expect(step.pid == nil)
                    let reason = try run.reason(item.step.id)
                    #expect(reason.contains(item.says), "\(item.step.id): \(reason)")
                }
                for number in 0..<5 { #expect(run.log("good\(number)") == "fine\n") }
                #expect(try run.step("behind").status == .skipped)
                // A warning would say that one was tried again.
                #expect(run.record.warnings == [])
                #expect(run.report.problem == nil)
            }
        }

        private func prepareFiles(in project: Project) throws {
            try project.write("plain.sh", "#!/bin/sh\n")
            try project.write("folder/file", "")
            try project.write("words", "just words\n", mode: 0o755)
            try project.write("empty", "", mode: 0o755)
            try project.write("crlf.sh", "#!/bin/sh\r\necho hello\r\n", mode: 0o755)
            symlink("crlf.sh", "\(project.root)/crlf-link")
            try project.write("lost.sh", "#!/no/such/interpreter -x\n", mode: 0o755)
            try project.write("folder.sh", "#!/tmp\n", mode: 0o755)
            symlink("nothing", "\(project.root)/dangling")
            // Its interpreter is a script whose own interpreter is missing: only exec finds that out.
            try project.write("nested.sh", "#!\(project.root)/lost.sh\n", mode: 0o755)
            let own = try #require(
                FileBytes.contents(of: "/proc/self/exe", limit: 64, followingLinks: true))
            var machine = own
            // ELF: bytes 18 and 19 are the machine (243 is RISC-V), byte 4 the class (9 is none).
            machine[18] = own[18] == 243 ? 62 : 243
            var format = own
            format[4] = 9
            for (name, bytes) in [("machine", machine), ("class", format)] {
                try Data(bytes).write(to: URL(fileURLWithPath: "\(project.root)/\(name)"))
                chmod("\(project.root)/\(name)", 0o755)
            }
        }
    }
}
